import { mkdirSync } from "node:fs";
import { join } from "node:path";
import type { Locator, Page } from "playwright-core";
import { beforeAll, describe, expect, test } from "vitest";
import { desk, phone, pictures, useBrowser } from "./browser.ts";
import { useHouse } from "./house.ts";
import { barriers, sidewaysScrollers } from "./inspect.ts";
import { settled, signIn, signUp, still } from "./steps.ts";

const house = useHouse({ seed: true });
const { visitor } = useBrowser();
type Seat = { page: Page; width: number };

async function picture(page: Page, name: string): Promise<void> {
  await page.screenshot({ path: join(pictures, `${name}.png`) });
}

/** Looks at one place from each seat, by day and by night: nothing may bar anybody, and nothing may hang over. */
async function faultsOf(seats: Seat[], name: string, path: string): Promise<string[]> {
  const found = await Promise.all(
    seats.map(async ({ page, width }) => {
      await page.emulateMedia({ colorScheme: "light" });
      await page.goto(house.url + path);
      await settled(page);
      await picture(page, `${name}-${width}-light`);
      const byDay = await barriers(page);
      await page.emulateMedia({ colorScheme: "dark" });
      await settled(page);
      await picture(page, `${name}-${width}-dark`);
      const byNight = await barriers(page, "colours");
      return [
        ...byDay.map((barrier) => `${width} light: ${barrier}`),
        ...byNight.map((barrier) => `${width} dark: ${barrier}`),
        ...(await sidewaysScrollers(page)).map((what) => `${width} scrolls sideways: ${what}`),
      ];
    }),
  );
  return found.flat();
}

beforeAll(() => {
  mkdirSync(pictures, { recursive: true });
});

describe("a stranger, and the owner of an empty workspace, find every screen without barriers", () => {
  let seats: Seat[];
  beforeAll(async () => {
    seats = [
      { page: await visitor(desk), width: desk.width },
      { page: await visitor(phone), width: phone.width },
    ];
  });

  test.each(["/sign-in", "/sign-up", "/there/is/no/such/page"])("%s", async (path) => {
    expect(await faultsOf(seats, `stranger${path.replaceAll("/", "-")}`, path)).toEqual([]);
  });

  test("signing up leads to an empty workspace", async () => {
    for (const { page, width } of seats) await signUp(page, house, { company: `Empty at ${width}` });
  });

  test.each(["/", "/calls", "/campaigns", "/contacts", "/leads", "/agents", "/credits", "/operations"])(
    "nothing yet: %s",
    async (path) => {
      expect(await faultsOf(seats, `empty${path.replace("/", "-")}`, path)).toEqual([]);
    },
  );
});

describe("after a day of calls", () => {
  let atDesk: Page;
  let seats: Seat[];

  beforeAll(async () => {
    await house.seeded();
    seats = [
      { page: await visitor(desk), width: desk.width },
      { page: await visitor(phone), width: phone.width },
    ];
    atDesk = seats[0]!.page;
    await Promise.all(seats.map(({ page }) => signIn(page, house)));
    // Somewhere in the middle of the campaign that the seed leaves running.
    await atDesk.goto(house.url + (await firstOf("/campaigns?status=running", "Campaigns")));
    await house.clock({ scale: 20 });
    await atDesk
      .getByRole("region", { name: "Where it stands" })
      .getByText(/^(1[2-9]|[2-9]\d) of/)
      .first()
      .waitFor({ timeout: 60_000 });
    await house.clock({ scale: 1 });
  }, 300_000);

  /** What stands behind the first link of a list, so that the pages of single things are visited too. */
  async function firstOf(list: string, name: string, hasText = ""): Promise<string> {
    await atDesk.goto(house.url + list);
    const rows = atDesk
      .getByRole("table", { name })
      .getByRole("row")
      .filter({ has: atDesk.getByRole("link") });
    return (await rows.filter({ hasText }).first().getByRole("link").first().getAttribute("href"))!;
  }

  /** A file that waits to be committed, with all that can be wrong in one. */
  async function checkedFile(): Promise<string> {
    const rows = Array.from({ length: 240 }, (_, n) =>
      n % 23 === 7
        ? `"Rao, Kiran ${n}";9.82E+09;Baner;spreadsheet`
        : n % 31 === 11
          ? `Row ${n};12345;Aundh;web`
          : `"Kulkarni, Asha ${n}";+91 98220 ${String(10_000 + n * 37)};Kothrud;fair`,
    );
    await atDesk.goto(`${house.url}/imports`);
    await atDesk.getByLabel("File with contacts").setInputFiles({
      name: "winter-checkups.csv",
      mimeType: "text/csv",
      buffer: Buffer.from(["Patient;Mobile;Area;Source", ...rows].join("\r\n")),
    });
    await atDesk.getByLabel("Patient goes to").selectOption({ label: "Name" });
    await atDesk.getByText("All rows checked").waitFor();
    return new URL(atDesk.url()).pathname;
  }

  /** A campaign that is written but not started. */
  async function draft(): Promise<string> {
    await atDesk.goto(house.url + (await firstOf("/campaigns?status=completed", "Campaigns")));
    await atDesk.getByRole("button", { name: "Duplicate" }).click();
    await atDesk
      .getByRole("complementary", { name: "What will happen" })
      .getByRole("heading", { name: "People" })
      .waitFor();
    return new URL(atDesk.url()).pathname;
  }

  const screens: Record<string, string | (() => Promise<string>)> = {
    home: "/",
    calls: "/calls",
    "calls-failed": "/calls?outcome=failed",
    "call-answered": () => firstOf("/calls?outcome=answered", "Calls", "Appointment"),
    "call-not-answered": () => firstOf("/calls?outcome=no_answer", "Calls"),
    campaigns: "/campaigns",
    "campaign-running": () => firstOf("/campaigns?status=running", "Campaigns"),
    "campaign-done": () => firstOf("/campaigns?status=completed", "Campaigns"),
    "campaign-events": async () => `${await firstOf("/campaigns", "Campaigns")}?tab=events`,
    "campaign-rules": async () => `${await firstOf("/campaigns", "Campaigns")}?tab=rules`,
    "campaign-new": "/campaigns/new",
    "campaign-edit": draft,
    contacts: "/contacts",
    "contacts-nobody": "/contacts?q=nobody-is-called-so",
    contact: () => firstOf("/contacts?temperature=hot", "Contacts"),
    imports: "/imports",
    "import-checked": checkedFile,
    "import-done": async () => {
      await atDesk.goto(`${house.url}/imports`);
      return (await atDesk.getByRole("link", { name: /recall-july/ }).getAttribute("href"))!;
    },
    leads: "/leads",
    agents: "/agents",
    agent: () => firstOf("/agents", "Agents"),
    "agent-new": "/agents/new",
    credits: "/credits",
    operations: "/operations",
    "operations-queue": "/operations?view=queue_now",
    "operations-sql": "/operations?view=sql",
    "settings-workspace": "/settings/workspace",
    "settings-rules": "/settings/rules",
    "settings-team": "/settings/team",
    "settings-keys": "/settings/keys",
    "settings-suppressions": "/settings/suppressions",
    "settings-webhooks": "/settings/webhooks",
    "settings-audit": "/settings/audit",
    "settings-account": "/settings/account",
  };

  describe("every screen, on a desk and on a phone, by day and by night, has no barrier and no fault", () => {
    test.each(Object.entries(screens))("%s", async (name, address) => {
      const path = typeof address === "string" ? address : await address();
      expect(await faultsOf(seats, name, path)).toEqual([]);
    });
  });

  describe("what opens over a screen has no barrier either", () => {
    const button = (name: string | RegExp): Locator => atDesk.getByRole("button", { name }).first();
    const layers: Record<string, { at: () => Promise<string> | string; open: () => Promise<void> }> = {
      "palette with people": {
        at: () => "/",
        open: async () => {
          await button(/^Search or run/).click();
          await atDesk.getByPlaceholder("A page, a person").fill("ku");
          await atDesk.getByRole("group", { name: "Contacts" }).waitFor();
        },
      },
      notices: { at: () => "/", open: () => button(/^Notices/).click() },
      "why somebody waits": {
        at: () => firstOf("/campaigns?status=running", "Campaigns"),
        open: async () => {
          await button(/^Actions for/).click();
          await atDesk.getByRole("menuitem", { name: "Why is it so?" }).click();
          await atDesk.getByText("The dispatcher asks the same questions").waitFor();
        },
      },
      "a campaign stopped for good": {
        at: () => firstOf("/campaigns?status=running", "Campaigns"),
        open: () => button("Stop").click(),
      },
      "raw events": {
        at: () => firstOf("/calls?outcome=answered", "Calls"),
        open: () => button(/events, raw/).click(),
      },
      "call somebody": {
        at: () => firstOf("/contacts?temperature=hot", "Contacts"),
        open: () => button("Call").click(),
      },
      "a contact edited": {
        at: () => firstOf("/contacts?temperature=hot", "Contacts"),
        open: () => button("Edit").click(),
      },
      "a contact added": { at: () => "/contacts", open: () => button("Add").click() },
    };
    test.each(Object.entries(layers))("%s", async (name, { at, open }) => {
      await atDesk.emulateMedia({ colorScheme: "light" });
      await atDesk.goto(house.url + (await at()));
      await settled(atDesk);
      await open();
      await still(atDesk);
      await picture(atDesk, `layer-${name.replaceAll(" ", "-")}-light`);
      const byDay = await barriers(atDesk);
      await atDesk.emulateMedia({ colorScheme: "dark" });
      await still(atDesk);
      await picture(atDesk, `layer-${name.replaceAll(" ", "-")}-dark`);
      expect([...byDay, ...(await barriers(atDesk, "colours"))]).toEqual([]);
    });
  });

  describe("without a mouse", () => {
    const heading = (name: string | RegExp): Locator => atDesk.getByRole("heading", { level: 1, name });
    const press = async (...keys: string[]): Promise<void> => {
      for (const key of keys) await atDesk.keyboard.press(key);
    };

    test("the palette goes to pages and to people", async () => {
      await atDesk.goto(house.url);
      await heading("Operations now").waitFor();
      await press("Control+k");
      await atDesk.getByRole("dialog", { name: "Search or run" }).waitFor();
      await atDesk.keyboard.type("credit");
      await press("Enter");
      await heading("Credits").waitFor();
      await press("Control+k");
      await atDesk.keyboard.type("Anjali");
      const first = atDesk.getByRole("group", { name: "Contacts" }).getByRole("option").first();
      const name = /Anjali \S+/.exec(await first.innerText())![0];
      await press("Enter");
      await heading(name).waitFor();
    });

    test("two letters go to a page, a question mark tells which", async () => {
      await press("g", "h");
      await heading("Operations now").waitFor();
      await press("?");
      const sheet = atDesk.getByRole("dialog", { name: "Keyboard shortcuts" });
      await sheet.getByText("Search or run").waitFor();
      await press("Escape");
      await sheet.waitFor({ state: "detached" });
      await press("g", "c");
      await heading("Campaigns").waitFor();
    });

    test("rows are walked, chosen and opened, and a drawer closes", async () => {
      await press("g", "p");
      await heading("Contacts").waitFor();
      const row = atDesk.getByRole("table", { name: "Contacts" }).getByRole("row");
      await row.nth(3).waitFor();
      await press("j", "j", "k", "x");
      await atDesk.getByText("1 selected").waitFor();
      await press("x", "/");
      expect(
        await atDesk.getByLabel("Search contacts").evaluate((field) => field === document.activeElement),
      ).toBe(true);
      await press("Escape");

      await press("g", "l");
      await heading("Calls").waitFor();
      await row.nth(3).waitFor({ state: "detached" });
      const calls = atDesk.getByRole("table", { name: "Calls" }).getByRole("row");
      const second = (await calls.nth(2).getByRole("link").first().innerText())
        .split("\n")[0]!
        .split(" +")[0]!;
      await press("j", "j", "Enter");
      await heading(second).waitFor();
      await atDesk
        .getByRole("button", { name: /events, raw/ })
        .first()
        .click();
      const drawer = atDesk.getByRole("dialog");
      await drawer.waitFor();
      await press("Escape");
      await drawer.waitFor({ state: "detached" });
    });
  });
});
