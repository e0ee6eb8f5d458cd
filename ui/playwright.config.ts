// The screen in Debian's Chromium: on the real programs, and on the mock where only that can give the state.
import { defineConfig } from "@playwright/test";

export default defineConfig({
  outputDir: "test-results",
  forbidOnly: process.env.CI !== undefined,
  // Each test has its own service, program and profile, and each worker its own browser: two for two cores.
  workers: 2,
  timeout: 180_000,
  expect: { timeout: 15_000 },
  reporter: "list",
  use: {
    viewport: { width: 1000, height: 680 },
    locale: "en-IN",
    launchOptions: { executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium" },
  },
  projects: [
    { name: "live", testDir: "tests/live" },
    { name: "mock", testDir: "tests/mock" },
  ],
});
