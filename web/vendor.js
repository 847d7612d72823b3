// Writes the console's one library into its folder: Preact with hooks and htm, as one module. The file is committed, so
// that the console needs no Node. With --check nothing is written, and a file that differs is an error.
import { readFile, writeFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";

const VENDORED = fileURLToPath(new URL("../server/web/console/static/vendor/preact.js", import.meta.url));
const told = await Promise.all(
  ["preact", "htm"].map(async (name) => {
    const { version, license } = JSON.parse(await readFile(`node_modules/${name}/package.json`, "utf8"));
    return `${name} ${version} (${license})`;
  }),
);

const { outputFiles } = await build({
  entryPoints: ["console/vendored.js"],
  bundle: true,
  minify: true,
  format: "esm",
  target: "es2022",
  write: false,
  banner: { js: `/*! ${told.join(", ")}: docs/licences.md. Written by web/vendor.js. */` },
});
const [{ text }] = outputFiles;

if (!process.argv.includes("--check")) {
  await writeFile(VENDORED, text);
} else if ((await readFile(VENDORED, "utf8")) !== text) {
  console.error(`${VENDORED} is not what its packages give: npm --prefix web run vendor`);
  process.exit(1);
}
