"""A socket that listens before anything else starts, and uvicorn without its signals."""

import socket
from collections.abc import Iterator
from contextlib import contextmanager

import uvicorn
from typing_extensions import override

from server.domain.errors import StartupError

_WAITING_CONNECTIONS = 2048


class Server(uvicorn.Server):
    """Leaves signals alone: uvicorn raises one again at its end, before our own cleanup."""

    @override
    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


@contextmanager
def listening(host: str, port: int, *, settings: str = "PORT (or HOST)") -> Iterator[socket.socket]:
    """Yield a listening socket. `settings` names those that say where.

    Raises:
        StartupError: the address is taken, or is not one of this machine.
    """
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family) as listener:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            listener.bind((host, port))
            listener.listen(_WAITING_CONNECTIONS)
        except OSError as error:
            raise StartupError(
                f"Cannot listen on {host} port {port}: {error.strerror}. Set {settings} to "
                "another one, or stop the program that has it."
            ) from error
        yield listener


def address_of(listener: socket.socket) -> str:
    """Return `http://host:port`."""
    host, port = listener.getsockname()[:2]
    return f"http://{f'[{host}]' if ':' in host else host}:{port}"
