/** Tables: numbers on the right, and columns that a narrow screen leaves out. */
import { html } from "../vendor/preact.js";

/**
 * @template Row
 * @typedef {{ title: string, cell: (row: Row) => unknown, isNumber?: boolean, isExtra?: boolean, isHead?: boolean }} Column
 *   `isExtra`: a narrow screen does without it; `isHead`: it names the row
 */

/**
 * @template Row
 * @param {{
 *   caption: string, columns: Column<Row>[], rows: Row[] | undefined, keyOf: (row: Row) => string, empty?: unknown,
 *   toneOf?: (row: Row) => string, waiting?: number,
 * }} props `rows` are undefined while they load: then there are as many empty ones as `waiting`
 */
export function Table({ caption, columns, rows, keyOf, empty, toneOf = () => "", waiting = 8 }) {
  if (rows?.length === 0) return empty ?? null;
  return html`<div class="scroll" role="region" aria-label=${caption} tabindex="0">
    <table aria-busy=${rows === undefined}>
      <caption class="unseen">${caption}</caption>
      <thead>
        <tr>${columns.map((column) => html`<th key=${column.title} scope="col" class=${classOf(column)}>${column.title}</th>`)}</tr>
      </thead>
      <tbody>
        ${rows === undefined
          ? // Preact compares keys with ==, and the id 000…001 would be the row 1.
            Array.from({ length: waiting }, (_, row) => html`<tr key="waiting-${row}">
              ${columns.map((column) => html`<td key=${column.title} class=${classOf(column)}><span class="waiting"></span></td>`)}
            </tr>`)
          : rows.map((row) => html`<tr key=${keyOf(row)} class=${toneOf(row)}>
              ${columns.map((column) => cellOf(column, row))}
            </tr>`)}
      </tbody>
    </table>
  </div>`;
}

/**
 * @template Row
 * @param {Column<Row>} column
 * @param {Row} row
 */
function cellOf(column, row) {
  return column.isHead
    ? html`<th key=${column.title} scope="row" class=${classOf(column)}>${column.cell(row)}</th>`
    : html`<td key=${column.title} class=${classOf(column)} data-title=${column.title}>${column.cell(row)}</td>`;
}

/** @param {{ isNumber?: boolean, isExtra?: boolean }} column */
function classOf({ isNumber, isExtra }) {
  return `${isNumber ? "number" : ""} ${isExtra ? "extra" : ""}`;
}
