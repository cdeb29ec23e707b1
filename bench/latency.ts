import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { signUp, type SignedUp } from "../apps/server/src/testing/visitor.ts";
import { Installation } from "../chaos/installation.ts";
import { quantile, ms, type Figure } from "./figure.ts";
import type { Bench } from "./bench.ts";

const LINES = 10;
/** Domain time runs faster, so that enough lines become free within the run; what is measured is wall time. */
const SPEED = 10;

/**
 * The whole way, with the real processes: the provider's webhook ends a call and its line is free (the fold is
 * committed), the next call's job begins, its request leaves. And from the press of Call, with everything idle, until the
 * request leaves. The worker itself notes commit and begin (note-times.ts), the rest is what the rows carry: when the
 * ending event was folded, when the item was written, when the call became `dialing`.
 */
export async function latencyFigures(bench: Bench): Promise<Figure[]> {
  const home = mkdtempSync(join(tmpdir(), "parley-bench-"));
  const times = join(home, "times");
  const there = await Installation.open({
    https: 1,
    workers: 1,
    straight: true,
    env: { BENCH_TIMES: times },
    preload: ["bench/note-times.ts"],
  });
  try {
    const visitor = await signUp(there.url, { company: "Latency", email: "latency@bench.example" });
    const agent = await visitor.trpc.agents.create.mutate({
      name: "Asha",
      prompt: "Sell tea.",
      welcomeMessage: "Hello, this is Asha.",
      maxCallSeconds: 60,
    });
    await atProvider(there, agent.id);
    const tenant = visitor.session.user.id;
    await there.ask(
      "update users set concurrent_limit = 100, credits = 1000000, frequency_dials_max = 1000, frequency_answered_max = 1000 where id = $1",
      [tenant],
    );
    await there.ask(
      "insert into credit_entries (user_id, kind, amount, balance) select id, 'grant', credits, credits from users where id = $1",
      [tenant],
    );
    await there.ask("update system_settings set concurrent_calls_limit = $1", [LINES]);
    const pressed = await pressCall(there, visitor, agent.id, bench.quick ? 10 : 40);
    await there.sandbox("/clock", { scale: SPEED });
    const freed = await campaign(there, visitor, agent.id, bench.quick ? 60 : 400);
    const noted = notedIn(times);
    const untilBegun = freed.flatMap(({ callId, eventId, took }) => {
      const [from, to] = [noted.get(`drain.committed ${eventId}`), noted.get(`place.taken ${callId}`)];
      return from && to && took > 0 ? [Math.max(0, to - from)] : [];
    });
    const untilGone = freed.map(({ took }) => took);
    const figure = (name: string, values: number[], q: number, most: number): Figure => ({
      name: `${name}, p${q * 100} of ${values.length} ÷ its goal`,
      ours: ms(quantile(values, q)),
      floor: ms(most),
      ratio: quantile(values, q) / most,
      goal: { most: 1 },
    });
    return [
      figure(`a line is free until the next call's job begins, ${LINES} lines`, untilBegun, 0.5, 15),
      figure(`… the same`, untilBegun, 0.99, 50),
      {
        name: `… from the fold of the webhook until the request leaves, p50 / p99`,
        ours: `${ms(quantile(untilGone, 0.5))} / ${ms(quantile(untilGone, 0.99))}`,
      },
      figure("a press of Call with everything idle until the request leaves", pressed, 0.5, 50),
    ];
  } finally {
    await there.close();
    rmSync(home, { recursive: true });
  }
}

async function atProvider(there: Installation, agentId: string): Promise<void> {
  for (;;) {
    const rows = await there.ask(
      "select 1 from agents where id = $1 and bolna_agent_id is not null and sync_status = 'synced'",
      [agentId],
    );
    if (rows.length > 0) return;
    await pause(50);
  }
}

/** One call after the other, each when the one before is over and all is still. */
async function pressCall(
  there: Installation,
  visitor: SignedUp,
  agentId: string,
  times: number,
): Promise<number[]> {
  await there.sandbox("/clock", { scale: 50 });
  for (let n = 0; n < times; n++) {
    await visitor.trpc.calls.place.mutate({
      agentId,
      phoneNumber: `+91 98${String(10_000_000 + n * 13 + 5000)}`,
    });
    for (;;) {
      const open = await there.ask(
        "select 1 from calls where ended_at is null union all select 1 from call_queue where status = 'pending'",
      );
      if (open.length === 0) break;
      await pause(50);
    }
    await pause(200);
  }
  const rows = await there.ask<{ took: number }>(
    `select extract(epoch from c.dialing_wall - app.wall_at(q.created_at)) * 1000 as took
     from calls c join call_queue q on q.id = c.queue_id where q.kind = 'direct' and c.dialing_wall is not null`,
  );
  return rows.map(({ took }) => Number(took));
}

/** What a worker noted: by step and id, when (ms since 1970). */
function notedIn(file: string): Map<string, number> {
  return new Map(
    readFileSync(file, "utf8")
      .split("\n")
      .filter(Boolean)
      .flatMap((line) => {
        const [step, about = "", at] = line.split(" ");
        return about.split(",").map((id) => [`${step} ${id}`, Number(at)] as const);
      }),
  );
}

/** A call on a line that the fold of a webhook gave back; `took` until its own request left, in ms. */
type Freed = { callId: string; eventId: number; took: number };

/** Each line that a call gave back, and the next call that took it. */
async function campaign(
  there: Installation,
  visitor: SignedUp,
  agentId: string,
  calls: number,
): Promise<Freed[]> {
  const csv = [
    "name,phone",
    ...Array.from({ length: calls }, (_, n) => `Person ${n},+91 97${String(20_000_000 + n * 7 + 6000)}`),
    "",
  ].join("\n");
  const answer = await visitor.fetch("/api/imports?name=people.csv&defaultRegion=IN", {
    method: "POST",
    headers: { "content-type": "text/csv" },
    body: csv,
  });
  const { importId } = (await answer.json()) as { importId: string };
  const reaches = async (status: string) => {
    while ((await visitor.trpc.imports.get.query({ importId })).status !== status) await pause(50);
  };
  await reaches("ready");
  await visitor.trpc.imports.commit.mutate({ importId });
  await reaches("done");
  const { id: campaignId } = await visitor.trpc.campaigns.create.mutate({
    name: "Latency",
    agentId,
    audience: { importId },
    retry: { maxAttempts: 1, busy: [], noAnswer: [], failed: [], voicemail: [] },
  });
  await visitor.trpc.campaigns.start.mutate({ campaignId });
  for (;;) {
    const left = await there.ask(
      "select 1 from call_queue where campaign_id = $1 and status = 'pending' limit 1",
      [campaignId],
    );
    const launched = await there.ask("select 1 from call_queue where campaign_id = $1 limit 1", [campaignId]);
    if (left.length === 0 && launched.length > 0) break;
    await pause(200);
  }
  const rows = await there.ask<{ id: string; event: number; took: number }>(
    `with line as (
       select c.id, c.system_slot, c.claimed_at, c.dialing_wall,
         e.arrived_at as freed_at, e.webhook_event_id as event
       from calls c
       left join lateral (
         select e.arrived_at, e.webhook_event_id from call_events e
         where e.call_id = c.id and e.status in ('call-disconnected', 'completed', 'no-answer', 'busy', 'failed', 'canceled', 'stopped', 'error')
         order by e.arrived_at limit 1
       ) e on true
       where c.campaign_id = $1 and c.system_slot is not null
     ),
     next as (
       select id, dialing_wall, lag(freed_at) over slot as freed_at, lag(event) over slot as event
       from line window slot as (partition by system_slot order by claimed_at)
     )
     select id, event, extract(epoch from dialing_wall - app.wall_at(freed_at)) * 1000 as took
     from next where freed_at is not null and dialing_wall is not null`,
    [campaignId],
  );
  return rows
    .map(({ id, event, took }) => ({ callId: id, eventId: Number(event), took: Number(took) }))
    .filter(({ took }) => took > 0);
}
