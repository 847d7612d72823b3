/** What every page shows of a batch in the same way. */
import { html } from "../vendor/preact.js";
import { duration, number, percent } from "./format.js";

/** @typedef {import("../data/types.js").Batch} Batch */

const STATES = {
  PENDING: ["Waiting", ""],
  PROCESSING: ["Running", "running"],
  COMPLETED: ["Completed", "good"],
  FAILED: ["Failed", "bad"],
  CANCELLED: ["Cancelled", ""],
};

/** @param {Batch} batch */
export function isRunning({ status }) {
  return status === "PENDING" || status === "PROCESSING";
}

/** @param {{ batch: Batch }} props */
export function State({ batch }) {
  const [word, tone] = STATES[batch.status];
  const isMixed = batch.status === "COMPLETED" && batch.failureCount > 0;
  return html`<span class="state ${isMixed ? "mixed" : tone}">${isMixed ? "With failures" : word}</span>`;
}

/** @param {{ batch: Batch }} props */
export function Progress({ batch }) {
  const { totalItems, processedItems, failureCount, successCount } = batch;
  const share = (/** @type {number} */ items) => (totalItems ? items / totalItems : 1);
  const said = `${number(processedItems)} of ${number(totalItems)} items, ${number(failureCount)} failed`;
  return html`<div
    class="progress"
    role="progressbar"
    aria-label="Progress"
    aria-valuemin="0"
    aria-valuemax="100"
    aria-valuenow=${Math.floor(share(processedItems) * 100)}
    aria-valuetext=${said}
    title=${said}
  >
    <svg viewBox="0 0 100 1" preserveAspectRatio="none" aria-hidden="true">
      <rect class="done" width=${share(successCount) * 100} height="1" />
      <rect class="bad" x=${share(successCount) * 100} width=${share(failureCount) * 100} height="1" />
    </svg>
  </div>`;
}

/**
 * Return the average rate since the first chunk, and the time left at this rate.
 *
 * @param {Batch} batch
 * @returns {{ perSecond: number, left: number } | null} null if nothing is known yet
 */
export function pace(batch) {
  if (!batch.startedAt || batch.processedItems === 0) return null;
  const end = batch.completedAt ? Date.parse(batch.completedAt) : Date.now();
  const seconds = (end - Date.parse(batch.startedAt)) / 1000;
  if (seconds <= 0.05) return null; // too short to say
  const perSecond = batch.processedItems / seconds;
  return { perSecond, left: ((batch.totalItems - batch.processedItems) / perSecond) * 1000 };
}

/** @param {Batch} batch */
export function paceInWords(batch) {
  const found = pace(batch);
  if (!found) return batch.status === "PENDING" ? "waits for a worker" : "";
  const rate = `${number(found.perSecond)}/s`;
  return isRunning(batch) ? `${rate}, ${duration(found.left)} left` : rate;
}

/** @param {Batch} batch */
export function done(batch) {
  return percent(batch.totalItems ? batch.processedItems / batch.totalItems : 1);
}
