import { expect, test } from "vitest";
import { until, useHouse, watchMemory, type Owner } from "./house.ts";
import { importAt, upload } from "./steps.ts";

const house = useHouse({}, { mayComplain: true });

const MOST_MEGABYTES = 400;
const ROWS = 100_000;

/** Every hundredth row cannot be taken, for one of three reasons; the rest are good numbers under a prefix of three digits. */
function bigList(prefix: string, rows: number) {
  const reasons: Record<string, number> = { phone_missing: 0, phone_invalid: 0, duplicate_in_file: 0 };
  const lines = ["name,phone,email,company,city,notes,lead source"];
  for (let n = 0; n < rows; n++) {
    const number = `${prefix}${String(n).padStart(7, "0")}`;
    let phone = n % 3 === 0 ? `+91 ${number}` : n % 3 === 1 ? `0${number}` : `91${number}`;
    if (n % 100 === 99) {
      const reason = Object.keys(reasons)[Math.floor(n / 100) % 3]!;
      reasons[reason]!++;
      phone = { phone_missing: "", phone_invalid: `${n}`, duplicate_in_file: `${prefix}0000000` }[reason]!;
    }
    lines.push(
      `"Person, ${n}",${phone},p${n}@list.example,Company ${n % 500},Pune,"Met at the ""fair"" ${n}",web`,
    );
  }
  const bad = Object.values(reasons).reduce((sum, count) => sum + count, 0);
  return { csv: Buffer.from(lines.join("\n")), good: rows - bad, bad, reasons };
}

const contactsOf = async (owner: Owner, importId: string) =>
  (
    await house.db.owner.query<{ count: number }>(
      "select count(*)::int as count from contacts where user_id = $1 and import_id = $2",
      [owner.session.user.id, importId],
    )
  ).rows[0]!.count;

const rejectsOf = async (owner: Owner, importId: string) =>
  (await (await owner.fetch(`/api/imports/${importId}/rejects.csv`)).text()).trim().split(/\r?\n/).slice(1);

test("100 000 rows come in with less than 400 MB in each process: good rows as contacts, bad ones with reasons", async () => {
  const owner = await house.signUp();
  const list = bigList("981", ROWS);
  const memory = watchMemory({ http: house.pid("http"), worker: house.pid("worker") });
  const began = performance.now();
  const { importId } = await upload(owner, list.csv, { withinMs: 120_000 });
  const checked = performance.now();
  await owner.ask("imports.commit", { importId, tags: ["big"] });
  const done = await importAt(owner, importId, ["done"], 120_000);
  const added = performance.now();
  const rejects = await rejectsOf(owner, importId);
  const peaks = memory.stop();
  console.log(
    `100 000 rows: checked in ${seconds(checked - began)}, added in ${seconds(added - checked)}; ` +
      `at most ${Math.round(peaks.http)} MB in http, ${Math.round(peaks.worker)} MB in worker`,
  );
  expect(done).toMatchObject({
    rows: ROWS,
    accepted: list.good,
    rejected: list.bad,
    duplicates: list.reasons["duplicate_in_file"],
    created: list.good,
    reasons: list.reasons,
  });
  expect(await contactsOf(owner, importId)).toBe(list.good);
  expect(rejects).toHaveLength(list.bad);
  for (const line of rejects) expect(line).toMatch(/(phone_missing|phone_invalid|duplicate_in_file),.*\./);
  expect(peaks.http).toBeGreaterThan(0);
  expect(peaks.http).toBeLessThanOrEqual(MOST_MEGABYTES);
  expect(peaks.worker).toBeGreaterThan(0);
  expect(peaks.worker).toBeLessThanOrEqual(MOST_MEGABYTES);
}, 240_000);

test("kill -9 of the worker while it checks one list and adds another: both come in whole, once", async () => {
  const [one, other] = [await house.signUp({ company: "One" }), await house.signUp({ company: "Other" })];
  const [adding, checking] = [bigList("982", 40_000), bigList("983", 3 * ROWS)];
  const { importId: added } = await upload(one, adding.csv, { withinMs: 120_000 });
  const progressOf = async (owner: Owner, importId: string) => {
    const { status, progress, rows } = await owner.ask("imports.get", { importId });
    return { status, share: progress.done / (progress.total ?? Math.max(rows, 3 * ROWS)) };
  };
  const answer = await other.fetch("/api/imports?name=checking.csv", {
    method: "POST",
    headers: { "content-type": "text/csv" },
    body: checking.csv,
  });
  const { importId: checked } = (await answer.json()) as { importId: string };
  const begun = async () => (await progressOf(other, checked)).share > 0.05;
  await until("one list is being checked", begun, { withinMs: 60_000, everyMs: 5 });
  await one.ask("imports.commit", { importId: added });
  await until(
    "one list is being added and the other checked",
    async () => {
      const [a, b] = [await progressOf(one, added), await progressOf(other, checked)];
      if (a.status === "done" || b.status === "ready")
        throw new Error(`Too late to kill: ${JSON.stringify([a, b])}`);
      return (
        a.status === "committing" && b.status === "validating" && a.share > 0.05 && b.share > 0.05 && [a, b]
      );
    },
    { withinMs: 30_000, everyMs: 5 },
  );
  await house.end("worker", "SIGKILL");
  expect((await progressOf(one, added)).status).toBe("committing");
  expect((await progressOf(other, checked)).status).toBe("validating");
  await house.start("worker");
  const [done, ready] = [
    await importAt(one, added, ["done"], 120_000),
    await importAt(other, checked, ["ready"], 120_000),
  ];
  expect(done).toMatchObject({
    rows: 40_000,
    accepted: adding.good,
    created: adding.good,
    reasons: adding.reasons,
  });
  expect(await contactsOf(one, added)).toBe(adding.good);
  expect(ready).toMatchObject({
    rows: 3 * ROWS,
    accepted: checking.good,
    rejected: checking.bad,
    reasons: checking.reasons,
  });
  expect(await rejectsOf(other, checked)).toHaveLength(checking.bad);
  const { rows: twice } = await house.db.owner.query(
    "select phone_number from contacts where user_id = $1 group by 1 having count(*) > 1",
    [one.session.user.id],
  );
  expect(twice).toEqual([]);
}, 240_000);

const seconds = (ms: number) => `${(ms / 1000).toFixed(1)} s`;
