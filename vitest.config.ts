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
          exclude: never,
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
          exclude: never,
          pool: "forks",
          maxWorkers: 2,
          testTimeout: 180_000,
          hookTimeout: 240_000,
        },
      },
    ],
  },
});
