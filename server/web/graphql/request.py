"""A GraphQL request: the JSON object in a POST, or the parameters of a GET."""

from collections.abc import Mapping
from types import NoneType
from typing import Any

from strawberry.http import GraphQLRequestData

from server.web.body import read_body, read_object
from server.web.refusal import bad_input

_IN_JSON = ("variables", "extensions")


async def from_body(body: bytes, caller: str) -> GraphQLRequestData:
    """Return the request in the body of a POST that the caller sent.

    Raises:
        Refused: it is not a JSON object, or not a request.
        Overloaded: too much waits to be read.
    """
    return checked(await read_body(body, caller))


def from_query(parameters: Mapping[str, str]) -> GraphQLRequestData:
    """Return the request in the parameters of a GET; `variables` and `extensions` are JSON.

    Raises:
        Refused: they are not a request.
    """
    return checked(
        {
            name: _object(name, text) if name in _IN_JSON else text
            for name, text in parameters.items()
        }
    )


def _object(name: str, text: str) -> dict[str, Any] | None:
    if text.strip() == "null":
        return None
    return read_object(text, f"The parameter {name}")


def checked(sent: Mapping[str, Any]) -> GraphQLRequestData:
    """Return the request that the parts are, also those in a message of a WebSocket.

    Raises:
        Refused: a part has the wrong type.
    """
    for name, kind, called in (
        ("query", str, "text"),
        ("operationName", str, "text"),
        ("variables", dict, "JSON object"),
        ("extensions", dict, "JSON object"),
    ):
        if not isinstance(sent.get(name), (kind, NoneType)):
            raise bad_input([f"The {name} of a request must be a {called} or null."])
    return GraphQLRequestData(
        query=sent.get("query"),
        variables=sent.get("variables"),
        operation_name=sent.get("operationName") or None,  # an empty name is no name
        extensions=sent.get("extensions"),
        protocol="http",
    )
