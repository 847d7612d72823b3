"""Convex's pages, `{page, isDone, continueCursor}`, made from Relay's."""

from collections.abc import Mapping
from typing import Any

from server.domain.errors import BadInput, quoted

OPTIONS = "paginationOpts"
_KNOWN = {"numItems", "cursor"}
_OF_OTHER_CLIENTS = {"id", "endCursor", "maximumRowsRead", "maximumBytesRead"}  # not needed here
_BEGINNING = ""  # the cursor of a list that is still empty: all later entries come after it


def relay_arguments(options: Any) -> dict[str, Any]:
    """Return `first` and `after` for `{numItems, cursor}`; without options, those of a first page.

    Raises:
        BadInput: the options are something else.
    """
    if options is None:
        return {}
    if not isinstance(options, dict) or options.get("numItems") is None:
        raise BadInput(
            f"{OPTIONS} must be {{numItems, cursor}}; cursor is null for the first page."
        )
    for name in options.keys() - _KNOWN - _OF_OTHER_CLIENTS:
        raise BadInput(f"{OPTIONS} has no field {quoted(name)}: give numItems and cursor.")
    cursor = options.get("cursor")
    return {"first": options["numItems"], "after": None if cursor == _BEGINNING else cursor}


def in_terms_of_options(message: str) -> str:
    """Return a message about `first` or `after` with the names of `paginationOpts`."""
    for relay, convex in (("first", "numItems"), ("after", "cursor")):
        for place in (f"{relay} is ", f"Argument '{relay}' "):
            if message.startswith(place):
                message = message.replace(relay, f"{OPTIONS}.{convex}", 1)
    return message.replace("the endCursor of", "the continueCursor of")


def page(connection: Mapping[str, Any], options: Any) -> dict[str, Any]:
    """Return Convex's page for a Relay connection that was asked for with `options`."""
    info = connection["pageInfo"]
    sent = options.get("cursor") if isinstance(options, dict) else None
    return {
        "page": [edge["node"] for edge in connection["edges"]],
        "isDone": not info["hasNextPage"],
        "continueCursor": info["endCursor"] or sent or _BEGINNING,
    }
