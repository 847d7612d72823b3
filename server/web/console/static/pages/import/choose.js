/** What the file is for, and the place to drop it. */
import { html, useRef, useState } from "../../vendor/preact.js";
import { KINDS, kindOf } from "../../data/kinds.js";
import { Checkbox, Select, TextField } from "../../parts/controls.js";
import { Card } from "../../parts/layout.js";

/**
 * @param {{
 *   kind: import("../../data/kinds.js").Kind, onKind: (kind: import("../../data/kinds.js").Kind) => void,
 *   options: Record<string, string>, onOptions: (options: Record<string, string>) => void, onFile: (file: File) => void,
 * }} props
 */
export function Choose({ kind, onKind, options, onOptions, onFile }) {
  const required = kind.columns.filter(({ isRequired }) => isRequired);
  const others = kind.columns.filter(({ isRequired }) => !isRequired);
  const lacks = kind.options.find(({ isFlag, name }) => !isFlag && !options[name]?.trim());
  return html`<${Card}>
    <div class="filters">
      <${Select}
        label="What shall the file do?"
        value=${kind.constant}
        choices=${KINDS.map(({ constant, verb }) => [constant, verb])}
        onChange=${(/** @type {string} */ constant) => { onKind(kindOf(constant)); onOptions({}); }}
      />
      ${kind.options.map(({ name, label, about, isFlag }) =>
        isFlag
          ? html`<${Checkbox} key=${name} label=${label} isOn=${options[name] === "true"} onChange=${(/** @type {boolean} */ isOn) => onOptions({ [name]: String(isOn) })} />`
          : html`<${TextField} key=${name} label=${label} about=${about} inputMode="numeric" value=${options[name] ?? ""} onInput=${(/** @type {string} */ value) => onOptions({ [name]: value })} />`,
      )}
    </div>
    <${Drop} isDisabled=${Boolean(lacks)} lacks=${lacks?.label} onFile=${onFile} />
    <p class="about">
      The first row names the columns: ${required.map(({ name }, place) => html`${place ? ", " : ""}<code key=${name}>${name}</code>`)}
      ${others.length > 0 && html`, and perhaps ${others.map(({ name }, place) => html`${place ? ", " : ""}<code key=${name}>${name}</code>`)}`}.
      With other names, you say in the next step which is which. Nothing is changed before you have seen what would be.
    </p>
  <//>`;
}

/** @param {{ isDisabled: boolean, lacks: string | undefined, onFile: (file: File) => void }} props */
function Drop({ isDisabled, lacks, onFile }) {
  const [isOver, setOver] = useState(false);
  const input = useRef(/** @type {HTMLInputElement | null} */ (null));

  /** @param {DragEvent} event */
  function dropped(event) {
    event.preventDefault();
    setOver(false);
    const file = event.dataTransfer?.files[0];
    if (file && !isDisabled) onFile(file);
  }

  return html`<div
    class="drop ${isOver ? "over" : ""}"
    onDragOver=${(/** @type {DragEvent} */ event) => { event.preventDefault(); setOver(true); }}
    onDragLeave=${() => setOver(false)}
    onDrop=${dropped}
  >
    <p><strong>${isDisabled ? `Say the ${lacks?.toLowerCase()} first` : "Drop a file here"}</strong></p>
    <p class="about">CSV, XLSX or NDJSON, as your program has written it</p>
    <button type="button" class="button main" disabled=${isDisabled} onClick=${() => input.current?.click()}>Choose a file</button>
    <input
      ref=${input}
      class="unseen"
      type="file"
      tabindex="-1"
      aria-label="File"
      accept=".csv,.tsv,.txt,.xlsx,.ndjson,.jsonl"
      disabled=${isDisabled}
      onChange=${() => input.current?.files?.[0] && onFile(input.current.files[0])}
    />
  </div>`;
}
