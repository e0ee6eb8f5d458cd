// Playlists on the real programs: made, filled, ordered, renamed, deleted and had back; out to a file and in again.
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { Page } from "@playwright/test";
import { clean, focusSeen } from "../support";
import { expect, player, rows, syncLine, test, titles, top } from "./live";

const rail = (page: Page) => page.getByRole("navigation");
const field = (page: Page) => page.getByRole("textbox", { name: "Name" });
const open = (page: Page, name: string) => rail(page).getByRole("link", { name, exact: true }).click();

/** Puts the first song that is found into a playlist, by its menu. */
async function put(page: Page, words: string, into: string): Promise<void> {
  await page.keyboard.press("/");
  await page.getByRole("searchbox", { name: "Search" }).fill(words);
  await expect(top(page)).toContainText(words);
  await rows(page).first().click({ button: "right" });
  await page.getByRole("menuitem", { name: "Add to a playlist" }).click();
  await page.getByRole("menuitem", { name: into, exact: true }).click();
}

test("a playlist: made empty, filled from menus, played, its rows moved and removed, all of it taken back", async ({
  page,
  enter,
  melody,
}) => {
  await enter({ hash: "#/playlists" });
  await expect(page.getByText("You have no playlist yet.")).toBeVisible();
  await clean(page);

  await test.step("made", async () => {
    await page.getByRole("main").getByRole("button", { name: "New playlist" }).click();
    await expect(field(page)).toBeFocused();
    await clean(page);
    await page.keyboard.type("बारिश");
    await page.keyboard.press("Enter");
    await expect(page.getByRole("heading", { name: "बारिश" })).toHaveAttribute("lang", "hi");
    await expect(page.getByText("There is no song in this playlist yet.")).toBeVisible();
    await clean(page);
  });

  await test.step("filled", async () => {
    for (const words of ["Monsoon Ledger", "Rooftop Telescope", "दिल का डाकिया", "Monsoon Ledger"]) {
      await put(page, words, "बारिश");
      await expect(page.getByText("Added to “बारिश”.")).toBeVisible();
    }
    await open(page, "बारिश");
    const all = ["Monsoon Ledger", "Rooftop Telescope", "दिल का डाकिया", "Monsoon Ledger"];
    await expect.poll(() => titles(page)).toEqual(all);
    await expect(page.getByText(/^4 songs · \d+ min$/)).toBeVisible();
    await clean(page);
  });

  await test.step("moved with the grip, by keys and by a pointer", async () => {
    await page.locator('[data-index="2"]').getByRole("button", { name: "Move दिल का डाकिया" }).focus();
    await page.keyboard.press("ArrowUp");
    await expect
      .poll(() => titles(page))
      .toEqual(["Monsoon Ledger", "दिल का डाकिया", "Rooftop Telescope", "Monsoon Ledger"]);
    await expect(page.locator('[data-index="1"] [data-grip]')).toBeFocused();
    await focusSeen(page);
    await expect(page.getByText("दिल का डाकिया is now at place 2 of 4.")).toBeAttached();
    await rows(page).nth(3).hover();
    const grip = await page.locator('[data-index="3"] [data-grip]').boundingBox();
    if (!grip) throw new Error("There is no grip.");
    const [x, y] = [grip.x + grip.width / 2, grip.y + grip.height / 2];
    await page.mouse.move(x, y);
    await page.mouse.down();
    await page.mouse.move(x, y - 60, { steps: 4 });
    await page.mouse.move(x, y - 56 * 3, { steps: 8 });
    await page.mouse.up();
    const after = ["Monsoon Ledger", "Monsoon Ledger", "दिल का डाकिया", "Rooftop Telescope"];
    await expect.poll(() => titles(page)).toEqual(after);
    // The terminal sees the same order.
    expect((await melody.run("playlist", "show", "बारिश")).items?.map(({ song }) => song.title)).toEqual(after);
  });

  await test.step("removed and taken back", async () => {
    await rows(page).nth(2).focus();
    await page.keyboard.press("Delete");
    await expect(rows(page)).toHaveCount(3);
    await page.getByRole("button", { name: "Undo" }).click();
    await expect.poll(async () => (await titles(page))[2]).toBe("दिल का डाकिया");
  });

  await test.step("played from a row on", async () => {
    await page.locator('[data-index="2"] .title').dblclick();
    await expect(player(page).locator(".title")).toHaveText("दिल का डाकिया");
    await page.getByRole("button", { name: "Show the queue" }).click();
    await expect(page.locator("aside [role=listitem]")).toHaveCount(4);
    await page.keyboard.press("Escape");
  });

  await test.step("renamed in place: Escape leaves it, Enter keeps it", async () => {
    await page.getByRole("main").getByRole("button", { name: "Rename" }).click();
    await expect(field(page)).toBeFocused();
    await clean(page);
    await page.keyboard.type("Anything");
    await page.keyboard.press("Escape");
    await expect(page.getByRole("heading", { name: "बारिश" })).toBeVisible();
    await expect(page.getByRole("main").getByRole("button", { name: "Rename" })).toBeFocused();
    await page.keyboard.press("Enter");
    await page.keyboard.type("Rain");
    await page.keyboard.press("Enter");
    await expect(page.getByRole("heading", { name: "Rain" })).toBeVisible();
    await expect(rail(page).getByRole("link", { name: "Rain" })).toHaveAttribute("aria-current", "page");
  });

  await test.step("deleted and had back", async () => {
    await page.getByRole("button", { name: "More for this playlist" }).click();
    await clean(page);
    await page.getByRole("menuitem", { name: "Delete the playlist" }).click();
    await expect(page.getByText("You have no playlist yet.")).toBeVisible();
    await page.getByRole("button", { name: "Undo" }).click();
    await expect(page.getByRole("heading", { name: "Rain" })).toBeVisible();
    await expect(rows(page)).toHaveCount(4);
  });
});

test("offline a playlist is made of a song with the keyboard alone, and nothing waits to be sent", async ({
  page,
  enter,
  service,
}) => {
  await enter({ saved: ["Monsoon Ledger"], hash: "#/library" });
  await service.stop();
  await expect(rows(page)).toHaveCount(1);
  await rows(page).first().focus();
  for (let stop = 0; stop < 3; stop += 1) await page.keyboard.press("Tab");
  await expect(page.getByRole("button", { name: "More for Monsoon Ledger" })).toBeFocused();
  await page.keyboard.press("Enter");
  await expect(page.getByRole("menuitem").first()).toBeFocused();
  const add = page.getByRole("menuitem", { name: "Add to a playlist" });
  while (!(await add.evaluate((item) => item === document.activeElement))) await page.keyboard.press("ArrowDown");
  await page.keyboard.press("ArrowRight");
  await expect(page.getByRole("menuitem", { name: "New playlist" })).toBeFocused();
  await clean(page);
  await page.keyboard.press("Enter");
  await expect(field(page)).toBeFocused();
  await page.keyboard.type("For the train");
  await page.keyboard.press("Enter");
  await expect(page.getByText("Added to “For the train”.")).toBeVisible();
  await open(page, "For the train");
  await expect.poll(() => titles(page)).toEqual(["Monsoon Ledger"]);
  await expect(syncLine(page)).not.toContainText("sent");
});

test("a playlist goes into a file and comes back from it, with what is not known told by name", async ({
  page,
  enter,
  melody,
  home,
}) => {
  await enter({ saved: ["Monsoon Ledger"], hash: "#/library" });
  await rows(page).first().click({ button: "right" });
  await page.getByRole("menuitem", { name: "Add to a playlist" }).hover();
  await page.getByRole("menuitem", { name: "New playlist" }).click();
  await field(page).fill("Rain");
  await page.keyboard.press("Enter");
  await open(page, "Rain");
  await page.getByRole("button", { name: "More for this playlist" }).click();
  await page.getByRole("menuitem", { name: "Save as a file" }).hover();
  await page.getByRole("menuitem", { name: "M3U8" }).click();
  await expect(page.getByText(/^Saved as .*Rain\.m3u8$/)).toBeVisible();
  // The home of the test has no folder for downloads.
  const text = await readFile(join(melody.profile, "Rain.m3u8"), "utf8");
  expect(text).toContain("Monsoon Ledger");

  const file = join(home, "Rain.m3u8");
  await writeFile(file, `${text.trimEnd()}\n#EXTINF:180,Nobody - No such song\nnowhere.mp3\n`);
  await open(page, "Playlists");
  await expect(page.getByRole("main").getByRole("link", { name: "Rain 1 song" })).toBeVisible();
  await clean(page);
  await page.locator("input[type=file]").setInputFiles(file);
  await expect(page.getByText("1 song of the file is not known here.")).toBeVisible();
  await expect.poll(() => titles(page)).toEqual(["Monsoon Ledger"]);
  await page.getByText("Which?").click();
  await expect(page.getByText("No such song")).toBeVisible();
  await clean(page);
  await page.getByRole("region", { name: "1 song of the file" }).getByRole("button", { name: "Close" }).click();
  await expect(page.getByText("No such song")).toHaveCount(0);
});
