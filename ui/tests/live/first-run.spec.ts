// The first start: which service, which phone, which code; and the demo, which needs none of them.
import { clean } from "../support";
import { expect, player, test } from "./live";
import { OTP, PHONE } from "./program";

test("by the service's address, a phone number and a pasted code to an empty library", async ({
  page,
  context,
  service,
  melody,
}) => {
  await context.grantPermissions(["clipboard-read", "clipboard-write"]);
  const web = await melody.web();
  await page.goto(web);
  const address = page.getByLabel("Service address");
  const proceed = page.getByRole("button", { name: "Continue" });
  await expect(address).toHaveValue("https://api.melodystudio.com");
  await clean(page);

  await test.step("an address that will not do is refused where it was typed", async () => {
    for (const [typed, says] of [
      ["http://melody.example", "http://melody.example is not encrypted. Use an address that begins with https."],
      ["http://127.0.0.1:9", "The service cannot be reached. Check your connection."],
      [new URL(web).origin, `There is no Melody Studio at ${new URL(web).origin}. Check the address.`],
    ] as const) {
      await address.fill(typed);
      await proceed.click();
      await expect(page.getByRole("alert")).toHaveText(says);
    }
    await clean(page);
  });

  await address.fill(service.address);
  await proceed.click();
  await expect(page.getByRole("heading", { name: "Your phone number" })).toBeVisible();
  await clean(page);
  await page.getByLabel("Phone number").fill(PHONE);
  await page.keyboard.press("Enter");
  const first = page.getByLabel("Digit 1 of 6");
  await expect(page.getByText("It was sent to +91 ••••••3210")).toBeVisible();
  await expect(first).toBeFocused();
  await clean(page);
  const sms = await service.sms();

  await test.step("a wrong code is said, and the boxes are ready for another", async () => {
    await page.keyboard.type(sms === "111111" ? "222222" : "111111");
    await expect(page.getByRole("alert")).toHaveText("That code is not right. Look again, or ask for a new one.");
    await expect(first).toBeFocused();
    await expect(page.getByLabel("Digit 6 of 6")).toHaveValue("");
  });

  await page.evaluate((text) => navigator.clipboard.writeText(text), `Your code is ${sms}.`);
  await page.keyboard.press("Control+V");
  await expect(page.getByRole("heading", { name: "Trending", exact: true })).toBeVisible();
  await expect(page.getByRole("link", { name: "Settings: +91 ••••••3210" })).toBeVisible();
  await page.getByRole("link", { name: "Library" }).click();
  await expect(page.getByText("You have not saved a song yet.")).toBeVisible();
  await clean(page);
  await page.getByRole("button", { name: "Find a song" }).click();
  await expect(page.getByRole("searchbox", { name: "Search" })).toBeFocused();
});

test("the demo: any number will do, and its SMS fills the boxes", async ({ page, melody }) => {
  await page.goto(await melody.web());
  await page.getByRole("button", { name: "Try the demo" }).click();
  await page.getByLabel("Phone number").fill("98765 00001");
  await page.keyboard.press("Enter");
  await expect(page.getByText(/SMS of the demo: \d{6}/)).toBeVisible();
  await clean(page);
  await page.getByRole("button", { name: "Fill in" }).click();
  await expect(page.getByRole("heading", { name: "Trending", exact: true })).toBeVisible();
  await expect(page.getByText("SMS of the demo")).toHaveCount(0);
  await expect(player(page).getByText("Nothing is playing")).toBeVisible();
});

test("codes asked for too often are refused, with when to try again", async ({ page, service, melody }) => {
  await service.start([], "on");
  await page.goto(await melody.web());
  await page.getByLabel("Service address").fill(service.address);
  await page.getByRole("button", { name: "Continue" }).click();
  const number = page.getByLabel("Phone number");
  // The service sends three in an hour.
  for (let sent = 0; sent < 3; sent += 1) {
    await number.fill(PHONE);
    await page.keyboard.press("Enter");
    await expect(page.getByRole("heading", { name: "Enter the code" })).toBeVisible();
    await page.getByRole("button", { name: "Use another number" }).click();
  }
  await number.fill(PHONE);
  await page.keyboard.press("Enter");
  await expect(page.getByRole("alert")).toHaveText(/^That was too often\. Try again in (\d+ minutes|1 hour)\.$/);
  await number.fill("9876543211");
  await page.keyboard.press("Enter");
  await page.getByLabel("Digit 1 of 6").waitFor();
  await page.keyboard.type(OTP);
  await expect(page.getByRole("navigation")).toBeVisible();
});
