// Home, search, library, song and settings: with keys, with a pointer, and under axe.
import { expect, test, type Page } from "@playwright/test";
import { clean, focusSeen, open } from "./support";

const SONG = "#/song/01900000-0000-7000-8000-000000000000";
const bar = (page: Page) => page.getByRole("region", { name: "Player" });
const rows = (page: Page) => page.locator("main [role=row]");
const titles = (page: Page) => page.locator("main [role=row] .title").allTextContents();

for (const [name, words, hash, ready] of [
  ["home", "playing", "", "Trending"],
  ["search before it", "playing", "#/search", "Trending"],
  ["search with results", "playing", "#/search?q=ar", "दिल की छत पर"],
  [
    "search offline without results",
    "offline",
    "#/search?q=zzz",
    "The service cannot be reached. Check your connection.",
  ],
  ["library", "offline", "#/library", "11 songs"],
  ["library, empty", "empty", "#/library", "You have not saved a song yet."],
  ["a song", "playing", SONG, "Lyrics"],
  ["settings", "offline", "#/settings", "Data folder"],
] as const) {
  test(`axe finds nothing: ${name}`, async ({ page }) => {
    await open(page, words, hash);
    await expect(page.locator("main").getByText(ready, { exact: true }).first()).toBeVisible();
    await clean(page);
  });
}

test("home is walked by keys: along a shelf, and Enter plays the cover", async ({ page }) => {
  await open(page, "");
  const shelf = page.getByRole("region", { name: "Trending", exact: true });
  const covers = shelf.getByRole("button", { name: /^Play / });
  await covers.first().focus();
  await page.keyboard.press("ArrowRight");
  await page.keyboard.press("ArrowRight");
  await expect(covers.nth(2)).toBeFocused();
  await focusSeen(page);
  const title = await shelf.locator(".title").nth(2).textContent();
  await page.keyboard.press("Enter");
  await expect(bar(page).locator(".title")).toHaveText(title ?? "");
});

test("search by keys alone: / to it, type, down into the rows, Enter plays; up is the field again", async ({
  page,
}) => {
  await open(page, "", "#/library");
  await expect(rows(page).first()).toBeVisible();
  await page.keyboard.press("/");
  const field = page.getByRole("searchbox", { name: "Search" });
  await expect(field).toBeFocused();
  await page.keyboard.type("ar");
  await expect(page.getByText("The service is being asked.")).toBeVisible();
  const before = await titles(page);
  expect(before.length).toBeGreaterThan(3);
  await expect(page.getByText(/^\d+ songs$/)).toBeVisible();
  // What the service added stands below what was there.
  const after = await titles(page);
  expect(after.slice(0, before.length)).toEqual(before);
  await page.keyboard.press("ArrowDown");
  await page.keyboard.press("ArrowDown");
  await focusSeen(page);
  await page.keyboard.press("Enter");
  await expect(bar(page).locator(".title")).toHaveText(after[1] ?? "");
  await page.keyboard.press("ArrowUp");
  await page.keyboard.press("ArrowUp");
  await expect(field).toBeFocused();
  await page.keyboard.press("Enter");
  await expect(bar(page).locator(".title")).toHaveText(after[0] ?? "");
  await page.keyboard.press("Escape");
  await expect(field).toHaveValue("");
});

test("a search comes back by its address and by the way back", async ({ page }) => {
  await open(page, "", "#/search?q=monsoon");
  await expect(page.getByRole("searchbox", { name: "Search" })).toHaveValue("monsoon");
  await expect(rows(page).first()).toBeVisible();
  await page.getByRole("link", { name: "Home" }).click();
  await expect(page.getByRole("heading", { name: "Recently added" })).toBeVisible();
  await page.goBack();
  await expect(page.getByRole("searchbox", { name: "Search" })).toHaveValue("monsoon");
  await expect(rows(page).first()).toBeVisible();
});

test("a hundred thousand saved songs: few rows in the document, the last is one key away", async ({ page }) => {
  await open(page, "big", "#/library");
  await expect(page.getByText("100,000 songs")).toBeVisible();
  await rows(page).first().focus();
  await page.keyboard.press("End");
  await expect(page.locator("main [data-index='99999'] .title")).toBeVisible();
  await page.keyboard.press("PageUp");
  expect(await rows(page).count()).toBeLessThanOrEqual(60);
  await page.keyboard.press("Home");
  await expect(page.locator("main [data-index='0'] .title")).toBeVisible();
  expect(await rows(page).count()).toBeLessThanOrEqual(60);
});

test("a removed row goes at once and Undo brings it back", async ({ page }) => {
  await open(page, "", "#/library");
  await expect(page.getByText("11 songs")).toBeVisible();
  const before = await titles(page);
  await rows(page).nth(2).focus();
  await page.keyboard.press("Delete");
  await expect(page.getByText("10 songs")).toBeVisible();
  expect(await titles(page)).not.toContain(before[2]);
  await page.getByRole("button", { name: "Undo" }).click();
  await expect(page.getByText("11 songs")).toBeVisible();
  await expect.poll(() => titles(page)).toEqual(before);
});

test("the library is sorted and filtered, and a filter without a match can be cleared", async ({ page }) => {
  await open(page, "", "#/library");
  await expect(page.getByText("11 songs")).toBeVisible();
  await page.getByRole("button", { name: "Sort by Date added" }).click();
  await expect(page.getByRole("menuitemradio", { name: "Date added" })).toBeChecked();
  await clean(page);
  await page.getByRole("menuitemradio", { name: "Artist" }).click();
  const artists = () => page.locator("main [role=row] .artist").allTextContents();
  await expect.poll(async () => (await artists())[0]?.trim()).toBe("Ezhil Maran");
  expect((await artists())[1]?.trim()).toBe("Hollow Lamp");
  await page.getByRole("searchbox", { name: "Filter your library" }).fill("nobody at all");
  await page.getByRole("main").getByRole("button", { name: "Clear the filters" }).last().click();
  await expect(page.getByText("11 songs")).toBeVisible();
});

test("? lists the keys, Escape closes the list; the keys work from anywhere", async ({ page }) => {
  await open(page, "playing", SONG);
  await page.keyboard.press("?");
  const dialog = page.getByRole("dialog", { name: "Keyboard shortcuts" });
  await expect(dialog).toBeVisible();
  await clean(page);
  await page.keyboard.press("Escape");
  await expect(dialog).toBeHidden();
  await page.keyboard.press("Space");
  await expect(bar(page).getByRole("button", { name: "Pause", exact: true })).toBeVisible();
  const title = await bar(page).locator(".title").textContent();
  await page.keyboard.press("n");
  await expect(bar(page).locator(".title")).not.toHaveText(title ?? "");
  await page.keyboard.press("q");
  await expect(page.getByRole("heading", { name: "Queue" })).toBeVisible();
});

test("signing out says what stays and what would be lost", async ({ page }) => {
  await open(page, "offline", "#/settings");
  await page.getByRole("button", { name: "Sign out" }).click();
  const dialog = page.getByRole("alertdialog");
  await expect(dialog.getByText("2 changes that were not sent yet would be lost.")).toBeVisible();
  await clean(page);
  await dialog.getByRole("radio", { name: "Remove it from this machine" }).check();
  await dialog.getByRole("button", { name: "Sign out" }).click();
  await expect(page.getByText("You are signed out.")).toBeVisible();
});

test("language and theme change at once", async ({ page }) => {
  await open(page, "", "#/settings");
  await page.getByRole("radio", { name: "हिन्दी" }).check();
  await expect(page.getByRole("heading", { name: "सेटिंग" })).toBeVisible();
  await page.getByRole("radio", { name: "गहरी" }).check();
  await expect(page.locator("html")).toHaveAttribute("data-theme", "dark");
  await clean(page);
});

test("another service that is none is refused where it was typed", async ({ page }) => {
  await open(page, "", "#/settings");
  await page.getByRole("button", { name: "Change" }).click();
  await page.getByLabel("Address of another service").fill("https://wrong.example");
  await page.getByRole("button", { name: "Use this service" }).click();
  await expect(page.getByRole("alert")).toHaveText(
    "There is no Melody Studio at https://wrong.example. Check the address.",
  );
});
