"""Cut a connection, so that its peer sees that the answer under way is not whole."""

from typing import Final, Protocol, runtime_checkable

from starlette.types import Scope

CONNECTION: Final = "connection"  # in the scope's state: the connection itself


@runtime_checkable
class Cuttable(Protocol):
    """A connection that can be cut."""

    def cut(self) -> None:
        """Close the connection, and send no more of the answer under way."""
        ...


def cut_off(scope: Scope) -> bool:
    """Cut the connection of a request; return False if it has none, as in a test."""
    connection = scope.get("state", {}).get(CONNECTION)
    if not isinstance(connection, Cuttable):
        return False
    connection.cut()
    return True
