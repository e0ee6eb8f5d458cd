// The built files under the window's content policy, over the browser's transport. Run `npm run build` first.
import { expect, test } from "@playwright/test";
import { nowPlaying, overview, song } from "../src/lib/stores/double";

const HERE = "http://127.0.0.1:4173/";

test("the policy refuses nothing, no other host is asked, and what was answered shows", async ({ page }) => {
  const refused: string[] = [];
  const hosts = new Set<string>();
  page.on("console", (line) => line.type() === "error" && refused.push(line.text()));
  page.on("pageerror", (error) => refused.push(error.message));
  page.on("request", (request) => hosts.add(new URL(request.url()).host));
  const item = { item: 1, song: { ...song("a"), title: "दिल की छत पर", thumbnail_url: "/covers/a" } };
  const now = nowPlaying({ status: "paused", item, queue_len: 1, at_s: 65, duration_s: 200 });
  await page.route("**/call", async (route) => {
    const { core } = route.request().postDataJSON() as { core?: { command: string } };
    const replies: Record<string, unknown> = {
      overview: overview({ now_playing: now }),
      queue_list: { items: [item], offset: 0, total: 1, index: 0 },
      trending: { songs: [item.song] },
      library_list: { entries: [], total: 0 },
    };
    await route.fulfill({ json: replies[core?.command ?? ""] ?? {} });
  });
  await page.route("**/events", (route) => route.fulfill({ contentType: "text/event-stream", body: ": open\n\n" }));
  await page.route("**/cover/*", (route) =>
    route.fulfill({
      contentType: "image/svg+xml",
      body: '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 1 1"/>',
    }),
  );
  await page.goto(HERE);
  const bar = page.getByRole("region", { name: "Player" });
  await expect(bar.locator(".title")).toHaveText("दिल की छत पर");
  await expect(bar.locator(".title")).toHaveAttribute("lang", "hi");
  await expect(bar.getByText("1:05")).toBeVisible();
  await page.getByRole("button", { name: "Show the queue" }).click();
  await expect(page.getByRole("heading", { name: "Queue" })).toBeVisible();
  for (const place of ["Search", "Library"]) {
    await page.getByRole("link", { name: place, exact: true }).click();
    await page.waitForLoadState("networkidle");
  }
  // Inter and the Devanagari of the title, from here.
  const fonts = await page.evaluate(() =>
    [...document.fonts].filter((font) => font.status === "loaded").map((font) => font.family.replaceAll('"', "")),
  );
  expect(fonts).toEqual(expect.arrayContaining(["Inter Variable", "Noto Sans Devanagari Variable"]));
  expect(refused).toEqual([]);
  expect([...hosts]).toEqual([new URL(HERE).host]);
});

test("when nobody answers, the screen says so and offers another try", async ({ page }) => {
  await page.route("**/call", (route) => route.abort());
  await page.route("**/events", (route) => route.abort());
  await page.goto(HERE);
  await expect(page.getByText("Melody Studio could not start.")).toBeVisible();
  await page.unroute("**/call");
  await page.route("**/call", (route) => route.fulfill({ json: overview({ session: null }) }));
  await page.getByRole("button", { name: "Try again" }).click();
  await expect(page.getByLabel("Service address")).toHaveValue("https://one.example");
});
