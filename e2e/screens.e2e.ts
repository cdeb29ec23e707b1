import { join } from "node:path";
import type { Page } from "playwright-core";
import { beforeAll, describe, expect, test } from "vitest";
import { desk, phone, pictures, useBrowser } from "./browser.ts";
import { useHouse } from "./house.ts";
import { barriers, sidewaysScrollers } from "./inspect.ts";
import { settled, signIn } from "./steps.ts";

const themes = ["light", "dark"] as const;

const house = useHouse({ seed: true });
const { visitor } = useBrowser();
let atDesk: Page;
let onPhone: Page;

/** What stands behind the first link of a list, so that the pages of single things are visited too. */
const firstOf = async (list: string, name: string): Promise<string> => {
  await atDesk.goto(house.url + list);
  const link = atDesk.getByRole("table", { name }).getByRole("row").nth(1).getByRole("link").first();
  return (await link.getAttribute("href"))!;
};

/** Every address of the dashboard, by the name of its picture. */
const screens: Record<string, string | (() => Promise<string>)> = {
  home: "/",
  calls: "/calls",
  "calls-failed": "/calls?outcome=failed",
  "call-answered": () => firstOf("/calls?outcome=answered", "Calls"),
  "call-not-answered": () => firstOf("/calls?outcome=no_answer", "Calls"),
  campaigns: "/campaigns",
  "campaigns-draft": "/campaigns?status=draft",
  "campaign-running": () => firstOf("/campaigns?status=running", "Campaigns"),
  "campaign-done": () => firstOf("/campaigns?status=completed", "Campaigns"),
  "campaign-events": async () => `${await firstOf("/campaigns", "Campaigns")}?tab=events`,
  "campaign-rules": async () => `${await firstOf("/campaigns", "Campaigns")}?tab=rules`,
  "campaign-new": "/campaigns/new",
  contacts: "/contacts",
  "contacts-nobody": "/contacts?q=nobody-is-called-so",
  contact: () => firstOf("/contacts?temperature=hot", "Contacts"),
  imports: "/imports",
  leads: "/leads",
  agents: "/agents",
  agent: () => firstOf("/agents", "Agents"),
  "agent-new": "/agents/new",
  credits: "/credits",
  operations: "/operations",
  "operations-queue": "/operations?view=queue_now",
  "operations-sql": "/operations?view=sql",
  "settings-workspace": "/settings/workspace",
  "settings-team": "/settings/team",
  "settings-keys": "/settings/keys",
  "settings-suppressions": "/settings/suppressions",
  "settings-webhooks": "/settings/webhooks",
  "settings-audit": "/settings/audit",
  "settings-account": "/settings/account",
  "not-found": "/there/is/no/such/page",
};

beforeAll(async () => {
  await house.seeded();
  [atDesk, onPhone] = await Promise.all([visitor(desk), visitor(phone)]);
  await Promise.all([signIn(atDesk, house), signIn(onPhone, house)]);
}, 300_000);

describe("every screen, on a desk and on a phone, by day and by night, has no barrier and no fault", () => {
  test.each(Object.entries(screens))("%s", async (name, address) => {
    const path = typeof address === "string" ? address : await address();
    const views = [
      { page: atDesk, width: desk.width },
      { page: onPhone, width: phone.width },
    ];
    const faults = await Promise.all(
      views.map(async ({ page, width }) => {
        await page.goto(house.url + path);
        await settled(page);
        const found: string[] = [];
        for (const theme of themes) {
          await page.emulateMedia({ colorScheme: theme });
          await settled(page);
          await page.screenshot({ path: join(pictures, `${name}-${width}-${theme}.png`) });
          found.push(...(await barriers(page)).map((barrier) => `${width} ${theme}: ${barrier}`));
        }
        return [
          ...found,
          ...(await sidewaysScrollers(page)).map((what) => `${width}: scrolls sideways: ${what}`),
        ];
      }),
    );
    expect(faults.flat()).toEqual([]);
  });
});
