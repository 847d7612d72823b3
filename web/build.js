// Writes GraphiQL as files for the server: one script, one style sheet, one file per worker of its editor. Their names
// hold a hash of their content, so that a browser keeps them for good and never has a stale one. manifest.json says
// which the page begins with. Beside each stands the same file compressed, so that no request has to do it.
import { readFile, rm, writeFile } from "node:fs/promises";
import { basename } from "node:path";
import { fileURLToPath } from "node:url";
import { gzipSync } from "node:zlib";
import { build } from "esbuild";

const BUILT = fileURLToPath(new URL("../server/web/graphiql/built", import.meta.url));

const WORKERS = {
  editor: "monaco-editor/esm/vs/editor/editor.worker.js",
  graphql: "monaco-graphql/esm/graphql.worker.js",
  json: "monaco-editor/esm/vs/language/json/json.worker.js",
};

// graphiql/style.css has the editor's styles and fonts already.
const withoutMonacoStyles = {
  name: "without Monaco's styles",
  setup: ({ onLoad }) => onLoad({ filter: /monaco-editor.*\.css$/ }, () => ({ contents: "" })),
};

const settings = {
  bundle: true,
  minify: true,
  target: "es2022",
  outdir: BUILT,
  entryNames: "[name]-[hash]",
  legalComments: "linked", // the licences, in a file beside each
  logLevel: "info",
  metafile: true,
};

await rm(BUILT, { recursive: true, force: true });

const workers = await build({ ...settings, format: "iife", entryPoints: WORKERS });
const workerPaths = Object.keys(workers.metafile.outputs).filter((path) => path.endsWith(".js"));
const names = workerPaths.map((path) => basename(path));

const main = await build({
  ...settings,
  format: "esm",
  entryPoints: { main: "src/main.js" },
  define: { WORKERS: JSON.stringify(Object.fromEntries(names.map((name) => [name.split("-")[0], name]))) },
  plugins: [withoutMonacoStyles],
});
const [[script, { cssBundle }]] = Object.entries(main.metafile.outputs).filter(([, output]) => output.entryPoint);

for (const path of [...workerPaths, script, cssBundle]) {
  await writeFile(`${path}.gz`, gzipSync(await readFile(path), { level: 9 }));
}

// Last: where it stands, all is there.
const manifest = { script: basename(script), style: basename(cssBundle) };
await writeFile(`${BUILT}/manifest.json`, `${JSON.stringify(manifest, null, 2)}\n`);
