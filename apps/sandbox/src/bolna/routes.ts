import type { FastifyInstance, FastifyReply, FastifyRequest } from "fastify";
import { setTimeout as sleep } from "node:timers/promises";
import type { Clock } from "../clock.ts";
import type { Faults } from "../faults.ts";
import type { RateLimit } from "../rate-limit.ts";
import { phoneNumbersJson, voiceConfigJson, voiceItemsJson, voicesJson } from "./account.ts";
import { agentJson, type Agent, type Agents } from "./agents.ts";
import { checkAgent, patched } from "./check-agent.ts";
import { checkCall } from "./check-call.ts";
import type { Exchange } from "./exchange.ts";
import { statusOf, type Execution } from "./execution.ts";
import { listExecutions } from "./list.ts";
import { recordingOf, sendRange } from "./recording.ts";
import { bad, missing, Refusal } from "./refusal.ts";

interface Parts {
  key: string;
  clock: Clock;
  faults: Faults;
  limits: RateLimit;
  agents: Agents;
  exchange: Exchange;
}

/** How long a request that never gets an answer keeps its socket. */
const HANG_MS = 60_000;
const SLOW_MS = 20_000;

type ById = { Params: { id: string } };

/** The Bolna API as its documents and its production payloads describe it. */
export function bolnaRoutes(app: FastifyInstance, parts: Parts): void {
  const { clock, faults, agents, exchange } = parts;
  let posts = 0;

  app.setErrorHandler((error: Error & { statusCode?: number }, _request, reply) => {
    if (error instanceof Refusal) {
      return reply.code(error.status).send({ error: error.code, message: error.message });
    }
    const status = error.statusCode ?? 500;
    return reply
      .code(status)
      .send({ error: status, message: status < 500 ? error.message : "Internal server error" });
  });
  app.setNotFoundHandler((_request, reply) => reply.code(404).send({ error: 404, message: "Not found" }));

  app.addHook("onRequest", async (request, reply) => {
    if (request.headers.authorization !== `Bearer ${parts.key}`) {
      return reply.code(403).send({ detail: "Unrecognized access token" });
    }
    const { group, perMinute } = rateGroup(request);
    const taken = parts.limits.take(group, perMinute * exchange.settings.account.rateFactor);
    if (!taken.ok) return refuseRate(reply, taken.retryAfterSeconds);
  });

  app.post("/call", async (request, reply) => {
    const order = checkCall(request.body, clock.now());
    const agent = agentOf(order.agent_id);
    const to = order.recipient_phone_number;
    const occasion = [to, posts++];
    const trick = exchange.firstPost(to);
    if (trick === "reset-before-placing" || faults.strikes("reset_before", ...occasion))
      return reset(request, reply);
    if (trick === "429-before-placing" || faults.strikes("rate_limit", ...occasion))
      return refuseRate(reply, 2);

    const execution = exchange.place({
      agent,
      to,
      from: order.from_phone_number,
      userData: order.user_data ?? null,
      scheduledAt: order.scheduledAt,
    });
    if (trick === "hangs-after-placing") return hang(request, reply);
    if (faults.strikes("reset_after", ...occasion)) return reset(request, reply);
    if (trick === "500-after-placing" || faults.strikes("error_after_placing", ...occasion)) {
      throw new Refusal(500, "Internal server error");
    }
    if (faults.strikes("slow_answer", ...occasion)) await sleep(SLOW_MS);
    if (faults.strikes("early_webhook", ...occasion)) await exchange.firstEvent(execution);
    if (faults.strikes("answer_without_id", ...occasion)) return { message: "done", status: "queued" };
    const answer = { message: "done", status: "queued", execution_id: execution.id };
    if (faults.strikes("truncated_json", ...occasion)) {
      return reply.type("application/json").send(JSON.stringify(answer).slice(0, 40));
    }
    return answer;
  });

  app.post<ById>("/call/:id/stop", async (request) => {
    const execution = executionOf(request.params.id);
    if (!exchange.stop(execution)) {
      throw bad(`Only queued or scheduled calls can be stopped; this one is ${statusOf(execution)}`);
    }
    return { message: "done", status: "stopped", execution_id: execution.id };
  });

  app.get<ById>("/executions/:id", async (request) => {
    failRead(request.params.id);
    return exchange.record(executionOf(request.params.id));
  });

  app.get<{ Params: { agentId: string; id: string } }>("/agent/:agentId/execution/:id", async (request) => {
    const execution = executionOf(request.params.id);
    if (execution.agentId !== request.params.agentId) throw missing("Execution");
    return exchange.record(execution);
  });

  app.get<ById>("/executions/:id/log", async (request) => {
    executionOf(request.params.id);
    return { status: "success", data: [] };
  });

  app.get<ById>("/recordings/call/:id", async (request, reply) => {
    const execution = executionOf(request.params.id);
    const audio = recordingOf(execution, clock.now());
    if (!audio) throw missing("Recording");
    return sendRange(request, reply, audio);
  });

  app.post("/v2/agent", async (request, reply) => {
    const agent = agents.create(checkAgent(request.body));
    return reply.code(201).send({ agent_id: agent.id, state: "created" });
  });

  app.get("/v2/agent/all", async () => agents.all().map(agentJson));

  app.get<ById>("/v2/agent/:id", async (request) => agentJson(agentOf(request.params.id)));

  app.put<ById>("/v2/agent/:id", async (request) => {
    const agent = agentOf(request.params.id);
    agents.replace(agent, checkAgent(request.body));
    return { agent_id: agent.id, state: "updated" };
  });

  app.patch<ById>("/v2/agent/:id", async (request) => {
    const agent = agentOf(request.params.id);
    const after = patched(request.body, agent);
    agents.change(agent, after.config, after.prompts);
    return { message: "success", state: "updated" };
  });

  app.delete<ById>("/v2/agent/:id", async (request) => {
    const agent = agentOf(request.params.id);
    agents.delete(agent);
    exchange.forget(agent.id);
    return { message: "success", state: "deleted" };
  });

  app.post<ById>("/v2/agent/:id/stop", async (request) => {
    const agent = agentOf(request.params.id);
    const stopped = exchange
      .ofAgent(agent.id)
      .filter((execution) => statusOf(execution) === "queued" && exchange.stop(execution));
    return { stopped_executions: stopped.map(({ id }) => id) };
  });

  app.get<ById & { Querystring: Record<string, unknown> }>("/v2/agent/:id/executions", async (request) => {
    const agent = agentOf(request.params.id);
    failRead(agent.id);
    const page = listExecutions(exchange.ofAgent(agent.id), request.query);
    return { ...page, data: page.data.map((execution) => exchange.record(execution)) };
  });

  app.get("/user/me", async () => ({
    id: "5b0c7d1e-9f4a-4a57-8a55-0d6c3f1b2e90",
    name: "Parley Sandbox",
    email: "voice@sandbox.test",
    wallet: exchange.wallet,
    concurrency: { max: exchange.settings.account.concurrency, current: exchange.traffic.current },
  }));
  app.get("/phone-numbers/all", async () => phoneNumbersJson);
  app.get("/me/voices", async () => voicesJson);
  app.get<{ Querystring: { language?: string } }>("/api/v1/voice-config/tts", async (request) =>
    voiceConfigJson(request.query.language ?? "en"),
  );
  app.get<{ Querystring: Record<string, string | undefined> }>(
    "/api/v1/voice-config/tts/voices",
    async (request) => {
      const { provider_id: provider, model_id: model, page = "1", page_size: size = "100" } = request.query;
      if (!provider) throw bad("provider_id is required");
      if (!model) throw bad("model_id is required");
      return voiceItemsJson(provider, Number(page), Number(size));
    },
  );

  function agentOf(id: string): Agent {
    const agent = agents.get(id);
    if (!agent) throw missing("Agent");
    return agent;
  }

  function executionOf(id: string): Execution {
    const execution = exchange.get(id);
    if (!execution) throw missing("Execution");
    return execution;
  }

  function failRead(id: string): void {
    if (faults.strikes("read_error", id, posts++)) throw new Refusal(500, "Internal server error");
  }
}

function rateGroup(request: FastifyRequest): { group: string; perMinute: number } {
  const route = request.routeOptions.url ?? "";
  if (route.endsWith("/call")) return { group: "call", perMinute: 500 };
  if (route.endsWith("/v2/agent/:id")) return { group: "agent", perMinute: 500 };
  if (route.endsWith("/v2/agent/:id/executions")) return { group: "executions", perMinute: 500 };
  return { group: "other", perMinute: 1000 };
}

function refuseRate(reply: FastifyReply, seconds: number): FastifyReply {
  return reply
    .code(429)
    .header("retry-after", String(seconds))
    .send({ error: 429, message: "Rate limit exceeded" });
}

/** The connection breaks without an answer. */
export function reset(request: FastifyRequest, reply: FastifyReply): FastifyReply {
  reply.hijack();
  request.raw.socket.resetAndDestroy();
  return reply;
}

/** The answer never comes; the socket stays open until the client or a minute gives up. */
function hang(request: FastifyRequest, reply: FastifyReply): FastifyReply {
  reply.hijack();
  const { socket } = request.raw;
  const timer = setTimeout(() => socket.destroy(), HANG_MS);
  timer.unref();
  socket.once("close", () => clearTimeout(timer));
  return reply;
}
