/** The rows of a batch that failed, to be mended in place and sent again. */
import { html, useId, useState } from "../../vendor/preact.js";
import { newKey } from "../../data/client.js";
import { MOST_ROWS, rowsOf, sendFile, toCsv } from "../../data/files.js";
import { Button } from "../../parts/controls.js";
import { DownloadButton } from "../../parts/download.js";
import { counted, number } from "../../parts/format.js";
import { useAction, useLoaded } from "../../parts/hooks.js";
import { Card } from "../../parts/layout.js";
import { ErrorNotice } from "../../parts/notices.js";
import { Table } from "../../parts/table.js";

/**
 * @typedef {import("../../data/files.js").FileRow} FileRow
 * @typedef {import("../../data/kinds.js").Kind} Kind
 */

/** @param {{ batch: import("../../parts/follow.js").WholeBatch, kind: Kind, onSent: (batchId: string) => void }} props */
export function MendRows({ batch, kind, onSent }) {
  const rows = useLoaded(() => rowsOf(batch.id, true), [batch.id]);
  const [mended, setMended] = useState(/** @type {Record<string, Record<string, string>>} */ ({})); // cells, by row
  const [left, setLeft] = useState(/** @type {Set<number>} */ (new Set())); // rows that are not sent
  const [key] = useState(newKey);
  const { isBusy, error, run } = useAction();
  const sent = (rows.data ?? []).filter(({ index }) => !left.has(index));
  const cellsOf = (/** @type {FileRow} */ row) => ({ ...row.cells, ...mended[row.index] });

  function send() {
    const file = toCsv(kind, sent.map(cellsOf));
    void run(async () => onSent((await sendFile(kind, file, optionsOf(batch), { isPreview: false, key })).batchId));
  }

  /** @type {import("../../parts/table.js").Column<FileRow>[]} */
  const columns = [
    { title: "Row", isNumber: true, cell: ({ row, index }) => number(row ?? index + 1) },
    ...kind.columns.map(({ name, label, isNumber = false }) => ({
      title: label,
      isNumber,
      cell: (/** @type {FileRow} */ row) => html`<${CellField}
        label="${label}, row ${row.row ?? row.index + 1}"
        value=${cellsOf(row)[name] ?? ""}
        isNumber=${isNumber}
        isWrong=${row.badColumn === name && mended[row.index]?.[name] === undefined}
        error=${row.error ?? ""}
        onInput=${(/** @type {string} */ value) => setMended({ ...mended, [row.index]: { ...mended[row.index], [name]: value } })}
      />`,
    })),
    { title: "Why it failed", cell: ({ error: why }) => html`<span class="wrong">${why}</span>` },
    {
      title: "Send",
      cell: ({ index, row }) => html`<input
        type="checkbox"
        aria-label="Send row ${row ?? index + 1} again"
        checked=${!left.has(index)}
        onChange=${() => setLeft(new Set(left.has(index) ? [...left].filter((one) => one !== index) : [...left, index]))}
      />`,
    },
  ];
  return html`<${Card}
    title="Failed rows"
    about="Mend them here and send them again, or save them as a file, mend that, and drop it into Import."
    actions=${html`
      <${DownloadButton} path="batches/${batch.id}/results?format=csv&success=false">Failed rows as CSV<//>
      <${Button} kind="main" isBusy=${isBusy} isDisabled=${sent.length === 0} onClick=${send}>Send ${counted(sent.length, "row")} again<//>
    `}
  >
    <${ErrorNotice} error=${error ?? rows.error} />
    <div class="mend">
      <${Table} caption="Rows that failed" columns=${columns} rows=${rows.data} keyOf=${(/** @type {FileRow} */ { index }) => String(index)} />
    </div>
    ${batch.failureCount > MOST_ROWS && html`<p class="about">
      These are the first ${MOST_ROWS} of ${number(batch.failureCount)}. For more, the file is the better way.
    </p>`}
  <//>`;
}

/**
 * @param {{ label: string, value: string, isNumber: boolean, isWrong: boolean, error: string, onInput: (value: string) => void }} props
 */
function CellField({ label, value, isNumber, isWrong, error, onInput }) {
  const id = useId();
  return html`<input
      class="cell ${isNumber ? "number" : ""}"
      aria-label=${label}
      aria-invalid=${isWrong}
      aria-describedby=${isWrong ? id : undefined}
      spellcheck=${false}
      size=${Math.min(28, Math.max(6, value.length + 3))}
      value=${value}
      onInput=${(/** @type {{ currentTarget: HTMLInputElement }} */ { currentTarget }) => onInput(currentTarget.value)}
    />
    ${isWrong && html`<span id=${id} class="unseen">${error}</span>`}`;
}

/**
 * Return the options of a batch as the parameters with which its rows are sent again.
 *
 * @param {import("../../parts/follow.js").WholeBatch} batch
 * @returns {Record<string, string>}
 */
function optionsOf({ options: { newPrice, expireIn, cascadeDelete } }) {
  return Object.fromEntries(
    Object.entries({ newPrice, expireIn, cascadeDelete })
      .filter(([, value]) => value !== null)
      .map(([name, value]) => [name, String(value)]),
  );
}
