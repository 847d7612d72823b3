/** All that the console asks for in GraphQL. A test checks each against the schema. */

const BATCH = `
  id operationType dryRun status outcome totalItems processedItems successCount failureCount createdBy createdAt startedAt
  completedAt error retryOf
  alerts { kind message }
  publication { pending published failed }
`;

export const VIEWER = `query Viewer {
  viewer { name isAnonymous role mayRead mayChange maySeeSystem }
}`;

export const BATCHES = `query Batches($filter: BatchOperationFilter, $first: Int, $after: String) {
  batchOperations(filter: $filter, first: $first, after: $after) {
    edges { node { ${BATCH} } }
    pageInfo { hasNextPage endCursor }
  }
}`;

export const BATCH_DETAIL = `query Batch($id: ID!) {
  batchOperation(id: $id) {
    ${BATCH}
    options { atomic continueOnError validateBeforeWrite batchSize newPrice expireIn cascadeDelete }
  }
}`;

export const BATCH_PROGRESS = `subscription Progress($id: ID!) {
  batchProgress(id: $id) { ${BATCH} }
}`;

export const THROUGHPUT = `query Throughput($id: ID!) {
  batchOperation(id: $id) {
    throughput { intervalMs itemsPerSecond remainingMs points { time processedItems failedItems } }
  }
}`;

export const OUTCOMES = `query Outcomes(
  $id: ID!, $first: Int, $after: String, $success: Boolean, $productId: ID, $code: ItemErrorCode
) {
  batchOperation(id: $id) {
    results(first: $first, after: $after, success: $success, productId: $productId, code: $code) {
      edges { node {
        index row productId success message oldStock newStock txId publicationError error { code message path retryable }
      } }
      pageInfo { hasNextPage endCursor }
    }
  }
}`;

export const CANCEL = `mutation Cancel($id: ID!) { cancelBatch(id: $id) { id } }`;
export const RETRY = `mutation Retry($id: ID!) { retryBatch(id: $id) { id } }`;
export const RETRY_PUBLICATION = `mutation RetryPublication($id: ID!) { retryPublication(id: $id) { id } }`;

const PRODUCT = `id name price stock category discontinued createdAt updatedAt expiresAt`;

export const PRODUCTS = `query Products($filter: ProductFilter, $orderBy: ProductOrder, $first: Int, $after: String) {
  products(filter: $filter, orderBy: $orderBy, first: $first, after: $after) {
    edges { node { ${PRODUCT} } }
    pageInfo { hasNextPage endCursor }
  }
}`;

export const PRODUCT_DETAIL = `query Product($id: ID!, $first: Int, $after: String) {
  product(id: $id) { ${PRODUCT} }
  stockUpdates(filter: { productId: $id }, first: $first, after: $after) {
    edges { node { id quantity timestamp status error code reason newStock batchId createdBy } }
    pageInfo { hasNextPage endCursor }
  }
}`;

export const ADJUST = `mutation Adjust($updates: [StockUpdateInput!]!, $key: String) {
  batchUpdateStock(updates: $updates, idempotencyKey: $key) { success newStock error { code message currentStock } }
}`;

export const DISCONTINUE = `mutation Discontinue($ids: [ID!]!) {
  batchDiscontinueProducts(productIds: $ids) { updated unchanged failures { error { message } } }
}`;

export const SYSTEM = `query System {
  system {
    server {
      version pythonVersion process startedAt uptimeSeconds libraries { name version }
      settings { name value isDefault meaning }
    }
    database { name version isEmbedded replicaSet primary members pingMs }
    queue { waitingChunks runningChunks oldestSeconds warning }
    workers { name seenAt isAlive leftAt }
  }
}`;
