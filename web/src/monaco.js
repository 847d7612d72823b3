/** What GraphiQL's editor, Monaco, asks its page for. */
import { withoutStyleAttributes } from "./style-attributes.js";

globalThis.MonacoEnvironment = {
  // WORKERS is put in by build.js: { editor: "editor-4SJEIKIP.js", … }, files that stand beside this one.
  getWorker: (_id, label) => new Worker(new URL(WORKERS[label] ?? WORKERS.editor, import.meta.url)),

  // Monaco has all HTML that it writes go through such a policy.
  createTrustedTypesPolicy: (_name, rules) => ({
    ...rules,
    createHTML: (html) => withoutStyleAttributes(rules.createHTML(html)),
  }),
};
