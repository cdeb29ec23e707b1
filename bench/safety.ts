import pg from "pg";
import { settleCall } from "@parley/db/ledger";
import { Db } from "@parley/db";
import type { Figure } from "./figure.ts";
import { Ticker } from "./ticker.ts";
import type { Bench } from "./bench.ts";

const LINES = 40;
const EQUALS = 50;
const RICH = 1_000_000_000;
/** Beside the equal ones some whose credit ends in the middle: they stop at zero. */
const POOR = 400;

/**
 * Four dispatchers, four that end calls and two that settle them go at one database for a while, and one dispatcher's
 * connection is killed every second. Then the rows are asked what they saw. Not a figure but a gate: one breach and the
 * run has failed.
 */
export async function safetyFigures(bench: Bench): Promise<Figure[]> {
  const seconds = bench.quick ? 5 : 60;
  const ticker = await Ticker.open(bench, { items: 0, tenants: 0 });
  const worker = new Db({ url: ticker.loginUrls.worker, name: "bench worker", direct: true });
  const owner = new pg.Pool({ connectionString: ticker.superUrl, max: 8 });
  owner.on("error", () => {});
  const errors: string[] = [];
  let over = false;
  const until = async (work: () => Promise<unknown>) => {
    while (!over)
      await work().catch((error: pg.DatabaseError) => {
        // the one that was killed on purpose
        if (error.code !== "57P01" && !/terminated|connection/i.test(error.message))
          errors.push(error.message);
      });
  };
  try {
    for (let n = 0; n < EQUALS; n++) await ticker.addTenant({ items: 2000, lines: 1000, credits: RICH });
    for (let n = 0; n < 5; n++) await ticker.addTenant({ items: 200, lines: 5, credits: POOR });
    await ticker.setLines(LINES);
    await ticker.vacuum();
    let mostOpen = 0;
    let kills = 0;
    const crew = [
      ...Array.from({ length: 4 }, () => until(() => worker.pool.query("select * from app.claim_tick()"))),
      ...Array.from({ length: 4 }, () => until(() => endSome(worker, owner))),
      ...Array.from({ length: 2 }, () => until(() => settleSome(worker, owner))),
      until(async () => {
        const { rows } = await owner.query(
          "select count(*)::int as n from calls where ended_at is null and system_slot is not null",
        );
        mostOpen = Math.max(mostOpen, rows[0].n);
      }),
      until(async () => {
        await new Promise((done) => setTimeout(done, 1000));
        const { rowCount } = await owner.query(
          "select pg_terminate_backend(pid) from pg_stat_activity where application_name = 'bench worker' and query like '%claim_tick%' and state = 'active' limit 1",
        );
        kills += rowCount ?? 0;
      }),
    ];
    await new Promise((done) => setTimeout(done, seconds * 1000));
    over = true;
    await Promise.all(crew);
    const { rows } = await owner.query<Record<string, number>>(`
      with per_tenant as (
        select c.user_id, count(*) as calls from calls c join users u on u.id = c.user_id where u.concurrent_limit = 1000 group by c.user_id
      )
      select
        (select count(*)::int from calls) as dispatches,
        greatest(0, ${mostOpen} - ${LINES}) + (select count(*)::int from calls where system_slot > ${LINES}) as over,
        (select count(*)::int from (select from calls group by queue_id having count(*) > 1) t) as twice,
        (select count(*)::int from call_queue q where (q.status = 'in_progress') <> exists (select from calls c where c.queue_id = q.id and c.settled_at is null)) as unclaimed,
        (select count(*)::int from users u cross join lateral app.tenant_room(u.id) r where r.available < 0) as negative,
        (select count(*)::int from users u where u.credits <> case u.concurrent_limit when 5 then ${POOR} else ${RICH} end + coalesce((select sum(e.amount) from credit_entries e where e.user_id = u.id), 0)) as drift,
        (select deadlocks::int from pg_stat_database where datname = current_database()) as deadlocks,
        (select (max(calls) - min(calls))::int from per_tenant) as spread`);
    const seen = rows[0]!;
    const gate = (name: string, value: number, most = 0): Figure => ({
      name,
      ours: String(value),
      ratio: value,
      goal: { most, unit: "" },
    });
    return [
      {
        name: `${seen.dispatches!.toLocaleString("en")} dispatches in ${seconds} s by 4 dispatchers (${kills} killed), 4 that end, 2 that settle: open calls at most`,
        ours: `${mostOpen}`,
        floor: `${LINES} lines`,
        ratio: mostOpen / LINES,
        goal: { most: 1 },
      },
      gate("… lines over the limit", seen.over!),
      gate("… items dialled twice", seen.twice!),
      gate("… calls without their claim, or claims without their call", seen.unclaimed!),
      gate("… balances below their holds", seen.negative!),
      gate("… ledgers that do not add up", seen.drift!),
      gate("… deadlocks", seen.deadlocks!),
      gate(`… errors${errors.length > 0 ? ` (${errors[0]})` : ""}`, errors.length),
      gate(`… calls between the most and the least served of ${EQUALS} equal tenants`, seen.spread!, 1),
    ];
  } finally {
    await worker.end();
    await owner.end();
    await ticker.close();
  }
}

type Open = { id: string; user_id: string; phone_number: string };

/** A conversation is over, the oldest first: the line is free, the hold stays. */
async function endSome(worker: Db, owner: pg.Pool): Promise<void> {
  const { rows } = await owner.query<Open>(
    "select id, user_id, phone_number from calls where ended_at is null order by id limit 5",
  );
  for (const call of rows)
    await worker.tx(call.user_id, async (tx) => {
      const { rowCount } = await tx.query(
        "update calls set status = 'completed', outcome = 'answered', talk_seconds = 60, ended_at = app.now(), final_at = app.now(), lease_until = null where id = $1 and ended_at is null",
        [call.id],
      );
      if (rowCount) await tx.query("select app.line_freed($1, $2)", [call.user_id, call.phone_number]);
    });
}

async function settleSome(worker: Db, owner: pg.Pool): Promise<void> {
  const { rows } = await owner.query<Open>(
    "select id, user_id, phone_number from calls where settled_at is null and ended_at is not null order by random() limit 10",
  );
  for (const call of rows)
    await worker.tx(call.user_id, async (tx) => {
      await settleCall(tx, call.id, 10);
      await tx.query(
        "update call_queue set status = 'completed', closed_at = app.now() where id = (select queue_id from calls where id = $1) and status = 'in_progress'",
        [call.id],
      );
    });
}
