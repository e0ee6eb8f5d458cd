// What the browser tests share: opening a screen on the mock, and looking at it with axe.
import { AxeBuilder } from "@axe-core/playwright";
import { expect, type Page } from "@playwright/test";

/** Opens a screen on the mock. `words` are those of dev/mock.ts. */
export async function open(page: Page, words: string, hash = ""): Promise<void> {
  await page.goto(`/?mock=${words}${hash}`);
  await expect(page.locator("main")).toBeVisible();
}

/** No finding of axe, in either theme. */
export async function clean(page: Page): Promise<void> {
  for (const colorScheme of ["light", "dark"] as const) {
    await page.emulateMedia({ colorScheme, reducedMotion: "reduce" });
    const { violations } = await new AxeBuilder({ page })
      .withTags(["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"])
      .analyze();
    const found = violations.map(
      ({ id, nodes }) =>
        `${colorScheme}: ${id}: ${nodes
          .slice(0, 3)
          .map((n) => n.html.slice(0, 160))
          .join(" | ")}`,
    );
    expect(found).toEqual([]);
  }
}

/** What has the focus, by name. */
export const focused = (page: Page) =>
  page.evaluate(() => {
    const at = document.activeElement;
    return at?.getAttribute("aria-label") ?? at?.textContent?.trim() ?? "";
  });

/** Every focus can be seen: an outline, or that of the box around it. */
export async function focusSeen(page: Page): Promise<void> {
  const seen = await page.evaluate(() => {
    const shows = (element: Element | null) => {
      if (!element) return false;
      const { outlineStyle, outlineWidth } = getComputedStyle(element);
      return outlineStyle !== "none" && parseFloat(outlineWidth) >= 2;
    };
    const at = document.activeElement;
    return shows(at) || shows(at?.parentElement ?? null) || at?.getAttribute("type") === "range";
  });
  expect(seen, `the focus on “${await focused(page)}”`).toBe(true);
}
