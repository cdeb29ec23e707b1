import type { Diagnosis } from "@parley/core/ops/schema";
import { row, sql } from "@parley/db";
import { pendingMigrations } from "@parley/db/migrate";
import { loginFault } from "@parley/db/roles";
import { ChatClient } from "../chat-client.ts";
import type { Ctx } from "../context.ts";

type Check = Diagnosis["checks"][number];
type Finding = Pick<Check, "status" | "detail" | "cure">;

const REACH_MS = 5_000;
const DRIFT_SECONDS_MAX = 2;
const SHUTDOWN_DAYS_NEAR = 90;

const ok = (detail: string): Finding => ({ status: "ok", detail, cure: null });
const warn = (detail: string, cure: string): Finding => ({ status: "warn", detail, cure });
const bad = (detail: string, cure: string): Finding => ({ status: "bad", detail, cure });

/** Everything an installation needs, looked at now, each with its cure. A check that fails to run is itself a finding. */
export async function diagnose(ctx: Ctx): Promise<Diagnosis> {
  const looked: Record<string, () => Promise<Finding>> = {
    database: () => database(ctx),
    migrations: () => migrations(ctx),
    roles: () => roles(ctx),
    clocks: () => clocks(ctx),
    workers: () => workers(ctx),
    dialling: () => dialling(ctx),
    ledger: () => ledger(ctx),
    "voice provider": () => voice(ctx),
    analysis: () => analysis(ctx),
    webhooks: () => webhooks(ctx),
    chat: () => chat(ctx),
  };
  const checks = await Promise.all(
    Object.entries(looked).map(async ([name, look]): Promise<Check> => {
      try {
        return { name, ...(await look()) };
      } catch (error) {
        ctx.log.error({ err: error }, `[Doctor] ${name} could not be checked`);
        return { name, ...bad("It could not be checked.", "Read the server's log of this minute.") };
      }
    }),
  );
  return { ok: checks.every(({ status }) => status !== "bad"), checks };
}

async function database(ctx: Ctx): Promise<Finding> {
  const begun = performance.now();
  const { version } = (
    await ctx.ro.query<{ version: string }>("select current_setting('server_version') as version")
  ).rows[0]!;
  const took = `PostgreSQL ${version}, answers in ${Math.round(performance.now() - begun)} ms.`;
  return Number.parseInt(version) >= 17
    ? ok(took)
    : warn(took, "Parley is tested on PostgreSQL 17; upgrade.");
}

async function migrations(ctx: Ctx): Promise<Finding> {
  const pending = await pendingMigrations(ctx.ro);
  return pending.length === 0
    ? ok("The database fits this version.")
    : bad(`${pending.length} migrations wait: ${pending.slice(0, 3).join(", ")}.`, "Run npm run db:migrate.");
}

async function roles(ctx: Ctx): Promise<Finding> {
  const fault = (await loginFault(ctx.ro)) ?? (await ctx.db.tx((tx) => loginFault(tx.client)));
  return fault
    ? bad(fault, "Restart with DATABASE_URL set; boot creates limited logins.")
    : ok("Every login is held by row-level security.");
}

async function clocks(ctx: Ctx): Promise<Finding> {
  const before = Date.now();
  const { wall, now, scale } = (
    await ctx.ro.query<{ wall: string; now: string; scale: number }>(
      "select app.wall() as wall, app.now() as now, clock_scale as scale from system_settings",
    )
  ).rows[0]!;
  const drift = Math.abs(Date.parse(wall) - (before + Date.now()) / 2) / 1000;
  if (drift > DRIFT_SECONDS_MAX)
    return bad(
      `This process and the database differ by ${drift.toFixed(1)} s.`,
      "Synchronise both machines' clocks (NTP).",
    );
  const ahead = Math.abs(Date.parse(now) - Date.parse(wall)) > 1000;
  if (scale !== 1 || ahead)
    return warn(
      `The rehearsal clock reads ${now}, at ${scale} times real time.`,
      "Nothing to do: only calls to the sandbox can run on it.",
    );
  return ok("The clocks agree.");
}

async function workers(ctx: Ctx): Promise<Finding> {
  const found = (
    await ctx.ro.query<{ workers: number; due: number; oldest: number | null }>(
      `select s.workers, (select coalesce(sum(due), 0) from ops.jobs) as due,
         (select max(extract(epoch from oldest)) from ops.jobs) as oldest
       from app.system_room() s`,
    )
  ).rows[0]!;
  if (found.workers === 0)
    return bad(
      "No worker has been heard of for 30 seconds.",
      "Start a process with PARLEY_ROLE worker or all.",
    );
  if (found.oldest !== null && found.oldest > 60)
    return warn(
      `${found.due} jobs are due, the oldest for ${Math.round(found.oldest)} s.`,
      "Start another worker, or look at ops.jobs for the task that jams.",
    );
  return ok(
    `${found.workers} worker ${found.workers === 1 ? "process" : "processes"}, ${found.due} jobs due.`,
  );
}

async function dialling(ctx: Ctx): Promise<Finding> {
  const room = await ctx.db.tx((tx) =>
    row<{
      dialling_paused: boolean;
      paused_reason: string | null;
      account_status: string;
      gate_at: string | null;
      live: number;
      line_limit: number;
    }>(tx, sql`select * from app.system_room()`),
  );
  if (room.dialling_paused)
    return warn(
      `Dialling is paused${room.paused_reason ? `: ${room.paused_reason}` : ""}.`,
      "Resume it under Operations.",
    );
  if (room.account_status !== "ok")
    return bad("The voice provider has refused our key.", "Set BOLNA_API_KEY to a valid key and restart.");
  if (room.line_limit === 0)
    return warn("The system limit is 0 lines.", "Raise it under Operations → Limits.");
  if (room.gate_at)
    return warn(
      `The voice provider asked for a pause until ${room.gate_at}.`,
      "Nothing to do: dialling goes on by itself.",
    );
  return ok(`${room.live} of ${room.line_limit} lines in use.`);
}

async function ledger(ctx: Ctx): Promise<Finding> {
  const { wrong } = (
    await ctx.ro.query<{ wrong: number }>(
      "select count(*) as wrong from ops.ledger_check where difference <> 0",
    )
  ).rows[0]!;
  return wrong === 0
    ? ok("Every balance is the sum of its entries.")
    : bad(
        `${wrong} balances differ from the sum of their entries.`,
        "Stop dialling and look at ops.ledger_check.",
      );
}

async function voice(ctx: Ctx): Promise<Finding> {
  const { voice: its } = ctx.config;
  const begun = performance.now();
  try {
    const me = await ctx.providers.bolna.me();
    const figures = `${its.isSandbox ? "The sandbox" : its.url} answers in ${Math.round(performance.now() - begun)} ms, wallet ${me.wallet ?? "unknown"}.`;
    return typeof me.wallet === "number" && me.wallet <= 0
      ? bad(figures, "Top up at the voice provider.")
      : ok(figures);
  } catch (error) {
    return bad(
      sentence(error),
      its.isSandbox ? "Start the sandbox (npm start does)." : "Check BOLNA_API_URL and BOLNA_API_KEY.",
    );
  }
}

async function analysis(ctx: Ctx): Promise<Finding> {
  const { model } = ctx.config.analysis;
  const found = await ctx.providers.openai.checkModel();
  if (found.kind !== "ok")
    return bad(
      found.detail,
      found.kind === "model_gone"
        ? "Set OPENAI_MODEL to a current model."
        : "Check OPENAI_BASE_URL and OPENAI_API_KEY.",
    );
  if (found.shutdownOn === null) return ok(`Model ${model} is there.`);
  const days = Math.ceil((Date.parse(found.shutdownOn) - Date.now()) / 86_400_000);
  const detail = `Model ${model} is shut down on ${found.shutdownOn}, in ${days} days.`;
  return days <= SHUTDOWN_DAYS_NEAR
    ? warn(detail, "Set OPENAI_MODEL to a model without a shutdown date.")
    : ok(detail);
}

async function chat(ctx: Ctx): Promise<Finding> {
  const { serverUrl: url } = ctx.config.chat;
  const health = await new ChatClient({ url, serviceSecret: ctx.config.keys.service }).health();
  return health.ok
    ? ok(`Chat has answered since ${health.startedAt}.`)
    : warn(
        health.reason,
        `Start chat at ${url} with the server's SERVICE_SECRET, or set CHAT_AGENT_SERVER_URL.`,
      );
}

/** Asks ourselves from outside: the address that agents carry must lead back to a Parley. */
async function webhooks(ctx: Ctx): Promise<Finding> {
  const { publicUrl, voice: its } = ctx.config;
  const isLocal = /^(localhost|127\.|\[::1\]|0\.0\.0\.0)/.test(new URL(publicUrl).hostname);
  if (isLocal && !its.isLoopback)
    return bad(
      `PUBLIC_URL is ${publicUrl}, which the voice provider cannot reach.`,
      "Set PUBLIC_URL to a public address and restart; agents are re-pointed.",
    );
  try {
    const answer = await fetch(`${publicUrl}/healthz`, {
      signal: AbortSignal.timeout(REACH_MS),
      redirect: "manual",
    });
    if (!answer.ok)
      return bad(
        `${publicUrl}/healthz answers ${answer.status}.`,
        "PUBLIC_URL must lead to this server, without a login in front.",
      );
  } catch (error) {
    return bad(
      `${publicUrl} cannot be reached: ${sentence(error)}`,
      "Check PUBLIC_URL, DNS and the proxy in front.",
    );
  }
  const { bad: unread } = (
    await ctx.ro.query<{ bad: number }>("select coalesce(sum(bad), 0) as bad from ops.webhook_lag")
  ).rows[0]!;
  if (unread > 0)
    return warn(
      `${unread} webhooks of the last day could not be read.`,
      "Look at them under Operations → Webhooks, then replay.",
    );
  if (!its.isSandbox && its.webhookIps.length === 0)
    return ok(`${publicUrl} can be reached. The bare webhook path is closed; agents carry keyed addresses.`);
  return ok(`${publicUrl} can be reached.`);
}

function sentence(error: unknown): string {
  const message =
    error instanceof Error
      ? error.cause instanceof Error
        ? error.cause.message
        : error.message
      : String(error);
  return message.endsWith(".") ? message : `${message}.`;
}
