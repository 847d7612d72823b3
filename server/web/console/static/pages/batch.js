/** A batch: what it does, how far it is, what became of each item, and what can be done with it. */
import { html, useState } from "../vendor/preact.js";
import { ask } from "../data/client.js";
import { kindOf } from "../data/kinds.js";
import { CANCEL, RETRY, RETRY_PUBLICATION, THROUGHPUT } from "../data/queries.js";
import { isRunning, paceInWords, Progress, State } from "../parts/batches.js";
import { Bars } from "../parts/charts.js";
import { Button } from "../parts/controls.js";
import { brief, counted, duration, moment, number, price } from "../parts/format.js";
import { useBatch } from "../parts/follow.js";
import { useAction, useLoaded } from "../parts/hooks.js";
import { Card, Facts, Page } from "../parts/layout.js";
import { Empty, ErrorNotice, Notice } from "../parts/notices.js";
import { go, href } from "../router.js";
import { MendRows } from "./import/mend.js";
import { Outcomes } from "./outcomes.js";

/**
 * @typedef {import("../data/types.js").Batch} Batch
 * @typedef {import("../parts/follow.js").WholeBatch} WholeBatch
 */

/** @param {{ id: string }} props */
export function BatchPage({ id }) {
  const { data: batch, error, reload } = useBatch(id);
  const [mends, setMends] = useState(false);
  if (batch === undefined) {
    return html`<${Page} title="Batch" about=${html`<code>${id}</code>`}>
      <${ErrorNotice} error=${error} />
      ${!error && html`<section class="card tall" aria-busy="true"></section>`}
    <//>`;
  }
  if (batch === null) return html`<${NoBatch} id=${id} />`;
  const kind = kindOf(batch.operationType);
  return html`<${Page}
    title=${batch.dryRun ? `Preview: ${kind.title.toLowerCase()}` : kind.title}
    about=${html`<code>${id}</code>, sent by ${batch.createdBy}, ${moment(batch.createdAt)}`}
    actions=${html`<${Actions} batch=${batch} onChanged=${reload} onMend=${() => setMends(true)} />`}
  >
    <${ErrorNotice} error=${error} />
    ${batch.error && html`<${Notice} tone="bad" title=${batch.error} />`}
    ${batch.alerts.map(({ kind: alert, message }) => html`<${Notice} key=${alert} tone="warning" title=${message} />`)}
    <div class="columns">
      <${ProgressCard} batch=${batch} />
      <${ThroughputCard} id=${id} isRunning=${isRunning(batch)} />
    </div>
    ${mends && html`<${MendRows} batch=${batch} kind=${kind} onSent=${(/** @type {string} */ sent) => go("batches", sent)} />`}
    <${Outcomes} batch=${batch} />
    <${OptionsCard} batch=${batch} />
  <//>`;
}

/** @param {{ batch: Batch, onChanged: () => Promise<void>, onMend: () => void }} props */
function Actions({ batch, onChanged, onMend }) {
  const { isBusy, error, run } = useAction();
  const { id, failureCount, dryRun, publication } = batch;
  const hasFailures = failureCount > 0 && !isRunning(batch);
  const cancel = () => run(async () => { await ask(CANCEL, { id }); await onChanged(); });
  const retry = () => run(async () => go("batches", (await ask(RETRY, { id })).retryBatch.id));
  const publish = () => run(async () => { await ask(RETRY_PUBLICATION, { id }); await onChanged(); });
  return html`
    ${isRunning(batch) && html`<${Button} kind="danger" isBusy=${isBusy} onClick=${cancel}>Cancel the batch<//>`}
    ${hasFailures && !dryRun && html`
      <${Button} isBusy=${isBusy} onClick=${onMend}>Mend failed rows<//>
      <${Button} isBusy=${isBusy} onClick=${retry}>Retry ${counted(failureCount, "failed item")}<//>
    `}
    ${Boolean(publication?.failed) && html`
      <${Button} isBusy=${isBusy} onClick=${publish}>Publish ${counted(publication?.failed ?? 0, "price")} again<//>
    `}
    <${ErrorNotice} error=${error} />
  `;
}

/** @param {{ batch: Batch, isWide?: boolean }} props */
export function ProgressCard({ batch, isWide = false }) {
  const { totalItems, successCount, failureCount, startedAt, completedAt, createdAt, publication, retryOf } = batch;
  const took = completedAt ? duration(Date.parse(completedAt) - Date.parse(createdAt)) : null;
  return html`<${Card} title="Progress" actions=${html`<${State} batch=${batch} />`}>
    <${Progress} batch=${batch} />
    <p class="rate" aria-live="off">${paceInWords(batch) || "\u00a0"}</p>
    <${Facts} isWide=${isWide} facts=${[
      ["Items", number(totalItems)],
      [batch.dryRun ? "Would succeed" : "Succeeded", number(successCount)],
      [batch.dryRun ? "Would fail" : "Failed", html`<span class=${failureCount ? "wrong" : ""}>${number(failureCount)}</span>`],
      ["Started", startedAt ? brief(startedAt) : "not yet"],
      ["Ended", completedAt ? brief(completedAt) : "not yet"],
      ["Took", took],
      ["Prices published", publication && `${number(publication.published)}, ${number(publication.pending)} wait, ${number(publication.failed)} failed`],
      ["Retry of", retryOf && html`<a href=${href("batches", retryOf)}><code>${retryOf}</code></a>`],
    ]} />
  <//>`;
}

/** @param {{ id: string, isRunning: boolean }} props */
function ThroughputCard({ id, isRunning: runs }) {
  const { data, error } = useLoaded(
    /** @returns {Promise<import("../data/types.js").Throughput | undefined>} */
    async () => (await ask(THROUGHPUT, { id })).batchOperation?.throughput,
    [id, runs],
    () => (runs ? 2_000 : 0),
  );
  const seconds = (data?.intervalMs ?? 0) / 1000;
  const bars = (data?.points ?? []).map(({ time, processedItems, failedItems }) => ({
    label: `${moment(time)}: ${counted(processedItems, "item")}, ${number(failedItems)} failed`,
    value: processedItems,
    bad: failedItems,
  }));
  const most = Math.max(0, ...bars.map(({ value }) => value));
  return html`<${Card} title="Throughput">
    <${ErrorNotice} error=${error} />
    ${data && bars.length === 0
      ? html`<${Empty} title="Nothing processed yet" />`
      : html`<${Bars} title=${seconds ? `Up to ${number(most / seconds)} items a second` : "\u00a0"} bars=${bars} />`}
  <//>`;
}

/** @param {{ batch: WholeBatch }} props */
function OptionsCard({ batch }) {
  const { options, retryOf } = batch;
  const yes = (/** @type {boolean} */ flag) => (flag ? "yes" : "no");
  return html`<${Card} title="Options">
    <${Facts} isWide facts=${[
      ["Preview only", yes(batch.dryRun)],
      ["One transaction for all", yes(options.atomic)],
      ["Goes on when an item fails", yes(options.continueOnError)],
      ["Checked before it was written", yes(options.validateBeforeWrite)],
      ["Items per chunk", number(options.batchSize)],
      ["New price", options.newPrice === null ? null : price(options.newPrice)],
      ["Products expire after", options.expireIn === null ? null : duration(options.expireIn)],
      ["Deletes ledger rows, too", options.cascadeDelete === null ? null : yes(options.cascadeDelete)],
      ["Repeats the failures of", retryOf && html`<code>${retryOf}</code>`],
    ]} />
  <//>`;
}

/** @param {{ id: string }} props */
function NoBatch({ id }) {
  return html`<${Page} title="No such batch" about=${html`<code>${id}</code>`}>
    <${Empty} title="The server has no such batch">
      <p>Batches are kept for some time after their end, and those of others are seen by admins alone. <a href=${href("batches")}>All batches</a></p>
    <//>
  <//>`;
}
