// What a good Node team would write: GraphQL Yoga, the official driver, chunks of 500.
import { createServer } from "node:http";
import { MongoClient, ObjectId } from "mongodb";
import { createSchema, createYoga } from "graphql-yoga";

const CHUNK = 500;
const client = new MongoClient(process.env.MONGODB_URI, { writeConcern: { w: "majority" } });
const database = client.db(process.env.MONGODB_DATABASE);
const products = database.collection("products");
const ledger = database.collection("stockUpdates");

const typeDefs = /* GraphQL */ `
  type Query { ok: Boolean! }
  type Mutation {
    batchUpdateStock(updates: [StockUpdateInput!]!): [StockUpdateResult!]!
    batchCreateProducts(products: [CreateProductInput!]!, options: BatchCreateOptions): BatchCreateResult!
  }
  input StockUpdateInput { productId: ID!, quantity: Int! }
  input CreateProductInput { id: ID, name: String!, price: Int!, stock: Int!, category: String! }
  input BatchCreateOptions { atomic: Boolean }
  type StockUpdateResult { productId: ID!, success: Boolean!, newStock: Int, error: String }
  type BatchCreateResult { stats: Stats!, failed: [Failed!]! }
  type Stats { created: Int! }
  type Failed { index: Int!, error: ItemError! }
  type ItemError { code: String!, message: String! }
`;

const resolvers = {
  Query: { ok: () => true },
  Mutation: {
    batchUpdateStock: (_, { updates }) => inChunks(updates, updateStock),
    batchCreateProducts: async (_, { products: inputs }) => {
      const created = await inChunks(inputs, createProducts);
      return { stats: { created: created.length }, failed: [] };
    },
  },
};

/** Run the work on every chunk in a transaction, one after the other. */
async function inChunks(items, work) {
  const results = [];
  await client.withSession(async (session) => {
    for (let start = 0; start < items.length; start += CHUNK) {
      const chunk = items.slice(start, start + CHUNK);
      const done = await session.withTransaction(() => work(chunk, session), {
        readConcern: { level: "snapshot" },
        writeConcern: { w: "majority" },
      });
      results.push(...done);
    }
  });
  return results;
}

async function updateStock(updates, session) {
  const ids = [...new Set(updates.map((update) => update.productId))].map((id) => new ObjectId(id));
  const fields = { projection: { stock: 1, discontinued: 1 }, session };
  const found = await products.find({ _id: { $in: ids } }, fields).toArray();
  const stocks = new Map(found.filter((one) => !one.discontinued).map((one) => [String(one._id), one.stock]));
  const now = new Date();
  const results = updates.map((update) => decide(update, stocks));
  const writes = [];
  const rows = [];
  updates.forEach(({ productId, quantity }, index) => {
    const { success, newStock } = results[index];
    const _id = new ObjectId(productId);
    const row = { productId: _id, quantity, timestamp: now, reason: "adjustment" };
    rows.push({ ...row, status: success ? "applied" : "failed", newStock });
    if (success) {
      const update = { $inc: { stock: quantity }, $set: { updatedAt: now } };
      writes.push({ updateOne: { filter: { _id }, update } });
    }
  });
  if (writes.length) await products.bulkWrite(writes, { session });
  await ledger.insertMany(rows, { session });
  return results;
}

function decide({ productId, quantity }, stocks) {
  const stock = stocks.get(productId);
  if (stock === undefined) return { productId, success: false, error: "There is no such product" };
  if (stock + quantity < 0) return { productId, success: false, error: "The stock does not suffice" };
  stocks.set(productId, stock + quantity);
  return { productId, success: true, newStock: stock + quantity };
}

async function createProducts(inputs, session) {
  const now = new Date();
  const documents = inputs.map(({ id, ...fields }) => {
    const times = { createdAt: now, updatedAt: now };
    return { _id: new ObjectId(id ?? undefined), ...fields, discontinued: false, ...times };
  });
  return Object.values((await products.insertMany(documents, { session })).insertedIds);
}

await client.connect();
await ledger.createIndexes([{ key: { productId: 1 } }, { key: { status: 1 } }]);
const yoga = createYoga({ schema: createSchema({ typeDefs, resolvers }), graphiql: false, logging: "error" });
const server = createServer(yoga);
server.listen(0, "127.0.0.1", () => {
  console.log(`Ready: http://127.0.0.1:${server.address().port}/graphql`);
});
process.on("SIGTERM", () => process.exit(0));
