/** A button that saves a file. */
import { html } from "../vendor/preact.js";
import { download } from "../data/client.js";
import { Button } from "./controls.js";
import { useAction } from "./hooks.js";
import { ErrorNotice } from "./notices.js";

/** @param {{ path: string, children?: unknown }} props */
export function DownloadButton({ path, children }) {
  const { isBusy, error, run } = useAction();
  return html`<${Button} isBusy=${isBusy} onClick=${() => run(() => download(path))}>${children}<//><${ErrorNotice} error=${error} />`;
}
