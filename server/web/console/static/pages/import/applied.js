/** A file that is being applied, and then what failed of it. */
import { html } from "../../vendor/preact.js";
import { isRunning } from "../../parts/batches.js";
import { counted } from "../../parts/format.js";
import { useBatch } from "../../parts/follow.js";
import { ErrorNotice, Notice } from "../../parts/notices.js";
import { href } from "../../router.js";
import { ProgressCard } from "../batch.js";
import { MendRows } from "./mend.js";

/** @param {{ kind: import("../../data/kinds.js").Kind, batchId: string, onSent: (batchId: string) => void }} props */
export function Applied({ kind, batchId, onSent }) {
  const { data: batch, error } = useBatch(batchId);
  if (!batch) return html`<${ErrorNotice} error=${error} /><section class="card tall" aria-busy="true"></section>`;
  return html`
    <${ProgressCard} batch=${batch} isWide />
    ${!isRunning(batch) && batch.failureCount === 0 && html`<${Notice} tone="good" title="${counted(batch.successCount, "row")} applied.">
      <p><a href=${href("batches", batchId)}>See the batch</a> or <a href=${href("products")}>the products</a>.</p>
    <//>`}
    ${!isRunning(batch) && batch.failureCount > 0 && html`<${MendRows} key=${batchId} batch=${batch} kind=${kind} onSent=${onSent} />`}
  `;
}
