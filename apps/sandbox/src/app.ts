import Fastify, { LogController, type FastifyBaseLogger, type FastifyInstance } from "fastify";
import { Agents } from "./bolna/agents.ts";
import { Exchange } from "./bolna/exchange.ts";
import { bolnaRoutes } from "./bolna/routes.ts";
import { usualRetriesMs, Webhooks } from "./bolna/webhooks.ts";
import { Clock, type ClockReading } from "./clock.ts";
import { controlRoutes } from "./control.ts";
import { deskRoutes } from "./desk/routes.ts";
import { Faults, type FaultRates } from "./faults.ts";
import { openJournal, type Journal } from "./journal.ts";
import { Generations } from "./openai/generations.ts";
import { openaiRoutes } from "./openai/routes.ts";
import { RateLimit } from "./rate-limit.ts";
import { Truth } from "./truth.ts";

export interface SandboxOptions {
  /** Where the journal is kept; without it everything is forgotten at the end. */
  directory?: string | undefined;
  /** The bearer key that Bolna's routes accept. */
  key?: string | undefined;
  /** Decides everything that looks like chance. */
  seed?: string | undefined;
  /** Parley's server, when the two share a clock. */
  parleyUrl?: string | undefined;
  serviceSecret?: string | undefined;
  /** Base of the URLs in answers; the listening address when absent. */
  publicUrl?: string | undefined;
  /** Wall time to wait before each repeat of an event that was not taken. */
  retriesMs?: readonly number[] | undefined;
  logger?: FastifyBaseLogger | undefined;
}

/** Everything the routes share. */
export interface Sandbox {
  options: SandboxOptions & { key: string; seed: string };
  journal: Journal;
  clock: Clock;
  faults: Faults;
  truth: Truth;
  agents: Agents;
  webhooks: Webhooks;
  exchange: Exchange;
  generations: Generations;
  rememberClock(): void;
}

export interface RunningSandbox {
  app: FastifyInstance;
  clock: Clock;
  faults: Faults;
  exchange: Exchange;
  /** The truth so far, as GET /sandbox/truth tells it. */
  truth(): Pick<Truth, "rings" | "peaks">;
  /** Listens on 127.0.0.1 (or `host`) and resolves to the URL; port 0 takes a free one. */
  listen(port: number, host?: string): Promise<string>;
  close(): Promise<void>;
}

const BODY_LIMIT = 4 * 1024 * 1024;

/** Builds the sandbox: the voice and language providers by wire protocol, their control routes and the desk. */
export async function createSandbox(given: SandboxOptions = {}): Promise<RunningSandbox> {
  const options = { ...given, key: given.key ?? "bn-sandbox", seed: given.seed ?? "parley" };
  const journal = openJournal(options.directory);
  const clock = new Clock(journal.read<ClockReading>("clock").at(-1));
  const faults = new Faults(options.seed);
  faults.rates = journal.read<FaultRates>("faults").at(-1) ?? {};
  const truth = new Truth(journal);
  const agents = new Agents(journal, clock);
  const webhooks = new Webhooks({ journal, clock, faults, retriesMs: options.retriesMs ?? usualRetriesMs });
  let address = options.publicUrl ?? "http://127.0.0.1";
  const publicUrl = (): string => options.publicUrl ?? address;
  const exchange = new Exchange({
    clock,
    journal,
    truth,
    faults,
    agents,
    webhooks,
    seed: options.seed,
    publicUrl,
  });
  const generations = new Generations(journal);
  const rememberClock = (): void => journal.append("clock", clock.reading);
  if (journal.read("clock").length === 0) rememberClock();
  const sandbox: Sandbox = {
    options,
    journal,
    clock,
    faults,
    truth,
    agents,
    webhooks,
    exchange,
    generations,
    rememberClock,
  };

  const app = Fastify({
    bodyLimit: BODY_LIMIT,
    forceCloseConnections: true,
    ...(options.logger ? { loggerInstance: options.logger } : {}),
    logController: new LogController({ disableRequestLogging: true }),
  });
  // Without this a page in a browser could post to the control routes as plain text.
  app.removeContentTypeParser("text/plain");
  await app.register(
    async (bolna) => bolnaRoutes(bolna, { ...sandbox, key: options.key, limits: new RateLimit() }),
    {
      prefix: "/bolna",
    },
  );
  await app.register(async (openai) => openaiRoutes(openai, { ...sandbox, key: options.key }), {
    prefix: "/openai/v1",
  });
  await app.register(async (control) => controlRoutes(control, sandbox), { prefix: "/sandbox" });
  deskRoutes(app, sandbox);
  app.get("/healthz", async () => ({ ok: true, now: new Date(clock.now()).toISOString() }));
  await app.ready();

  let resumed = false;
  const resume = (): void => {
    if (!resumed) exchange.resume();
    resumed = true;
  };

  return {
    app,
    clock,
    faults,
    exchange,
    truth: () => ({ rings: truth.rings, peaks: truth.peaks }),
    async listen(port, host = "127.0.0.1") {
      address = await app.listen({ port, host });
      resume();
      return address;
    },
    async close() {
      clock.close();
      webhooks.close();
      await app.close();
      journal.close();
    },
  };
}
