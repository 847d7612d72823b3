/** Rows of a file as they were sent, with what becomes of each, and the bad cells marked at their place. */
import { html } from "../../vendor/preact.js";
import { number } from "../../parts/format.js";
import { Table } from "../../parts/table.js";

/**
 * @typedef {import("../../data/files.js").FileRow} FileRow
 * @typedef {import("../../data/kinds.js").Kind} Kind
 */

/** @param {{ kind: Kind, rows: FileRow[] | undefined, isPreview: boolean, empty?: unknown }} props */
export function FileRows({ kind, rows, isPreview, empty }) {
  const used = kind.columns.filter(({ name, isRequired }) => isRequired || rows?.some(({ cells }) => cells[name]));
  /** @type {import("../../parts/table.js").Column<FileRow>[]} */
  const columns = [
    { title: "Row", isNumber: true, cell: ({ row, index }) => number(row ?? index + 1) },
    ...used.map(({ name, label, isNumber = false }) => ({
      title: label,
      isNumber,
      isExtra: name === "expectedStock",
      cell: (/** @type {FileRow} */ row) => html`<${Cell} row=${row} name=${name} />`,
    })),
    { title: isPreview ? "Would become" : "Outcome", cell: (row) => html`<${Becomes} row=${row} />` },
  ];
  return html`<${Table}
    caption="Rows of the file"
    columns=${columns}
    rows=${rows}
    keyOf=${(/** @type {FileRow} */ { index }) => String(index)}
    toneOf=${(/** @type {FileRow} */ { success }) => (success ? "" : "failed")}
    empty=${empty}
  />`;
}

/** @param {{ row: FileRow, name: string }} props */
function Cell({ row, name }) {
  const text = row.cells[name] ?? "";
  const value = name === "productId" && text ? html`<code>${text}</code>` : text;
  if (row.badColumn !== name) return value;
  return html`<mark class="bad" title=${row.error}>${value || "empty"}<span class="unseen"> (this is wrong)</span></mark>`;
}

/** @param {{ row: FileRow }} props */
function Becomes({ row }) {
  if (!row.success) return html`<span class="wrong">${row.error}</span>`;
  if (row.oldStock === null || row.newStock === null) return row.message;
  return html`<span class="becomes">
    <span class="number">${number(row.oldStock)}</span><span aria-label="to">→</span><strong class="number">${number(row.newStock)}</strong>
  </span>`;
}
