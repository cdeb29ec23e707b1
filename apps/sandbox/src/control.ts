import { timingSafeEqual, createHash } from "node:crypto";
import type { FastifyInstance } from "fastify";
import { z } from "zod";
import { e164 } from "@parley/core/wire/bolna";
import { statusOf } from "./bolna/execution.ts";
import { magicNumbers, usualMix } from "./bolna/plan.ts";
import { faultNames, isFault, type FaultRates } from "./faults.ts";
import { endings, isEnding } from "./openai/endings.ts";
import type { Sandbox } from "./app.ts";

const PARLEY_TIMEOUT_MS = 15_000;

const clockChange = z.strictObject({
  scale: z.number().min(0).max(1_000_000).optional(),
  advanceTo: z.iso.datetime({ offset: true }).optional(),
});

/** Parley's clock as it stands on the wire: now = base + (wall clock − wall) × scale. */
const triple = z.object({
  base: z.iso.datetime({ offset: true }),
  wall: z.iso.datetime({ offset: true }),
  scale: z.number().min(0),
});

const share = z.number().min(0).max(1);
const scenarioChange = z.strictObject({
  seed: z.string().min(1).max(100).optional(),
  mix: z
    .strictObject({ answered: share, noAnswer: share, busy: share, voicemail: share, failed: share })
    .partial()
    .optional(),
  /** Numbers that shall play the part of a magic number; null gives them back their own. */
  numbers: z.record(e164, z.string().nullable()).optional(),
});

const accountChange = z.strictObject({
  wallet: z.number().optional(),
  concurrency: z.int().min(0).max(100_000).optional(),
  rateFactor: z.number().positive().max(10_000).optional(),
});

/** A control request that cannot be met: the answer says why. */
class Refused extends Error {
  readonly status: number;
  constructor(status: number, message: string) {
    super(message);
    this.status = status;
  }
}

/** Everything that drives and judges the sandbox from outside: `/sandbox/*`. */
export function controlRoutes(app: FastifyInstance, sandbox: Sandbox): void {
  const { clock, faults, exchange, truth, webhooks, options } = sandbox;

  app.setErrorHandler((error: Error & { status?: number; statusCode?: number }, _request, reply) => {
    const status = error instanceof z.ZodError ? 400 : (error.status ?? error.statusCode ?? 500);
    const message = error instanceof z.ZodError ? z.prettifyError(error) : error.message;
    return reply.code(status).send({ error: message });
  });

  const reading = (): Record<string, unknown> => {
    const { base, wallAt, scale } = clock.reading;
    return { now: iso(clock.now()), scale, base: iso(base), wall: iso(wallAt) };
  };

  app.get("/clock", async () => reading());

  app.post("/clock", async (request) => {
    const change = clockChange.parse(request.body ?? {});
    if (options.parleyUrl) {
      adopt(await askParley(options.parleyUrl, options.serviceSecret, change));
    } else {
      const advanceTo = change.advanceTo === undefined ? undefined : Date.parse(change.advanceTo);
      if (!clock.set({ scale: change.scale, advanceTo })) {
        throw new Refused(409, `The clock never runs backwards; it is ${iso(clock.now())}.`);
      }
      sandbox.rememberClock();
    }
    await clock.caughtUp();
    return reading();
  });

  app.post("/clock/sync", async (request) => {
    if (
      options.serviceSecret &&
      !sameText(request.headers.authorization ?? "", `Bearer ${options.serviceSecret}`)
    ) {
      throw new Refused(401, "Only Parley sets this clock: send its service secret as bearer.");
    }
    adopt(triple.parse(request.body));
    return reading();
  });

  function adopt(read: z.infer<typeof triple>): void {
    clock.adopt({ base: Date.parse(read.base), wallAt: Date.parse(read.wall), scale: read.scale });
    sandbox.rememberClock();
  }

  app.get("/faults", async () => ({ rates: faults.rates, known: faultNames }));
  app.post("/faults", async (request) => {
    const wanted = z.record(z.string(), share).parse(request.body);
    const unknown = Object.keys(wanted).filter((name) => !isFault(name));
    if (unknown.length) {
      throw new Refused(
        400,
        `No fault is called ${unknown.join(", ")}. Known: ${Object.keys(faultNames).join(", ")}.`,
      );
    }
    return { rates: setFaults({ ...faults.rates, ...wanted }) };
  });
  app.delete("/faults", async () => ({ rates: setFaults({}) }));

  function setFaults(rates: FaultRates): FaultRates {
    faults.rates = Object.fromEntries(Object.entries(rates).filter(([, rate]) => rate > 0));
    sandbox.journal.append("faults", faults.rates);
    return faults.rates;
  }

  app.get<{ Querystring: { since?: string } }>("/truth", async (request) => {
    const since = z.coerce.number().int().min(0).default(0).parse(request.query.since);
    return {
      rings: truth.rings.slice(since),
      next: truth.rings.length,
      peaks: truth.peaks,
      messages: [],
      executions: [...exchange.all()].map((execution) => ({
        id: execution.id,
        agentId: execution.agentId,
        direction: execution.direction,
        phoneNumber: execution.person,
        status: statusOf(execution),
        story: execution.plan.story,
        gist: exchange.gistOf(execution),
        conversationSeconds: execution.plan.talkSeconds,
        createdAt: iso(execution.createdAt),
        changedAt: iso(execution.reached.at(-1)!.at),
        userData: execution.userData,
      })),
    };
  });

  app.get("/truth/count", async () => ({
    rings: truth.rings.length,
    executions: exchange.counts,
    openLines: truth.openLines,
    peaks: truth.peaks,
    webhooks: { ...webhooks.counts, pending: webhooks.pending },
    openai: sandbox.generations.counts,
  }));

  app.get("/journal", async () => ({ webhooks: webhooks.recent }));

  app.get("/scenarios", async () => ({
    magic: Object.entries(magicNumbers).map(([digits, { title }]) => ({ digits, title })),
    seed: exchange.settings.seed,
    mix: exchange.settings.mix,
    numbers: exchange.settings.parts,
  }));
  app.post("/scenarios", async (request) => {
    const { seed, mix, numbers } = scenarioChange.parse(request.body);
    const strangers = Object.values(numbers ?? {}).filter(
      (digits) => digits !== null && !magicNumbers[digits],
    );
    if (strangers.length) throw new Refused(400, `No magic number ends in ${strangers.join(", ")}.`);
    const mixed = { ...exchange.settings.mix, ...mix };
    if (Object.values(mixed).reduce((sum, part) => sum + part, 0) > 1.000001) {
      throw new Refused(400, "The shares of the mix add up to more than 1.");
    }
    exchange.change((settings) => {
      settings.seed = seed ?? settings.seed;
      settings.mix = mixed;
      for (const [number, digits] of Object.entries(numbers ?? {})) {
        if (digits === null) delete settings.parts[number];
        else settings.parts[number] = digits;
      }
    });
    return { seed: exchange.settings.seed, mix: exchange.settings.mix, numbers: exchange.settings.parts };
  });
  app.delete("/scenarios", async () => {
    exchange.change((settings) => {
      settings.seed = options.seed;
      settings.mix = { ...usualMix };
      settings.parts = {};
    });
    return { seed: exchange.settings.seed, mix: exchange.settings.mix, numbers: exchange.settings.parts };
  });

  app.get("/account", async () => ({
    ...exchange.settings.account,
    wallet: exchange.wallet,
    ...exchange.traffic,
  }));
  app.post("/account", async (request) => {
    const wanted = accountChange.parse(request.body);
    exchange.change((settings) => {
      settings.account = {
        wallet: wanted.wallet ?? settings.account.wallet,
        concurrency: wanted.concurrency ?? settings.account.concurrency,
        rateFactor: wanted.rateFactor ?? settings.account.rateFactor,
      };
    });
    return exchange.settings.account;
  });

  app.post("/inbound", async (request) => {
    const { agentId, from } = z.strictObject({ agentId: z.string(), from: e164 }).parse(request.body);
    const agent = sandbox.agents.get(agentId);
    if (!agent) throw new Refused(404, "No agent has this id.");
    return { executionId: exchange.ring(agent, from).id };
  });

  app.get<{ Querystring: { since?: string } }>("/openai/requests", async (request) => {
    const since = z.coerce.number().int().min(0).default(0).parse(request.query.since);
    return sandbox.generations.since(since);
  });

  app.post("/openai/next", async (request) => {
    const { endings: wanted } = z
      .strictObject({ endings: z.array(z.string()).max(1000) })
      .parse(request.body);
    const unknown = wanted.filter((each) => !isEnding(each));
    if (unknown.length) {
      throw new Refused(
        400,
        `No ending is called ${unknown.join(", ")}. Known: ${endings.join(", ")}, slow:<ms>.`,
      );
    }
    return { endings: sandbox.generations.lineUp(wanted.filter(isEnding)) };
  });

  /** Forgets calls, rings, posts to the model and faults; agents, settings and the clock stay. */
  app.post("/reset", async () => {
    exchange.clear();
    webhooks.clear();
    truth.clear();
    sandbox.generations.clear();
    setFaults({});
    return { ok: true };
  });
}

const iso = (at: number): string => new Date(at).toISOString();

function sameText(a: string, b: string): boolean {
  const digest = (text: string): Buffer => createHash("sha256").update(text).digest();
  return timingSafeEqual(digest(a), digest(b));
}

/** Parley owns the common clock: it changes first, or refuses, and says what its clock reads now. */
async function askParley(
  url: string,
  secret: string | undefined,
  change: z.infer<typeof clockChange>,
): Promise<z.infer<typeof triple>> {
  let answer: Response;
  try {
    answer = await fetch(new URL("/internal/clock", url), {
      method: "POST",
      headers: {
        "content-type": "application/json",
        ...(secret ? { authorization: `Bearer ${secret}` } : {}),
      },
      body: JSON.stringify(change),
      signal: AbortSignal.timeout(PARLEY_TIMEOUT_MS),
    });
  } catch (error) {
    throw new Refused(
      502,
      `Parley did not answer at ${url}, so no clock was changed (${(error as Error).message}).`,
    );
  }
  const body: unknown = await answer.json().catch(() => null);
  // Its refusals (the past, a call being dialled, a speed it does not know) are the caller's; the rest is our trouble.
  if (!answer.ok)
    throw new Refused(
      [400, 409].includes(answer.status) ? answer.status : 502,
      parleySays(body, answer.status),
    );
  return triple.parse(body);
}

function parleySays(body: unknown, status: number): string {
  for (const part of [body, (body as { error?: unknown } | null)?.error]) {
    const said = typeof part === "object" && part !== null ? (part as { message?: unknown }).message : part;
    if (typeof said === "string" && said) return said;
  }
  return `Parley answered ${status} to the change of clock, so no clock was changed.`;
}
