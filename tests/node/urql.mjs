// urql with persisted queries against the server at a URL: `node urql.mjs URL PRODUCT [post|get|ws]`.
// Prints one JSON object: the stock before and after an update, and the bodies of its requests.
import { Client, fetchExchange, gql, subscriptionExchange } from "@urql/core";
import { persistedExchange } from "@urql/exchange-persisted";
import { createClient } from "graphql-ws";
import { WebSocket } from "ws";

const [url, product, transport] = process.argv.slice(2);
const sent = [];

const PRODUCT = gql`query Product($id: ID!) { product(id: $id) { id stock } }`;
const UPDATE = gql`
  mutation Update($updates: [StockUpdateInput!]!) {
    batchUpdateStock(updates: $updates) { success newStock }
  }
`;

const socket = transport === "ws" && createClient({
  url: `${url.replace("http", "ws")}/graphql`,
  lazyCloseTimeout: 10_000, // graphql-ws loses what is subscribed while it closes an idle socket
  webSocketImpl: class extends WebSocket {
    send(text) {
      if (JSON.parse(text).type === "subscribe") sent.push({ method: "ws", text });
      super.send(text);
    }
  },
});
const over = socket
  ? subscriptionExchange({
      enableAllOperations: true,
      forwardSubscription: (request) => ({
        // As urql's documentation has it: graphql-ws sends no message without a query.
        subscribe: (sink) => ({
          unsubscribe: socket.subscribe({ ...request, query: request.query || "" }, sink),
        }),
      }),
    })
  : fetchExchange;
const client = new Client({
  url: `${url}/graphql`,
  exchanges: [
    persistedExchange({ enableForMutation: true, preferGetForPersistedQueries: transport === "get" }),
    over,
  ],
  preferGetMethod: false,
  fetch: (uri, options) => {
    sent.push({ method: options.method, text: `${uri} ${options.body ?? ""}` });
    return fetch(uri, options);
  },
});

async function stock() {
  const { data, error } = await client.query(PRODUCT, { id: product });
  if (error) throw error;
  return data.product.stock;
}

const before = await stock();
const updates = [{ productId: product, quantity: 5 }];
const { error } = await client.mutation(UPDATE, { updates });
if (error) throw error;
const after = await stock();
await (socket && socket.dispose());
console.log(JSON.stringify({ before, after, sent }));
