// The way in: service, phone, code; with keys alone.
import { expect, test } from "@playwright/test";
import { clean, focused, open } from "./support";

test("from the service to home with the keyboard only", async ({ page }) => {
  await open(page, "new");
  await page.keyboard.press("Tab");
  expect(await page.evaluate(() => document.activeElement?.tagName)).toBe("INPUT");
  await page.keyboard.press("Enter");
  await expect(page.getByRole("heading", { name: "Your phone number" })).toBeVisible();
  await expect(page.getByLabel("Phone number")).toBeFocused();
  await page.keyboard.type("98765 43210");
  await page.keyboard.press("Enter");
  await expect(page.getByLabel("Digit 1 of 6")).toBeFocused();
  await page.keyboard.type("246810");
  await expect(page.getByRole("navigation")).toBeVisible();
});

test("a country is found by typing and chosen with the arrows", async ({ page }) => {
  await open(page, "new");
  await page.getByRole("button", { name: "Continue" }).click();
  const country = page.getByRole("combobox", { name: "Country" });
  await expect(country).toHaveValue("India (+91)");
  await country.focus();
  await page.keyboard.type("united k");
  await expect(page.getByRole("option")).toHaveCount(1);
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

test("a wrong code is said, and the boxes are ready for another; the demo's SMS fills them", async ({ page }) => {
  await open(page, "new");
  await page.getByRole("button", { name: "Continue" }).click();
  await page.getByLabel("Phone number").fill("9876543210");
  await page.keyboard.press("Enter");
  await page.getByLabel("Digit 1 of 6").waitFor();
  await page.keyboard.type("111111");
  await expect(page.getByRole("alert")).toContainText("That code is not right.");
  await expect(page.getByLabel("Digit 1 of 6")).toBeFocused();
  await expect(page.getByLabel("Digit 6 of 6")).toHaveValue("");
  await expect(page.getByText("The code is good for")).toContainText(/4:5\d/);
  await expect(page.getByRole("button", { name: "A new code can be sent in" })).toBeDisabled();
  await page.getByRole("button", { name: "Fill in" }).click();
  await expect(page.getByRole("navigation")).toBeVisible();
  await expect(page.getByText("SMS of the demo")).toHaveCount(0);
});

test("a new code can be asked for after a while, and too many are refused with when to try again", async ({ page }) => {
  await page.clock.install();
  await open(page, "new");
  await page.getByRole("button", { name: "Continue" }).click();
  await page.getByLabel("Phone number").fill("9876500000");
  await page.keyboard.press("Enter");
  await expect(page.getByRole("alert")).toHaveText("That was too often. Try again in 40 minutes.");
  await page.getByLabel("Phone number").fill("9876543210");
  await page.keyboard.press("Enter");
  await page.getByLabel("Digit 1 of 6").waitFor();
  await page.clock.runFor(31_000);
  await page.getByRole("button", { name: "Send a new code" }).click();
  await expect(page.getByRole("button", { name: "A new code can be sent in" })).toBeDisabled();
  await page.clock.runFor(301_000);
  await expect(page.getByText("The code has expired.")).toBeVisible();
});

test("an address where nothing is is said", async ({ page }) => {
  await open(page, "new");
  await page.getByLabel("Service address").fill("https://wrong.example");
  await page.getByRole("button", { name: "Continue" }).click();
  await expect(page.getByRole("alert")).toContainText("There is no Melody Studio at https://wrong.example");
});

test("axe has nothing to say of any step", async ({ page }) => {
  await open(page, "new");
  await clean(page);
  await page.getByRole("button", { name: "Continue" }).click();
  await page.getByRole("combobox", { name: "Country" }).focus();
  await page.keyboard.type("ind");
  await page.getByRole("option").first().waitFor();
  await clean(page);
  await page.keyboard.press("Escape");
  await page.getByLabel("Phone number").fill("9876543210");
  await page.keyboard.press("Enter");
  await page.getByLabel("Digit 1 of 6").waitFor();
  await clean(page);
  expect(await focused(page)).toBe("Digit 1 of 6");
});
