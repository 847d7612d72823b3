/** A product: its ledger as a running balance, and what can be changed in place. */
import { html, useState } from "../vendor/preact.js";
import { ask, newKey } from "../data/client.js";
import { ApiError } from "../data/errors.js";
import { ADJUST, DISCONTINUE, PRODUCT_DETAIL } from "../data/queries.js";
import { Steps } from "../parts/charts.js";
import { Button, Pager, TextField } from "../parts/controls.js";
import { DownloadButton } from "../parts/download.js";
import { change, moment, number, price } from "../parts/format.js";
import { useAction, useLoaded, usePages } from "../parts/hooks.js";
import { Card, Facts, Page } from "../parts/layout.js";
import { Empty, ErrorNotice, Notice } from "../parts/notices.js";
import { Table } from "../parts/table.js";
import { href } from "../router.js";

/**
 * @typedef {import("../data/types.js").Product} Product
 * @typedef {import("../data/types.js").LedgerRow} LedgerRow
 */

const PAGE_SIZE = 50;

/** @param {{ id: string, viewer: import("../data/types.js").Viewer }} props */
export function ProductPage({ id, viewer }) {
  const pages = usePages([id]);
  const { data, error, reload } = useLoaded(
    /** @returns {Promise<{ product: Product | null, stockUpdates: import("../data/types.js").Connection<LedgerRow> }>} */
    () => ask(PRODUCT_DETAIL, { id, first: PAGE_SIZE, after: pages.after }),
    [id, pages.after],
    () => 5_000,
  );
  const product = data?.product;
  if (product === null) {
    return html`<${Page} title="No such product" about=${html`<code>${id}</code>`}>
      <${Empty} title="The server has no such product"><p>It may have been deleted or have expired. <a href=${href("products")}>All products</a></p><//>
    <//>`;
  }
  const rows = data?.stockUpdates.edges.map(({ node }) => node);
  return html`<${Page} title=${product?.name ?? "Product"} about=${html`<code>${id}</code>`}>
    <${ErrorNotice} error=${error} />
    <div class="columns">
      <${Card} title="Now" actions=${product?.discontinued && html`<span class="state">Discontinued</span>`}>
        <p class="figure">${product ? number(product.stock) : "\u00a0"} <small>in stock</small></p>
        <${Facts} facts=${[
          ["Price", product && price(product.price)],
          ["Category", product?.category],
          ["Created", product && moment(product.createdAt)],
          ["Changed", product && moment(product.updatedAt)],
          ["Expires", product?.expiresAt ? moment(product.expiresAt) : null],
        ]} />
        ${viewer.mayChange && !product?.discontinued && html`<div class="changes">
          ${product && html`<${Changes} product=${product} onChanged=${reload} />`}
        </div>`}
      <//>
      <${Balance} rows=${rows} />
    </div>
    <${Card} title="Ledger" actions=${html`<${DownloadButton} path="stock-updates?format=csv&productId=${id}">As CSV<//>`}>
      <${Table}
        caption="Stock updates, newest first"
        columns=${viewer.mayChange ? [...COLUMNS, BATCH] : COLUMNS}
        rows=${rows}
        keyOf=${(/** @type {LedgerRow} */ row) => row.id}
        toneOf=${(/** @type {LedgerRow} */ { status }) => status.toLowerCase()}
        empty=${html`<${Empty} title="The stock has not changed yet"><p>Every update of the stock leaves a row here, applied or failed.</p><//>`}
      />
      <${Pager} pages=${pages} info=${data?.stockUpdates.pageInfo} />
    <//>
  <//>`;
}

/** @param {{ rows: LedgerRow[] | undefined }} props the newest first */
function Balance({ rows }) {
  const applied = (rows ?? []).filter(({ newStock }) => newStock !== null).reverse();
  const [first] = applied;
  const values = applied.map(({ newStock, timestamp }) => ({ label: moment(timestamp), value: newStock ?? 0 }));
  if (first) values.unshift({ label: "before", value: (first.newStock ?? 0) - first.quantity });
  const title = values.length ? `Stock from ${number(values[0]?.value ?? 0)} to ${number(values.at(-1)?.value ?? 0)} over ${applied.length} updates` : "";
  return html`<${Card} title="Running balance">
    ${rows && values.length === 0 ? html`<${Empty} title="No applied update to draw" />` : html`<${Steps} title=${title} values=${values} />`}
  <//>`;
}

/** @param {{ product: Product, onChanged: () => Promise<void> }} props */
function Changes({ product, onChanged }) {
  const [quantity, setQuantity] = useState("");
  const [said, setSaid] = useState("");
  const [asks, setAsks] = useState(false);
  const { isBusy, error, run } = useAction();
  const wanted = /^[+-]?\d{1,10}$/.test(quantity.trim().replace("\u2212", "-")) ? Number(quantity.trim().replace("\u2212", "-")) : null;

  /** @param {Event} event */
  function adjust(event) {
    event.preventDefault();
    setSaid("");
    void run(async () => {
      // The stock that is on the screen is the one that was meant.
      const update = { productId: product.id, quantity: wanted, expectedStock: product.stock };
      const [result] = (await ask(ADJUST, { updates: [update], key: newKey() })).batchUpdateStock;
      await onChanged();
      if (!result.success) throw new ApiError(result.error.code, result.error.message);
      setQuantity("");
      setSaid(`The stock is now ${number(result.newStock)}.`);
    });
  }

  function discontinue() {
    void run(async () => {
      const { failures } = (await ask(DISCONTINUE, { ids: [product.id] })).batchDiscontinueProducts;
      await onChanged();
      if (failures[0]) throw new ApiError("BAD_INPUT", failures[0].error.message);
    });
  }

  return html`
    <form class="inline" onSubmit=${adjust}>
      <${TextField}
        label="Adjust the stock by"
        isShort
        inputMode="text"
        value=${quantity}
        onInput=${setQuantity}
        error=${quantity.trim() && wanted === null ? "A whole number such as 12 or -3." : undefined}
      />
      <${Button} type="submit" kind="main" isBusy=${isBusy} isDisabled=${wanted === null}>
        ${wanted === null ? "Adjust" : `Adjust to ${number(product.stock + wanted)}`}
      <//>
      ${asks
        ? html`<${Button} kind="danger" isBusy=${isBusy} onClick=${discontinue}>Yes, stock to 0 for good<//>
            <${Button} onClick=${() => setAsks(false)}>Keep it<//>`
        : html`<${Button} kind="danger" onClick=${() => setAsks(true)}>Discontinue …<//>`}
    </form>
    <${ErrorNotice} error=${error} />
    ${said && html`<${Notice} tone="good" title=${said} />`}
  `;
}

/** @type {import("../parts/table.js").Column<LedgerRow>[]} */
const COLUMNS = [
  { title: "Time", cell: ({ timestamp }) => html`<time datetime=${timestamp}>${moment(timestamp)}</time>` },
  { title: "Change", isNumber: true, cell: ({ quantity }) => change(quantity) },
  { title: "Balance", isNumber: true, cell: ({ newStock }) => (newStock === null ? "" : number(newStock)) },
  {
    title: "What",
    cell: ({ status, reason, error }) => {
      if (status === "FAILED") return html`<span class="wrong">${error}</span>`;
      if (status === "PENDING") return html`<span class="quiet">waits in a batch</span>`;
      return reason === "DISCONTINUED" ? "Discontinued" : "Adjusted";
    },
  },
  { title: "By", isExtra: true, cell: ({ createdBy }) => createdBy },
];

/** @type {import("../parts/table.js").Column<LedgerRow>} */
const BATCH = {
  title: "Batch",
  isExtra: true,
  cell: ({ batchId }) => batchId && html`<a href=${href("batches", batchId)}><code>${batchId.slice(-6)}</code></a>`,
};
