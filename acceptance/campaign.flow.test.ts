import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { beforeAll, expect, test } from "vitest";
import { reasonText, reasons } from "@parley/core/reasons";
import { driveToEnd } from "./drive.ts";
import { until, useHouse, type Owner, type Truth } from "./house.ts";
import { realList } from "./real-list.ts";
import { everyPage } from "./steps.ts";
import type { Output } from "./visitor.ts";

const LINES = { system: 12, user: 11, campaign: 10 };
const SCALE = 60;

const house = useHouse({
  SYSTEM_CONCURRENT_CALLS_LIMIT: String(LINES.system),
  DEFAULT_USER_CONCURRENT_LIMIT: String(LINES.user),
  // Bounds our own sockets only: a dial without an answer is looked up after 15 s instead of 30.
  LEASE_SCALE: "0.5",
});

const list = realList(300);
const suppressed = "+91 9812361110";

let owner: Owner;
let key: string;
let campaignId: string;
let imported: Output<"imports.get"> & { rejectsFile: string };
let watched: Awaited<ReturnType<typeof house.parley>>;
let truth: Truth;
let items: Output<"campaigns.items">["items"];
let calls: Output<"calls.list">["items"];

beforeAll(async () => {
  owner = await house.signUp();
  ({ key } = await owner.ask("apiKeys.create", { name: "Command line" }));
  await owner.ask("suppressions.add", { phoneNumbers: [suppressed], reason: "complaint" });
  await house.clock({ scale: SCALE });
  const file = join(house.dir, "leads.csv");
  writeFileSync(file, list.csv);
  const parley = async (...args: string[]) => {
    const { code, out, err } = await house.parley([...args, "--json"], key);
    if (code !== 0) throw new Error(`parley ${args.join(" ")} ended with ${code}: ${err}`);
    return out.at(-1);
  };
  await parley("agent", "create", "--name", "Asha", "--prompt", "Book a demo.", "--welcome", "Hello {name}");
  imported = await parley("import", file, "--tag", "july");
  const draft = ["--name", "July", "--agent", "Asha", "--tag", "july"];
  const cap = ["--max-concurrent", String(LINES.campaign)];
  ({ id: campaignId } = await parley("campaign", "create", ...draft, ...cap));
  await parley("campaign", "start", campaignId);
  const watching = house.parley(["campaign", "watch", campaignId, "--json"], key);
  await driveToEnd(house, owner, campaignId);
  watched = await watching;
  await until(
    "every call is settled but those that the provider never ends",
    async () => {
      const { rows } = await house.db.owner.query(
        "select from calls where campaign_id = $1 and settled_at is null and right(phone_number, 4) <> '0014' limit 1",
        [campaignId],
      );
      return rows.length === 0;
    },
    { withinMs: 30_000 },
  );
  // The one who rings back does so a minute later.
  await until(
    "they have rung back",
    async () => (await owner.ask("calls.list", { direction: "inbound" })).items.length === 2,
  );
  truth = await house.truth();
  items = await everyPage((cursor) => owner.ask("campaigns.items", { campaignId, limit: 200, cursor }));
  calls = await everyPage((cursor) => owner.ask("calls.list", { limit: 200, cursor }));
}, 400_000);

const wire = (phoneNumber: string | null) => phoneNumber?.replace(" ", "");
const attemptsOf = (phone: string) =>
  calls.filter((call) => wire(call.phoneNumber) === phone && call.direction === "outbound");

test("parley import takes the good rows and gives back every bad one with its reason", () => {
  expect(imported).toMatchObject({
    status: "done",
    encoding: "UTF-8",
    delimiter: ";",
    rows: list.rows,
    accepted: list.good,
    rejected: list.rows - list.good,
    duplicates: 1,
    created: list.good,
  });
  expect(imported.reasons).toEqual(list.reasons);
  const rejects = readFileSync(imported.rejectsFile, "utf8");
  for (const reason of Object.keys(list.reasons)) expect(rejects).toContain(reason);
});

test("parley campaign watch ends with 0 when the campaign has completed", () => {
  expect(watched.code, watched.err).toBe(0);
  expect(watched.out.at(-1)).toMatchObject({ status: "completed", total: list.good });
  expect(watched.out.length).toBeGreaterThan(5);
  for (const { byStatus, total } of watched.out)
    expect(Object.values<number>(byStatus).reduce((sum, n) => sum + n, 0)).toBeLessThanOrEqual(total);
});

test("each attempt rang at most once, and nothing rang that is no attempt", () => {
  const rung = new Map<string, number>();
  for (const { userData } of truth.rings) {
    const callId = userData!.call_id;
    rung.set(callId, (rung.get(callId) ?? 0) + 1);
  }
  expect([...rung.values()].filter((times) => times > 1)).toEqual([]);
  const known = new Set(calls.map((call) => call.id));
  expect([...rung.keys()].filter((callId) => !known.has(callId))).toEqual([]);
  const open = new Map<string, number>();
  for (const { to } of truth.rings) open.set(to, (open.get(to) ?? 0) + 1);
  for (const [to, times] of open) expect(times, to).toBeLessThanOrEqual(3);
});

test("no limit was exceeded at any moment", () => {
  expect(truth.peaks.system).toBeGreaterThan(LINES.campaign / 2);
  expect(truth.peaks.system).toBeLessThanOrEqual(LINES.campaign);
  for (const lines of Object.values(truth.peaks.byAgent)) expect(lines).toBeLessThanOrEqual(LINES.campaign);
});

test.each(list.magic)("$phone ends as docs/sandbox.md says", async ({ phone, end }) => {
  const [item] = items.filter((each) => wire(each.phoneNumber) === phone);
  const attempts = attemptsOf(phone).toSorted((one, other) => one.attempt - other.attempt);
  const last = attempts.filter(({ status }) => status !== "not-placed").at(-1);
  expect({
    number: end.number,
    status: last?.status,
    outcome: item?.lastOutcome,
    item: item?.status,
    rings: truth.rings.filter(({ to }) => to === phone).length,
    attempts: item?.attempts,
    price: attempts.reduce((sum, { priceCredits }) => sum + (priceCredits ?? 0), 0),
  }).toEqual(end);
  expect(item!.spent).toBe(end.price);
});

test("who calls back is an inbound call of its own", () => {
  const inbound = calls.filter(({ direction }) => direction === "inbound");
  expect(inbound.map(({ phoneNumber }) => wire(phoneNumber)).toSorted()).toEqual([
    "+14158670024",
    "+919812340024",
  ]);
  for (const call of inbound)
    expect(call).toMatchObject({ status: "completed", line: null, itemId: null, priceCredits: 5 });
});

test("every person has an outcome or a reason that can be read", () => {
  expect(items).toHaveLength(list.good);
  for (const { status, lastOutcome, skipReason, phoneNumber } of items) {
    expect(["completed", "failed", "skipped"], phoneNumber).toContain(status);
    if (status === "skipped") {
      expect(Object.keys(reasons), phoneNumber).toContain(skipReason);
      expect(reasonText(skipReason!)).toMatch(/\.$/);
    } else expect(lastOutcome, phoneNumber).not.toBeNull();
  }
  expect(
    items
      .filter(({ status }) => status === "skipped")
      .map(({ phoneNumber, skipReason }) => [phoneNumber, skipReason]),
  ).toEqual([[suppressed, "suppressed"]]);
});

test("the ledger explains the balance to the credit", async () => {
  const { rows, columns } = await owner.ask("ops.query", { view: "ledger_check" });
  for (const row of rows) expect(row[columns.indexOf("difference")]).toBe(0);
  const priced = calls.reduce((sum, { priceCredits }) => sum + (priceCredits ?? 0), 0);
  const { credits, held } = await owner.ask("billing.balance");
  expect(credits).toBe(10_000 - priced);
  // The two calls that never ended still hold what they may cost.
  expect(held).toBe(2 * 50);
  const { spent } = await owner.ask("campaigns.progress", { campaignId });
  expect(spent).toBe(priced - 2 * 5);
});

test("every conversation was read once, and who asked not to be called is suppressed", async () => {
  await until(
    "every conversation has been read",
    async () => {
      const { rows } = await house.db.owner.query(
        "select from lead_analytics where status in ('pending', 'running') limit 1",
      );
      return rows.length === 0;
    },
    { withinMs: 30_000 },
  );
  const { byTranscript } = await house.control("GET", "openai/requests");
  expect(Object.values<number>(byTranscript).length).toBeGreaterThan(50);
  for (const phone of ["+91 9812340009", "+1 4158670009"]) {
    const { items: found } = await owner.ask("contacts.list", { search: phone.split(" ")[1]! });
    expect(found).toMatchObject([{ phoneNumber: phone, suppressed: true }]);
  }
  const { rows } = await house.db.owner.query(
    "select call_id from analysis_runs group by call_id, transcript_sha256 having count(*) > 1",
  );
  expect(rows).toEqual([]);
});
