// The frame: rail, player bar, queue drawer, menus; with keys and with a pointer.
import type { Page } from "@playwright/test";
import { clean, focused, focusSeen } from "../support";
import { expect, open, test } from "./mock";

/** The first titles of the queue: as many as show whatever is above them. */
const titles = async (page: Page) => (await page.locator("aside [role=listitem] .title").allTextContents()).slice(0, 8);

async function openQueue(page: Page) {
  await page.getByRole("button", { name: "Show the queue" }).click();
  await expect(page.getByRole("heading", { name: "Queue" })).toBeVisible();
  await expect(page.getByRole("listitem").first()).toBeVisible();
}

test("every stop of Tab through the frame shows where it is", async ({ page }) => {
  await open(page, "playing", "#/nowhere");
  const stops: string[] = [];
  for (let i = 0; i < 30; i += 1) {
    await page.keyboard.press("Tab");
    if (await page.evaluate(() => document.activeElement === document.body)) break;
    stops.push(await focused(page));
    await focusSeen(page);
  }
  for (const name of ["Skip to the content", "Search", "Home", "Library", "Go home", "Play", "Volume"]) {
    expect(stops).toContain(name);
  }
});

test("a row of the queue is moved by the arrows on its grip, and keeps the focus", async ({ page }) => {
  await open(page, "playing");
  await openQueue(page);
  const before = await titles(page);
  const grip = page.getByRole("button", { name: `Move ${before[3]}` });
  await grip.focus();
  await page.keyboard.press("ArrowUp");
  await expect.poll(() => titles(page)).toEqual([before[0], before[1], before[3], before[2], ...before.slice(4)]);
  await expect(grip).toBeFocused();
  await page.keyboard.press("ArrowDown");
  await expect.poll(() => titles(page)).toEqual(before);
  await expect(page.getByText(`${before[3]} is now at place`)).toBeAttached();
});

test("a row of the queue is dragged to another place", async ({ page }) => {
  await open(page, "playing");
  await openQueue(page);
  const before = await titles(page);
  const grip = await page.getByRole("button", { name: `Move ${before[1]}` }).boundingBox();
  if (!grip) throw new Error("There is no grip.");
  const [x, y] = [grip.x + grip.width / 2, grip.y + grip.height / 2];
  await page.mouse.move(x, y);
  await page.mouse.down();
  await page.mouse.move(x, y + 60, { steps: 4 });
  await page.mouse.move(x, y + 56 * 3, { steps: 8 });
  await page.mouse.up();
  const after = [before[0], before[2], before[3], before[4], before[1], ...before.slice(5)];
  await expect.poll(() => titles(page)).toEqual(after);
});

test("in the queue Delete removes, Enter plays, Escape closes and gives the focus back", async ({ page }) => {
  await open(page, "playing");
  await openQueue(page);
  const before = await titles(page);
  await page.getByRole("button", { name: `Play ${before[3]} from the queue` }).focus();
  await page.keyboard.press("Delete");
  await expect.poll(() => titles(page)).not.toContain(before[3]);
  await expect(page.getByRole("button", { name: `Play ${before[4]} from the queue` })).toBeFocused();
  await page.keyboard.press("Enter");
  await expect(page.getByRole("region", { name: "Player" }).locator(".title")).toHaveText(before[4] ?? "");
  await page.keyboard.press("Escape");
  await expect(page.getByRole("button", { name: "Show the queue" })).toBeFocused();
});

test("an empty queue says so, and offers one thing", async ({ page }) => {
  await open(page, "playing");
  await openQueue(page);
  await page.getByRole("button", { name: "Clear" }).click();
  await expect(page.getByText("The queue is empty.")).toBeVisible();
  await expect(page.getByText("Nothing is playing")).toBeVisible();
  await page.getByRole("button", { name: "Find a song" }).click();
  await expect(page).toHaveURL(/#\/search/);
});

test("axe has nothing to say of the frame and the open queue", async ({ page }) => {
  await open(page, "playing", "#/nowhere");
  await clean(page);
  await openQueue(page);
  await clean(page);
});

test("under 1000 px the rail is narrow and still named", async ({ page }) => {
  await page.setViewportSize({ width: 900, height: 620 });
  await open(page, "playing", "#/nowhere");
  const rail = page.getByRole("navigation");
  await expect.poll(() => rail.evaluate((nav) => nav.getBoundingClientRect().width)).toBe(64);
  await rail.getByRole("link", { name: "Library" }).click();
  await expect(page).toHaveURL(/#\/library/);
});

test("with reduced motion nothing moves", async ({ page }) => {
  await page.emulateMedia({ reducedMotion: "reduce" });
  await open(page, "playing,moving", "#/nowhere");
  await openQueue(page);
  const moving = await page.evaluate(() => document.getAnimations().map((animation) => String(animation)));
  expect(moving).toEqual([]);
});

test("why a change is refused is said in the screen's language", async ({ page }) => {
  await open(page, "refused,hindi", "#/nowhere");
  await page.getByRole("button", { name: /1 बदलाव/ }).click();
  const refused = page.getByRole("dialog").getByRole("listitem");
  await expect(refused).toContainText("“Monsoon Letters” सहेजना");
  await expect(refused).toContainText("सेवा ने मना किया: Forbidden");
  await expect(refused).not.toContainText("The service refuses");
});

test("a toast is seen above an open sheet, and can be pressed", async ({ page }) => {
  await open(page, "refused,failing", "#/nowhere");
  await page.getByRole("button", { name: /1 change/ }).click();
  const sheet = page.getByRole("dialog");
  await sheet.getByRole("button", { name: "Sync now" }).click();
  const close = page.locator(".toast").getByRole("button", { name: "Close" });
  await close.click();
  await expect(page.locator(".toast")).toHaveCount(0);
  await expect(sheet).toBeVisible();
});
