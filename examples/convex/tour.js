// Every kind of call that a Convex client can make here, on products of its own.
import { ConvexHttpClient } from "convex/browser";
import { anyApi } from "convex/server";
import { ConvexError } from "convex/values";

import { ADDRESS } from "./address.js";

const client = new ConvexHttpClient(ADDRESS);
const category = `tour ${crypto.randomUUID()}`;
const api = anyApi.inventory; // the module may have any name: inventory:batchUpdateStock

// Create, with one bad item that does not take its neighbours down.
const names = ["Cup", "Jug", "Pot", ""];
const { created, failed, stats } = await client.mutation(api.batchCreateProducts, {
  products: names.map((name) => ({ name, price: 250, stock: 10, category })),
  options: { continueOnError: true, returnPartialResults: true }
});
console.log("created", stats, failed.map((one) => one.error.code));
const [cup, jug, pot] = created.map((one) => one.id);

// Stock: a BigInt is a whole number like any other. Result i answers update i.
const updates = await client.mutation(api.batchUpdateStock, {
  updates: [
    { productId: cup, quantity: 5n },
    { productId: jug, quantity: -11 },
    { productId: pot, quantity: NaN }
  ]
});
console.log("stock", updates.map((one) => (one.success ? one.newStock : one.error.code)));

// The same key, the same call: done once, answered twice.
const keyed = {
  updates: [{ productId: cup, quantity: 1 }],
  idempotencyKey: crypto.randomUUID()
};
const [first] = await client.mutation(api.batchUpdateStock, keyed);
const [again] = await client.mutation(api.batchUpdateStock, keyed);
console.log("keyed", first.newStock, again.newStock);

// Pages, as with usePaginatedQuery.
let cursor = null;
do {
  const { page, isDone, continueCursor } = await client.query(api.products, {
    filter: { category },
    orderBy: "NAME_ASC",
    paginationOpts: { numItems: 2, cursor }
  });
  console.log("page", page.map((one) => `${one.name} ${one.stock}`));
  cursor = isDone ? null : continueCursor;
} while (cursor !== null);

// What the whole call does wrong is a ConvexError, with a code for programs.
try {
  await client.mutation(api.batchUpdateStock, { updates: [{ productId: cup, quantity: "5" }] });
} catch (error) {
  if (!(error instanceof ConvexError)) throw error;
  console.log("typed error", error.data.code);
}

// A background batch, polled to its end; then its failed results.
let batch = await client.mutation(api.submitBatch, {
  operation: { updatePrice: { productIds: [cup, jug, "f".repeat(24)], newPrice: 300 } }
});
while (batch.completedAt === undefined) {
  await new Promise((resolve) => setTimeout(resolve, 100));
  batch = await client.query(api.batchOperation, { id: batch.id });
}
console.log("batch", batch.status, batch.successCount, batch.failureCount);
const results = await client.query(api.batchResults, {
  id: batch.id,
  success: false,
  paginationOpts: { numItems: 10, cursor: null }
});
console.log("failed", results.page.map((one) => `${one.index} ${one.error.code}`));

// And away with them.
const { deletedCount } = await client.mutation(api.batchDeleteProducts, {
  deletes: created.map((one) => ({ productId: one.id, cascadeDelete: true }))
});
console.log("deleted", deletedCount, await client.query(api.product, { id: cup }));
