// What the tests on the real programs share: for each test a service, an installation of `melody`, and a browser that looks
// at its screen and takes offence at whatever the page should not do.
import { mkdir, mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test as base, expect, type Page } from "@playwright/test";
import { Melody, OTP, PHONE, Service, type Fault } from "./program";

export { expect };

interface Way {
  /** Words, for each of which the first song that is found is saved beforehand. */
  saved?: readonly string[];
  /** What goes wrong at the service from the moment on at which the screen opens. */
  faults?: readonly Fault[];
  /** The screen. */
  hash?: string;
}

interface Live {
  home: string;
  /** What every program has in its environment: nothing that leads out of the test's home. */
  env: NodeJS.ProcessEnv;
  service: Service;
  melody: Melody;
  /** Signs in and opens the screen. */
  enter: (way?: Way) => Promise<void>;
  offences: void;
}

export const test = base.extend<Live>({
  home: async ({}, use, info) => {
    const home = await mkdtemp(join(tmpdir(), "melody-screen-"));
    await mkdir(join(home, "run"), { mode: 0o700 });
    await use(home);
    if (info.status !== info.expectedStatus) {
      const log = await readFile(join(home, "profile", "melody.log"), "utf8").catch(() => "");
      if (log) console.log(`The log of “${info.title}” ends with:\n${log.split("\n").slice(-25).join("\n")}`);
    }
    await rm(home, { recursive: true, force: true });
  },

  env: async ({ home }, use) => {
    const run = join(home, "run");
    await use({
      PATH: process.env.PATH,
      HOME: home,
      XDG_RUNTIME_DIR: run,
      DBUS_SESSION_BUS_ADDRESS: `unix:path=${join(run, "no-bus")}`,
      MELODY_SECRETS: "file",
      // Neither a sound server nor a sound card, also where there is one.
      PULSE_SERVER: `unix:${join(run, "no-sound")}`,
      ALSA_CONFIG_PATH: "/dev/null",
    });
  },

  service: async ({ home, env }, use) => {
    const service = new Service(home, env);
    await service.start();
    await use(service);
    await service.stop();
  },

  melody: async ({ home, env }, use) => {
    const melody = new Melody(join(home, "profile"), env);
    await use(melody);
    await melody.end();
  },

  enter: async ({ page, service, melody }, use) => {
    await use(async ({ saved = [], faults, hash = "" } = {}) => {
      const login = ["login", "--phone", PHONE, "--country", "+91", "--otp", OTP];
      await melody.run("--server", service.address, ...login);
      for (const words of saved) {
        const { songs } = await melody.run("search", words);
        await melody.run("library", "add", songs?.[0]?.id ?? "");
      }
      if (faults) await service.start(faults);
      await page.goto((await melody.web()) + hash);
      await expect(page.getByRole("navigation")).toBeVisible();
    });
  },

  // The page loads nothing from elsewhere, its content policy has nothing to refuse, nothing is thrown.
  offences: [
    async ({ page }, use) => {
      const offences: string[] = [];
      page.on("pageerror", (error) => offences.push(error.stack ?? error.message));
      page.on("console", (line) => {
        // A refused request is an answer like any other.
        if (line.type() === "error" && !line.text().startsWith("Failed to load")) offences.push(line.text());
      });
      page.on("request", (request) => {
        const { hostname, protocol } = new URL(request.url());
        if (protocol.startsWith("http") && hostname !== "127.0.0.1") offences.push(request.url());
      });
      await use();
      expect(offences).toEqual([]);
    },
    { auto: true },
  ],
});

export const rows = (page: Page) => page.locator("main [role=row]");
export const titles = (page: Page) => page.locator("main [role=row] .title").allTextContents();
/** The title of the first row. */
export const top = (page: Page) => rows(page).first().locator(".title");
export const player = (page: Page) => page.getByRole("region", { name: "Player" });
/** The line at the foot of the rail that says how sync stands. */
export const syncLine = (page: Page) => page.getByRole("navigation").locator(".foot > :first-child");
