// The example of seed 1, on three products of its own with a stock of 10. They disappear after ten minutes.
import { ConvexHttpClient } from "convex/browser";

import { ADDRESS } from "./address.js";

const client = new ConvexHttpClient(ADDRESS);
const { created } = await client.mutation("batchCreateProducts", {
  products: ["A", "B", "C"].map((name) => ({ name, price: 100, stock: 10, category: "seed 1" })),
  options: { expireIn: 600_000 }
});
const [id1, id2, id3] = created.map((product) => product.id);

// Update stock levels
const updates = await client.mutation("batchUpdateStock", {
  updates: [
    { productId: id1, quantity: 5 },
    { productId: id2, quantity: -3 },
    { productId: id3, quantity: 10 }
  ]
});
console.log(updates);

// Discontinue products
const result = await client.mutation("batchDiscontinueProducts", {
  productIds: [id1, id2, id3]
});
console.log(result);
