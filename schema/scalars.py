"""The scalars: `DateTime`, and a `Float` that accepts every JSON number."""

from datetime import UTC, datetime
from typing import Any

from graphql import (
    FloatValueNode,
    GraphQLError,
    GraphQLFloat,
    GraphQLScalarType,
    IntValueNode,
    ValueNode,
    print_ast,
)
from strawberry.types.scalar import ScalarDefinition

from server.domain.errors import briefly, cut
from server.domain.exact_number import number_from

_DIGITS = 30  # a number of 30 digits is out of every range already


def _number(value: Any) -> float:
    """Return any JSON number, also infinity and NaN: an invalid one fails its item, not the request."""
    if isinstance(value, int | float) and not isinstance(value, bool):
        return value
    raise GraphQLError(f"Float cannot represent the non-numeric value {briefly(value)}")


def _number_literal(node: ValueNode, _variables: Any = None) -> float:
    if isinstance(node, IntValueNode):  # an int, as from JSON: a message says -1, not -1.0
        return int(node.value[:_DIGITS])
    if isinstance(node, FloatValueNode):
        return number_from(node.value)
    raise GraphQLError(f"Float cannot represent the non-numeric value {cut(print_ast(node))}", node)


def _moment(value: Any) -> datetime:
    """Return the point in time in UTC, cut to the millisecond as MongoDB stores it."""
    if not isinstance(value, str):
        raise GraphQLError(f"DateTime must be a string in ISO 8601, not {briefly(value)}")
    try:
        moment = datetime.fromisoformat(value)
    except ValueError as error:
        raise GraphQLError(
            f"{briefly(value)} is no date and time in ISO 8601, such as 2026-01-31T12:00:00.000Z"
        ) from error
    if moment.tzinfo is None:
        raise GraphQLError(f"{briefly(value)} has no time zone: end it with Z for UTC")
    try:
        utc = moment.astimezone(UTC)
        return utc.replace(microsecond=utc.microsecond // 1000 * 1000)
    except OverflowError as error:
        raise GraphQLError(f"{briefly(value)} is out of range") from error


def _iso(moment: datetime) -> str:
    return moment.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _float() -> GraphQLScalarType:
    """Return GraphQL's `Float`, but with infinities, NaN and integers of any size allowed.

    graphql-core refuses to construct a type with this reserved name, so the name is set afterwards.
    """
    scalar = GraphQLScalarType(
        "LenientFloat",
        description=GraphQLFloat.description,
        serialize=GraphQLFloat.serialize,
        parse_value=_number,
        parse_literal=_number_literal,
    )
    scalar.name = GraphQLFloat.name
    return scalar


FLOAT = ScalarDefinition(
    name=GraphQLFloat.name,
    description=GraphQLFloat.description,
    specified_by_url=None,
    serialize=None,
    parse_value=None,
    parse_literal=None,
    origin=float,
    implementation=_float(),
    print_definition=False,
)

DATE_TIME = ScalarDefinition(
    name="DateTime",
    description="A point in time in ISO 8601. In answers it is in UTC with milliseconds: `2026-01-31T12:00:00.000Z`. In "
    "requests it must have `Z` or an offset, which may be any, such as `2026-01-31T13:00+01:00`; it is cut to the millisecond.",
    specified_by_url="https://scalars.graphql.org/andimarek/date-time",
    serialize=_iso,
    parse_value=_moment,
    parse_literal=None,
    origin=datetime,
)
