// How the browser tests look at a screen: with axe, and for the focus.
import { AxeBuilder } from "@axe-core/playwright";
import { expect, type Page } from "@playwright/test";

const TAGS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"];

/** No finding of axe, in either theme. */
export async function clean(page: Page): Promise<void> {
  for (const colorScheme of ["light", "dark"] as const) {
    await page.emulateMedia({ colorScheme, reducedMotion: "reduce" });
    const axe = new AxeBuilder({ page });
    // The themes differ in their colours alone.
    const { violations } = await (
      colorScheme === "light" ? axe.withTags(TAGS) : axe.withRules(["color-contrast"])
    ).analyze();
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
    const label = at instanceof HTMLInputElement ? at.labels?.[0]?.textContent : null;
    return at?.getAttribute("aria-label") ?? label ?? at?.textContent?.trim() ?? "";
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
