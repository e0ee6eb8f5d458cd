// Every pair of colours that meets on the screen, in both themes, against WCAG AA.
import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";

const css = readFileSync("src/styles/tokens.css", "utf8");

type Rgb = readonly [number, number, number];

function hex(text: string): Rgb {
  const digits = /^#([0-9a-f]{6})$/.exec(text)?.[1];
  if (!digits) throw new Error(`“${text}” is not a colour that this test reads.`);
  const n = Number.parseInt(digits, 16);
  return [n >> 16, (n >> 8) & 255, n & 255];
}

function token(name: string, theme: "light" | "dark"): Rgb {
  const value = new RegExp(`--${name}: ([^;]+);`).exec(css)?.[1];
  if (!value) throw new Error(`There is no token “${name}”.`);
  const both = /^light-dark\((.+?), (.+?)\)$/.exec(value);
  return hex((both ? both[theme === "light" ? 1 : 2] : value) ?? "");
}

function over(top: Rgb, share: number, bottom: Rgb): Rgb {
  const mixed = top.map((channel, i) => channel * share + (bottom[i] ?? 0) * (1 - share));
  return [mixed[0] ?? 0, mixed[1] ?? 0, mixed[2] ?? 0];
}

function luminance(colour: Rgb): number {
  const [r, g, b] = colour.map((channel) => {
    const c = channel / 255;
    return c <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4;
  });
  return 0.2126 * (r ?? 0) + 0.7152 * (g ?? 0) + 0.0722 * (b ?? 0);
}

function contrast(a: Rgb, b: Rgb): number {
  const [dark, light] = [luminance(a), luminance(b)].sort((x, y) => x - y);
  return ((light ?? 0) + 0.05) / ((dark ?? 0) + 0.05);
}

const GROUNDS = ["ground", "raised", "sunken"] as const;
const TEXTS = ["ink", "ink-soft", "ink-faint", "marigold-text", "peacock-text", "danger-text", "ok-text"] as const;

describe.each(["light", "dark"] as const)("%s", (theme) => {
  const ink = token("ink", theme);
  const marigold = token("marigold", theme);

  it("knows a failing pair", () => {
    expect(contrast(hex("#777777"), hex("#ffffff"))).toBeLessThan(4.5);
    expect(contrast(hex("#000000"), hex("#ffffff"))).toBeCloseTo(21);
  });

  it.each(GROUNDS.flatMap((ground) => TEXTS.map((text) => [text, ground] as const)))(
    "%s is legible on %s, also hovered, pressed and selected",
    (text, ground) => {
      const below = token(ground, theme);
      for (const state of [below, over(ink, 0.06, below), over(ink, 0.1, below), over(marigold, 0.12, below)]) {
        expect(contrast(token(text, theme), state)).toBeGreaterThanOrEqual(4.5);
      }
    },
  );

  it.each(["marigold", "peacock"])("ink on a %s fill is legible, also hovered and pressed", (fill) => {
    const below = token(fill, theme);
    const onFill = token("on-fill", theme);
    for (const state of [below, over(onFill, 0.06, below), over(onFill, 0.1, below)]) {
      expect(contrast(onFill, state)).toBeGreaterThanOrEqual(4.5);
    }
  });

  it.each([1, 2, 3, 4, 5])("ink is legible on sleeve %i", (n) => {
    expect(contrast(ink, token(`sleeve-${n}`, theme))).toBeGreaterThanOrEqual(4.5);
  });

  it.each(GROUNDS)("the focus ring and the edge of a control can be seen on %s", (ground) => {
    expect(contrast(token("marigold-text", theme), token(ground, theme))).toBeGreaterThanOrEqual(3);
    expect(contrast(token("edge", theme), token(ground, theme))).toBeGreaterThanOrEqual(3);
  });
});
