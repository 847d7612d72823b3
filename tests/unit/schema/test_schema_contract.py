"""Compare the built schema with the contract that clients were promised."""

from graphql import (
    GraphQLInputObjectType,
    GraphQLNonNull,
    build_schema,
)

from schema import schema
from tests.support.built_schema import BUILT, inputs, shape, with_default

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


def test_every_name_has_the_type_that_the_contract_gives_it() -> None:
    promised, built = shape(build_schema(CONTRACT)), shape(BUILT)

    assert {name: built.get(name) for name in promised} == promised


def test_what_is_required_of_a_caller_is_no_more_than_the_contract_says() -> None:
    """A later addition may be used or left alone; `schema.graphql` has them all."""
    promised = shape(build_schema(CONTRACT))
    required = {
        name
        for name, value in inputs(BUILT)
        if isinstance(value.type, GraphQLNonNull) and with_default(value) == str(value.type)
    }

    assert [name for name in required - promised.keys() if _owner(name) in promised] == []


def _owner(name: str) -> str:
    """Return the field of an argument, or the type of an input field."""
    return name.rpartition("(" if "(" in name else ".")[0]


def test_a_batch_operation_is_exactly_one_of_its_kinds() -> None:
    for written in (CONTRACT, schema.as_str()):
        kinds = build_schema(written).type_map["BatchOperationInput"]
        assert isinstance(kinds, GraphQLInputObjectType)
        assert kinds.is_one_of
