/** What a file would change, row by row, before anything is changed. */
import { html, useState } from "../../vendor/preact.js";
import { MOST_ROWS, rowsOf } from "../../data/files.js";
import { isRunning, paceInWords, Progress } from "../../parts/batches.js";
import { Button, Checkbox } from "../../parts/controls.js";
import { counted, number } from "../../parts/format.js";
import { useBatch } from "../../parts/follow.js";
import { useLoaded } from "../../parts/hooks.js";
import { Card } from "../../parts/layout.js";
import { Empty, ErrorNotice } from "../../parts/notices.js";
import { FileRows } from "./rows.js";

/** @param {{ kind: import("../../data/kinds.js").Kind, batchId: string, isBusy: boolean, onApply: () => void }} props */
export function Preview({ kind, batchId, isBusy, onApply }) {
  const { data: batch, error } = useBatch(batchId);
  const [onlyFailed, setOnlyFailed] = useState(false);
  const runs = !batch || isRunning(batch);
  const rows = useLoaded(() => (runs ? Promise.resolve(undefined) : rowsOf(batchId, onlyFailed)), [batchId, onlyFailed, runs]);
  const { totalItems = 0, successCount = 0, failureCount = 0 } = batch ?? {};
  const shown = onlyFailed ? failureCount : totalItems;
  return html`<${Card}
    title="Preview"
    about=${batch && !runs
      ? html`${counted(successCount, "row")} would be applied,
          <span class=${failureCount ? "wrong" : ""}> ${number(failureCount)} would fail</span>. Nothing is changed yet.`
      : "Nothing is changed."}
    actions=${html`
      <${Checkbox} label="Only those that would fail" isOn=${onlyFailed} onChange=${setOnlyFailed} />
      <${Button} kind="main" isBusy=${isBusy} isDisabled=${runs || successCount === 0} onClick=${onApply}>
        ${runs ? "Apply" : `Apply ${counted(successCount, "row")}`}
      <//>
    `}
  >
    <${ErrorNotice} error=${error ?? rows.error} />
    ${batch && runs && html`<${Progress} batch=${batch} /><p class="rate">${paceInWords(batch) || "\u00a0"}</p>`}
    <${FileRows} kind=${kind} rows=${runs ? undefined : rows.data} isPreview empty=${html`<${Empty} title=${onlyFailed ? "No row would fail" : "The file has no rows"} />`} />
    ${!runs && shown > MOST_ROWS && html`<p class="about">These are the first ${MOST_ROWS} of ${number(shown)}. All of them are counted and applied.</p>`}
    ${failureCount > 0 && !runs && html`<p class="about">Rows that fail change nothing. You can mend them here when the others are applied.</p>`}
  <//>`;
}
