// Measures the JavaScript that the first screen needs, gzipped, and fails above the limit (issue 3: 100 kB).
// The first screen is the entry, all that it imports statically, and the heaviest screen that can be it.
import { readFileSync } from "node:fs";
import { gzipSync } from "node:zlib";

const LIMIT = 100_000;
const DIST = new URL("../dist/", import.meta.url);
/** @type {Record<string, { file: string, isEntry?: boolean, imports?: string[], dynamicImports?: string[] }>} */
const manifest = JSON.parse(readFileSync(new URL(".vite/manifest.json", DIST), "utf8"));

/** @param {string} key @param {Set<string>} into */
function withImports(key, into) {
  const chunk = manifest[key];
  if (!chunk || into.has(chunk.file)) return into;
  into.add(chunk.file);
  for (const next of chunk.imports ?? []) withImports(next, into);
  return into;
}

/** @param {Iterable<string>} files */
const weigh = (files) =>
  [...files]
    .filter((file) => file.endsWith(".js"))
    .reduce((sum, file) => sum + gzipSync(readFileSync(new URL(file, DIST))).length, 0);

const entry = Object.keys(manifest).find((key) => manifest[key]?.isEntry);
if (!entry) throw new Error("The build has no entry: run “npm run build” first.");
const base = withImports(entry, new Set());
const screens = Object.keys(manifest)
  .filter((key) => /^src\/screens\/\w+\.svelte$/.test(key))
  .map((key) => ({ key, bytes: weigh(withImports(key, new Set(base))) }))
  .sort((a, b) => b.bytes - a.bytes);
console.log(`entry with its imports: ${weigh(base)} bytes, gzip`);
for (const { key, bytes } of screens) console.log(`with ${key}: ${bytes} bytes, gzip`);
const worst = screens[0]?.bytes ?? weigh(base);
if (worst > LIMIT) {
  console.error(`The first screen may take ${LIMIT} bytes of JavaScript, gzip; it takes ${worst}.`);
  process.exit(1);
}
