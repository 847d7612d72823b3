/** Files on their way in, and their rows on the way back. */
import { ask, firstLines, newKey, rest } from "./client.js";
import { OUTCOMES } from "./queries.js";

/**
 * @typedef {import("./errors.js").DetectedFile} DetectedFile
 * @typedef {import("./kinds.js").Kind} Kind
 * @typedef {import("./types.js").Outcome} Outcome
 * @typedef {{ batchId: string, totalItems: number, file?: DetectedFile, warning?: string }} Submitted
 *
 * @typedef {{
 *   index: number, row: number | null, success: boolean, code: string | null, error: string | null, message: string | null,
 *   oldStock: number | null, newStock: number | null, cells: Record<string, string>, badColumn: string | null,
 * }} FileRow a row as it was sent, and what became of it
 */

export const MOST_ROWS = 200; // that are shown, and can be mended, at once

/**
 * Send a file, and return the batch that it has become.
 *
 * @param {Kind} kind
 * @param {Blob} file
 * @param {Record<string, string>} parameters
 * @param {{ isPreview: boolean, key?: string }} how
 * @returns {Promise<Submitted>}
 */
export async function sendFile(kind, file, parameters, { isPreview, key = newKey() }) {
  const query = new URLSearchParams(Object.entries(parameters).filter(([, value]) => value !== ""));
  if (isPreview) query.set("dryRun", "true");
  const response = await rest(`batches/batch-${kind.path}?${query}`, {
    method: "POST",
    headers: { "Content-Type": isNdjson(file) ? "application/x-ndjson" : "text/csv", "Idempotency-Key": key },
    body: file, // its content decides whether it is CSV or XLSX
  });
  return response.json();
}

/** @param {Blob} file */
function isNdjson(file) {
  return file instanceof File && /\.(ndjson|jsonl)$/i.test(file.name);
}

/**
 * Return the first rows of a batch as they were sent, with what became of them.
 *
 * @param {string} batchId
 * @param {boolean} onlyFailed
 * @returns {Promise<FileRow[]>}
 */
export async function rowsOf(batchId, onlyFailed) {
  const filter = onlyFailed ? "&success=false" : "";
  const [lines, failed] = await Promise.all([
    firstLines(`batches/${batchId}/results?format=ndjson${filter}`, MOST_ROWS),
    ask(OUTCOMES, { id: batchId, first: MOST_ROWS, success: false }),
  ]);
  /** @type {import("./types.js").Connection<Outcome>} */
  const { edges } = failed.batchOperation.results;
  const paths = new Map(edges.map(({ node }) => [node.index, node.error?.path ?? []]));
  return lines.map(({ result, ...sent }) => ({
    index: result.index,
    row: result.row ?? null,
    success: result.success,
    code: result.code ?? null,
    error: result.error ?? null,
    message: result.message ?? null,
    oldStock: result.oldStock ?? null,
    newStock: result.newStock ?? null,
    cells: cellsOf(sent),
    badColumn: paths.get(result.index)?.at(-1) ?? null,
  }));
}

/**
 * @param {Record<string, unknown>} sent an item, whose fields may stand in an object of it
 * @returns {Record<string, string>}
 */
function cellsOf(sent) {
  const { data, ...own } = sent;
  return Object.fromEntries(Object.entries({ ...own, ...Object(data) }).map(([name, value]) => [name, shown(value)]));
}

/** @param {unknown} value */
function shown(value) {
  if (value === null || value === undefined) return "";
  return typeof value === "object" ? JSON.stringify(value) : String(value);
}

/**
 * Return rows as a file that can be sent.
 *
 * @param {Kind} kind
 * @param {Record<string, string>[]} rows
 */
export function toCsv(kind, rows) {
  const names = kind.columns.map(({ name }) => name);
  const lines = rows.map((row) => names.map((name) => quoted(row[name] ?? "")).join(","));
  return new Blob([[names.join(","), ...lines, ""].join("\n")], { type: "text/csv" });
}

/** @param {string} cell */
function quoted(cell) {
  return `"${cell.replaceAll('"', '""')}"`;
}
