/// <reference lib="dom" />
import type { Page } from "playwright-core";
import { afterEach, beforeEach } from "vitest";
import type { House } from "./house.ts";

/** In a journey a step that failed leaves nothing for those after it to stand on. */
export function eachStepNeedsTheOneBefore(): void {
  let broken = false;
  beforeEach(({ skip }) => skip(broken, "an earlier step failed"));
  afterEach(({ task }) => {
    broken ||= task.result?.state === "fail";
  });
}

/** Nothing is being fetched that the page waits for, the letters are there, and nothing moves any more. */
export async function settled(page: Page): Promise<void> {
  await page.getByRole("heading", { level: 1 }).first().waitFor();
  await loaded(page);
  // Menus come after the page; on a phone they stand behind "More".
  if ((await page.getByRole("navigation").count()) > 0)
    for (const name of [/^Notices/, /your menu$|^More$/])
      await page.getByRole("button", { name }).filter({ visible: true }).first().waitFor();
  await still(page);
}

/** Nothing shows that it is still being fetched. */
export async function loaded(page: Page): Promise<void> {
  await page.waitForFunction(() => document.querySelector("[role=status][aria-label^=Loading]") === null);
}

/** The letters are there and nothing moves any more. */
export async function still(page: Page): Promise<void> {
  await page.evaluate(async () => {
    await document.fonts.ready;
    const ending = document
      .getAnimations()
      .filter((animation) => animation.effect?.getComputedTiming().endTime !== Infinity);
    await Promise.allSettled(ending.map((animation) => animation.finished));
  });
}

export async function signIn(page: Page, house: House): Promise<void> {
  const { email, password } = house.login();
  await page.goto(`${house.url}/sign-in`);
  await page.getByLabel("E-mail").fill(email);
  await page.getByLabel("Password").fill(password);
  await page.getByRole("button", { name: "Sign in" }).click();
  await page.getByRole("heading", { name: "Operations now" }).waitFor();
}

/** Whoever signs up anew; the workspace is theirs and empty. */
export async function signUp(page: Page, house: House, { company }: { company: string }): Promise<void> {
  await page.goto(`${house.url}/sign-up`);
  await page.getByLabel("Your name").fill("Meera Deshpande");
  await page.getByLabel("Company").fill(company);
  await page.getByLabel("E-mail").fill(`meera-${Date.now()}@example.com`);
  await page.getByLabel("Password").fill("a long enough password");
  await page.getByRole("button", { name: "Make the workspace" }).click();
  await page.getByRole("heading", { name: "Operations now" }).waitFor();
}
