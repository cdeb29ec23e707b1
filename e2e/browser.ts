import { existsSync } from "node:fs";
import { join } from "node:path";
import sparticuz from "@sparticuz/chromium";
import { chromium, type Browser, type BrowserContext, type Page } from "playwright-core";
import { afterAll, afterEach, beforeAll, expect } from "vitest";

/** Where pictures of screens go; nothing there is kept in the repository. */
export const pictures = join(import.meta.dirname, "out");

const installed = ["/usr/bin/chromium", "/usr/bin/google-chrome"];

/** Real Chromium: the machine's own, or the one the packages bring. PARLEY_E2E_CHROME names one, or says `packaged`. */
async function launch(): Promise<Browser> {
  const wish = process.env["PARLEY_E2E_CHROME"];
  const own = wish ? [wish] : installed;
  const executablePath = wish === "packaged" ? undefined : own.find((path) => existsSync(path));
  const always = ["--no-sandbox", "--mute-audio", "--hide-scrollbars"];
  return executablePath
    ? chromium.launch({ executablePath, args: always })
    : chromium.launch({
        executablePath: await sparticuz.executablePath(),
        args: [...sparticuz.args.filter((arg) => !/^--(single-process|headless)/.test(arg)), ...always],
      });
}

export type Screen = { width: number; height: number };
export const desk: Screen = { width: 1440, height: 900 };
export const phone: Screen = { width: 390, height: 844 };

export type Visitors = {
  /** Somebody with a browser of their own, in Pune. What their pages complain about fails the test. */
  visitor: (screen?: Screen) => Promise<Page>;
};

/** Everything a page said that it should not have: uncaught errors, console errors, failed requests of our own. */
export function useBrowser(): Visitors {
  let browser: Browser;
  const contexts: BrowserContext[] = [];
  let complaints: string[] = [];

  beforeAll(async () => {
    browser = await launch();
  }, 60_000);
  afterEach(async ({ task }) => {
    if (task.result?.state === "fail") await photograph(contexts, task.name);
    const said = complaints;
    complaints = [];
    expect(said, "what the pages complained about").toEqual([]);
  });
  afterAll(async () => {
    for (const context of contexts) await context.close();
    await browser?.close();
  });

  return {
    async visitor(screen = desk) {
      const context = await browser.newContext({
        viewport: screen,
        locale: "en-IN",
        timezoneId: "Asia/Kolkata",
        colorScheme: "light",
        reducedMotion: "reduce",
        acceptDownloads: true,
      });
      contexts.push(context);
      context.setDefaultTimeout(20_000);
      const page = await context.newPage();
      page.on("pageerror", (error) => complaints.push(`${page.url()}: ${error.stack ?? error.message}`));
      page.on("console", (message) => {
        if (message.type() === "error") complaints.push(`${page.url()}: ${message.text()}`);
      });
      return page;
    },
  };
}

/** What the pages showed when a test failed. */
async function photograph(contexts: BrowserContext[], name: string): Promise<void> {
  const pages = contexts.flatMap((context) => context.pages());
  const file = name.replaceAll(/[^\w]+/g, "-");
  await Promise.all(
    pages.map((page, nth) => page.screenshot({ path: join(pictures, `failed-${file}-${nth}.png`) })),
  );
}
