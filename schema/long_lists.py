"""graphql-core's executor, which lets others run while it completes long lists, or many lists."""

from collections.abc import AsyncIterator, Collection
from functools import cached_property
from typing import Any, Final

from graphql import DocumentNode, GraphQLSchema
from strawberry.schema.schema import StrawberryGraphQLCoreExecutionContext
from typing_extensions import override

from schema.context import Context, hides_suggestions
from schema.pace import Pace, Turns

_LISTS: Final[Collection[type]] = (
    list,
    tuple,
    type({}.values()),
)  # the types of the schema are such values
_LONG = 50  # entries: some 5 ms of a page of products


class SlicingExecutor(StrawberryGraphQLCoreExecutionContext):
    """Completes lists in slices: 15 pages of 1 000 products would hold the event loop for a second.

    A short list waits as well if others have used up the turn.
    """

    @classmethod
    @override
    def build(
        cls,
        schema: GraphQLSchema,
        document: DocumentNode,
        root_value: Any = None,
        context_value: Context | None = None,
        *args: Any,
        **options: Any,
    ) -> Any:
        """Return an executor, or what is wrong with the variables, such as a subscription's."""
        options["hide_suggestions"] = hides_suggestions(context_value)
        return super().build(schema, document, root_value, context_value, *args, **options)

    @cached_property
    def _pace(self) -> Pace:
        context = self.context_value
        return context.pace if isinstance(context, Context) else Pace(Turns())

    @override
    def complete_list_value(
        self,
        return_type: Any,
        field_details_list: Any,
        info: Any,
        path: Any,
        result: Any,
        position_context: Any,
    ) -> Any:
        if type(result) in _LISTS and (len(result) > _LONG or (result and self._pace.is_over())):
            result = _in_turns(result, self._pace)
        return super().complete_list_value(
            return_type, field_details_list, info, path, result, position_context
        )


async def _in_turns(entries: Collection[Any], pace: Pace) -> AsyncIterator[Any]:
    for entry in entries:
        if pace.is_over():
            await pace.turn()
        yield entry
