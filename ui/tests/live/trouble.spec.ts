// When the service is away, slow, under maintenance or broken: what is here stays, what happened is said, what was done is kept.
import type { Page } from "@playwright/test";
import { clean } from "../support";
import { expect, rows, syncLine, test, titles, top } from "./live";
import { OTP, PHONE } from "./program";

const field = (page: Page) => page.getByRole("searchbox", { name: "Search" });
const saved = (page: Page) => page.getByRole("link", { name: "Library" }).click();

test("offline: every screen is still there, a change waits, and is sent when the service is back", async ({
  page,
  enter,
  service,
  melody,
}) => {
  await enter({ saved: ["दिल का डाकिया"], hash: "#/search?q=डाकिया" });
  await rows(page).first().click({ button: "right" });
  await page.getByRole("menuitem", { name: "Song details" }).click();
  await expect(page.getByText("मौसम ने तुम को बुलाया है")).toBeVisible();
  await service.stop();
  await page.reload();
  await expect(page.getByText("मौसम ने तुम को बुलाया है")).toBeVisible();

  await test.step("a song is saved: it waits, and the rail says so calmly", async () => {
    await page.keyboard.press("/");
    await field(page).fill("monsoon");
    await expect(
      page.getByText("The service cannot be reached. Check your connection. These are the songs on this machine."),
    ).toBeVisible();
    await clean(page);
    await rows(page).first().hover();
    await rows(page).first().getByRole("button", { name: "Save to your library" }).click();
    await expect(page.getByText("Saved. It will be sent when you are back online.")).toBeVisible();
    await expect(syncLine(page)).toHaveText("Offline. 1 change waits to be sent");
    await saved(page);
    await expect.poll(() => titles(page)).toEqual(["Monsoon Ledger", "दिल का डाकिया"]);
    await expect(rows(page).first().getByText("Waiting to be sent")).toBeAttached();
    await expect(rows(page).nth(1).getByText("Waiting to be sent")).toHaveCount(0);
    await clean(page);
  });

  await test.step("what is not here is said with what still works", async () => {
    await page.keyboard.press("/");
    await field(page).fill("no such words");
    const note = page.getByRole("main").getByRole("alert");
    await expect(note).toContainText("The service cannot be reached. Check your connection.");
    await expect(note).toContainText("What is on this machine still plays.");
    await expect(note.getByRole("button")).toHaveText(["Try again"]);
    await clean(page);
    await page.getByRole("link", { name: "Home" }).click();
    await expect(page.getByRole("region", { name: "Trending", exact: true })).toBeVisible();
    await page.getByRole("link", { name: /^Settings/ }).click();
    await expect(page.getByRole("region", { name: "This machine", exact: true })).toContainText(
      "The service cannot be reached. Check your connection.",
    );
    await page.getByRole("button", { name: "Sign out" }).click();
    const dialog = page.getByRole("alertdialog");
    await dialog.getByRole("radio", { name: "Remove it from this machine" }).check();
    await expect(dialog).toContainText("Gone for good: 1 change that was not sent yet.");
    await dialog.getByRole("button", { name: "Cancel" }).click();
  });

  await saved(page);
  await service.start();
  // By itself: it looks for the service every now and then.
  await expect(syncLine(page)).toHaveText("Up to date", { timeout: 45_000 });
  await expect(page.getByText("Waiting to be sent")).toHaveCount(0);
  const { entries, pending } = await melody.run("library", "sync");
  expect([entries, pending]).toEqual([2, 0]);
});

test("maintenance: it is said with when to try again, a change is kept, and sent when it is over", async ({
  page,
  enter,
  service,
}) => {
  await enter({ faults: [{ route: "GET /music/trending", kind: "status" }], hash: "#/search" });
  await service.maintenance(true);
  await field(page).fill("monsoon");
  const note = page.getByRole("main").getByRole("alert");
  await expect(note).toContainText("The service is being looked after. Try again in 30 seconds.");
  await expect(note.getByRole("button")).toHaveText(["Try again"]);
  await clean(page);
  await service.maintenance(false);
  await note.getByRole("button", { name: "Try again" }).click();
  await expect(top(page)).toHaveText("Monsoon Ledger");

  await service.maintenance(true);
  await rows(page).first().hover();
  await rows(page).first().getByRole("button", { name: "Save to your library" }).click();
  await expect(page.getByText("Saved. It will be sent when you are back online.")).toBeVisible();
  await expect(syncLine(page)).toHaveText(/^The service is busy\. Trying again at \d/);
  await service.maintenance(false);
  await syncLine(page).click();
  const sheet = page.getByRole("dialog", { name: "Sync" });
  await expect(sheet).toContainText("What you change is kept and sent then.");
  await clean(page);
  await sheet.getByRole("button", { name: "Sync now" }).click();
  await expect(sheet.getByRole("status").filter({ hasText: "Up to date" })).toBeVisible();
  await page.keyboard.press("Escape");
  await expect(syncLine(page)).toHaveText("Up to date");
  await saved(page);
  await expect(top(page)).toHaveText("Monsoon Ledger");
  await expect(page.getByText("Waiting to be sent")).toHaveCount(0);
});

test("changes that the service refuses are listed with why; one is given up and the other sent, with the keyboard alone", async ({
  page,
  enter,
  melody,
}) => {
  await enter({
    saved: ["दिल का डाकिया"],
    faults: [{ route: "POST /library/songs", kind: "status", status: 400, times: 2 }],
    hash: "#/search",
  });
  for (const words of ["Monsoon Ledger", "Rooftop Telescope"]) {
    await field(page).fill(words);
    await expect(top(page)).toHaveText(words);
    await rows(page).first().hover();
    await rows(page).first().getByRole("button", { name: "Save to your library" }).click();
    await expect(syncLine(page)).toHaveText(/refused$/);
  }
  await expect(syncLine(page)).toHaveText("2 changes were refused");
  await syncLine(page).focus();
  await page.keyboard.press("Enter");
  const sheet = page.getByRole("dialog", { name: "Sync" });
  const refused = sheet.getByRole("region", { name: "Refused by the service" });
  await expect(refused.getByRole("listitem")).toHaveCount(2);
  await expect(refused).toContainText("Monsoon Ledger");
  await clean(page);
  const giveUp = refused.getByRole("button", { name: /^Give up: .*Monsoon Ledger/ });
  while (!(await giveUp.evaluate((button) => button === document.activeElement))) await page.keyboard.press("Tab");
  await page.keyboard.press("Enter");
  await expect(refused.getByRole("listitem")).toHaveCount(1);
  // The focus has not fallen out of the sheet.
  await expect(sheet.locator(":focus")).toHaveCount(1);
  await refused.getByRole("button", { name: "Try again" }).focus();
  await page.keyboard.press("Enter");
  await expect(refused).toHaveCount(0);
  await expect(sheet.getByRole("status").filter({ hasText: "Up to date" })).toBeVisible();
  await page.keyboard.press("Escape");
  await expect(syncLine(page)).toBeFocused();
  await saved(page);
  await expect.poll(() => titles(page)).toEqual(["Rooftop Telescope", "दिल का डाकिया"]);
  expect((await melody.run("library", "sync")).entries).toBe(2);
});

test("a slow service: skeletons, then what came; a newer question does not wait for the older one", async ({
  page,
  enter,
}) => {
  const never = 600_000;
  await enter({
    faults: [
      { route: "GET /music/trending", kind: "delay", ms: 4000, times: 1 },
      { route: "GET /music/search", kind: "delay", ms: never, times: 1 },
    ],
  });
  await expect(page.getByRole("main").getByRole("status", { name: "Loading" })).toBeVisible();
  await page.keyboard.press("/");
  await field(page).fill("rooftop");
  await expect(page.getByRole("main").getByRole("status", { name: "Loading" })).toBeVisible();
  await clean(page);
  await field(page).fill("monsoon");
  await expect(top(page)).toHaveText("Monsoon Ledger");
  await page.getByRole("link", { name: "Home" }).click();
  await expect(page.getByRole("region", { name: "Trending", exact: true })).toBeVisible();
});

for (const [name, fault, says] of [
  ["that fails", { kind: "status", status: 500 }, "The service failed. Try again."],
  ["behind a gateway that fails", { kind: "html", status: 502 }, "The service is away for the moment. Try again soon."],
  ["that breaks off", { kind: "drop_before" }, "The service is away for the moment. Try again soon."],
] as const) {
  test(`a service ${name}: what happened, what still works, one action that helps`, async ({ page, enter }) => {
    // A question is asked three times before it counts as failed.
    await enter({
      faults: [
        { route: "GET /music/trending", times: 3, ...fault },
        { route: "GET /music/search", times: 3, ...fault },
      ],
    });
    const note = page.getByRole("main").getByRole("alert");
    const retry = note.getByRole("button");
    await expect(note).toContainText(says);
    await expect(note).toContainText("What is on this machine still plays.");
    await expect(retry).toHaveText(["Try again"]);
    await clean(page);
    await retry.click();
    await expect(page.getByRole("region", { name: "Trending", exact: true })).toBeVisible();

    await page.keyboard.press("/");
    await field(page).fill("no such words");
    await expect(note).toContainText(says);
    await retry.click();
    await expect(page.getByText("No song was found for “no such words”.")).toBeVisible();
  });
}

test("a service that has forgotten everybody: the rail asks to sign in again, and the library is as it was", async ({
  page,
  enter,
  service,
}) => {
  await enter({ saved: ["Monsoon"], faults: [{ route: "GET /library/songs", kind: "void_tokens", times: 1 }] });
  await expect(syncLine(page)).toHaveText("Sign in again to sync");
  await syncLine(page).click();
  await page.getByLabel("Phone number").fill(PHONE);
  await page.keyboard.press("Enter");
  await page.getByLabel("Digit 1 of 6").waitFor();
  expect(await service.sms()).toBe(OTP);
  await page.keyboard.type(OTP);
  await expect(syncLine(page)).toHaveText("Up to date");
  await saved(page);
  await expect(top(page)).toHaveText("Monsoon Ledger");
});

test("when the program itself is gone, the page says so and offers another try", async ({ page, enter }) => {
  await enter();
  await page.route("**/call", (route) => route.abort());
  await page.reload();
  await expect(page.getByText("Melody Studio could not start.")).toBeVisible();
  await clean(page);
  await page.unroute("**/call");
  await page.getByRole("button", { name: "Try again" }).click();
  await expect(page.getByRole("region", { name: "Trending", exact: true })).toBeVisible();
});
