/** GraphiQL 5 on our page. What it shares with the page that takes it from the CDN stands in server/web/graphiql/static. */
import "../../server/web/graphiql/static/style-nonce.js";
import "./monaco.js";
import "./word-wrap.js";
import "graphiql/style.css";
import { createGraphiQLFetcher } from "@graphiql/toolkit";
import { GraphiQL } from "graphiql";
import { createElement } from "react";
import { createRoot } from "react-dom/client";
import { connection } from "../../server/web/graphiql/static/connection.js";
import { withLatestBatch } from "../../server/web/graphiql/static/latest-batch.js";
import { storage } from "../../server/web/graphiql/static/storage.js";
import { tabs } from "../../server/web/graphiql/static/tabs.js";

const fetcher = withLatestBatch(createGraphiQLFetcher(connection));

createRoot(document.getElementById("graphiql")).render(
  createElement(GraphiQL, { fetcher, defaultTabs: tabs, shouldPersistHeaders: false, storage }),
);
