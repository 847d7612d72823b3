"""The cost of an operation: how many objects its answer may have.

A page of a list costs `PAGE`, and each entry on it 1 and what is selected below it. So the cost of a
list within a list is multiplied. A page that is shown under several names counts for each. The cost is
found once for a text, as an expression over page sizes, and worked out for each request: that takes
some microseconds.
"""

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from graphql import (
    DocumentNode,
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    GraphQLField,
    GraphQLInterfaceType,
    GraphQLList,
    GraphQLObjectType,
    GraphQLSchema,
    InlineFragmentNode,
    IntValueNode,
    ListValueNode,
    NullValueNode,
    OperationDefinitionNode,
    SelectionSetNode,
    VariableNode,
    get_named_type,
    get_nullable_type,
    get_operation_ast,
    is_composite_type,
)

from schema.context import Context
from server.domain.errors import QueryTooExpensive
from server.domain.listing import DEFAULT_PAGE_SIZE, MAX_PAGE_SIZE
from server.kinds.discontinue_products.declaration import DISCONTINUE_PRODUCTS
from server.kinds.update_stock.declaration import UPDATE_STOCK

PAGE: Final = 10  # a page is a command to the database, and an object of its own
TOTAL_COUNT: Final = 100  # counting reads the list, or an index of it, to its end
SCAN: Final = 100  # so does a search or a series that looks at every chunk of a batch
ABOUT_COST = (
    f"Costs {PAGE}, and for each entry of the page (`first`) 1 and the cost of what is selected in it. A request that "
    "costs too much is refused with `QUERY_TOO_EXPENSIVE`: its limit is 20 000, unless the server is set up otherwise."
)
ABOUT_ITEMS = f"Costs {PAGE}, and 1 for each item of the request."
_SIZE, _TOTAL = "first", "totalCount"
_SCANNING = {"productId", "code"}  # arguments of a page that no index serves
_THROUGHPUT = "throughput"
_NODE = "node"  # of an entry, and no object besides, unless it has several under other names
_PRODUCT = "Product"
# The lists of items of the mutations whose answers read the products of the items.
_ITEMS = {kind.mutation: kind.argument for kind in (UPDATE_STOCK, DISCONTINUE_PRODUCTS)}


@dataclass(frozen=True, slots=True)
class Level:
    """What is selected in one object: `own` objects and counts, and the pages of lists."""

    own: int = 0
    pages: tuple["Page", ...] = ()

    def cost(self, sizes: Mapping[str, int]) -> int:
        """Return the cost with these values of the variables."""
        return self.own + sum(page.cost(sizes) for page in self.pages)


@dataclass(frozen=True, slots=True)
class Page:
    """A page of a list. `size` is a number, or the name of a variable.

    `is_of_items`: its entries are the products of the request's items. `searches` are the arguments
    that no index serves: whether each is given, or the variable that says so.
    """

    path: str
    size: int | str
    entries: Level
    beside: Level
    is_of_items: bool = False
    searches: tuple[bool | str, ...] = ()

    def cost(self, sizes: Mapping[str, int]) -> int:
        """Return the cost with these values of the variables."""
        size = self.size if isinstance(self.size, int) else sizes[self.size]
        scan = SCAN * any(one and (one is True or sizes[_given(one)]) for one in self.searches)
        return PAGE + scan + self.beside.cost(sizes) + size * (1 + self.entries.cost(sizes))


@dataclass(frozen=True, slots=True)
class Cost:
    """The cost of an operation.

    `defaults` are the sizes of variables that are left out, and `counted` the variables that are
    lists of items. `searched` are variables whose presence makes a page a search.
    """

    level: Level = Level()
    defaults: Mapping[str, int] = field(default_factory=dict)
    counted: Collection[str] = ()
    searched: Collection[str] = ()

    def of(self, variables: Mapping[str, Any]) -> int:
        """Return the cost with these variables, as they were sent."""
        return self.level.cost(self._sizes(variables)) if self.level.pages else self.level.own

    def check(self, variables: Mapping[str, Any], context: Context | None) -> int:
        """Return the cost, and refuse an operation that costs too much.

        Raises:
            QueryTooExpensive: the message has the cost, the limit, and the field to reduce.
        """
        cost = self.of(variables)
        if context is None or not self.level.pages:
            return cost
        limit = context.services.max_query_cost
        if cost > limit:
            sizes = self._sizes(variables)
            dearest = max(self.level.pages, key=lambda page: page.cost(sizes))
            raise QueryTooExpensive(
                f"The query costs {cost}: at most {limit} is allowed. {dearest.path} costs "
                f"{dearest.cost(sizes)} of it: {_remedy(dearest, sizes)}."
            )
        return cost

    def _sizes(self, variables: Mapping[str, Any]) -> Mapping[str, int]:
        sizes: dict[str, int] = {
            name: _size(variables.get(name, default)) for name, default in self.defaults.items()
        }
        sizes |= {_given(name): variables.get(name) is not None for name in self.searched}
        return sizes | {name: _length(variables.get(name)) for name in self.counted}


def cost_of(schema: GraphQLSchema, document: DocumentNode, operation_name: str | None) -> Cost:
    """Return the cost of an operation of a validated document."""
    operation = get_operation_ast(document, operation_name)
    root_type = operation and schema.get_root_type(operation.operation)
    if operation is None or root_type is None:
        return Cost()
    reader = _Reader(schema, document)
    level = reader.level(operation.selection_set, root_type, "")
    defaults = {name: _default(operation, name) for name in reader.variables}
    return Cost(level, defaults, frozenset(reader.counted), frozenset(reader.searched))


class _Reader:
    """Reads the selections of a document, whose size has been checked."""

    def __init__(self, schema: GraphQLSchema, document: DocumentNode) -> None:
        self.variables: set[str] = set()
        self.counted: set[str] = set()
        self.searched: set[str] = set()
        self._items: int | str | None = None  # of the mutation that is being read
        self._schema = schema
        self._fragments = {
            definition.name.value: definition
            for definition in document.definitions
            if isinstance(definition, FragmentDefinitionNode)
        }

    def level(self, selected: SelectionSetNode, parent: object, path: str) -> Level:
        """Return what is selected in an object of the type `parent`."""
        levels = []
        for node, definition in self._fields(selected, parent):
            if parent is self._schema.mutation_type:
                self._items = self._items_of(node)
            levels.append(self._field(node, definition, path))
        own = sum(level.own for level in levels)
        return Level(own, tuple(page for level in levels for page in level.pages))

    def _field(self, node: FieldNode, definition: GraphQLField, path: str) -> Level:
        path = f"{path}.{_key(node)}" if path else _key(node)
        type_ = get_named_type(definition.type)
        if node.selection_set is None or not is_composite_type(type_):
            return Level(TOTAL_COUNT if node.name.value == _TOTAL else 0)
        if _SIZE in definition.args:
            return Level(0, (self._page(node, node.selection_set, type_, path),))
        if self._items is not None and getattr(type_, "name", "") == _PRODUCT:
            page = Page(path, self._items, Level(), Level(), is_of_items=True)
            return Level(0, (page,))
        below = self.level(node.selection_set, type_, path)
        scan = SCAN if node.name.value == _THROUGHPUT else 0
        return Level(below.own + scan + (_key(node) != _NODE), below.pages)

    def _page(self, node: FieldNode, selected: SelectionSetNode, type_: object, path: str) -> Page:
        """Return a page, whose entries are what its lists have."""
        entries, beside = Level(), Level()
        lists: set[str] = set()
        for inner, definition in self._fields(selected, type_):
            found = self._field(inner, definition, path)
            if isinstance(get_nullable_type(definition.type), GraphQLList):
                # The page counts its entries once: another list of them, under another name, does too.
                own = found.own - (not lists or _key(inner) in lists)
                entries = Level(entries.own + own, entries.pages + found.pages)
                lists.add(_key(inner))
            else:
                beside = Level(beside.own + found.own, beside.pages + found.pages)
        searches = tuple(self._searches(node))
        return Page(path, self._page_size(node), entries, beside, searches=searches)

    def _searches(self, node: FieldNode) -> Iterator[bool | str]:
        """Yield whether each argument that makes a search is given, or the variable that says so."""
        for argument in node.arguments or ():
            if argument.name.value in _SCANNING:
                value = argument.value
                if isinstance(value, VariableNode):
                    self.searched.add(value.name.value)
                    yield value.name.value
                else:
                    yield not isinstance(value, NullValueNode)

    def _page_size(self, node: FieldNode) -> int | str:
        for argument in node.arguments or ():
            if argument.name.value != _SIZE:
                continue
            if isinstance(argument.value, VariableNode):
                self.variables.add(argument.value.name.value)
                return argument.value.name.value
            if isinstance(argument.value, IntValueNode):
                return _size(int(argument.value.value[:10]))
        return DEFAULT_PAGE_SIZE

    def _items_of(self, node: FieldNode) -> int | str | None:
        """Return the number of items of a mutation, or the variable that holds them.

        None if its answer reads no products.
        """
        name = _ITEMS.get(node.name.value)
        for argument in node.arguments or ():
            if argument.name.value != name:
                continue
            if isinstance(argument.value, VariableNode):
                self.counted.add(argument.value.name.value)
                return argument.value.name.value
            return len(argument.value.values) if isinstance(argument.value, ListValueNode) else 1
        return None

    def _fields(
        self, selected: SelectionSetNode, parent: object
    ) -> Iterator[tuple[FieldNode, GraphQLField]]:
        """Yield the fields with their definitions; those of introspection have none."""
        for node in selected.selections:
            if isinstance(node, FieldNode):
                definition = _definition(parent, node.name.value)
                if definition is not None:
                    yield node, definition
            elif isinstance(node, InlineFragmentNode):
                condition = node.type_condition
                inner = self._schema.get_type(condition.name.value) if condition else parent
                yield from self._fields(node.selection_set, inner)
            elif isinstance(node, FragmentSpreadNode):
                fragment = self._fragments[node.name.value]
                inner = self._schema.get_type(fragment.type_condition.name.value)
                yield from self._fields(fragment.selection_set, inner)


def _definition(parent: object, name: str) -> GraphQLField | None:
    if isinstance(parent, GraphQLObjectType | GraphQLInterfaceType):
        found: GraphQLField | None = parent.fields.get(name)
        return found
    return None


def _default(operation: OperationDefinitionNode, name: str) -> int:
    for definition in operation.variable_definitions or ():
        default = definition.default_value
        if definition.variable.name.value == name and isinstance(default, IntValueNode):
            return _size(int(default.value[:10]))
    return DEFAULT_PAGE_SIZE


def _size(value: Any) -> int:
    """Return the size of a page. A value that is no size is refused later, and costs nothing much."""
    whole = isinstance(value, int | float) and not isinstance(value, bool) and value == value  # noqa: PLR0124
    return int(min(max(value, 0), MAX_PAGE_SIZE)) if whole else DEFAULT_PAGE_SIZE


def _length(value: Any) -> int:
    """Return the number of items. GraphQL takes a single one for a list of one."""
    return len(value) if isinstance(value, list) else 1


def _remedy(page: Page, sizes: Mapping[str, int]) -> str:
    if page.is_of_items:
        return "send fewer items at once, or do not ask for their products"
    places = _places(page, sizes)
    return f"ask for fewer entries with `first` {places}, or for fewer lists"


def _given(name: str) -> str:
    """Return the name of the size that says whether a variable is given."""
    return f"?{name}"


def _key(node: FieldNode) -> str:
    """Return the name of a field in the answer."""
    return (node.alias or node.name).value


def _places(page: Page, sizes: Mapping[str, int]) -> str:
    """Return the paths of a page and of the dearest chain of pages in it."""
    paths = [page.path]
    while page.entries.pages:
        page = max(page.entries.pages, key=lambda inner: inner.cost(sizes))
        paths.append(page.path)
    return "in " + " or ".join(paths)
