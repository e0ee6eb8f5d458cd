// Each screen with a service that is well: what it shows, what it does, what axe says of it.
import type { Page } from "@playwright/test";
import { clean } from "../support";
import { expect, rows, test, titles, top } from "./live";

const field = (page: Page) => page.getByRole("searchbox", { name: "Search" });
const trendingFails = { route: "GET /music/trending", kind: "status" } as const;

test("home: what is heard most, what was saved last, shelves of languages, covers, letters of every script", async ({
  page,
  enter,
}) => {
  await enter({ saved: ["दिल का डाकिया", "Rooftop Telescope"] });
  const recent = page.getByRole("region", { name: "Recently added" });
  await expect(recent.locator(".title")).toHaveText(["Rooftop Telescope", "दिल का डाकिया"]);
  await expect(recent.locator(".title").nth(1)).toHaveAttribute("lang", "hi");
  const trending = page.getByRole("region", { name: "Trending", exact: true });
  await expect(trending.locator(".title").first()).toHaveText("दिल की छत पर");
  await expect(page.getByRole("region", { name: "Trending in Tamil" }).locator(".title")).toHaveCount(5);
  await expect
    .poll(() => trending.locator("img").evaluateAll((all) => (all[0] as HTMLImageElement | undefined)?.naturalWidth))
    .toBeGreaterThan(0);
  const fonts = () =>
    page.evaluate(() =>
      [...document.fonts].filter((font) => font.status === "loaded").map((font) => font.family.replaceAll('"', "")),
    );
  await expect.poll(fonts).toEqual(expect.arrayContaining(["Inter Variable", "Noto Sans Devanagari Variable"]));
  await clean(page);
});

test("search in Hindi and in Latin letters; kinds and languages narrow it", async ({ page, enter }) => {
  await enter({ hash: "#/search" });
  await expect(page.getByRole("heading", { name: "Trending" })).toBeVisible();
  await clean(page);
  await field(page).fill("दिल");
  await expect.poll(() => titles(page)).toEqual(["दिल की छत पर", "दिल का डाकिया"]);
  await expect(page.getByText("2 songs", { exact: true })).toBeVisible();
  await expect(top(page)).toHaveAttribute("lang", "hi");
  await clean(page);

  await field(page).fill("hollow lamp");
  await page.getByRole("radio", { name: "Artists" }).check();
  await expect
    .poll(async () => (await titles(page)).toSorted())
    .toEqual(["Burnt Toast & Bad Advice", "Rooftop Telescope"]);
  await page.getByRole("button", { name: "Language All languages" }).click();
  await page.getByRole("menuitemradio", { name: "Hindi" }).click();
  await expect(page.getByText("No song was found for “hollow lamp” with these filters.")).toBeVisible();
  await clean(page);
  await page.getByRole("button", { name: "Clear the filters" }).click();
  await expect(page.getByRole("radio", { name: "Everything" })).toBeChecked();

  await field(page).fill("no such words");
  await expect(page.getByText("No song was found for “no such words”.")).toBeVisible();
  await page.getByRole("main").getByRole("button", { name: "Clear the search" }).last().click();
  await expect(field(page)).toHaveValue("");
  await expect(field(page)).toBeFocused();
});

test("songs of this machine show at once; what the service adds comes below and moves none", async ({
  page,
  enter,
}) => {
  // All that is known here is a song of two.
  await enter({ saved: ["डाकिया"], faults: [trendingFails], hash: "#/search" });
  // The service's answer is held back until the first row was looked at.
  let release = () => {};
  const looked = new Promise<void>((resolve) => (release = resolve));
  await page.route("**/call", async (route) => {
    const { core } = route.request().postDataJSON() as { core?: { command: string; offline?: boolean } };
    if (core?.command === "search" && !core.offline) await looked;
    await route.continue();
  });
  await field(page).fill("दिल");
  await expect.poll(() => titles(page)).toEqual(["दिल का डाकिया"]);
  await expect(page.getByText("Songs on this machine. The service is being asked.")).toBeVisible();
  const before = await rows(page).first().boundingBox();
  release();
  // The service itself has the other one first.
  await expect.poll(() => titles(page)).toEqual(["दिल का डाकिया", "दिल की छत पर"]);
  expect(await rows(page).first().boundingBox()).toEqual(before);
});

test("a search comes back by its address and by the way back", async ({ page, enter }) => {
  await enter({ hash: "#/search?q=monsoon" });
  await expect(field(page)).toHaveValue("monsoon");
  await expect(top(page)).toHaveText("Monsoon Ledger");
  await page.getByRole("link", { name: "Home" }).click();
  await expect(page.getByRole("heading", { name: "Trending", exact: true })).toBeVisible();
  await page.goBack();
  await expect(field(page)).toHaveValue("monsoon");
  await expect(top(page)).toHaveText("Monsoon Ledger");
});

test("the library: a song is saved, found again, sorted, filtered, removed, and had back", async ({
  page,
  enter,
  melody,
}) => {
  await enter({ saved: ["दिल का डाकिया", "மழை", "Rooftop Telescope"], hash: "#/search?q=monsoon" });
  await rows(page).first().hover();
  await rows(page).first().getByRole("button", { name: "Save to your library" }).click();
  await expect(page.getByText("Saved.", { exact: true })).toBeVisible();
  await page.getByRole("link", { name: "Library" }).click();
  await expect(page.getByText("4 songs", { exact: true })).toBeVisible();
  const added = ["Monsoon Ledger", "Rooftop Telescope", "மழை எழுதிய கடிதம்", "दिल का डाकिया"];
  await expect.poll(() => titles(page)).toEqual(added);
  await clean(page);

  await test.step("sorted", async () => {
    await page.getByRole("button", { name: "Sort by Date added" }).click();
    await clean(page);
    await page.getByRole("menuitemradio", { name: "Artist" }).click();
    // Hollow Lamp, Kaveri Sundaram, Maya Fernandes, आँगन.
    const byArtist = ["Rooftop Telescope", "மழை எழுதிய கடிதம்", "Monsoon Ledger", "दिल का डाकिया"];
    await expect.poll(() => titles(page)).toEqual(byArtist);
    await page.getByRole("button", { name: "Ascending. Press for descending." }).click();
    await expect.poll(() => titles(page)).toEqual(byArtist.toReversed());
  });

  await test.step("filtered by words and by language", async () => {
    const filter = page.getByRole("searchbox", { name: "Filter your library" });
    await filter.fill("lamp");
    await expect.poll(() => titles(page)).toEqual(["Rooftop Telescope"]);
    await filter.fill("nobody at all");
    await page.getByRole("main").getByRole("button", { name: "Clear the filters" }).last().click();
    await expect(page.getByText("4 songs", { exact: true })).toBeVisible();
    await page.getByRole("button", { name: "Language All languages" }).click();
    await page.getByRole("menuitemradio", { name: "Tamil" }).click();
    await expect.poll(() => titles(page)).toEqual(["மழை எழுதிய கடிதம்"]);
    await page.getByRole("button", { name: "Language Tamil" }).click();
    await page.getByRole("menuitemradio", { name: "All languages" }).click();
    await expect(rows(page)).toHaveCount(4);
  });

  await test.step("removed with the key and with the button, and had back", async () => {
    const before = await titles(page);
    await rows(page).nth(1).focus();
    await page.keyboard.press("Delete");
    await expect(page.getByText("3 songs", { exact: true })).toBeVisible();
    expect(await titles(page)).not.toContain(before[1]);
    await page.getByRole("button", { name: "Undo" }).click();
    await expect.poll(async () => (await titles(page)).toSorted()).toEqual(before.toSorted());
    await rows(page).filter({ hasText: "Monsoon Ledger" }).hover();
    const row = rows(page).filter({ hasText: "Monsoon Ledger" });
    await row.getByRole("button", { name: "Remove from your library" }).click();
    await expect(row).toHaveCount(0);
  });

  // What is seen is what the service has heard.
  await expect.poll(async () => (await melody.run("library", "sync")).entries).toBe(3);
});

test("a song: its lyrics in their own script, what was measured, saved from there", async ({ page, enter }) => {
  await enter({ hash: "#/search?q=डाकिया" });
  await rows(page).first().click({ button: "right" });
  await clean(page);
  await page.getByRole("menuitem", { name: "Song details" }).click();
  await expect(page.getByRole("heading", { name: "दिल का डाकिया" })).toHaveAttribute("lang", "hi");
  const lyrics = page.getByRole("region", { name: "Lyrics" });
  await expect(lyrics.getByText("मौसम ने तुम को बुलाया है")).toBeVisible();
  await expect(lyrics.locator("[lang]").first()).toHaveAttribute("lang", "hi");
  await expect(page.getByRole("region", { name: "About the sound" })).toContainText(/Beats per minute\s*88/);
  await clean(page);
  await page.getByRole("button", { name: "Save to your library" }).click();
  await expect(page.getByText("Saved.", { exact: true })).toBeVisible();
  await expect(page.getByRole("button", { name: "Remove from your library" })).toBeVisible();
  await page.getByRole("link", { name: "आँगन" }).click();
  await expect(field(page)).toHaveValue("आँगन");
  await expect.poll(() => titles(page)).toContain("पहाड़ और पतंग");
});

test("an address of no song says so, and one of no screen too", async ({ page, enter }) => {
  await enter({ hash: "#/song/01900000-0000-7000-8000-000000000000" });
  await expect(page.getByRole("main").getByRole("alert")).toContainText("This song is not known here.");
  await clean(page);
  await page.evaluate(() => (location.hash = "#/nowhere"));
  await expect(page.getByText("There is nothing at this address.")).toBeVisible();
  await clean(page);
  await page.getByRole("main").getByRole("button", { name: "Go home" }).click();
  await expect(page.getByRole("region", { name: "Trending", exact: true })).toBeVisible();
});

test("settings: what is missing here, another service, language and theme, a bundle, signing out", async ({
  page,
  enter,
  melody,
}) => {
  await enter({ saved: ["Monsoon"], hash: "#/settings" });
  const machine = page.getByRole("region", { name: "This machine", exact: true });

  await test.step("what this machine lacks is said with what to do", async () => {
    await expect(machine.getByText("One thing is missing. The rest works.")).toBeVisible();
    await expect(machine.getByRole("listitem")).toHaveText([
      "Data folder Works",
      "Library Works",
      "Keyring Works",
      "Sound output No sound output was found. Connect one and press play.",
      "Service Works",
    ]);
    await clean(page);
  });

  await test.step("another service that is none is refused where it was typed", async () => {
    await page.getByRole("button", { name: "Change" }).click();
    await page.getByLabel("Address of another service").fill("http://127.0.0.1:9");
    await page.getByRole("button", { name: "Use this service" }).click();
    await expect(page.getByRole("alert")).toHaveText("The service cannot be reached. Check your connection.");
    await page.getByRole("button", { name: "Cancel" }).click();
  });

  await test.step("a bundle for whoever looks into a fault, in the profile", async () => {
    await expect(page.getByText(melody.profile, { exact: true })).toBeVisible();
    await page.getByRole("button", { name: "Save", exact: true }).click();
    await expect(page.getByText(/Saved as .*melody-diagnostics-.*\.zip/)).toBeVisible();
  });

  await test.step("streamed songs take no more room than is chosen", async () => {
    await expect(page.getByText("0 songs, 0 MB used now")).toBeVisible();
    await page.getByRole("button", { name: "Streamed songs kept on this computer 2 GB" }).click();
    await page.getByRole("menuitemradio", { name: "500 MB" }).click();
    await expect(page.getByRole("button", { name: "Streamed songs kept on this computer 500 MB" })).toBeVisible();
  });

  await test.step("language and theme change at once", async () => {
    await page.getByRole("radio", { name: "हिन्दी" }).check();
    await expect(page.getByRole("heading", { name: "सेटिंग" })).toBeVisible();
    await expect(page.getByText("कोई साउंड आउटपुट नहीं मिला। एक जोड़ें और चलाएँ दबाएँ।")).toBeVisible();
    await page.getByRole("radio", { name: "गहरी" }).check();
    await expect(page.locator("html")).toHaveAttribute("data-theme", "dark");
    await clean(page);
    await page.reload();
    await expect(page.locator("html")).toHaveAttribute("data-theme", "dark");
    await page.getByRole("radio", { name: "English" }).check();
  });

  await melody.run("playlist", "create", "Rain");
  await page.getByRole("button", { name: "Sign out" }).click();
  const dialog = page.getByRole("alertdialog");
  await clean(page);
  await dialog.getByRole("radio", { name: "Remove it from this machine" }).check();
  await expect(dialog).toContainText("Gone for good: 1 playlist.");
  await dialog.getByRole("button", { name: "Sign out" }).click();
  await expect(page.getByText("You are signed out.")).toBeVisible();
  await expect(page.getByLabel("Service address")).toBeVisible();
});
