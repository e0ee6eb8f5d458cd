// Puts the licences of the bundled fonts beside them in the build: the OFL asks that they travel together.
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";

const FONTS = [
  "inter",
  "noto-sans-bengali",
  "noto-sans-devanagari",
  "noto-sans-gurmukhi",
  "noto-sans-hebrew",
  "noto-sans-tamil",
  "noto-sans-telugu",
];

/** @returns {import("vite").Plugin} */
export function fontLicences() {
  const require = createRequire(import.meta.url);
  return {
    name: "font-licences",
    apply: "build",
    generateBundle() {
      const source = FONTS.map((font) => {
        const licence = require.resolve(`@fontsource-variable/${font}/LICENSE`);
        return `# ${font}\n\n${readFileSync(licence, "utf8").trim()}\n`;
      }).join("\n");
      this.emitFile({ type: "asset", fileName: "assets/FONT-LICENCES.txt", source });
    },
  };
}
