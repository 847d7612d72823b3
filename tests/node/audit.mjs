// The audits of GraphQL over HTTP by graphql-http, of the server at a URL: `node audit.mjs URL`.
// Prints one JSON object: how many there were of each status, and each one that is not ok.
import { auditServer } from "graphql-http";

const results = await auditServer({ url: process.argv[2] });

const counts = {};
for (const { status } of results) {
  counts[status] = (counts[status] ?? 0) + 1;
}
const shortcomings = results
  .filter(({ status }) => status !== "ok")
  .map(({ id, name, status, reason }) => ({ id, name, status, reason }));
console.log(JSON.stringify({ total: results.length, counts, shortcomings }, null, 2));
