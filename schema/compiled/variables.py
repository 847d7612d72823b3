"""The variables of an operation, read by compiled readers."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from graphql import (
    GraphQLError,
    GraphQLSchema,
    OperationDefinitionNode,
    Undefined,
    is_non_null_type,
)
from graphql.execution.get_variable_signature import (
    GraphQLVariableSignature,
    get_variable_signature,
)
from graphql.execution.values import VariableValues, VariableValueSource
from graphql.utilities.coerce_input_value import coerce_input_literal

from schema.compiled.reading import Reader, Unclean, Uncompilable, reader


@dataclass(frozen=True, slots=True)
class Variable:
    """A variable of an operation, and the reader of its value."""

    signature: GraphQLVariableSignature
    read: Reader

    async def add_to(self, values: VariableValues, sent: Mapping[str, Any]) -> None:
        """Read the value that was sent, or take the default.

        Raises:
            Unclean: graphql-core must look at the value. Readers raise other errors for this, too.
        """
        name = self.signature.name
        if name in sent:
            values.sources[name] = VariableValueSource(self.signature, sent[name])
            values.coerced[name] = await self.read(sent[name])
            return
        values.sources[name] = VariableValueSource(self.signature)
        default = self.signature.default
        if default is not None and default.literal is not None:
            value = coerce_input_literal(default.literal, self.signature.type)
            if value is Undefined:
                raise Unclean
            values.coerced[name] = value
        elif is_non_null_type(self.signature.type):
            raise Unclean


def variables_of(schema: GraphQLSchema, operation: OperationDefinitionNode) -> Sequence[Variable]:
    """Return the variables of the operation.

    Raises:
        Uncompilable: one has a type that there is no reader for.
    """
    found = []
    for node in operation.variable_definitions or ():
        signature = get_variable_signature(schema, node)
        if isinstance(signature, GraphQLError):
            raise Uncompilable
        found.append(Variable(signature, reader(signature.type)))
    return found


async def read_variables(
    variables: Sequence[Variable], sent: Mapping[str, Any]
) -> VariableValues | None:
    """Return the values of the variables, or None if graphql-core must look at them."""
    values = VariableValues({}, {})
    try:
        for variable in variables:
            await variable.add_to(values, sent)
    except Exception:  # noqa: BLE001 - whatever is wrong, graphql-core finds and words it
        return None
    return values
