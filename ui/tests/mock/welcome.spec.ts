// The way in, where it needs another clock or another country than the real service has.
import { clean } from "../support";
import { expect, open, test } from "./mock";

test("a country is found by typing and chosen with the arrows", async ({ page }) => {
  await open(page, "new");
  await page.getByRole("button", { name: "Continue" }).click();
  const country = page.getByRole("combobox", { name: "Country" });
  await expect(country).toHaveValue("India (+91)");
  await country.focus();
  await page.keyboard.type("united k");
  await expect(page.getByRole("option")).toHaveCount(1);
  await clean(page);
  await page.keyboard.press("ArrowDown");
  await page.keyboard.press("Enter");
  await expect(country).toHaveValue("United Kingdom (+44)");
  await page.getByLabel("Phone number").fill("123");
  await page.keyboard.press("Enter");
  await expect(page.getByRole("alert")).toHaveText("This is not a phone number in United Kingdom.");
  await page.getByLabel("Phone number").fill("20 7946 0958");
  await page.keyboard.press("Enter");
  await expect(page.getByText("It was sent to +44")).toBeVisible();
});

test("what was typed for a country and not chosen is taken back", async ({ page }) => {
  await open(page, "new");
  await page.getByRole("button", { name: "Continue" }).click();
  const country = page.getByRole("combobox", { name: "Country" });
  await country.focus();
  await page.keyboard.type("zzz");
  await expect(page.getByText("No country has this name.")).toBeVisible();
  await page.keyboard.press("Escape");
  await page.keyboard.press("Tab");
  await expect(country).toHaveValue("India (+91)");
});

test("a new code can be asked for after a while, and one that is too old is said to be", async ({ page }) => {
  await page.clock.install();
  await open(page, "new");
  await page.getByRole("button", { name: "Continue" }).click();
  await page.getByLabel("Phone number").fill("9876543210");
  await page.keyboard.press("Enter");
  await page.getByLabel("Digit 1 of 6").waitFor();
  await page.clock.runFor(31_000);
  await page.getByRole("button", { name: "Send a new code" }).click();
  await expect(page.getByRole("button", { name: "A new code can be sent in" })).toBeDisabled();
  await page.clock.runFor(301_000);
  await expect(page.getByText("The code has expired.")).toBeVisible();
});
