// Screens in Debian's Chromium: most on the mock, the built files under the policy that the window sets.
import { defineConfig } from "@playwright/test";

export default defineConfig({
  testDir: "tests",
  outputDir: "test-results",
  workers: 1,
  timeout: 120_000,
  expect: { timeout: 15_000 },
  reporter: "list",
  use: {
    baseURL: "http://127.0.0.1:5173",
    viewport: { width: 1000, height: 680 },
    locale: "en-IN",
    launchOptions: { executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium" },
  },
  webServer: [
    { command: "npm run mock", url: "http://127.0.0.1:5173/", reuseExistingServer: true, timeout: 240_000 },
    { command: "npm run preview", url: "http://127.0.0.1:4173/", reuseExistingServer: true, timeout: 120_000 },
  ],
});
