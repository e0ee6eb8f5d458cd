// How the screen is built: Svelte, compiled messages, no inlined assets (the content policy refuses data: fonts).
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { paraglideVitePlugin } from "@inlang/paraglide-js";
import { svelte } from "@sveltejs/vite-plugin-svelte";
import { defineConfig } from "vitest/config";
import { fontLicences } from "./scripts/font-licences.js";

/** The workspace's version: the screen has none of its own. */
const version = /^version = "(.+)"$/m.exec(readFileSync(new URL("../Cargo.toml", import.meta.url), "utf8"))?.[1];
if (!version) throw new Error("The workspace has no version.");

export default defineConfig({
  base: "./",
  define: { __VERSION__: JSON.stringify(version) },
  plugins: [
    // Tests compile the messages beforehand: this plugin would keep their process from ending.
    ...(process.env.VITEST
      ? []
      : [paraglideVitePlugin({ project: "./project.inlang", outdir: "./src/lib/paraglide" })]),
    svelte(),
    fontLicences(),
  ],
  resolve: {
    alias: { $lib: fileURLToPath(new URL("./src/lib", import.meta.url)) },
    // Tests mount components: Svelte's browser build, not its server's.
    ...(process.env.VITEST ? { conditions: ["browser"] } : {}),
  },
  server: { host: "127.0.0.1", port: 5173, strictPort: true, fs: { allow: [".."] } },
  build: {
    target: ["safari17.5", "chrome123"],
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    rolldownOptions: {
      output: {
        codeSplitting: {
          groups: [
            // All messages in one file: a file for each that two screens share would be dozens of requests.
            { name: "messages", test: /src\/lib\/paraglide\// },
            // The frame in one file, for the same reason: what it is made of is shared with all screens.
            { name: "frame", tags: ["$initial"] },
          ],
        },
      },
    },
  },
  test: { environment: "happy-dom", include: ["src/**/*.test.ts"], setupFiles: ["src/test-setup.ts"] },
});
