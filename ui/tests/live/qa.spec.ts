// The screens for testers: two backends are compared in the app, and what was found is filtered, opened and kept.
import { chmod, mkdir, readdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { Page } from "@playwright/test";
import { clean, focused, focusSeen } from "../support";
import { expect, test as base } from "./live";
import { OTP, PHONE, Service } from "./program";

interface Two {
  blue: Service;
  /** It calls albums of a search something else, and says of what is trending not since when it is there. */
  green: Service;
}

const DEVIATIONS = `
[[deviation]]
route = "GET /music/search"
kind = "rename"
field = "album"
to = "record"

[[deviation]]
route = "GET /music/trending"
kind = "drop"
field = "created_at"
`;

const test = base.extend<Two>({
  // What opens a page on this machine writes down which.
  env: async ({ env, home }, use) => {
    const bin = join(home, "bin");
    await mkdir(bin);
    await writeFile(join(bin, "xdg-open"), `#!/bin/sh\nprintf %s "$1" > ${join(home, "opened")}\n`);
    await chmod(join(bin, "xdg-open"), 0o755);
    await use({ ...env, PATH: `${bin}:${env.PATH}` });
  },

  blue: async ({ home, env }, use) => {
    await mkdir(join(home, "blue"));
    const blue = new Service(join(home, "blue"), env, ["--dialect", "blue"]);
    await blue.start();
    await use(blue);
    await blue.stop();
  },

  green: async ({ home, env }, use) => {
    const folder = join(home, "green");
    await mkdir(folder);
    await writeFile(join(folder, "deviations.toml"), DEVIATIONS);
    const green = new Service(folder, env, ["--dialect", "green", "--deviate", join(folder, "deviations.toml")]);
    await green.start();
    await use(green);
    await green.stop();
  },
});

const link = (page: Page) => page.getByRole("navigation").getByRole("link", { name: "QA" });
const field = (page: Page, name: string) => page.getByRole("main").getByLabel(name);
const start = (page: Page) => page.getByRole("button", { name: "Compare" });
const shown = (page: Page) => page.getByText(/^\d+ of \d+ findings$/);
const findings = (page: Page) => page.getByRole("list", { name: "Findings" }).getByRole("button");
const runs = (page: Page) => page.getByRole("region", { name: "Earlier comparisons" }).locator("li:has(a)");

async function switchOn(page: Page) {
  await page.getByRole("link", { name: /^Settings/ }).click();
  await page.getByRole("switch", { name: "Screens for testers" }).click();
  await link(page).click();
}

async function fill(page: Page, { blue, green }: Two, account = true) {
  await field(page, "Blue, the old backend").fill(blue.address);
  await field(page, "Green, the new backend").fill(green.address);
  if (!account) return;
  await field(page, "Phone number").fill(PHONE);
  await field(page, "Code from the test backend").fill(OTP);
}

/** Every file below a folder, in one text. */
async function texts(folder: string): Promise<string> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  const files = entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name));
  return (await Promise.all(files.map((file) => readFile(file, "latin1")))).join("\n");
}

test("a comparison finds what was put in and nothing else; it is filtered, opened, and there after a reload", async ({
  page,
  enter,
  melody,
  home,
  blue,
  green,
}) => {
  await enter();
  await expect(page.getByRole("link", { name: "Home" })).toBeVisible();
  await expect(link(page)).toHaveCount(0);
  await page.goto(new URL("#/qa", page.url()).href);
  await expect(page.getByText("The screens for testers are switched off.")).toBeVisible();
  await switchOn(page);
  await expect(page.getByText("None yet.")).toBeVisible();
  await clean(page);

  await fill(page, { blue, green });
  await field(page, "Code from the test backend").fill("");
  await start(page).click();
  await expect(page.getByText("Type the code that both backends send.")).toBeVisible();
  await field(page, "Code from the test backend").fill(OTP);
  await start(page).click();
  await expect(page.getByRole("progressbar", { name: "Comparing" })).toBeVisible();

  // It opens by itself when it is over.
  await expect(shown(page)).toBeVisible({ timeout: 90_000 });
  const address = page.url();
  const [id = ""] = ((await melody.run("comparisons", "list")).comparisons ?? []).map((run) => run.id);
  expect(address).toContain(id);
  const found = (await melody.run("comparisons", "show", id)).findings ?? [];
  const what = new Set(found.map((f) => `${f.severity} ${f.kind} ${f.call} ${f.path.split("/").at(-1)}`));
  expect([...what].sort()).toEqual([
    "cosmetic drop GET /music/trending created_at",
    "degrading rename GET /music/search album",
  ]);
  const total = found.length;
  const degrading = found.filter((f) => f.severity === "degrading").length;

  await test.step("filters", async () => {
    await expect(shown(page)).toHaveText(`${total} of ${total} findings`);
    await expect(page.getByRole("radio", { name: /^Breaking 0/ })).toBeDisabled();
    await clean(page);
    await page.getByRole("radio", { name: `Degrading ${degrading}` }).check();
    await expect(shown(page)).toHaveText(`${degrading} of ${total} findings`);
    await page.getByRole("button", { name: /^Call/ }).click();
    await expect(page.getByRole("menuitemradio")).toHaveText([
      "Every call",
      "GET /music/search",
      "GET /music/trending",
    ]);
    await page.getByRole("menuitemradio", { name: "GET /music/trending" }).click();
    await expect(page.getByText("No finding is like that.")).toBeVisible();
    await page.getByRole("button", { name: "Clear the filters" }).click();
    await page.getByRole("searchbox", { name: "Filter the findings" }).fill("CREATED_at trending");
    await expect(shown(page)).toHaveText(`${total - degrading} of ${total} findings`);
    await page.getByRole("searchbox", { name: "Filter the findings" }).fill("album");
    await expect(shown(page)).toHaveText(`${degrading} of ${total} findings`);
  });

  await test.step("a finding, with the keyboard", async () => {
    await page.keyboard.press("Tab");
    await expect(findings(page).first()).toBeFocused();
    await page.keyboard.press("ArrowDown");
    await expect(findings(page).nth(1)).toBeFocused();
    await focusSeen(page);
    await page.keyboard.press("Enter");
    const sheet = page.getByRole("dialog");
    await expect(sheet.getByRole("heading", { level: 2 })).toHaveText(/\/album$/);
    await expect(sheet.getByText("rename", { exact: true })).toBeVisible();
    const [left, right] = [sheet.getByRole("region", { name: "Blue" }), sheet.getByRole("region", { name: "Green" })];
    await expect(left.locator("mark").first()).toContainText('"album"');
    await expect(left.locator("pre").first()).not.toContainText('"record"');
    await expect(right.locator("pre").first()).toContainText('"record"');
    await expect(left.getByText(`curl -X GET '${blue.address}/api/v1/music/search?`)).toBeVisible();
    await expect(right.getByText(`curl -X GET '${green.address}/api/v1/music/search?`)).toBeVisible();
    await clean(page);
    await page.keyboard.press("Escape");
    await expect(findings(page).nth(1)).toBeFocused();
  });

  await test.step("the report", async () => {
    await page.getByRole("button", { name: "Open the report" }).click();
    const opened = join(home, "opened");
    await expect.poll(() => readFile(opened, "utf8").catch(() => "")).toMatch(/report\.html$/);
    expect(await readFile(await readFile(opened, "utf8"), "utf8")).toContain("Parity of two backends");
  });

  await test.step("the history, after a reload", async () => {
    await page.goto(new URL("#/qa", page.url()).href);
    await page.reload();
    await expect(runs(page)).toHaveCount(1);
    await expect(runs(page)).toContainText(`Degrading ${degrading}`);
    await clean(page);
    // The addresses are offered again, the account is not.
    await expect(field(page, "Green, the new backend")).toHaveValue(green.address);
    await expect(field(page, "Phone number")).toHaveValue("");
    await runs(page).getByRole("link").click();
    await expect(shown(page)).toHaveText(`${total} of ${total} findings`);
  });

  // The account is nowhere: what the app itself signed in with is the same number, and only its own files may have it.
  const kept = await texts(join(home, "profile", "comparisons"));
  expect(kept).not.toContain(PHONE);
  expect(kept).not.toContain(OTP);

  await page.getByRole("button", { name: "Remove", exact: true }).click();
  await expect(page.getByText("None yet.")).toBeVisible();
  await page.goto(address);
  await expect(page.getByRole("alert")).toContainText("This comparison is not here any more.");
});

test("what cannot be compared is said beside the form: nobody there, a stranger's host, a wrong code", async ({
  page,
  enter,
  blue,
  green,
}) => {
  await enter();
  await switchOn(page);
  await fill(page, { blue, green }, false);
  await expect(start(page)).toBeEnabled();
  await green.stop();
  await start(page).click();
  const failure = page.getByRole("main").getByRole("alert");
  await expect(failure).toHaveText("Green: The service cannot be reached. Check your connection.");
  await clean(page);
  // What was typed is still there.
  await expect(field(page, "Blue, the old backend")).toHaveValue(blue.address);

  await field(page, "Green, the new backend").fill("https://melody.invalid");
  await start(page).click();
  await expect(failure).toContainText("melody.invalid is neither this machine nor a host that you allow");
  await failure.getByRole("button", { name: "Allow melody.invalid and compare" }).click();
  await expect(failure).toContainText(/^Green: /);

  await green.start();
  await fill(page, { blue, green });
  await field(page, "Code from the test backend").fill("000000");
  await start(page).click();
  await expect(failure).toContainText(/^Blue: .*code/i);
  await expect(runs(page)).toHaveCount(0);
});

test("one under way survives a reload, and is ended by the keyboard; what it found until then is kept", async ({
  page,
  enter,
  blue,
  green,
}) => {
  await page.setViewportSize({ width: 880, height: 600 });
  await blue.start([{ route: "GET /music/search", kind: "delay", ms: 250 }]);
  await enter();
  await switchOn(page);
  await fill(page, { blue, green }, false);
  await start(page).click();
  await expect(page.getByText(/^\d+ of \d+ cases$/)).toBeVisible();
  await page.reload();
  await expect(page.getByText(/^\d+ of \d+ cases$/)).toBeVisible();
  await clean(page);
  await expect(page.getByRole("button", { name: "Compare" })).toHaveCount(0);
  while ((await focused(page)) !== "End") await page.keyboard.press("Tab");
  await page.keyboard.press("Enter");
  await expect(runs(page)).toHaveCount(1, { timeout: 60_000 });
  await expect(runs(page)).toContainText("ended early");
  await expect(runs(page)).toContainText("without an account");
  await clean(page);
  await runs(page).getByRole("link").click();
  await expect(page.getByRole("main")).toContainText("ended early");
  await clean(page);
});
