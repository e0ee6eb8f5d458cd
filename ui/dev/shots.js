// Takes pictures of screens on the mock, in both sizes and themes: `npm run shots -- name '/?mock=playing#/library' …`.
// Expects `npm run dev` to run. Pictures go to shots/.
import { chromium } from "@playwright/test";

const SIZES = [
  { width: 1000, height: 680 },
  { width: 1440, height: 900 },
];
const [name = "home", path = "/?mock=playing", ...steps] = process.argv.slice(2);
const base = process.env.BASE ?? "http://127.0.0.1:5173";
const only = process.env.ONLY?.split(",");

/** `click:Show the queue`, `hover:.row`, `press:Tab`, `fill:Search=dil`, `wait:300`. */
/** @param {import("@playwright/test").Page} page @param {string} text */
async function step(page, text) {
  const [, verb, what = ""] = /^(\w+):(.*)$/.exec(text) ?? [];
  if (verb === "click") await page.getByRole("button", { name: what }).first().click();
  else if (verb === "sel") await page.locator(what).first().click();
  else if (verb === "hover") await page.locator(what).first().hover();
  else if (verb === "press") await page.keyboard.press(what);
  else if (verb === "type") await page.keyboard.type(what);
  else if (verb === "wait") await page.waitForTimeout(Number(what));
  else throw new Error(`“${text}” is no step.`);
}

const browser = await chromium.launch({ executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium" });
for (const colorScheme of ["light", "dark"]) {
  for (const viewport of SIZES) {
    const id = `${name}-${viewport.width}-${colorScheme}`;
    if (only && !only.some((part) => id.includes(part))) continue;
    const page = await browser.newPage({ viewport, colorScheme, locale: process.env.LANGUAGE_TAG ?? "en-IN" });
    page.on("console", (line) => ["error", "warning"].includes(line.type()) && console.log(id, line.text()));
    page.on("pageerror", (error) => console.log(id, error.message));
    await page.goto(`${base}${path}`);
    await page.waitForSelector("main");
    await page.waitForTimeout(900);
    for (const text of steps) await step(page, text);
    await page.waitForTimeout(300);
    await page.screenshot({ path: `shots/${id}.png` });
    await page.close();
  }
}
await browser.close();
