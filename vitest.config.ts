import { defineConfig } from "vitest/config";

const database = ["**/*.db.test.ts", "**/*.flow.test.ts"];
const never = ["**/node_modules/**", "**/dist/**"];

export default defineConfig({
  test: {
    reporters: ["default", "./scripts/closing-line.ts"],
    projects: [
      {
        resolve: { alias: { "@/": new URL("apps/web/src/", import.meta.url).pathname } },
        test: {
          name: "unit",
          include: ["{packages,apps}/*/src/**/*.test.{ts,tsx}", "scripts/**/*.test.ts"],
          exclude: [...never, ...database],
        },
      },
      {
        test: {
          name: "db",
          include: database,
          // A death at every step takes minutes: PARLEY_FAILPOINTS_TEST=1 adds it.
          exclude:
            process.env["PARLEY_FAILPOINTS_TEST"] === "1"
              ? never
              : [...never, "chaos/failpoints.flow.test.ts"],
          globalSetup: "packages/db/src/testing/global-setup.ts",
          pool: "forks",
          maxWorkers: 2,
          testTimeout: 120_000,
          hookTimeout: 180_000,
        },
      },
      {
        test: {
          name: "e2e",
          include: ["e2e/**/*.e2e.ts"],
          // The audit of every screen takes minutes: PARLEY_SCREENS=1 adds it.
          exclude: process.env["PARLEY_SCREENS"] === "1" ? never : [...never, "e2e/screens.e2e.ts"],
          pool: "forks",
          maxWorkers: 1,
          fileParallelism: false,
          // Browsers on a busy machine: a journey may be walked once more, and the report says so.
          retry: 1,
          testTimeout: 180_000,
          hookTimeout: 240_000,
        },
      },
    ],
  },
});
