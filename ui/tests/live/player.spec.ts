// Playing: on a real sound server that nobody hears, and on a machine without any.
import { existsSync } from "node:fs";
import { delimiter, join } from "node:path";
import type { Page } from "@playwright/test";
import { clean } from "../support";
import { expect, player, rows, test as silent, titles, top } from "./live";
import { Program } from "./program";

const TITLE = "Monsoon Ledger";
/** The service makes a song's sound when it is first asked for it: a busy machine takes its time. */
const FIRST_SOUND = { timeout: 60_000 };

/** PulseAudio with a sink of its own, in the test's home, where only the test's programs find it. */
const test = silent.extend({
  env: async ({ env }, use) => {
    const { PULSE_SERVER: _, ALSA_CONFIG_PATH: __, ...own } = env;
    const socket = join(own.XDG_RUNTIME_DIR ?? "", "pulse", "native");
    const options = ["-n", "--daemonize=no", "--exit-idle-time=-1", "--use-pid-file=no", "--disable-shm=true"];
    const sink = "module-null-sink sink_name=test rate=48000 channels=2 format=float32le norewinds=1";
    const server = new Program([...options, "-L", "module-native-protocol-unix", "-L", sink], own, "pulseaudio");
    await expect.poll(() => existsSync(socket)).toBe(true);
    await use({ ...own, PULSE_SERVER: `unix:${socket}` });
    await server.end();
  },
});

const hasSoundServer = (process.env.PATH ?? "").split(delimiter).some((dir) => existsSync(join(dir, "pulseaudio")));

/** Searches among what is known: the screen offers it before one types. */
async function find(page: Page, words: string, first: string) {
  await expect(rows(page).first()).toBeVisible();
  await page.getByRole("searchbox", { name: "Search" }).fill(words);
  await expect(top(page)).toHaveText(first);
}

test.describe("with a sound output", () => {
  test.skip(!hasSoundServer, "there is no PulseAudio on this machine");

  test("a song plays: its place moves, it pauses, is sought, sung over, made quiet, and the next one comes", async ({
    page,
    enter,
  }) => {
    await enter({ hash: "#/search" });
    const found = [TITLE, "Paper Boats on Marine Drive"];
    await find(page, "maya fernandes", TITLE);
    await expect.poll(() => titles(page)).toEqual(found);
    await rows(page).first().dblclick();
    const bar = player(page);
    const place = bar.getByRole("slider", { name: "Place in the song" });
    const at = () => place.evaluate((input: HTMLInputElement) => input.valueAsNumber);
    await expect(bar.locator(".title")).toHaveText(found[0] ?? "");
    await expect.poll(at, FIRST_SOUND).toBeGreaterThan(1);
    await expect(rows(page).first()).toHaveClass(/current/);

    await bar.getByRole("button", { name: "Pause" }).click();
    await expect(bar.getByRole("button", { name: "Play", exact: true })).toBeVisible();
    const paused = await at();
    await place.focus();
    await page.keyboard.press("ArrowRight");
    await expect.poll(at).toBeGreaterThanOrEqual(paused + 4.9);
    await expect(place).toHaveAttribute("aria-valuetext", /^\d:\d\d of \d:\d\d$/);
    await place.blur();
    await page.keyboard.press("Space");
    await expect.poll(at).toBeGreaterThan(paused + 5.5);

    await bar.getByRole("radio", { name: "Instrumental" }).check();
    const sung = await at();
    await expect.poll(at).toBeGreaterThan(sung);
    await expect(bar.getByRole("radio", { name: "Instrumental" })).toBeChecked();
    await bar.getByRole("button", { name: "Mute" }).click();
    await expect(bar.getByRole("slider", { name: "Volume" })).toHaveAttribute("aria-valuetext", "0%");
    await bar.getByRole("button", { name: "Unmute" }).click();
    await expect(bar.getByRole("slider", { name: "Volume" })).toHaveAttribute("aria-valuetext", "100%");

    await bar.getByRole("button", { name: "Next song" }).click();
    await expect(bar.locator(".title")).toHaveText(found[1] ?? "");
    await clean(page);
  });

  test("the queue: what comes is moved, removed, jumped to, and is there again after a restart, paused", async ({
    page,
    enter,
    melody,
  }) => {
    await enter();
    await page
      .getByRole("region", { name: "Trending", exact: true })
      .getByRole("button", { name: /^Play / })
      .first()
      .click();
    await expect(player(page).getByRole("button", { name: "Pause" })).toBeVisible();
    await page.getByRole("button", { name: "Show the queue" }).click();
    const queue = page.locator("aside");
    const inQueue = async () => (await queue.locator("[role=listitem] .title").allTextContents()).slice(0, 4);
    await expect.poll(async () => (await inQueue()).length).toBe(4);
    const before = await inQueue();
    await clean(page);

    await queue.getByRole("button", { name: `Move ${before[2]}` }).focus();
    await page.keyboard.press("ArrowUp");
    await expect.poll(inQueue).toEqual([before[0], before[2], before[1], before[3]]);
    await expect(page.getByText(`${before[2]} is now at place 2`)).toBeAttached();
    await queue.getByRole("button", { name: `Play ${before[1]} from the queue` }).focus();
    await page.keyboard.press("Delete");
    await expect.poll(async () => (await inQueue()).slice(0, 3)).toEqual([before[0], before[2], before[3]]);
    await page.keyboard.press("Enter");
    await expect(player(page).locator(".title")).toHaveText(before[3] ?? "");
    await expect(player(page).getByRole("button", { name: "Pause" })).toBeVisible();
    await page.keyboard.press("Escape");
    await expect(page.getByRole("button", { name: "Show the queue" })).toBeFocused();
    await player(page).getByRole("button", { name: "Pause" }).click();
    await expect(player(page).getByRole("button", { name: "Play", exact: true })).toBeVisible();

    await melody.end();
    await page.goto(await melody.web());
    await expect(player(page).locator(".title")).toHaveText(before[3] ?? "");
    await expect(player(page).getByRole("button", { name: "Play", exact: true })).toBeVisible();
    await page.getByRole("button", { name: "Show the queue" }).click();
    await expect.poll(async () => (await inQueue()).slice(0, 3)).toEqual([before[0], before[2], before[3]]);
  });
});

silent("without a sound output it is said what is missing, and everything else goes on", async ({ page, enter }) => {
  await enter({ hash: "#/search" });
  await find(page, "monsoon", TITLE);
  await rows(page).first().dblclick();
  await expect(page.getByText("No sound output was found. Connect one and press play.")).toBeVisible(FIRST_SOUND);
  await expect(player(page).locator(".title")).toHaveText(TITLE);
  await expect(player(page).getByRole("button", { name: "Play", exact: true })).toBeVisible();
  await clean(page);
  await rows(page).first().getByRole("button", { name: "Save to your library" }).click();
  await expect(page.getByText("Saved.", { exact: true })).toBeVisible();
});
