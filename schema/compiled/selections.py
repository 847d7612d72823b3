"""What an operation selects, compiled once for each set of conditions."""

from collections import OrderedDict
from dataclasses import dataclass, field
from typing import Any

import strawberry
from graphql import GraphQLError, OperationType
from graphql.execution.collect_fields import FieldDetailsList
from graphql.execution.values import VariableValues

from schema.compiled.completing import Completer, Completers
from schema.compiled.document import Document
from schema.compiled.reading import Uncompilable
from schema.compiled.root_field import RootField, arguments_of, resolving_field

_KEPT = 8  # each variable in @skip or @include can double the number of selections


@dataclass(frozen=True, slots=True)
class Selections:
    """The root fields of an operation, by the values of its conditions."""

    schema: strawberry.Schema
    document: Document
    _kept: OrderedDict[tuple[Any, ...], RootField | None] = field(default_factory=OrderedDict)

    def root_field(self, values: VariableValues) -> RootField | None:
        """Return the one root field that is selected; None if a plan cannot run it."""
        conditions = tuple(values.coerced.get(name) for name in self.document.conditions)
        if conditions in self._kept:
            self._kept.move_to_end(conditions)
            return self._kept[conditions]
        try:
            root = self._compiled(values)
        except (Uncompilable, GraphQLError):  # the latter: a condition is null
            root = None
        self._kept[conditions] = root
        if len(self._kept) > _KEPT:
            self._kept.popitem(last=False)
        return root

    def _compiled(self, values: VariableValues) -> RootField:
        fields = self.document.root_fields(values)
        if len(fields) != 1:
            raise Uncompilable
        ((key, details),) = fields.items()
        parent = self.document.root_type
        definition = parent.fields.get(details[0].node.name.value)
        if definition is None:  # __typename, or introspection
            raise Uncompilable
        resolving = resolving_field(definition)
        return RootField(
            key=key,
            details=details,
            parent_type=parent,
            definition=definition,
            resolving=resolving,
            arguments=arguments_of(self.schema, resolving),
            completer=self._completer(definition.type, details, values),
        )

    def _completer(
        self, type_: Any, details: FieldDetailsList, values: VariableValues
    ) -> Completer | None:
        """Return the completer; None if a mutation selects a field with a resolver of its own.

        Reading such a mutation's items is most of its cost. A query is left to graphql-core.
        """
        possible_types = self.document.schema.get_possible_types
        completers = Completers(self.document.collector(values), possible_types)
        try:
            return completers.of_field(type_, details)
        except Uncompilable:
            if self.document.operation.operation is OperationType.MUTATION:
                return None
            raise
