"""End a connection so that nothing of it stays."""

import asyncio
import socket
import struct
from contextlib import suppress

_AT_ONCE = struct.pack("ii", 1, 0)  # on, 0 seconds: socket(7), SO_LINGER


def reset(transport: asyncio.WriteTransport) -> None:
    """Abort the connection of `transport`, and drop what the system has yet to send.

    The system would keep it, up to some 4 MB, for minutes while the peer does not read.
    """
    connected = transport.get_extra_info("socket")
    if connected is not None:
        with suppress(OSError):  # the peer has gone meanwhile
            connected.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _AT_ONCE)
    transport.abort()
