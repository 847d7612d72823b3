// Apollo Client against the server at a URL: `node apollo.mjs URL PRODUCT [post|get|ws]`.
// Prints one JSON object: the stock that its normalised cache shows before and after an update, how
// often it fetched the product, and the bodies of its requests.
import { createHash } from "node:crypto";
import { ApolloClient, ApolloLink, HttpLink, InMemoryCache, gql } from "@apollo/client";
import { PersistedQueryLink } from "@apollo/client/link/persisted-queries";
import { GraphQLWsLink } from "@apollo/client/link/subscriptions";
import { createClient } from "graphql-ws";
import { WebSocket } from "ws";

const [url, product, transport = ""] = process.argv.slice(2);
const sent = [];

const PRODUCT = gql`query Product($id: ID!) { product(id: $id) { id name stock } }`;
const UPDATE = gql`
  mutation Update($updates: [StockUpdateInput!]!) {
    batchUpdateStock(updates: $updates) {
      success
      ... on StockUpdateApplied { newStock product { id stock } }
    }
  }
`;

function over() {
  const http = new HttpLink({
    uri: `${url}/graphql`,
    fetch: (uri, options) => {
      sent.push({ method: options.method, text: `${uri} ${options.body ?? ""}` });
      return fetch(uri, options);
    },
  });
  if (transport === "") return [http];
  const persisted = new PersistedQueryLink({
    sha256: (text) => createHash("sha256").update(text).digest("hex"),
    useGETForHashedQueries: transport === "get",
  });
  if (transport !== "ws") return [persisted, http];
  const socket = createClient({
    url: `${url.replace("http", "ws")}/graphql`,
    webSocketImpl: class extends WebSocket {
      send(text) {
        const message = JSON.parse(text);
        if (message.type === "subscribe") sent.push({ method: "ws", text });
        super.send(text);
      }
    },
  });
  return [persisted, new GraphQLWsLink(socket), socket];
}

const [first, second, socket] = over();
const link = second ? ApolloLink.from([first, second]) : first;
const client = new ApolloClient({ link, cache: new InMemoryCache() });
const shown = [];
const watched = client.watchQuery({ query: PRODUCT, variables: { id: product } });
const watching = watched.subscribe(({ data, error }) => {
  if (error) throw error;
  if (data?.product?.stock !== undefined) shown.push(data.product.stock);
});
await watched.result?.();
await client.query({ query: PRODUCT, variables: { id: product } });
const { error } = await client.mutate({
  mutation: UPDATE,
  variables: { updates: [{ productId: product, quantity: 5 }] },
});
if (error) throw error;
const cached = client.readQuery({ query: PRODUCT, variables: { id: product } });
await new Promise((resolve) => setImmediate(resolve));
watching.unsubscribe();
client.stop();
await socket?.dispose();
console.log(JSON.stringify({ shown, cached: cached.product.stock, sent }));
