/** GraphiQL 3 out of the public CDN: the last one that comes as plain scripts, whose hashes can be pinned. */
import "./style-nonce.js";
import { connection } from "./connection.js";
import { withLatestBatch } from "./latest-batch.js";
import { storage } from "./storage.js";
import { tabs } from "./tabs.js";

const { GraphiQL, React, ReactDOM } = window;

if (GraphiQL) {
  const fetcher = withLatestBatch(GraphiQL.createFetcher(connection));
  ReactDOM.createRoot(document.getElementById("graphiql")).render(
    React.createElement(GraphiQL, { fetcher, defaultTabs: tabs, shouldPersistHeaders: false, storage }),
  );
}
