// The whole job without a pointer: sign in, find, play, save, find again, remove, leave.
import type { Page } from "@playwright/test";
import { clean, focused, focusSeen } from "../support";
import { expect, player, rows, test, titles, top } from "./live";
import { PHONE } from "./program";

/** Presses Tab until the focus is on what has this name; it is seen at each stop. */
async function tabTo(page: Page, name: string): Promise<void> {
  for (let stop = 0; stop < 60; stop += 1) {
    await page.keyboard.press("Tab");
    // Past the last stop it begins anew.
    if (await page.evaluate(() => document.activeElement === document.body)) continue;
    await focusSeen(page);
    if ((await focused(page)) === name) return;
  }
  throw new Error(`Tab does not come to “${name}”.`);
}

test("from the first start to signing out with the keyboard alone", async ({ page, service, melody }) => {
  await page.goto(await melody.web());
  await expect(page.getByLabel("Service address")).toBeVisible();

  await test.step("in: address, number, code", async () => {
    await page.keyboard.press("Tab");
    await expect(page.getByLabel("Service address")).toBeFocused();
    await page.keyboard.press("Control+A");
    await page.keyboard.type(service.address);
    await page.keyboard.press("Enter");
    await expect(page.getByLabel("Phone number")).toBeFocused();
    await page.keyboard.type(PHONE);
    await page.keyboard.press("Enter");
    await expect(page.getByLabel("Digit 1 of 6")).toBeFocused();
    await page.keyboard.type(await service.sms());
    await expect(page.getByRole("region", { name: "Trending", exact: true })).toBeVisible();
  });

  await test.step("along a shelf of covers", async () => {
    const covers = page.getByRole("region", { name: "Trending", exact: true }).getByRole("button", { name: /^Play / });
    await tabTo(page, (await covers.first().getAttribute("aria-label")) ?? "");
    await page.keyboard.press("ArrowRight");
    await page.keyboard.press("ArrowRight");
    await expect(covers.nth(2)).toBeFocused();
    await focusSeen(page);
  });

  await test.step("search: / to it, down into the rows, Enter plays, up is the field again", async () => {
    await page.keyboard.press("/");
    const field = page.getByRole("searchbox", { name: "Search" });
    await expect(field).toBeFocused();
    await page.keyboard.type("hollow lamp");
    await expect(page.getByText("2 songs", { exact: true })).toBeVisible();
    const found = await titles(page);
    await page.keyboard.press("ArrowDown");
    await page.keyboard.press("ArrowDown");
    await expect(rows(page).nth(1)).toBeFocused();
    await focusSeen(page);
    await page.keyboard.press("Enter");
    await expect(player(page).locator(".title")).toHaveText(found[1] ?? "");
    await tabTo(page, "Save to your library");
    await page.keyboard.press("Enter");
    await expect(page.getByText("Saved.", { exact: true })).toBeVisible();
    await page.keyboard.press("ArrowUp");
    await page.keyboard.press("ArrowUp");
    await expect(field).toBeFocused();
    await page.keyboard.press("Escape");
    await expect(field).toHaveValue("");
  });

  await test.step("the song's menu and its page", async () => {
    await page.keyboard.type("monsoon");
    await expect(top(page)).toHaveText("Monsoon Ledger");
    await page.keyboard.press("ArrowDown");
    await tabTo(page, "More for Monsoon Ledger");
    await page.keyboard.press("Enter");
    await expect(page.getByRole("menuitem").first()).toBeFocused();
    for (let row = 0; row < 4; row += 1) await page.keyboard.press("ArrowDown");
    await expect(page.getByRole("menuitem", { name: "Song details" })).toBeFocused();
    await page.keyboard.press("Enter");
    await expect(page.getByRole("region", { name: "Lyrics" })).toBeVisible();
  });

  await test.step("? lists the keys, Escape closes the list, q opens the queue", async () => {
    await page.keyboard.press("?");
    const dialog = page.getByRole("dialog", { name: "Keyboard shortcuts" });
    await expect(dialog).toBeVisible();
    await clean(page);
    await page.keyboard.press("Escape");
    await expect(dialog).toBeHidden();
    await page.keyboard.press("q");
    await expect(page.getByRole("heading", { name: "Queue" })).toBeVisible();
    await page.keyboard.press("q");
    await expect(page.getByRole("heading", { name: "Queue" })).toHaveCount(0);
  });

  await test.step("the library: what was saved is there, Delete removes it", async () => {
    await tabTo(page, "Library");
    await page.keyboard.press("Enter");
    await expect(rows(page)).toHaveCount(1);
    await tabTo(page, "Filter your library");
    await page.keyboard.press("ArrowDown");
    await expect(rows(page).first()).toBeFocused();
    await page.keyboard.press("Delete");
    await expect(page.getByText("You have not saved a song yet.")).toBeVisible();
  });

  await test.step("out", async () => {
    await tabTo(page, "Settings: +91 ••••••3210");
    await page.keyboard.press("Enter");
    await expect(page.getByRole("heading", { name: "Settings" })).toBeVisible();
    await tabTo(page, "Sign out");
    await page.keyboard.press("Enter");
    const dialog = page.getByRole("alertdialog");
    await expect(dialog).toBeVisible();
    // It takes the focus a moment after it is seen: a key pressed before that would not be its.
    await expect(page.locator("[role=alertdialog]:focus, [role=alertdialog] :focus")).toHaveCount(1);
    await tabTo(page, "Sign out");
    await page.keyboard.press("Enter");
    await expect(page.getByLabel("Service address")).toBeVisible();
  });
});
