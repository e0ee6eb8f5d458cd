// The list of songs, on a library of 100,000: what is in the document, and the way through it with keys.
import type { Page } from "@playwright/test";
import { clean, focusSeen } from "../support";
import { expect, open, test } from "./mock";

const rows = (page: Page) => page.getByRole("grid").getByRole("row");
const at = (page: Page) =>
  page.evaluate(() => Number(document.activeElement?.closest<HTMLElement>("[data-index]")?.dataset.index ?? -1));

test.beforeEach(async ({ page }) => {
  await open(page, "big,playing", "#/library");
  await expect(rows(page).first().getByRole("button").first()).toBeAttached();
});

test("wherever it is scrolled to, at most 60 rows are in the document, and the ones in view are there", async ({
  page,
}) => {
  await expect(page.getByRole("grid")).toHaveAttribute("aria-rowcount", "100000");
  for (const share of [0, 0.3, 0.999]) {
    await page.locator("main").evaluate((main, part) => (main.scrollTop = main.scrollHeight * part), share);
    await expect
      .poll(() =>
        page.locator("main").evaluate((main) => {
          const box = main.getBoundingClientRect();
          const there = document.elementFromPoint(box.x + box.width / 2, box.y + box.height / 2);
          return there?.closest("[data-index]")?.querySelector(".title")?.textContent ?? "";
        }),
      )
      .not.toBe("");
    expect(await rows(page).count()).toBeLessThanOrEqual(60);
  }
});

test("arrows, End and Home move through it, and the focus is seen", async ({ page }) => {
  await rows(page).first().focus();
  for (const [key, place] of [
    ["ArrowDown", 1],
    ["ArrowDown", 2],
    ["ArrowUp", 1],
    ["End", 99_999],
    ["ArrowUp", 99_998],
    ["Home", 0],
  ] as const) {
    await page.keyboard.press(key);
    await expect.poll(() => at(page)).toBe(place);
    await focusSeen(page);
    await expect(page.locator(`[data-index="${place}"]`)).toBeInViewport();
  }
});

test("it is one stop for Tab; the next are the buttons of its row", async ({ page }) => {
  await rows(page).nth(2).focus();
  const title = await page.locator('[data-index="2"] .title').textContent();
  for (const name of [`Play ${title}`, "Remove from your library", `More for ${title}`]) {
    await page.keyboard.press("Tab");
    await expect(page.locator(":focus")).toHaveAttribute("aria-label", name);
    expect(await at(page)).toBe(2);
    await focusSeen(page);
  }
  await page.keyboard.press("Tab");
  expect(await at(page)).toBe(-1);
});

test("Enter plays the row, a double click too", async ({ page }) => {
  const bar = page.getByRole("region", { name: "Player" });
  const titles = await page.locator("[data-index] .title").allTextContents();
  await rows(page).nth(4).focus();
  await page.keyboard.press("Enter");
  await expect(bar.locator(".title")).toHaveText(titles[4] ?? "");
  await page.locator('[data-index="1"] .title').dblclick();
  await expect(bar.locator(".title")).toHaveText(titles[1] ?? "");
});

test("its menu opens by keys, gives the focus back, and axe has nothing to say of it", async ({ page }) => {
  await clean(page);
  const more = page.locator('[data-index="0"]').getByRole("button", { name: "More for" });
  await more.focus();
  await page.keyboard.press("Enter");
  const menu = page.getByRole("menu");
  await expect(menu).toBeVisible();
  await expect(menu.getByRole("menuitem").first()).toBeFocused();
  await clean(page);
  await page.keyboard.press("ArrowDown");
  await page.keyboard.press("Escape");
  await expect(menu).toHaveCount(0);
  await expect(more).toBeFocused();
});
