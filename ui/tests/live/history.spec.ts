// The history on the real programs: what was heard is on Home, each song once, and listen by listen on a screen of its own.
import { join } from "node:path";
import { clean } from "../support";
import { expect, rows, test, titles } from "./live";

test("what was heard stands on Home, and by day on its own screen; all of it offline too", async ({
  page,
  enter,
  melody,
  service,
  home,
}) => {
  await enter({ saved: ["Monsoon Ledger", "Rooftop Telescope"], hash: "#/history" });
  await expect(page.getByText("You have not listened to a song yet.")).toBeVisible();
  await clean(page);
  for (const words of ["Monsoon Ledger", "Rooftop Telescope", "Monsoon Ledger"]) {
    const { songs } = await melody.run("search", words);
    await melody.run("play", songs?.[0]?.id ?? "", "--for", "1", "--to", join(home, "heard.wav"));
  }
  await service.stop();
  await page.reload();
  await expect(page.getByRole("heading", { name: "Today" })).toBeVisible();
  await expect.poll(() => titles(page)).toEqual(["Monsoon Ledger", "Rooftop Telescope", "Monsoon Ledger"]);
  await clean(page);

  await page.getByRole("link", { name: "Home" }).click();
  const shelf = page.getByRole("region", { name: "Recently played" });
  await expect(shelf.locator(".title")).toHaveText(["Monsoon Ledger", "Rooftop Telescope"]);
  await clean(page);
  // By keys: from the shelf to the screen and into its rows.
  await shelf.getByRole("link", { name: "Recently played: Show all" }).focus();
  await page.keyboard.press("Enter");
  await expect(rows(page)).toHaveCount(3);
  await rows(page).first().focus();
  await page.keyboard.press("ArrowDown");
  await expect(rows(page).nth(1)).toBeFocused();
});
