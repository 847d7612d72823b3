"""What connections may take of a server."""

from dataclasses import dataclass
from typing import Final

HEAD_BYTES: Final = 16 * 1024  # of a request line and headers, as with most servers
HEADERS: Final = 100
PIPELINED: Final = 16  # requests that wait behind one that is being answered
LEAST_RATE: Final = 1024  # bytes a second, of a body that comes or an answer that goes
UNACKNOWLEDGED_BYTES: Final = 16 * 1024  # of a WebSocket message, before connection_ack
HEALTHZ, READYZ, METRICS = "/healthz", "/readyz", "/metrics"
PROBES: Final = (HEALTHZ, READYZ, METRICS)  # open to all, and asked by address, as by Kubernetes
RESERVED: Final = 16  # connections beyond the limit, for those who ask at PROBES


@dataclass(frozen=True, slots=True, kw_only=True)
class ConnectionLimits:
    """The limits that settings may change; 0 connections per address means any number."""

    connections: int = 4096
    per_address: int = 0
    bytes_in_flight: int = 256 * 1024**2
    header_seconds: float = 10
    transfer_seconds: float = 20
    idle_seconds: float = 60
