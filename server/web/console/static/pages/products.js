/** Products: search, filters, and the way to each. */
import { html, useState } from "../vendor/preact.js";
import { ask } from "../data/client.js";
import { PRODUCTS } from "../data/queries.js";
import { Pager, Select, TextField } from "../parts/controls.js";
import { DownloadButton } from "../parts/download.js";
import { moment, brief, number, price } from "../parts/format.js";
import { useLoaded, usePages, useSettled } from "../parts/hooks.js";
import { Page } from "../parts/layout.js";
import { Empty, ErrorNotice } from "../parts/notices.js";
import { Table } from "../parts/table.js";
import { href } from "../router.js";

/** @typedef {import("../data/types.js").Product} Product */

const PAGE_SIZE = 25;
const PRODUCT_ID = /^[0-9a-f]{24}$/i;

/** @type {[string, string][]} */
const SHOWN = [["", "All"], ["false", "On sale"], ["true", "Discontinued"]];
/** @type {[string, string][]} */
const ORDERS = [
  ["NAME_ASC", "Name"],
  ["CREATED_DESC", "Newest first"],
  ["CREATED_ASC", "Oldest first"],
  ["STOCK_ASC", "Least stock first"],
  ["STOCK_DESC", "Most stock first"],
];

/** @param {{ viewer: import("../data/types.js").Viewer }} props */
export function ProductsPage({ viewer }) {
  const [search, setSearch] = useState("");
  const [category, setCategory] = useState("");
  const [atMost, setAtMost] = useState("");
  const [shown, setShown] = useState("");
  const [orderBy, setOrder] = useState("NAME_ASC");
  const limit = /^\d{1,9}$/.test(atMost.trim()) ? Number(atMost) : null;
  const filter = useSettled({
    ...(search.trim() && (PRODUCT_ID.test(search.trim()) ? { ids: [search.trim()] } : { nameContains: search.trim() })),
    ...(category.trim() && { category: category.trim() }),
    ...(shown && { discontinued: shown === "true" }),
    ...(limit !== null && { stockAtMost: limit }),
  });
  const pages = usePages([filter, orderBy]);
  const { data, error } = useLoaded(
    /** @returns {Promise<import("../data/types.js").Connection<Product>>} */
    async () => (await ask(PRODUCTS, { filter, orderBy, first: PAGE_SIZE, after: pages.after })).products,
    [filter, orderBy, pages.after],
  );
  const isFiltered = Object.keys(filter).length > 0;
  const parameters = new URLSearchParams(Object.entries(filter).map(([name, value]) => [name, String(value)]));
  return html`<${Page} title="Products" actions=${html`<${DownloadButton} path="products?format=csv&${parameters}">${isFiltered ? "These as CSV" : "All as CSV"}<//>`}>
    <div class="filters">
      <${TextField} label="Part of the name, or id" type="search" value=${search} onInput=${setSearch} />
      <${TextField} label="Category" type="search" value=${category} onInput=${setCategory} />
      <${TextField}
        label="Stock at most"
        inputMode="numeric"
        isShort
        value=${atMost}
        onInput=${setAtMost}
        error=${atMost.trim() && limit === null ? "A whole number." : undefined}
      />
      <${Select} label="Show" value=${shown} onChange=${setShown} choices=${SHOWN} />
      <${Select} label="Order" value=${orderBy} onChange=${setOrder} choices=${ORDERS} />
    </div>
    <${ErrorNotice} error=${error} />
    <${Table}
      caption="Products"
      columns=${COLUMNS}
      rows=${data?.edges.map(({ node }) => node)}
      keyOf=${(/** @type {Product} */ { id }) => id}
      toneOf=${(/** @type {Product} */ { discontinued }) => (discontinued ? "quiet" : "")}
      empty=${html`<${Empty} title=${isFiltered ? "No product matches" : "No products yet"}>
        ${isFiltered
          ? html`<p>Search for another part of the name, or leave a filter out.</p>`
          : viewer.mayChange && html`<p>Choose <em>Create products</em> in <a href=${href("import")}>Import</a>, and drop a file with name, price, stock and category.</p>`}
      <//>`}
    />
    <${Pager} pages=${pages} info=${data?.pageInfo} />
  <//>`;
}

/** @type {import("../parts/table.js").Column<Product>[]} */
const COLUMNS = [
  {
    title: "Name",
    isHead: true,
    cell: ({ id, name, discontinued }) => html`<a href=${href("products", id)}>${name}</a>${discontinued && html` <span class="tag">Discontinued</span>`}`,
  },
  { title: "Category", isExtra: true, cell: ({ category }) => category },
  { title: "Price", isNumber: true, cell: ({ price: cents }) => price(cents) },
  { title: "Stock", isNumber: true, cell: ({ stock }) => number(stock) },
  { title: "Id", isExtra: true, cell: ({ id }) => html`<code>${id}</code>` },
  {
    title: "Changed",
    isExtra: true,
    cell: ({ updatedAt }) => html`<time datetime=${updatedAt} title=${moment(updatedAt)}>${brief(updatedAt)}</time>`,
  },
];
