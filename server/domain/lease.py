"""Whose a chunk is, for a time."""

from dataclasses import dataclass

LEASE_SECONDS = 20.0  # on the database's clock; renewed four times before it runs out


@dataclass(frozen=True, slots=True, kw_only=True)
class Lease:
    """The right to run one chunk of a batch; `token` is new with every claim."""

    batch_id: str
    index: int
    token: str
