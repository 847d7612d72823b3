/** Buttons and fields. */
import { html, useId } from "../vendor/preact.js";

/**
 * @param {{ onClick?: () => void, kind?: "plain" | "main" | "danger", isBusy?: boolean, isDisabled?: boolean,
 *   type?: "button" | "submit", children?: unknown }} props
 */
export function Button({ onClick, kind = "plain", isBusy = false, isDisabled = false, type = "button", children }) {
  return html`<button
    type=${type}
    class="button ${kind}"
    aria-busy=${isBusy}
    disabled=${isBusy || isDisabled}
    onClick=${onClick}
  >${children}</button>`;
}

/**
 * @param {{ label: string, value: string, onInput: (value: string) => void, about?: string, type?: string,
 *   placeholder?: string, isShort?: boolean, error?: string | undefined, inputMode?: string, autocomplete?: string }} props
 */
export function TextField({ label, value, onInput, about, error, isShort = false, type = "text", ...more }) {
  const id = useId();
  const told = error ?? about;
  return html`<div class="field ${isShort ? "short" : ""}">
    <label for=${id}>${label}</label>
    <input
      id=${id}
      type=${type}
      value=${value}
      spellcheck=${false}
      aria-invalid=${Boolean(error)}
      aria-describedby=${told ? `${id}-about` : undefined}
      onInput=${(/** @type {{ currentTarget: HTMLInputElement }} */ { currentTarget }) => onInput(currentTarget.value)}
      ...${more}
    />
    ${told && html`<p id="${id}-about" class=${error ? "wrong" : "about"}>${told}</p>`}
  </div>`;
}

/**
 * @param {{ label: string, value: string, onChange: (value: string) => void, choices: [string, string][], about?: string }} props
 *   `choices` are values and what is shown for them
 */
export function Select({ label, value, onChange, choices, about }) {
  const id = useId();
  return html`<div class="field">
    <label for=${id}>${label}</label>
    <select
      id=${id}
      value=${value}
      onChange=${(/** @type {{ currentTarget: HTMLSelectElement }} */ { currentTarget }) => onChange(currentTarget.value)}
    >
      ${choices.map(([choice, shown]) => html`<option key=${choice} value=${choice} selected=${choice === value}>${shown}</option>`)}
    </select>
    ${about && html`<p class="about">${about}</p>`}
  </div>`;
}

/** @param {{ label: string, isOn: boolean, onChange: (isOn: boolean) => void }} props */
export function Checkbox({ label, isOn, onChange }) {
  return html`<label class="check">
    <input
      type="checkbox"
      checked=${isOn}
      onChange=${(/** @type {{ currentTarget: HTMLInputElement }} */ { currentTarget }) => onChange(currentTarget.checked)}
    />
    <span>${label}</span>
  </label>`;
}

/** @param {{ pages: ReturnType<typeof import("./hooks.js").usePages>, info: { hasNextPage: boolean, endCursor: string | null } | undefined }} props */
export function Pager({ pages, info }) {
  if (pages.isFirst && !info?.hasNextPage) return null;
  return html`<nav class="pager" aria-label="Parts of the list">
    <${Button} isDisabled=${pages.isFirst} onClick=${pages.previous}>Back<//>
    <${Button} isDisabled=${!info?.hasNextPage} onClick=${() => pages.next(info?.endCursor ?? null)}>More<//>
  </nav>`;
}
