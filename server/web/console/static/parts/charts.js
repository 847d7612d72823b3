/** Charts: lines and bars in SVG, which say in words what they show. */
import { html } from "../vendor/preact.js";
import { number } from "./format.js";

const [WIDTH, HEIGHT] = [640, 144];

/** @param {string} title without which there is nothing to tell yet */
function said(title) {
  return title.trim() ? { role: "img", "aria-label": title } : { "aria-hidden": "true" };
}

/**
 * @param {{ title: string, bars: { label: string, value: number, bad: number }[], most?: number }} props
 *   `bad` is the part of a value that failed
 */
export function Bars({ title, bars, most = Math.max(1, ...bars.map(({ value }) => value)) }) {
  const step = WIDTH / Math.max(bars.length, 24);
  const tall = (/** @type {number} */ value) => (value / most) * HEIGHT;
  return html`<figure class="chart">
    <svg viewBox="0 0 ${WIDTH} ${HEIGHT}" preserveAspectRatio="none" ...${said(title)}>
      ${bars.map(({ label, value, bad }, place) => html`<g key=${place}>
        <title>${label}</title>
        <rect class="bar" x=${place * step + 1} width=${step - 2} y=${HEIGHT - tall(value)} height=${tall(value)} />
        <rect class="bar bad" x=${place * step + 1} width=${step - 2} y=${HEIGHT - tall(bad)} height=${tall(bad)} />
      </g>`)}
    </svg>
    <figcaption><span>${title}</span></figcaption>
  </figure>`;
}

/** @param {{ title: string, values: { label: string, value: number }[] }} props from old to new, each held until the next */
export function Steps({ title, values }) {
  const most = Math.max(1, ...values.map(({ value }) => value));
  const x = (/** @type {number} */ place) => (place / values.length) * WIDTH;
  const y = (/** @type {number} */ value) => HEIGHT - 4 - (value / most) * (HEIGHT - 12);
  const [first] = values;
  const path = values.map(({ value }, place) => (place ? `H${x(place)}V${y(value)}` : `M0 ${y(value)}`)).join("");
  return html`<figure class="chart">
    <div class="plot">
      <svg viewBox="0 0 ${WIDTH} ${HEIGHT}" preserveAspectRatio="none" ...${said(title)}>
        ${first && html`<path class="area" d="${path}H${WIDTH}V${HEIGHT}H0Z" /><path class="line" d="${path}H${WIDTH}" />`}
      </svg>
      <span class="top">${number(most)}</span>
      <span class="zero">0</span>
    </div>
    <figcaption><span>${values[0]?.label}</span><span>${values.at(-1)?.label}</span></figcaption>
  </figure>`;
}
