// Working offline because one wants to: switched on in the settings and off in the sheet; calm everywhere in between.
import { clean } from "../support";
import { expect, rows, syncLine, test, titles, top } from "./live";

test("work offline: every screen says so calmly, a change waits, and goes when one is online again", async ({
  page,
  enter,
  melody,
}) => {
  await enter({ saved: ["Monsoon Ledger"], hash: "#/settings" });
  const alerts = page.getByRole("alert");
  await page.getByRole("switch", { name: "Work offline" }).focus();
  await page.keyboard.press("Space");
  await expect(page.getByRole("switch", { name: "Work offline" })).toBeChecked();
  await expect(syncLine(page)).toHaveText("Working offline");
  await clean(page);

  // It is kept, and nothing on the way is an error.
  await page.reload();
  await expect(syncLine(page)).toHaveText("Working offline");
  await expect(page.getByRole("region", { name: "This machine", exact: true })).toContainText(
    "You are working offline",
  );
  for (const name of ["Home", "Library", "Downloads", "Playlists"]) {
    await page.getByRole("navigation").getByRole("link", { name, exact: true }).click();
    await expect(page.getByRole("main").getByRole("heading").first()).toBeAttached();
    await expect(alerts).toHaveCount(0);
  }
  await page.keyboard.press("/");
  await page.getByRole("searchbox", { name: "Search" }).fill("ledger");
  await expect(top(page)).toHaveText("Monsoon Ledger");
  await expect(alerts).toHaveCount(0);
  await page.getByRole("searchbox", { name: "Search" }).fill("no such words");
  await expect(rows(page)).toHaveCount(0);
  await expect(alerts).toHaveCount(0);
  await clean(page);

  await page.getByRole("link", { name: "Library" }).click();
  await rows(page).first().focus();
  await page.keyboard.press("Delete");
  await expect(syncLine(page)).toHaveText("Working offline. 1 change waits to be sent");
  await syncLine(page).focus();
  await page.keyboard.press("Enter");
  const sheet = page.getByRole("dialog", { name: "Sync" });
  await clean(page);
  await sheet.getByRole("switch", { name: "Work offline" }).click();
  await page.keyboard.press("Escape");
  await expect(syncLine(page)).toHaveText("Up to date");
  expect((await melody.run("library", "sync")).entries).toBe(0);
  await expect.poll(() => titles(page)).toEqual([]);
});
