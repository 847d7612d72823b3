/** The page for those whom the server does not know yet. */
import { html, useState } from "../vendor/preact.js";
import { session } from "../data/session.js";
import { Button, TextField } from "../parts/controls.js";
import { Page } from "../parts/layout.js";

/** @param {{ error: import("../data/errors.js").ApiError | undefined, onSignedIn: () => Promise<void> }} props */
export function SignInPage({ error, onSignedIn }) {
  const [key, setKey] = useState("");
  const [isBusy, setBusy] = useState(false);

  /** @param {Event} event */
  async function signIn(event) {
    event.preventDefault();
    session.keep(key);
    setBusy(true);
    await onSignedIn();
    setBusy(false);
  }

  return html`<header class="bar"><span class="brand">stockbatch</span></header>
    <${Page} title="Sign in">
      <form class="card narrow" onSubmit=${signIn}>
        <${TextField}
          label="API key"
          type="password"
          autocomplete="off"
          placeholder="sb_…"
          value=${key}
          onInput=${setKey}
          error=${error?.message}
          about="This tab keeps it until it is closed."
        />
        <${Button} type="submit" kind="main" isBusy=${isBusy} isDisabled=${!key.trim()}>Sign in<//>
        <p class="about">
          Whoever runs the server makes a key with <code>python -m server keys add NAME --role operator --file api-keys.jsonl</code>.
        </p>
      </form>
    <//>`;
}
