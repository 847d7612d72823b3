/** What was found out about a file, and which of its columns is which. */
import { html, useState } from "../../vendor/preact.js";
import { Button, Select } from "../../parts/controls.js";
import { Card, Facts } from "../../parts/layout.js";

/**
 * @typedef {import("../../data/errors.js").DetectedFile} DetectedFile
 * @typedef {import("../../data/kinds.js").Kind} Kind
 */

/** @type {Record<string, string>} */
const WORDS = {
  csv: "CSV", xlsx: "XLSX", ndjson: "NDJSON",
  "utf-8": "UTF-8", "utf-16le": "UTF-16", "utf-16be": "UTF-16", "windows-1252": "Windows-1252",
  "iso-8859-1": "ISO 8859-1", "iso-8859-15": "ISO 8859-15",
  ",": "comma", ";": "semicolon", "\t": "tab", "|": "pipe", '"': "double", "'": "single",
};

/** @param {{ file: DetectedFile }} props */
export function Detected({ file }) {
  const word = (/** @type {string | undefined} */ found) => (found ? (WORDS[found] ?? found) : null);
  return html`<${Card} title="What was detected">
    <${Facts} isWide facts=${[
      ["Format", word(file.format)],
      ["Sheet", file.sheet ?? null],
      ["Encoding", word(file.encoding)],
      ["Delimiter", word(file.delimiter)],
      ["Quotes", word(file.quote)],
      ["Line ends", file.lineEnd ?? null],
      ["Ignored columns", file.ignoredColumns?.join(", ") ?? null],
    ]} />
  <//>`;
}

/**
 * @param {{
 *   kind: Kind, file: DetectedFile, said: Record<string, string>, isBusy: boolean, isOpen: boolean,
 *   onSay: (said: Record<string, string>) => void,
 * }} props
 */
export function Columns({ kind, file, said, isBusy, isOpen, onSay }) {
  const columns = file.columns ?? [];
  const [meant, setMeant] = useState(() => columns.map(({ column }) => column ?? ""));
  if (columns.length === 0) return null;
  /** @type {[string, string][]} */
  const choices = [["", "ignored"], ...kind.columns.map(({ name, label }) => /** @type {[string, string]} */ ([name, label]))];
  const missing = kind.columns.filter(({ name, isRequired }) => isRequired && !meant.includes(name));
  const twice = kind.columns.filter(({ name }) => meant.filter((one) => one === name).length > 1);
  const isChanged = columns.some(({ column }, place) => (column ?? "") !== meant[place]);

  function say() {
    const pairs = columns.map(({ name }, place) => `${name}:${meant[place]}`);
    onSay({ ...said, columns: pairs.join(",") });
  }

  return html`<details class="card" open=${isOpen}>
    <summary><h2>Columns</h2></summary>
    <div class="mapping">
      ${columns.map(({ name }, place) => html`<${Select}
        key=${place}
        label=${name}
        value=${meant[place]}
        choices=${choices}
        onChange=${(/** @type {string} */ column) => setMeant(meant.map((one, other) => (other === place ? column : one)))}
      />`)}
    </div>
    <p class="about" role="status">
      ${missing.length > 0 && `Which column is: ${missing.map(({ label }) => label.toLowerCase()).join(", ")}? `}
      ${twice.length > 0 && `Two columns cannot both be: ${twice.map(({ label }) => label.toLowerCase()).join(", ")}. `}
    </p>
    <${Button} kind="main" isBusy=${isBusy} isDisabled=${!isChanged || missing.length + twice.length > 0} onClick=${say}>
      Use these columns
    <//>
  </details>`;
}
