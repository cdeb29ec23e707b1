import { mkdirSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { join, resolve } from "node:path";
import type { Locator, Page } from "playwright-core";
import { beforeAll, describe, expect, test } from "vitest";
import { pictures, useBrowser } from "./browser.ts";
import { useHouse } from "./house.ts";
import { barriersByDayAndNight } from "./inspect.ts";
import { eachStepNeedsTheOneBefore, signUp } from "./steps.ts";

/** More who pick up: some have a question, some refuse or hang up at once, some leave it to a machine. */
const others = Object.entries({
  "0011": [
    "Jaya Menon",
    "Kiran Rao",
    "Lata Desai",
    "Mohan Pillai",
    "Neha Sethi",
    "Omkar Jadhav",
    "Pooja Bhatt",
  ],
  "0021": ["Qasim Sheikh", "Radha Kulkarni", "Sunil Verma", "Tara Kapoor", "Uday Naik", "Veena Prabhu"],
  "0002": ["Waman Kadam", "Yash Mehta", "Zoya Ansari", "Amit Thakur"],
  "0004": ["Bhavna Joshi", "Charu Saxena", "Deepak Rathi"],
  "0007": ["Ekta Arora", "Farida Bano", "Ganesh More", "Hema Reddy"],
}).flatMap(([part, names]) => names.map((name, n) => `${name};+91 982${31 + n} 4${part};check-up`));

/** The end of a number is the part its owner plays: docs/sandbox.md. The heading of the names is nobody's alias. */
const list = [
  "Gesprächspartner;Mobile;Interest",
  "Asha Rane;+91 98220 40001;whitening",
  "Bina Shah;098220 50001;aligners",
  "Chetan Kale;+91 98220 40002;check-up",
  "Divya Nair;+91 98220 40003;check-up",
  "Esha Gokhale;+91 98220 40005;aligners",
  "Firoz Khan;+91 98220 40006;check-up",
  "Gita Iyer;+91 98220 40007;whitening",
  "Hari Joshi;+91 98220 60001;check-up",
  "Ila Patil;+91 98220 70001;aligners",
  "Asha Rane;+91 98220 40001;whitening",
  "Spreadsheet Victim;9.82E+09;aligners",
  "Short Number;12345;check-up",
  "Nobody;;check-up",
  ...others,
].join("\r\n");

/** On the list and not suppressed. */
const called = 8 + others.length;

/** With PARLEY_SHOTS=1 the pictures that the README shows are taken anew. */
const shots = process.env["PARLEY_SHOTS"] === "1" ? resolve(import.meta.dirname, "../docs/images") : null;
const shown = ["home-light", "campaign-dark", "call-light"];

const house = useHouse({ seed: false });
const { visitor } = useBrowser();
let page: Page;

beforeAll(async () => {
  for (const directory of [pictures, shots ?? pictures]) mkdirSync(directory, { recursive: true });
  page = await visitor();
});

const region = (name: string): Locator => page.getByRole("region", { name, exact: true });
const button = (name: string | RegExp): Locator => page.getByRole("button", { name });
const go = (place: string) =>
  page
    .getByRole("navigation", { name: "Main" })
    .getByRole("link", { name: new RegExp(`^${place}( \\d+)?$`) })
    .click();

/** Nothing on the page as it stands bars anybody, by day or by night. */
async function noBarriers(name: string): Promise<void> {
  const found = await barriersByDayAndNight(page, async (theme) => {
    const file = `${name}-${theme}`;
    await page.screenshot({ path: join(pictures, `journey-${file}.png`) });
    if (shots && shown.includes(file)) await page.screenshot({ path: join(shots, `${file}.png`) });
  });
  expect(found).toEqual([]);
}

/** How many are finished, as the campaign's page says now. */
async function finished(): Promise<number> {
  const said = await region("Where it stands").innerText();
  return Number(/Finished\s+(\d+)/.exec(said)?.[1]);
}

describe("somebody new signs up and has their list called", () => {
  eachStepNeedsTheOneBefore();

  test("a fresh workspace tells what to do first", async () => {
    await signUp(page, house, { company: "Bright Smile" });
    await region("First steps").getByRole("link", { name: "New agent" }).waitFor();
    await noBarriers("empty");
  });

  test("an agent is made and stands at the provider", async () => {
    await region("First steps").getByRole("link", { name: "New agent" }).click();
    await page.getByLabel("Name", { exact: true }).fill("Front desk");
    await page.getByLabel("What it is to do").fill("Offer a check-up this week. Accept a no at once.");
    await page.getByLabel("First words").fill("Hello {name}, this is Bright Smile. Is now a good moment?");
    await button("Make the agent").click();
    await page.getByRole("heading", { name: "Front desk" }).waitFor();
    await page.getByText("Up to date").waitFor();
    await noBarriers("agent");
  });

  test("a file with headings nobody knows is mapped by hand, and its bad rows come back with reasons", async () => {
    await go("Contacts");
    await button("Import").first().click();
    await page.getByLabel("File with contacts").setInputFiles({
      name: "checkups.csv",
      mimeType: "text/csv",
      buffer: Buffer.from(list),
    });
    await page.getByText("semicolons").waitFor();
    await page.getByLabel("Gesprächspartner goes to").selectOption({ label: "Name" });
    // The column no longer stands as a field of its own: the rows have been checked anew.
    const ownField = region("Preview").getByRole("columnheader", { name: /gespr/i });
    await ownField.waitFor({ state: "detached" });
    await button(`Import ${9 + others.length} contacts`).waitFor();

    const rejects = region("Rejected");
    await rejects.getByText("9.82E+09").waitFor();
    await noBarriers("import");
    const download = page.waitForEvent("download");
    await rejects.getByRole("link", { name: /^Download 4 rows/ }).click();
    const file = await readFile(await (await download).path(), "utf8");
    expect(file).toContain("Spreadsheet Victim");
    expect(file).toContain("Short Number");
    expect(file).not.toContain("Bina Shah");

    await page.getByLabel("Everyone in this file agreed to be called").check();
    await page.getByLabel("Where").fill("Check-up form");
    await button(`Import ${9 + others.length} contacts`).click();
    await region("What came of it")
      .getByRole("link", { name: new RegExp(`New contacts\\s*${9 + others.length}`) })
      .waitFor();
  });

  test("one person is called by hand and the call is followed to its end", async () => {
    await house.clock({ scale: 10 });
    await go("Contacts");
    await page.getByRole("link", { name: "Hari Joshi" }).click();
    await button("Call").click();
    await button("Call now").click();
    const call = page.getByRole("table", { name: "Calls" }).getByRole("row", { name: /Hari Joshi/ });
    await call.getByText("In progress").waitFor();
    await call.getByText("Appointment").waitFor();
    await call.getByRole("link", { name: "Hari Joshi" }).click();
    await page.getByText(/direct call by Front desk/).waitFor();
    await region("Cost")
      .getByText(/Settled 11/)
      .waitFor();
  });

  test("one number is put out of reach of every campaign", async () => {
    await go("Contacts");
    await page.getByRole("link", { name: "Ila Patil" }).click();
    await button("Suppress").click();
    await button("Suppress 1 number").click();
    await button("Lift suppression").waitFor();
    await noBarriers("contact");
  });

  test("a campaign is written, checked and started against its typed name", async () => {
    await go("Settings");
    await page.getByLabel("Ask for typed confirmation above").fill("5");
    await button("Save").click();
    await page.getByText("Saved", { exact: true }).waitFor();

    await go("Contacts");
    await button("Import").first().click();
    await page
      .getByRole("link", { name: /checkups\.csv/ })
      .first()
      .click();
    await page.getByRole("link", { name: "Call them" }).click();
    await page.getByLabel("Name", { exact: true }).fill("Autumn check-ups");
    await page.getByRole("combobox", { name: "Agent" }).selectOption({ label: "Front desk (English)" });
    await page.getByLabel("Tries for one person, at most").fill("2");
    await page.getByLabel("After no answer").fill("30");
    await button("Save the draft and check it").click();

    const check = page.getByRole("complementary", { name: "What will happen" });
    await check.getByText("1 skipped").waitFor();
    await check.getByText(/^Done (between .+ and .+, most likely|at about) .+\.$/).waitFor();
    await noBarriers("campaign-checked");
    await button(`Start calling ${called} people`).click();
    const asked = page.getByRole("dialog", { name: `Call ${called} people` });
    await asked.getByText("1 more are skipped by a rule", { exact: false }).waitFor();
    const start = asked.getByRole("button", { name: `Start calling ${called}` });
    expect(await start.getAttribute("aria-disabled")).toBe("true");
    await noBarriers("campaign-asked");
    await asked.getByLabel("Type Autumn check-ups to confirm").fill("Autumn check-ups");
    await start.click();
    await page.getByRole("heading", { name: "Autumn check-ups" }).waitFor();
    await page.getByText("Running", { exact: true }).first().waitFor();
  });

  test("its numbers move by themselves while people are called", async () => {
    await page.getByText("Live", { exact: true }).waitFor();
    await region("Forecast")
      .getByText(/^Done (between .+ and .+, most likely|at about) .+\.$/)
      .waitFor();
    await page.evaluate(() => Object.assign(window, { opened: "once" }));
    const before = await finished();
    await expect.poll(finished, { timeout: 30_000 }).toBeGreaterThan(before);
    await house.clock({ scale: 30 });
    await expect.poll(finished, { timeout: 60_000 }).toBeGreaterThan(8);
    await house.clock({ scale: 10 });
    expect(await page.evaluate(() => "opened" in window)).toBe(true);
    await noBarriers("campaign");
  });

  test("the first page shows who is on the phone, and leads back to the campaign", async () => {
    await go("Home");
    await region("Lines")
      .getByRole("link", { name: /Autumn check-ups/ })
      .first()
      .waitFor();
    await region("Leads to act on").getByText("hot").first().waitFor();
    await noBarriers("home");
    await go("Campaigns");
    await page
      .getByRole("table", { name: "Campaigns" })
      .getByRole("link", { name: "Autumn check-ups", exact: true })
      .click();
  });

  test("paused it lets calls finish and places none, however late it gets; resumed it goes on", async () => {
    await button("Pause").click();
    await page.getByText("Paused", { exact: true }).first().waitFor();
    await region("Where it stands")
      .getByRole("link", { name: /^Lines\s*0/ })
      .waitFor();
    const rung = await house.rings();
    await house.clock({ aheadMinutes: 60 });
    await page.getByRole("tab", { name: "Event log" }).click();
    await page.getByRole("listitem").filter({ hasText: "Paused" }).filter({ hasText: "Meera" }).waitFor();
    expect(await house.rings()).toBe(rung);
    await button("Resume").click();
    await page.getByText("Running", { exact: true }).first().waitFor();
    await expect.poll(() => house.rings(), { timeout: 20_000 }).toBeGreaterThan(rung);
    await page.getByRole("tab", { name: "Recipients" }).click();
  });

  test("who is left out is told why", async () => {
    await page
      .getByRole("navigation", { name: "Recipients by state" })
      .getByRole("link", { name: "Skipped" })
      .click();
    await button("Actions for Ila Patil").click();
    await page.getByRole("menuitem", { name: "Why is it so?" }).click();
    const answer = page.getByRole("dialog", { name: "Ila Patil" });
    await answer.getByText("The number is suppressed.", { exact: false }).waitFor();
    await noBarriers("why");
    await page.keyboard.press("Escape");
    await answer.waitFor({ state: "detached" });
  });

  test("with everybody called, retried and settled it completes", async () => {
    await house.clock({ scale: 300 });
    await page.getByText("Completed", { exact: true }).first().waitFor({ timeout: 60_000 });
    await house.clock({ scale: 1 });
    expect(await finished()).toBe(called);
    await noBarriers("campaign-done");
    await page.getByText("2 gave up", { exact: false }).waitFor();
  });

  test("an answered call can be heard, read and understood", async () => {
    await page
      .getByRole("navigation", { name: "Recipients by state" })
      .getByRole("link", { name: "Done" })
      .click();
    const recipients = page.getByRole("table", { name: "Recipients" });
    const row = recipients.getByRole("row", { name: /Asha Rane/ });
    await recipients.getByRole("row").nth(2).hover();
    await expect
      .poll(async () => {
        await page.mouse.wheel(0, 300);
        return row.count();
      })
      .toBe(1);
    await row.getByRole("link", { name: "Answered" }).click();

    await region("Stages").getByText("Completed").waitFor();
    const stages = await region("Stages").getByRole("listitem").allInnerTexts();
    expect(stages.map((stage) => /[A-Z][a-z ]+/.exec(stage)![0].trim())).toEqual([
      "Initiated",
      "Ringing",
      "In progress",
      "Disconnected",
      "Completed",
    ]);
    expect(stages.every((stage) => /\d\d:\d\d:\d\d/.test(stage))).toBe(true);

    const position = page.getByRole("slider", { name: "Position in the recording" });
    await button("Play").first().click();
    await expect
      .poll(() => position.getAttribute("aria-valuetext"), { timeout: 15_000 })
      .toMatch(/^0:0[2-9] of 1:/);
    const heard = await page.evaluate(() => document.querySelector("audio")!.currentTime);
    expect(heard).toBeGreaterThan(1);
    await button("Pause").click();
    await noBarriers("call");

    const turns = page.getByRole("list", { name: "Transcript" }).getByRole("listitem");
    expect(await turns.count()).toBeGreaterThan(4);
    await turns.first().getByText("Hello Asha Rane, this is Bright Smile", { exact: false }).waitFor();

    const analysis = region("Analysis");
    await analysis.getByText("Appointment").waitFor();
    await analysis.getByText("Hot").waitFor();
    expect(await analysis.innerText()).toMatch(/\d+ of 15/);
    await region("Cost")
      .getByText(/Settled 11/)
      .waitFor();

    await button(/events, raw/)
      .first()
      .click();
    const events = page.getByRole("dialog", { name: /^\d+ events$/ });
    await events.getByText("completed", { exact: true }).first().click();
    await events.getByText('"status": "completed"').first().waitFor();
    await page.keyboard.press("Escape");
  });

  test("the ledger holds what was talked, call by call", async () => {
    await go("Credits");
    const charges = page.getByRole("table", { name: "Ledger" }).getByRole("row", { name: /Call/ });
    await expect.poll(() => charges.filter({ hasText: "−11" }).count(), { timeout: 10_000 }).toBe(4);
    await noBarriers("ledger");
    await charges.first().getByRole("link", { name: "Call" }).click();
    await region("Cost")
      .getByText(/Settled/)
      .waitFor();
  });
});
