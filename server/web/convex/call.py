"""A call of a function: its arguments into GraphQL's variables, GraphQL's answer into its value."""

import asyncio
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from graphql import GraphQLError

from schema import schema
from schema.context import Context, Services
from server.batches.idempotency.key import idempotency_key
from server.domain.errors import BadInput, StockbatchError, quoted
from server.web.convex import pagination
from server.web.convex.function import KEY, Function
from server.web.convex.value import decoded, encoded

_LARGE_BYTES = 1_000_000  # some 10 000 items: 50 ms
_VARIABLE = re.compile(r"^Variable '\$(\w+)'")
# So that a batch in which all goes well is answered as in seed 1: {updated: 3, failed: 0}.
_LEFT_OUT_IF_EMPTY = {"batchDiscontinueProducts": ("unchanged", "failures")}


class FunctionFailed(StockbatchError):
    """The function threw. `data` is what it threw, None if it is a fault of ours."""

    def __init__(self, message: str, data: Mapping[str, Any] | None) -> None:
        super().__init__(message)
        self.data = data


@dataclass(frozen=True, slots=True, kw_only=True)
class Value:
    """What a function returned. `is_replay`: to a call with the same key, before."""

    json: Any
    is_replay: bool


async def call(
    function: Function, sent: Any, services: Services, *, header_key: str | None, size: int
) -> Value:
    """
    Args:
        sent: the arguments, as they came in JSON, in a body of `size` bytes.

    Raises:
        BadInput: the arguments are not the function's.
        FunctionFailed: GraphQL refuses them, or the function failed.
    """
    arguments = _arguments(function, sent)
    if size > _LARGE_BYTES:
        arguments = await asyncio.to_thread(_decoded, arguments)  # others are served meanwhile
    else:
        arguments = _decoded(arguments)
    context = Context(services, header_key=_key_besides(function, arguments, header_key))
    variables = _variables(function, arguments)
    result = await schema.execute(function.text, variable_values=variables, context_value=context)
    if result.errors:
        raise _failed(function, result.errors[0])
    return Value(
        json=encoded(_answer(function, result.data or {}, arguments)),
        is_replay=bool((result.extensions or {}).get("idempotentReplay")),
    )


def _arguments(function: Function, sent: Any) -> dict[str, Any]:
    """Of `[{…}]`, as clients send it, or of `{…}`, as it stands in the documentation of the API."""
    one = sent[0] if isinstance(sent, list) and len(sent) == 1 else sent
    if not isinstance(one, dict):
        raise BadInput(
            "args must be one object, or a list of one object: the function's arguments."
        )
    for name in one:
        if name not in function.arguments:
            possible = ", ".join(sorted(function.arguments))
            raise BadInput(
                f"{function.name} has no argument {quoted(name)}: there may be {possible}."
            )
    return one


def _decoded(arguments: Mapping[str, Any]) -> dict[str, Any]:
    try:
        return {name: decoded(value, name) for name, value in arguments.items()}
    except RecursionError as error:
        raise BadInput("args is nested too deeply.") from error


def _key_besides(
    function: Function, arguments: Mapping[str, Any], header_key: str | None
) -> str | None:
    """The key of a mutation that has no argument for it in GraphQL."""
    own = None if KEY in function.variables else arguments.get(KEY)
    if own is None:
        return header_key
    if not isinstance(own, str):
        raise BadInput(f"{KEY} must be a text.")
    if header_key not in (None, own):
        raise BadInput(f"{KEY} and the header Idempotency-Key are different: send one of them.")
    return idempotency_key(own, KEY)


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
    told = dict(error.extensions or {})
    if told.get("code") == "INTERNAL":  # not the caller's fault: a plain Error, as Convex does it
        return FunctionFailed(message, None)
    return FunctionFailed(message, told | {"message": message})
