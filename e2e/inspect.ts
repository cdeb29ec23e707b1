/// <reference lib="dom" />
import axe from "axe-core";
import type { Page } from "playwright-core";
import { loaded, still } from "./steps.ts";

/** The rules whose answer can differ between day and night. */
const colours = { type: "rule" as const, values: ["color-contrast", "link-in-text-block"] };
const everything = {
  type: "tag" as const,
  values: ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22a", "wcag22aa", "best-practice"],
};

/** What axe finds against WCAG 2.2 AA and its own best practice on the page as it stands: rule, element, reason. */
export async function barriers(
  page: Page,
  which: "everything" | "colours" = "everything",
): Promise<string[]> {
  if (!(await page.evaluate(() => "axe" in window))) await page.evaluate(axe.source);
  return page.evaluate(
    async (runOnly) => {
      const { axe: inPage } = window as unknown as { axe: typeof axe };
      // oxlint-disable-next-line typescript/await-thenable -- the page's axe answers a promise; the rule does not see it
      const { violations } = await inPage.run(document, { runOnly, resultTypes: ["violations"] });
      return violations.flatMap(({ id, nodes }) =>
        nodes.map(
          ({ html, failureSummary }) =>
            `${id}: ${html.slice(0, 200)} ${failureSummary?.split("\n")[1]?.trim()}`,
        ),
      );
    },
    which === "everything" ? everything : colours,
  );
}

/** The same by day and by night, with whatever stands open over the page; it is left by day. */
export async function barriersByDayAndNight(
  page: Page,
  picture: (theme: "light" | "dark") => Promise<unknown> = async () => {},
): Promise<string[]> {
  await loaded(page);
  await still(page);
  await picture("light");
  const byDay = await barriers(page);
  await page.emulateMedia({ colorScheme: "dark" });
  await still(page);
  await picture("dark");
  const byNight = await barriers(page);
  await page.emulateMedia({ colorScheme: "light" });
  await still(page);
  return [
    ...byDay.map((barrier) => `by day: ${barrier}`),
    ...byNight.map((barrier) => `by night: ${barrier}`),
  ];
}

/** What can be pushed sideways without being a named region that takes the focus. The page itself never may. */
export const sidewaysScrollers = (page: Page): Promise<string[]> =>
  page.evaluate(() =>
    [...document.querySelectorAll<HTMLElement>("html, body, body *")]
      .filter((element) => element.scrollWidth > element.clientWidth + 1)
      .filter((element) => {
        const { overflowX } = getComputedStyle(element);
        return element === document.documentElement || overflowX === "auto" || overflowX === "scroll";
      })
      .filter((element) => !(element.tabIndex >= 0 && element.ariaLabel))
      .map(
        (element) => `${element.outerHTML.slice(0, 160)} (${element.scrollWidth} in ${element.clientWidth})`,
      ),
  );
