/** The frame of a page: its heading, what can be done with it, and cards. */
import { html, useEffect, useRef } from "../vendor/preact.js";

let isFirst = true; // page since the console was loaded, which begins at the top as any page does

/**
 * A page, whose heading gets the focus, so that a screen reader tells that it has changed.
 *
 * @param {{ title: string, about?: unknown, actions?: unknown, children?: unknown }} props
 */
export function Page({ title, about, actions, children }) {
  const heading = useRef(/** @type {HTMLHeadingElement | null} */ (null));
  useEffect(() => {
    document.title = `${title} · stockbatch`;
  }, [title]);
  useEffect(() => {
    if (!isFirst) heading.current?.focus({ preventScroll: true });
    isFirst = false;
  }, []);
  return html`<main id="main">
    <header class="head">
      <div>
        <h1 ref=${heading} tabindex="-1">${title}</h1>
        ${about && html`<p class="about">${about}</p>`}
      </div>
      ${actions && html`<div class="actions">${actions}</div>`}
    </header>
    ${children}
  </main>`;
}

/** @param {{ title?: string, about?: unknown, actions?: unknown, children?: unknown }} props */
export function Card({ title, about, actions, children }) {
  return html`<section class="card">
    ${title && html`<header class="head">
      <div><h2>${title}</h2>${about && html`<p class="about">${about}</p>`}</div>
      ${actions && html`<div class="actions">${actions}</div>`}
    </header>`}
    ${children}
  </section>`;
}

/**
 * @param {{ facts: [string, unknown][], isWide?: boolean }} props names and values: null is left out, and undefined still
 *   to come, so that nothing moves when it does
 */
export function Facts({ facts, isWide = false }) {
  return html`<dl class="facts ${isWide ? "wide" : ""}">
    ${facts
      .filter(([, value]) => value !== null && value !== "")
      .map(([name, value], place) => html`<div key=${place}><dt>${name}</dt><dd>${value ?? "\u00a0"}</dd></div>`)}
  </dl>`;
}
