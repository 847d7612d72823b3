"""Inputs that resolvers get as they were sent, once GraphQL has checked them against their types.

The rules of a kind check what an item's fields hold, and a stored batch keeps its items in the form
in which they were sent. An object per item would only be taken apart again, and making it costs
most: measured for 100 000 stock updates, 1.4 s of the 2.1 s of CPU between the JSON and the engine;
0.3 s if each item stays as it is, nothing if the `BatchOperationInput` around them does.
"""

from typing import Any, TypeVar

import strawberry
from strawberry.types import get_object_definition
from strawberry.types.arguments import InputContext
from strawberry.types.base import StrawberryList, StrawberryOptional

from server.domain.item_result import Input

InputT = TypeVar("InputT", bound=type)


def as_sent(input_type: InputT) -> InputT:
    """Pass arguments of this type to resolvers as mappings, by the names that GraphQL shows.

    Fields that were left out are missing. The class describes the schema; it has no instances.
    """
    get_object_definition(input_type, strict=True).from_input = _unchanged
    return input_type


def is_as_sent(type_: Any) -> bool:
    """Return whether Strawberry passes values of this type to resolvers without converting them."""
    while type(type_) in (StrawberryOptional, StrawberryList):
        type_ = type_.of_type
    definition = get_object_definition(type_)
    if definition is None:
        return type_ in (strawberry.ID, str, int, float, bool)
    return definition.from_input is _unchanged


def _unchanged(_type: type, value: Input, _context: InputContext) -> Any:
    return value
