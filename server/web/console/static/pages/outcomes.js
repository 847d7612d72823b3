/** The outcomes of a batch: filter, search, and files of them. */
import { html, useState } from "../vendor/preact.js";
import { ask } from "../data/client.js";
import { OUTCOMES } from "../data/queries.js";
import { isRunning } from "../parts/batches.js";
import { Pager, Select, TextField } from "../parts/controls.js";
import { DownloadButton } from "../parts/download.js";
import { number } from "../parts/format.js";
import { useLoaded, usePages, useSettled } from "../parts/hooks.js";
import { Card } from "../parts/layout.js";
import { Empty, ErrorNotice } from "../parts/notices.js";
import { Table } from "../parts/table.js";
import { href } from "../router.js";

/** @typedef {import("../data/types.js").Outcome} Outcome */

const PAGE_SIZE = 25;
const PRODUCT_ID = /^[0-9a-f]{24}$/i;

/** @type {[string, string][]} */
const WHICH = [["", "All"], ["false", "Failed"], ["true", "Succeeded"]];

/** @type {[string, string][]} the codes that people look for; the rest is found among the failed */
const CODES = [
  ["", "Any"],
  ["PRODUCT_NOT_FOUND", "No such product"],
  ["PRODUCT_DISCONTINUED", "Discontinued"],
  ["INSUFFICIENT_STOCK", "Too little stock"],
  ["STALE_STOCK", "Other stock than expected"],
  ["INVALID_PRODUCT_ID", "No product id"],
  ["INVALID_QUANTITY", "No whole quantity"],
  ["INVALID_FIELD", "Invalid field"],
  ["DUPLICATE_KEY", "Exists already"],
  ["HAS_STOCK_UPDATES", "Has a ledger"],
  ["CANCELLED", "Cancelled"],
];

/** @param {{ batch: import("../data/types.js").Batch }} props */
export function Outcomes({ batch }) {
  const [which, setWhich] = useState("");
  const [code, setCode] = useState("");
  const [search, setSearch] = useState("");
  const sought = useSettled(search.trim());
  const isId = PRODUCT_ID.test(sought);
  const filter = {
    ...(which && { success: which === "true" }),
    ...(code && { code }),
    ...(isId && { productId: sought }),
  };
  const pages = usePages([which, code, isId && sought]);
  const runs = isRunning(batch);
  const { data, error } = useLoaded(
    /** @returns {Promise<import("../data/types.js").Connection<Outcome> | undefined>} */
    async () =>
      (await ask(OUTCOMES, { id: batch.id, first: PAGE_SIZE, after: pages.after, ...filter })).batchOperation?.results,
    [batch.id, filter, pages.after, runs],
    () => (runs ? 2_000 : 0),
  );
  const results = `batches/${batch.id}/results`;
  return html`<${Card}
    title="Outcomes"
    actions=${html`
      ${batch.failureCount > 0 && html`<${DownloadButton} path="${results}?format=csv&success=false">Failed rows as CSV<//>`}
      <${DownloadButton} path="${results}?format=csv">All as CSV<//>
      <${DownloadButton} path="${results}?format=xlsx">All as XLSX<//>
    `}
  >
    <div class="filters">
      <${Select} label="Outcome" value=${which} onChange=${setWhich} choices=${WHICH} />
      <${Select} label="Reason" value=${code} onChange=${setCode} choices=${CODES} />
      <${TextField}
        label="Product id"
        type="search"
        value=${search}
        onInput=${setSearch}
        error=${sought && !isId ? "An id is 24 hexadecimal characters." : undefined}
      />
    </div>
    <${ErrorNotice} error=${error} />
    <${Table}
      caption="Outcomes in the order of the items"
      columns=${COLUMNS}
      rows=${data?.edges.map(({ node }) => node)}
      keyOf=${(/** @type {Outcome} */ { index }) => String(index)}
      toneOf=${(/** @type {Outcome} */ { success }) => (success ? "" : "failed")}
      empty=${html`<${Empty} title=${runs ? "No outcomes yet" : "No outcome matches"}>
        <p>${runs ? "They appear as the chunks are done." : "Choose another filter."}</p>
      <//>`}
    />
    <${Pager} pages=${pages} info=${data?.pageInfo} />
  <//>`;
}

/** @type {import("../parts/table.js").Column<Outcome>[]} */
const COLUMNS = [
  { title: "Row", isNumber: true, cell: ({ row, index }) => number(row ?? index + 1) },
  {
    title: "Product",
    cell: ({ productId }) => (PRODUCT_ID.test(productId ?? "") ? html`<a href=${href("products", productId ?? "")}><code>${productId}</code></a>` : html`<code>${productId ?? "–"}</code>`),
  },
  {
    title: "Outcome",
    cell: ({ success, message, error, publicationError }) =>
      success ? html`${message}${publicationError && html` <span class="wrong">${publicationError}</span>`}` : html`<span class="wrong">${error?.message}</span>`,
  },
  { title: "Before", isNumber: true, isExtra: true, cell: ({ oldStock }) => (oldStock === null ? "" : number(oldStock)) },
  { title: "After", isNumber: true, isExtra: true, cell: ({ newStock }) => (newStock === null ? "" : number(newStock)) },
];
