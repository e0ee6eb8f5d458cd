// Downloads on the real programs: brought, taken away and had back, put off, waiting for a service that is away, offline.
import type { Page } from "@playwright/test";
import { clean, focusSeen } from "../support";
import { expect, rows, test } from "./live";

const part = (page: Page, name: string) => page.getByRole("grid", { name });
const inPart = (page: Page, name: string) => part(page, name).getByRole("row");
/** The service makes a song's sound when it is first asked for it: a busy machine takes its time. */
const SOUND = { timeout: 60_000 };

test("all saved songs are brought, one is taken away by its key and had back", async ({ page, enter, service }) => {
  await enter({ saved: ["Monsoon Ledger", "Rooftop Telescope"], hash: "#/downloads" });
  await expect(page.getByText("Nothing is downloaded yet.")).toBeVisible();
  await clean(page);
  await page.getByRole("main").getByRole("button", { name: "Download all" }).click();
  await expect(inPart(page, "On this machine")).toHaveCount(2, SOUND);
  await expect(page.getByText(/^2 songs · [\d.]+ MB$/)).toBeVisible();
  await expect(part(page, "Coming")).toHaveCount(0);
  await clean(page);

  await inPart(page, "On this machine").first().focus();
  await page.keyboard.press("ArrowDown");
  await expect(inPart(page, "On this machine").nth(1)).toBeFocused();
  await focusSeen(page);
  await page.keyboard.press("Delete");
  await expect(inPart(page, "On this machine")).toHaveCount(1);
  await expect(inPart(page, "On this machine").first()).toBeFocused();
  await page.getByRole("button", { name: "Undo" }).click();
  await expect(inPart(page, "On this machine")).toHaveCount(2, SOUND);

  // Offline it is all still there, and the library's rows say so.
  await service.stop();
  await page.reload();
  await expect(inPart(page, "On this machine")).toHaveCount(2);
  await page.getByRole("link", { name: "Library" }).click();
  await expect(rows(page).getByText("On this machine")).toHaveCount(2);
});

test("what cannot come waits, is put off, and comes when it is taken up", async ({ page, enter, service }) => {
  await enter({
    saved: ["Monsoon Ledger", "Rooftop Telescope"],
    faults: [{ route: "GET /media/*", kind: "html", status: 502 }],
    hash: "#/library",
  });
  await page.getByRole("button", { name: "Download all" }).click();
  await page.getByRole("button", { name: "Show", exact: true }).click();
  await expect(inPart(page, "Coming")).toHaveCount(2);
  await page.getByRole("button", { name: "Pause all" }).click();
  await expect(part(page, "Coming").getByText("Paused")).toHaveCount(2);
  await clean(page);
  await service.start();
  // One of them, and then the other, each by its own button.
  for (const left of [1, 0]) {
    await inPart(page, "Coming").first().hover();
    await part(page, "Coming").getByRole("button", { name: "Resume" }).first().click();
    await expect(inPart(page, "Coming")).toHaveCount(left, SOUND);
  }
  await expect(inPart(page, "On this machine")).toHaveCount(2);
});
