/** Import: drop a file, see what it would change, apply it, and mend what failed. */
import { html, useState } from "../vendor/preact.js";
import { newKey } from "../data/client.js";
import { sendFile } from "../data/files.js";
import { KINDS } from "../data/kinds.js";
import { Button } from "../parts/controls.js";
import { useAction } from "../parts/hooks.js";
import { Page } from "../parts/layout.js";
import { ErrorNotice, Notice } from "../parts/notices.js";
import { Applied } from "./import/applied.js";
import { Choose } from "./import/choose.js";
import { Columns, Detected } from "./import/detected.js";
import { Preview } from "./import/preview.js";

/**
 * @typedef {import("../data/kinds.js").Kind} Kind
 * @typedef {import("../data/files.js").Submitted} Submitted
 * @typedef {import("../data/errors.js").DetectedFile} DetectedFile
 */

const STEPS = ["File", "Columns", "Preview", "Apply"];

export function ImportPage() {
  const [kind, setKind] = useState(/** @type {Kind} */ (KINDS[0]));
  const [options, setOptions] = useState(/** @type {Record<string, string>} */ ({}));
  const [file, setFile] = useState(/** @type {File | null} */ (null));
  const [said, setSaid] = useState(/** @type {Record<string, string>} */ ({})); // of the file, in place of what is detected
  const [preview, setPreview] = useState(/** @type {Submitted | null} */ (null));
  const [applied, setApplied] = useState(/** @type {string | null} */ (null));
  const [key, setKey] = useState(newKey);
  const { isBusy, error, run, clear } = useAction();
  const detected = preview?.file ?? error?.file;
  const parameters = { ...options, ...said };

  /**
   * @param {File} chosen
   * @param {Record<string, string>} more
   */
  function look(chosen, more) {
    setFile(chosen);
    setSaid(more);
    setPreview(null);
    setKey(newKey());
    void run(async () => setPreview(await sendFile(kind, chosen, { ...options, ...more }, { isPreview: true })));
  }

  function apply() {
    void run(async () => {
      const { batchId } = await sendFile(kind, /** @type {File} */ (file), parameters, { isPreview: false, key });
      setApplied(batchId);
    });
  }

  function startAgain() {
    [setFile, setPreview, setApplied].forEach((set) => set(null));
    setSaid({});
    clear();
  }

  const step = applied ? 3 : preview ? 2 : file ? 1 : 0;
  return html`<${Page}
    title="Import"
    about=${file && html`${kind.verb}: <strong>${file.name}</strong>`}
    actions=${file && html`<${Button} onClick=${startAgain}>${applied ? "Import another file" : "Choose another file"}<//>`}
  >
    <${Steps} now=${step} />
    ${step === 0 && html`<${Choose} kind=${kind} onKind=${setKind} options=${options} onOptions=${setOptions} onFile=${(/** @type {File} */ chosen) => look(chosen, {})} />`}
    ${lacksColumns(kind, error) ? html`<${Notice} title="Which of its columns is which? The names in the file are others." />` : html`<${ErrorNotice} error=${error} />`}
    ${step > 0 && isBusy && !preview && html`<section class="card tall" aria-busy="true"><p role="status">Reading the file …</p></section>`}
    ${detected && step < 3 && html`
      <${Detected} file=${detected} />
      <${Columns}
        key=${JSON.stringify(detected)}
        kind=${kind}
        file=${detected}
        said=${said}
        isBusy=${isBusy}
        isOpen=${!preview}
        onSay=${(/** @type {Record<string, string>} */ more) => file && look(file, more)}
      />
    `}
    ${step === 2 && preview && html`<${Preview} kind=${kind} batchId=${preview.batchId} isBusy=${isBusy} onApply=${apply} />`}
    ${applied && html`<${Applied} kind=${kind} batchId=${applied} onSent=${setApplied} />`}
  <//>`;
}

/**
 * Return whether a file was refused for nothing but the names of its columns.
 *
 * @param {Kind} kind
 * @param {import("../data/errors.js").ApiError | undefined} error
 */
function lacksColumns(kind, error) {
  const found = error?.file?.columns?.map(({ column }) => column);
  return Boolean(found?.length) && kind.columns.some(({ name, isRequired }) => isRequired && !found?.includes(name));
}

/** @param {{ now: number }} props */
function Steps({ now }) {
  return html`<ol class="steps" aria-label="Steps">
    ${STEPS.map((step, place) => html`<li
      key=${step}
      class=${place < now ? "over" : ""}
      aria-current=${place === now ? "step" : undefined}
    >${step}</li>`)}
  </ol>`;
}
