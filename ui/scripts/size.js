// Measures the JavaScript that the first screen needs, gzipped, and fails above the limit (issue 3: 100 kB).
// The first screen is the entry, all that it imports statically, and the heaviest screen that can be it.
import { readdirSync, readFileSync } from "node:fs";
import { gzipSync } from "node:zlib";

const LIMIT = 100_000;
const DIST = new URL("../dist/", import.meta.url);
const ASSETS = new URL("assets/", DIST);
/** Screens are loaded when they are first shown, each as a file of its name. */
const SCREENS = readdirSync(new URL("../src/screens/", import.meta.url))
  .filter((file) => file.endsWith(".svelte"))
  .map((file) => file.replace(".svelte", ""));

/** @param {string} file */
const read = (file) => readFileSync(new URL(file, ASSETS));

/** What a file imports before it runs: `import(…)` is for later. @param {string} file */
const imports = (file) =>
  [
    ...read(file)
      .toString()
      .matchAll(/(?:\bfrom|\bimport)\s*["']\.\/([^"']+\.js)["']/g),
  ].map(([, name = ""]) => name);

/** @param {string} file @param {Set<string>} into */
function withImports(file, into) {
  if (into.has(file)) return into;
  into.add(file);
  for (const next of imports(file)) withImports(next, into);
  return into;
}

/** @param {Iterable<string>} files */
const weigh = (files) => [...files].reduce((sum, file) => sum + gzipSync(read(file)).length, 0);

const entry = /<script[^>]*src="\.\/assets\/([^"]+\.js)"/.exec(readFileSync(new URL("index.html", DIST), "utf8"))?.[1];
if (!entry) throw new Error("The build has no entry: run “npm run build” first.");
const base = withImports(entry, new Set());
const files = readdirSync(ASSETS);
const screens = SCREENS.flatMap((name) => {
  const file = files.find((file) => new RegExp(`^${name}-.{8}\\.js$`).test(file));
  return file ? [{ name, bytes: weigh(withImports(file, new Set(base))) }] : [];
}).sort((a, b) => b.bytes - a.bytes);
const [worst] = screens;
if (!worst || base.size < 2) throw new Error("The build has another shape than this script knows.");
console.log(`entry with its imports: ${weigh(base)} bytes, gzip`);
for (const { name, bytes } of screens) console.log(`with src/screens/${name}.svelte: ${bytes} bytes, gzip`);
if (worst.bytes > LIMIT) {
  console.error(`The first screen may take ${LIMIT} bytes of JavaScript, gzip; it takes ${worst.bytes}.`);
  process.exit(1);
}
