/** Batches: the list, which follows what runs. */
import { html, useState } from "../vendor/preact.js";
import { ask } from "../data/client.js";
import { KINDS, kindOf } from "../data/kinds.js";
import { BATCHES } from "../data/queries.js";
import { done, isRunning, paceInWords, Progress, State } from "../parts/batches.js";
import { Pager, Select } from "../parts/controls.js";
import { brief, moment, number } from "../parts/format.js";
import { useLoaded, usePages } from "../parts/hooks.js";
import { Page } from "../parts/layout.js";
import { Empty, ErrorNotice } from "../parts/notices.js";
import { Table } from "../parts/table.js";
import { href } from "../router.js";

/** @typedef {import("../data/types.js").Batch} Batch */

const PAGE_SIZE = 25;

/** @type {[string, string][]} */
const STATES = [
  ["", "All"],
  ["PENDING", "Waiting"],
  ["PROCESSING", "Running"],
  ["COMPLETED", "Completed"],
  ["FAILED", "Failed"],
  ["CANCELLED", "Cancelled"],
];
/** @type {[string, string][]} */
const KIND_CHOICES = [["", "All"], ...KINDS.map(({ constant, title }) => /** @type {[string, string]} */ ([constant, title]))];

export function BatchesPage() {
  const [status, setStatus] = useState("");
  const [kind, setKind] = useState("");
  const pages = usePages([status, kind]);
  const filter = { ...(status && { status }), ...(kind && { operationType: kind }) };
  const { data, error } = useLoaded(
    /** @returns {Promise<import("../data/types.js").Connection<Batch>>} */
    async () => (await ask(BATCHES, { filter, first: PAGE_SIZE, after: pages.after })).batchOperations,
    [status, kind, pages.after],
    ({ edges }) => (edges.some(({ node }) => isRunning(node)) ? 1_000 : 3_000),
  );
  const isFiltered = Boolean(status || kind);
  return html`<${Page} title="Batches" actions=${html`<a class="button main" href=${href("import")}>Import a file</a>`}>
    <div class="filters">
      <${Select} label="State" value=${status} onChange=${setStatus} choices=${STATES} />
      <${Select} label="Kind" value=${kind} onChange=${setKind} choices=${KIND_CHOICES} />
    </div>
    <${ErrorNotice} error=${error} />
    <${Table}
      caption="Batches, newest first"
      columns=${COLUMNS}
      rows=${data?.edges.map(({ node }) => node)}
      keyOf=${(/** @type {Batch} */ { id }) => id}
      empty=${isFiltered ? html`<${NoneMatches} />` : html`<${NoneYet} />`}
    />
    <${Pager} pages=${pages} info=${data?.pageInfo} />
  <//>`;
}

/** @type {import("../parts/table.js").Column<Batch>[]} */
const COLUMNS = [
  {
    title: "Batch",
    isHead: true,
    cell: ({ id, operationType, dryRun, retryOf }) => html`
      <a href=${href("batches", id)}>${kindOf(operationType).title}</a>
      ${dryRun && html` <span class="tag">Preview</span>`}${retryOf && html` <span class="tag">Retry</span>`}
    `,
  },
  { title: "State", cell: (batch) => html`<${State} batch=${batch} />` },
  {
    title: "Progress",
    cell: (batch) => html`<div class="with-bar"><${Progress} batch=${batch} /><span class="number">${done(batch)}</span></div>`,
  },
  { title: "Items", isNumber: true, isExtra: true, cell: ({ totalItems }) => number(totalItems) },
  {
    title: "Failed",
    isNumber: true,
    cell: ({ failureCount }) => html`<span class=${failureCount ? "wrong" : "quiet"}>${number(failureCount)}</span>`,
  },
  { title: "Rate", isExtra: true, cell: (batch) => html`<span class="rate">${paceInWords(batch)}</span>` },
  {
    title: "Alerts",
    isExtra: true,
    cell: ({ alerts }) => alerts.map(({ kind, message }) => html`<span key=${kind} class="tag warning" title=${message}>${ALERTS[kind] ?? kind}</span> `),
  },
  { title: "Sent by", isExtra: true, cell: ({ createdBy }) => createdBy },
  {
    title: "Sent",
    isExtra: true,
    cell: ({ createdAt }) => html`<time datetime=${createdAt} title=${moment(createdAt)}>${brief(createdAt)}</time>`,
  },
];

/** @type {Record<string, string>} */
const ALERTS = { SLOW: "Slow", HIGH_FAILURE_RATE: "Many failures" };

function NoneYet() {
  return html`<${Empty} title="No batches yet">
    <p>Drop a CSV or XLSX file into <a href=${href("import")}>Import</a>. You see what it would change before anything is changed.</p>
  <//>`;
}

function NoneMatches() {
  return html`<${Empty} title="No batch matches"><p>Choose another state or kind.</p><//>`;
}
