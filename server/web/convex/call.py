"""Call a function: its arguments become GraphQL's variables, GraphQL's answer its value."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

from graphql import GraphQLError

from schema import schema
from schema.context import Context
from server.batches.idempotency.key import request_key
from server.domain.errors import BadInput, StockbatchError, quoted
from server.domain.refusal import INTERNAL
from server.reading import READING_ROOM
from server.web.convex import pagination
from server.web.convex.function import KEY, Function
from server.web.convex.value import decoded, encoded

_LARGE_BYTES = 200_000  # some 3 000 items: 10 ms
_VARIABLE = re.compile(r"^Variable '\$(\w+)'")
# A batch without failures is answered as in seed 1: {updated: 3, failed: 0}.
_LEFT_OUT_IF_EMPTY = {"batchDiscontinueProducts": ("unchanged", "failures")}


class FunctionFailed(StockbatchError):
    """The function threw `data`; None for a fault of the server."""

    def __init__(self, message: str, data: Mapping[str, Any] | None) -> None:
        super().__init__(message)
        self.data = data


@dataclass(frozen=True, slots=True, kw_only=True)
class Value:
    """What a function returned. `is_replay` says that an earlier call with the same key got it."""

    json: Any
    is_replay: bool


async def call(function: Function, sent: Any, context: Context, *, size: int) -> Value:
    """Return the value of `function`.

    Args:
        sent: the arguments as they came in JSON, in a body of `size` bytes.
        context: of this call alone; it has the headers `Idempotency-Key` as they were sent.

    Raises:
        BadInput: the arguments are not the function's.
        RateLimited: the caller has sent too many items, or too many of its batches wait.
        Overloaded: too much waits to be read, or there is no time for what the function costs.
        FunctionFailed: GraphQL refuses them, or the function failed.
    """
    arguments = _arguments(function, sent)
    if size > _LARGE_BYTES:
        arguments = await READING_ROOM.read(context.charged_to, partial(_decoded, arguments))
    else:
        arguments = _decoded(arguments)
    context.key_headers = _keys(function, arguments, context.key_headers)
    variables = _variables(function, arguments)
    result = await schema.execute(function.text, variable_values=variables, context_value=context)
    if context.notes.refused is not None:
        raise context.notes.refused
    if result.errors:
        raise _failed(function, result.errors[0])
    return Value(
        json=encoded(_answer(function, result.data or {}, arguments)),
        is_replay=bool((result.extensions or {}).get("idempotentReplay")),
    )


def _arguments(function: Function, sent: Any) -> dict[str, Any]:
    """Return the arguments: clients send `[{…}]`, and the documentation of the API has `{…}`."""
    arguments = sent[0] if isinstance(sent, list) and len(sent) == 1 else sent
    if not isinstance(arguments, dict):
        raise BadInput(
            "args must be one object, or a list of one object: the function's arguments."
        )
    for name in arguments:
        if name not in function.arguments:
            possible = ", ".join(sorted(function.arguments))
            raise BadInput(
                f"{function.name} has no argument {quoted(name)}: there may be {possible}."
            )
    return arguments


def _decoded(arguments: Mapping[str, Any]) -> dict[str, Any]:
    try:
        return {name: decoded(value, name) for name, value in arguments.items()}
    except RecursionError as error:
        raise BadInput("args is nested too deeply.") from error


def _keys(
    function: Function, arguments: Mapping[str, Any], key_headers: Sequence[str]
) -> Sequence[str]:
    """Return the headers; a key that GraphQL has no argument for takes their place."""
    argument = None if KEY in function.variables else arguments.get(KEY)
    if argument is None:
        return key_headers
    if not isinstance(argument, str):
        raise BadInput(f"{KEY} must be a text.")
    key = request_key(key_headers, argument)
    return [key] if key is not None else []


def _variables(function: Function, arguments: Mapping[str, Any]) -> dict[str, Any]:
    variables = {name: arguments[name] for name in function.variables if name in arguments}
    if function.is_paginated:
        variables |= pagination.relay_arguments(arguments.get(pagination.OPTIONS))
    return variables


def _answer(function: Function, data: Mapping[str, Any], arguments: Mapping[str, Any]) -> Any:
    (value,) = data.values()
    if function.is_paginated:
        while value is not None and "pageInfo" not in value:
            (value,) = value.values()
        if value is None:
            raise BadInput(f"There is no batch {quoted(str(arguments.get('id')))}.")
        return pagination.page(value, arguments.get(pagination.OPTIONS))
    for name in _LEFT_OUT_IF_EMPTY.get(function.name, ()):
        if not value[name]:
            del value[name]
    return value


def _failed(function: Function, error: GraphQLError) -> FunctionFailed:
    message = _VARIABLE.sub(r"Argument '\1'", error.message)
    if function.is_paginated:
        message = pagination.in_terms_of_options(message)
    extensions = dict(error.extensions or {})
    if extensions.get("code") == INTERNAL:  # not the caller's fault: a plain Error, as with Convex
        return FunctionFailed(message, None)
    return FunctionFailed(message, extensions | {"message": message})
