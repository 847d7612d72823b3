// The example of seed 1, on the sample products of a new embedded database: their stock is 10.
import { ConvexHttpClient } from "convex/browser";

import { ADDRESS } from "./address.js";

const client = new ConvexHttpClient(ADDRESS);
const [id1, id2, id3] = [1, 2, 3].map((n) => String(n).padStart(24, "0"));

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
