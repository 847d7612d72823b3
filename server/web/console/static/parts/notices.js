/** What the console tells: errors with their cure, warnings, and what to do where there is nothing yet. */
import { html } from "../vendor/preact.js";

/** @param {{ tone?: "info" | "good" | "warning" | "bad", title?: string | undefined, children?: unknown }} props */
export function Notice({ tone = "info", title, children }) {
  return html`<div class="notice ${tone}" role=${tone === "bad" ? "alert" : "status"}>
    ${title && html`<strong>${title}</strong>`}
    ${children}
  </div>`;
}

/** @param {{ error: import("../data/errors.js").ApiError | undefined }} props */
export function ErrorNotice({ error }) {
  if (!error) return null;
  const reasons = error.reasons.filter((reason) => reason !== error.message);
  return html`<${Notice} tone="bad" title=${error.message}>
    ${reasons.length > 0 && html`<ul>${reasons.map((reason) => html`<li key=${reason}>${reason}</li>`)}</ul>`}
    ${error.cure && html`<p>${error.cure}</p>`}
  <//>`;
}

/** @param {{ title: string, children?: unknown }} props */
export function Empty({ title, children }) {
  return html`<div class="empty"><strong>${title}</strong>${children}</div>`;
}
