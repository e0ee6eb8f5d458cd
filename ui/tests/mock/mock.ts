// What the tests on the mock share: its build, served to each worker on a port of its own.
import { test as base, expect, type Page } from "@playwright/test";
import { fileURLToPath } from "node:url";
import { preview } from "vite";

export { expect };

export const test = base.extend<object, { address: string }>({
  address: [
    async ({}, use) => {
      const server = await preview({
        configFile: false,
        root: fileURLToPath(new URL("../..", import.meta.url)),
        build: { outDir: "dist-mock" },
        preview: { host: "127.0.0.1", port: 0 },
        logLevel: "error",
      });
      const address = server.resolvedUrls?.local[0];
      if (!address) throw new Error("The mock is not served.");
      await use(address);
      await server.close();
    },
    { scope: "worker" },
  ],
  baseURL: async ({ address }, use) => use(address),
});

/** Opens a screen on the mock. `words` are those of dev/mock.ts. */
export async function open(page: Page, words: string, hash = ""): Promise<void> {
  await page.goto(`/?mock=${words}${hash}`);
  await expect(page.locator("main")).toBeVisible();
}
