"""The built schema against the contract that clients were promised."""

import re
from collections.abc import Iterator

from graphql import (
    GraphQLArgument,
    GraphQLEnumType,
    GraphQLInputField,
    GraphQLInputObjectType,
    GraphQLInterfaceType,
    GraphQLList,
    GraphQLNamedType,
    GraphQLNonNull,
    GraphQLObjectType,
    GraphQLScalarType,
    GraphQLSchema,
    Undefined,
    ast_from_value,
    build_schema,
    get_named_type,
    get_nullable_type,
    is_specified_directive,
    is_specified_scalar_type,
    print_ast,
)

from schema import limits, schema
from server.kinds import registry as batch_kinds
from server.settings import Settings

CONTRACT = """
scalar DateTime

type Query {
  product(id: ID!): Product
  products(filter: ProductFilter, orderBy: ProductOrder, first: Int, after: String): ProductConnection!
  stockUpdates(filter: StockUpdateFilter, first: Int, after: String): StockUpdateConnection!
  batchOperation(id: ID!): BatchOperation
  batchOperations(filter: BatchOperationFilter, first: Int, after: String): BatchOperationConnection!
}

type Mutation {
  batchUpdateStock(updates: [StockUpdateInput!]!, options: BatchStockOptions, idempotencyKey: String): [StockUpdateResult!]!
  batchDiscontinueProducts(productIds: [ID!]!, options: BatchDiscontinueOptions, idempotencyKey: String): BatchDiscontinueResult!
  batchCreateProducts(products: [CreateProductInput!]!, options: BatchCreateOptions, idempotencyKey: String): BatchCreateResult!
  batchUpdateProducts(updates: [UpdateProductInput!]!, options: BatchUpdateOptions, idempotencyKey: String): BatchUpdateResult!
  batchDeleteProducts(deletes: [DeleteProductInput!]!, options: BatchDeleteOptions, idempotencyKey: String): BatchDeleteResult!
  submitBatch(operation: BatchOperationInput!, idempotencyKey: String): BatchOperation!
  cancelBatch(id: ID!): BatchOperation!
  retryBatch(id: ID!): BatchOperation!
  retryPublication(id: ID!): BatchOperation!
}

type Subscription { batchProgress(id: ID!): BatchOperation! }

type Product { id: ID!  name: String!  price: Int!  stock: Int!  category: String!  discontinued: Boolean!  createdAt: DateTime!  updatedAt: DateTime!  expiresAt: DateTime }
input ProductFilter { category: String  discontinued: Boolean  stockAtLeast: Int  stockAtMost: Int  namePrefix: String  ids: [ID!] }
enum ProductOrder { CREATED_ASC CREATED_DESC NAME_ASC NAME_DESC STOCK_ASC STOCK_DESC }

input CreateProductInput { id: ID  name: String!  price: Float!  stock: Float!  category: String!  discontinued: Boolean = false }
input UpdateProductInput { productId: ID!  data: ProductPatch! }
input ProductPatch { name: String  price: Float  category: String }
input DeleteProductInput { productId: ID!  cascadeDelete: Boolean }

input StockUpdateInput { productId: ID!  quantity: Float!  expectedStock: Int }
interface StockUpdateResult { index: Int!  productId: ID!  success: Boolean!  newStock: Int  error: ItemError }
type StockUpdateApplied implements StockUpdateResult { index: Int!  productId: ID!  success: Boolean!  newStock: Int!  error: ItemError }
type StockUpdateFailed implements StockUpdateResult { index: Int!  productId: ID!  success: Boolean!  newStock: Int  error: ItemError! }

type StockUpdate { id: ID!  productId: ID!  product: Product  quantity: Int!  timestamp: DateTime!  status: StockUpdateStatus!  error: String  code: ItemErrorCode  reason: StockUpdateReason!  newStock: Int  batchId: ID }
enum StockUpdateStatus { PENDING APPLIED FAILED }
enum StockUpdateReason { ADJUSTMENT DISCONTINUED }
input StockUpdateFilter { productId: ID  status: StockUpdateStatus  batchId: ID  since: DateTime  until: DateTime }

enum BatchOutcome { ALL PARTIAL NONE }
type ItemError { code: ItemErrorCode!  message: String!  path: [String!]!  retryable: Boolean!  currentStock: Int }
type NotFoundItem { index: Int!  productId: ID! }
type FailedItem { index: Int!  productId: ID  error: ItemError!  errors: [ItemError!]! }

type BatchDiscontinueResult { outcome: BatchOutcome!  updated: Int!  unchanged: Int!  failed: Int!  failures: [FailedItem!]! }
type BatchCreateResult { outcome: BatchOutcome!  created: [Product!]!  failed: [FailedItem!]!  stats: BatchCreateStats! }
type BatchUpdateResult { outcome: BatchOutcome!  updated: [Product!]!  notFound: [NotFoundItem!]!  failed: [FailedItem!]!  stats: BatchUpdateStats! }
type BatchDeleteResult { outcome: BatchOutcome!  deleted: [Product!]!  deletedCount: Int!  notFound: [NotFoundItem!]!  failed: [FailedItem!]!  stats: BatchDeleteStats! }
type BatchCreateStats { total: Int!  created: Int!  failed: Int! }
type BatchUpdateStats { total: Int!  updated: Int!  notFound: Int!  failed: Int! }
type BatchDeleteStats { total: Int!  deleted: Int!  notFound: Int!  failed: Int!  cascaded: Int! }

input BatchStockOptions       { atomic: Boolean  batchSize: Int  dryRun: Boolean }
input BatchDiscontinueOptions { atomic: Boolean  batchSize: Int  dryRun: Boolean }
input BatchCreateOptions { atomic: Boolean  continueOnError: Boolean  returnPartialResults: Boolean  validateBeforeWrite: Boolean  batchSize: Int  expireIn: Float  dryRun: Boolean }
input BatchUpdateOptions { atomic: Boolean  continueOnError: Boolean  returnPartialResults: Boolean  validateBeforeWrite: Boolean  batchSize: Int  expireIn: Float  dryRun: Boolean }
input BatchDeleteOptions { atomic: Boolean  continueOnError: Boolean  returnPartialResults: Boolean  returnDeletedItems: Boolean  cascadeDelete: Boolean  batchSize: Int  dryRun: Boolean }

input BatchOperationInput @oneOf {
  updateStock: UpdateStockBatch
  discontinueProducts: DiscontinueProductsBatch
  updatePrice: UpdatePriceBatch
  createProducts: CreateProductsBatch
  updateProducts: UpdateProductsBatch
  deleteProducts: DeleteProductsBatch
}
input UpdateStockBatch { updates: [StockUpdateInput!]!  batchSize: Int }
input DiscontinueProductsBatch { productIds: [ID!]!  batchSize: Int }
input UpdatePriceBatch { productIds: [ID!]!  newPrice: Float!  batchSize: Int }
input CreateProductsBatch { products: [CreateProductInput!]!  batchSize: Int  expireIn: Float }
input UpdateProductsBatch { updates: [UpdateProductInput!]!  batchSize: Int  expireIn: Float }
input DeleteProductsBatch { deletes: [DeleteProductInput!]!  cascadeDelete: Boolean  batchSize: Int }

enum BatchOperationType { UPDATE_STOCK DISCONTINUE_PRODUCTS UPDATE_PRICE CREATE_PRODUCTS UPDATE_PRODUCTS DELETE_PRODUCTS }
enum BatchOperationStatus { PENDING PROCESSING COMPLETED FAILED CANCELLED }
type BatchOperation {
  id: ID!  operationType: BatchOperationType!  status: BatchOperationStatus!  outcome: BatchOutcome
  totalItems: Int!  processedItems: Int!  successCount: Int!  failureCount: Int!
  createdBy: String!  createdAt: DateTime!  startedAt: DateTime  completedAt: DateTime  error: String  retryOf: ID
  results(first: Int, after: String, success: Boolean): BatchItemResultConnection!
  metrics: BatchMetrics!  alerts: [BatchAlert!]!  publication: PublicationProgress
}
type BatchItemResult { index: Int!  productId: ID  success: Boolean!  message: String  newStock: Int  txId: String  error: ItemError  publicationError: String }
type BatchMetrics { durationMs: Float  avgTimePerItemMs: Float  successRate: Float  failureRate: Float  itemsPerSecond: Float }
type BatchAlert { kind: BatchAlertKind!  message: String! }
enum BatchAlertKind { SLOW HIGH_FAILURE_RATE }
type PublicationProgress { pending: Int!  published: Int!  failed: Int! }
input BatchOperationFilter { status: BatchOperationStatus  operationType: BatchOperationType }

type PageInfo { hasNextPage: Boolean!  hasPreviousPage: Boolean!  startCursor: String  endCursor: String }
type ProductConnection { edges: [ProductEdge!]!  pageInfo: PageInfo!  totalCount: Int! }
type ProductEdge { cursor: String!  node: Product! }
type StockUpdateConnection { edges: [StockUpdateEdge!]!  pageInfo: PageInfo!  totalCount: Int! }
type StockUpdateEdge { cursor: String!  node: StockUpdate! }
type BatchOperationConnection { edges: [BatchOperationEdge!]!  pageInfo: PageInfo!  totalCount: Int! }
type BatchOperationEdge { cursor: String!  node: BatchOperation! }
type BatchItemResultConnection { edges: [BatchItemResultEdge!]!  pageInfo: PageInfo!  totalCount: Int! }
type BatchItemResultEdge { cursor: String!  node: BatchItemResult! }

enum ItemErrorCode {
  INVALID_PRODUCT_ID PRODUCT_NOT_FOUND PRODUCT_DISCONTINUED INVALID_QUANTITY INSUFFICIENT_STOCK STOCK_LIMIT_EXCEEDED STALE_STOCK
  INVALID_FIELD DUPLICATE_KEY HAS_STOCK_UPDATES ROLLED_BACK NOT_ATTEMPTED CANCELLED WRITE_CONFLICT UNAVAILABLE INTERNAL
}
"""  # noqa: E501 - as clients have it

# a name of every kind, and no description that says anything
BARE = """
directive @mark(note: Int) on FIELD
type Query { field(argument: Int): Answer }
type Mutation { change: Int }
type Subscription { watched: Int }
interface Answer { answer: Int }
type Yes implements Answer { answer: Int }
union Either = Yes | No
type No { no: Int }
input Sent { field: Int }
input Choice @oneOf { one: Int }
enum Kind { VALUE }
"." scalar Moment
"""
NAMED_IN_BARE = [
    *("@mark", "@mark(note)", "Query", "Query.field", "Query.field(argument)"),
    *("Mutation", "Mutation.change", "Subscription", "Subscription.watched"),
    *("Answer", "Answer.answer", "Yes", "Yes.answer", "Either", "No", "No.no"),
    *("Sent", "Sent.field", "Choice", "Choice.one", "Kind", "Kind.VALUE", "Moment"),
]

# what an input of a type has to say of its limits; a list says so of its length
LIMITS: dict[str, str] = {
    "Int": r"-?\d+ to \d+",
    "Float": r"-?\d+ to \d+",
    "String": r"[\d ]*\d (printable ASCII )?characters|cursor",
    "ID": r"24 hexadecimal characters",
    "Boolean": r"True: .*(Default: |False: )",
}
SHORTEST = len("Always null.")  # a description; what is shorter says nothing
LENGTH = r"(1 to|at most) \d[\d ]*\d"

BUILT = schema._schema
KINDS = (
    GraphQLObjectType,
    GraphQLInterfaceType,
    GraphQLInputObjectType,
    GraphQLEnumType,
    GraphQLScalarType,
)


def _own_types(built: GraphQLSchema) -> Iterator[GraphQLNamedType]:
    for name, one in built.type_map.items():
        if not name.startswith("__") and not is_specified_scalar_type(one):
            yield one


def shape(built: GraphQLSchema) -> dict[str, str]:
    """Every name of a schema, with its type (and default) as they are written."""
    names: dict[str, str] = {}
    for one in _own_types(built):
        names[one.name] = next(kind.__name__ for kind in KINDS if isinstance(one, kind))
        if isinstance(one, GraphQLObjectType | GraphQLInterfaceType):
            names[one.name] += "".join(f" & {interface.name}" for interface in one.interfaces)
            for field_name, field in one.fields.items():
                names[f"{one.name}.{field_name}"] = str(field.type)
                for argument_name, argument in field.args.items():
                    place = f"{one.name}.{field_name}({argument_name})"
                    names[place] = _with_default(argument)
        elif isinstance(one, GraphQLInputObjectType):
            for field_name, input_field in one.fields.items():
                names[f"{one.name}.{field_name}"] = _with_default(input_field)
        elif isinstance(one, GraphQLEnumType):
            names |= {f"{one.name}.{value}": "a value" for value in one.values}
    return names


def _with_default(one: GraphQLArgument | GraphQLInputField) -> str:
    """The code has its defaults as values, a contract that was read as they are written."""
    written = one.default.literal if one.default else None
    if written is None and one.default_value is not Undefined:
        written = ast_from_value(one.default_value, one.type)
    return f"{one.type} = {print_ast(written)}" if written else f"{one.type}"


def _owner(name: str) -> str:
    """The field of an argument, or the type of an input field."""
    return name.rpartition("(" if "(" in name else ".")[0]


def descriptions(built: GraphQLSchema) -> dict[str, str | None]:
    """Every name of a schema, with its description."""
    found: dict[str, str | None] = {}
    for directive in built.directives:
        if not is_specified_directive(directive):
            found[f"@{directive.name}"] = directive.description
            for name, argument in directive.args.items():
                found[f"@{directive.name}({name})"] = argument.description
    for one in _own_types(built):
        found[one.name] = one.description
        if isinstance(one, GraphQLEnumType):
            found |= {f"{one.name}.{name}": value.description for name, value in one.values.items()}
        elif isinstance(one, GraphQLObjectType | GraphQLInterfaceType | GraphQLInputObjectType):
            for field_name, field in one.fields.items():
                found[f"{one.name}.{field_name}"] = field.description
                for argument_name, argument in getattr(field, "args", {}).items():
                    place = f"{one.name}.{field_name}({argument_name})"
                    found[place] = argument.description
    return found


def undescribed(built: GraphQLSchema) -> list[str]:
    return [name for name, text in descriptions(built).items() if len(text or "") < SHORTEST]


def inputs(built: GraphQLSchema) -> Iterator[tuple[str, GraphQLArgument | GraphQLInputField]]:
    """What a client can send: arguments and input fields."""
    for one in _own_types(built):
        if isinstance(one, GraphQLInputObjectType):
            yield from ((f"{one.name}.{name}", field) for name, field in one.fields.items())
        elif isinstance(one, GraphQLObjectType | GraphQLInterfaceType):
            for name, field in one.fields.items():
                for argument_name, argument in field.args.items():
                    yield f"{one.name}.{name}({argument_name})", argument


def test_every_name_has_the_type_that_the_contract_gives_it() -> None:
    promised, built = shape(build_schema(CONTRACT)), shape(BUILT)

    assert {name: built.get(name) for name in promised} == promised


def test_what_is_required_of_a_caller_is_no_more_than_the_contract_says() -> None:
    """A later addition may be used or left alone; `schema.graphql` has them all."""
    promised = shape(build_schema(CONTRACT))
    required = {
        name
        for name, one in inputs(BUILT)
        if isinstance(one.type, GraphQLNonNull) and _with_default(one) == str(one.type)
    }

    assert [name for name in required - promised.keys() if _owner(name) in promised] == []


def test_a_batch_operation_is_exactly_one_of_its_kinds() -> None:
    for written in (CONTRACT, schema.as_str()):
        kinds = build_schema(written).type_map["BatchOperationInput"]
        assert isinstance(kinds, GraphQLInputObjectType)
        assert kinds.is_one_of


def test_every_name_has_a_description() -> None:
    described = descriptions(BUILT)

    assert set(described) == set(shape(BUILT))
    assert undescribed(BUILT) == []


def test_a_name_without_a_description_is_found_whatever_it_is() -> None:
    assert sorted(undescribed(build_schema(BARE))) == sorted(NAMED_IN_BARE)


def test_every_input_says_what_it_may_be() -> None:
    silent = []
    for name, one in inputs(BUILT):
        kind, text = get_nullable_type(one.type), one.description or ""
        if isinstance(kind, GraphQLList) and not re.search(LENGTH, text, re.IGNORECASE):
            silent.append(name)
        allowed = LIMITS.get(get_named_type(kind).name)
        if allowed and not re.search(allowed, text):
            silent.append(name)

    assert silent == []


def test_what_can_be_null_says_when() -> None:
    nullable = [
        (f"{one.name}.{name}", field.description or "")
        for one in _own_types(BUILT)
        if isinstance(one, GraphQLObjectType | GraphQLInterfaceType)
        for name, field in one.fields.items()
        if not isinstance(field.type, GraphQLNonNull)
    ]

    assert len(nullable) == 33
    assert [name for name, text in nullable if "null" not in text] == []


def test_every_limit_is_written_where_it_applies() -> None:
    described = descriptions(BUILT)

    def text(name: str) -> str:
        return described[name] or ""

    assert "10 000" in text("Mutation.batchUpdateStock(updates)")
    assert "10 000" in text("Mutation.batchDiscontinueProducts(productIds)")
    assert "10 000" in text("Mutation.batchCreateProducts(products)")
    assert "10 000" in text("Mutation.batchUpdateProducts(updates)")
    assert "10 000" in text("Mutation.batchDeleteProducts(deletes)")
    for kind in ("Stock", "Discontinue", "Create", "Update", "Delete"):
        options = f"Batch{kind}Options"
        assert "5 000" in text(f"{options}.atomic")
        assert "1 to 1000. Default: 500" in text(f"{options}.batchSize")
    for connection in ("products", "stockUpdates", "batchOperations"):
        assert "1 to 1000. Default: 50." in text(f"Query.{connection}(first)")
    assert "1 to 1000. Default: 50." in text("BatchOperation.results(first)")
    assert "1 000" in text("ProductFilter.ids")
    assert "-2147483647 to 2147483647" in text("StockUpdateInput.quantity")
    for kind in ("Create", "Update"):
        assert "1 to 3153600000000" in text(f"Batch{kind}Options.expireIn")
    for fields in ("CreateProductInput", "ProductPatch"):
        assert "1 to 200 characters" in text(f"{fields}.name")
        assert "0 to 2147483647" in text(f"{fields}.price")
        assert "1 to 100 characters" in text(f"{fields}.category")
    assert "0 to 2147483647" in text("CreateProductInput.stock")


def test_every_limit_of_the_background_is_written_where_it_applies() -> None:
    described = descriptions(BUILT)
    kinds = BUILT.type_map["BatchOperationInput"]
    assert isinstance(kinds, GraphQLInputObjectType)
    kind_names = [str(kind.type) for kind in kinds.fields.values()]

    def text(name: str) -> str:
        return described[name] or ""

    assert "100 000" in text("Mutation.submitBatch(operation)")
    assert "QUEUE_FULL" in text("Mutation.submitBatch")
    assert len(kind_names) == len(batch_kinds.KINDS)
    for kind in kind_names:
        (items,) = described.keys() & {
            f"{kind}.{one.argument}" for one in batch_kinds.KINDS.values()
        }
        assert "1 to 100 000 unless the server is set up otherwise" in text(items)
        assert "1 to 1000. Default: 500" in text(f"{kind}.batchSize")
    assert "0 to 2147483647" in text("UpdatePriceBatch.newPrice")
    assert "Default: false" in text("DeleteProductsBatch.cascadeDelete")
    for kind in ("Create", "Update"):
        assert "1 to 3153600000000" in text(f"{kind}ProductsBatch.expireIn")
    assert "0.1 s" in text("Subscription.batchProgress")
    assert "120 s" in text("BatchAlertKind.SLOW")
    assert "50%" in text("BatchAlertKind.HIGH_FAILURE_RATE")


def test_the_limits_that_are_written_out_are_those_of_the_server() -> None:
    described = descriptions(BUILT)
    tokens = f"{limits._TOKENS:,} tokens".replace(",", " ")
    days = f"{Settings.model_fields['batch_retention_days'].default} days after its end"

    assert tokens in (described["Mutation.submitBatch(operation)"] or "")
    for name in ("batchOperation", "batchOperations"):
        assert days in (described[f"Query.{name}"] or "")


def test_the_rules_of_a_key_are_written_where_one_is_given() -> None:
    keys = [text or "" for name, text in descriptions(BUILT).items() if "(idempotencyKey)" in name]

    assert len(keys) == 6
    for text in [*keys, descriptions(BUILT)["Mutation.retryBatch"] or ""]:
        assert "1 to 200 printable ASCII characters" in text
        assert "kept 7 days" in text
        assert "`Idempotency-Key`" in text


def test_every_default_is_written_where_it_applies() -> None:
    described = descriptions(BUILT)
    defaults = {
        "atomic": "true",
        "continueOnError": "false",
        "validateBeforeWrite": "true",
        "returnPartialResults": "false",
        "returnDeletedItems": "false",
        "cascadeDelete": "false",
        "dryRun": "false",
    }

    for kind in ("Create", "Update", "Delete"):
        options = BUILT.type_map[f"Batch{kind}Options"]
        assert isinstance(options, GraphQLInputObjectType)
        for name in options.fields.keys() & defaults.keys():
            assert f"Default: {defaults[name]}" in (described[f"{options.name}.{name}"] or "")
    for kind in ("Stock", "Discontinue"):
        assert "Default: false" in (described[f"Batch{kind}Options.atomic"] or "")
