/**
 * A second voice provider for one kind of chaos run: written from the provider's fact sheet on its own, on node:http,
 * without a line of the sandbox, of core's wire schemas or of the server. Where two readings of the facts were possible it
 * takes the unkind one: its list shows neither transcript nor what was sent along, late by a moment; times have no zone;
 * durations are texts. One second of its calls is told as twenty.
 */
import { randomUUID } from "node:crypto";
import { appendFileSync } from "node:fs";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";

const key = process.env["STUB_KEY"] ?? "";
const port = Number(process.env["STUB_PORT"] ?? 0);
const book = process.env["STUB_BOOK"] ?? "";

type Status =
  | "queued"
  | "initiated"
  | "ringing"
  | "in-progress"
  | "call-disconnected"
  | "completed"
  | "no-answer"
  | "busy"
  | "failed"
  | "stopped";

type Call = {
  id: string;
  agentId: string;
  to: string;
  from: string;
  sent: Record<string, unknown> | null;
  status: Status;
  made: number;
  changed: number;
  /** When a list begins to show it. */
  listed: number;
  talked: number;
  voicemail: boolean;
  words: string | null;
  next: NodeJS.Timeout | null;
};

type Agent = { id: string; config: Record<string, unknown>; prompts: unknown; made: number; changed: number };

const agents = new Map<string, Agent>();
const calls = new Map<string, Call>();
/** The truth: written down before the answer to an order leaves. */
const dialled: { number: string; when: string; id: string; sent: Call["sent"] }[] = [];
const lines = new Map<string, number>();
const most = { all: 0, perAgent: {} as Record<string, number> };
let allLines = 0;
let posting = 0;
const orders: number[] = [];

const TOLD_SECONDS = 20;
const chance = (share: number) => Math.random() < share;
const between = (least: number, until: number) => least + Math.random() * (until - least);
/** UTC without saying so, with microseconds. */
const stamp = (at: number) =>
  `${new Date(at).toISOString().slice(0, -1)}${String(Math.floor(Math.random() * 1000)).padStart(3, "0")}`;
const isTerminal = (status: Status) =>
  ["completed", "no-answer", "busy", "failed", "stopped"].includes(status);

function lineOf(call: Call, by: 1 | -1): void {
  allLines += by;
  const ofAgent = (lines.get(call.agentId) ?? 0) + by;
  lines.set(call.agentId, ofAgent);
  most.all = Math.max(most.all, allLines);
  most.perAgent[call.agentId] = Math.max(most.perAgent[call.agentId] ?? 0, ofAgent);
}

function order(body: Record<string, unknown>): Call {
  const now = Date.now();
  const call: Call = {
    id: randomUUID(),
    agentId: String(body["agent_id"]),
    to: String(body["recipient_phone_number"]),
    from: String(body["from_phone_number"] ?? "+918035000000"),
    sent: (body["user_data"] as Call["sent"]) ?? null,
    status: "queued",
    made: now,
    changed: now,
    listed: now + between(0, 300),
    talked: 0,
    voicemail: false,
    words: null,
    next: null,
  };
  const entry = { number: call.to, when: new Date(now).toISOString(), id: call.id, sent: call.sent };
  if (book) appendFileSync(book, `${JSON.stringify(entry)}\n`);
  dialled.push(entry);
  calls.set(call.id, call);
  lineOf(call, 1);
  after(call, between(50, 300), "initiated");
  return call;
}

const after = (call: Call, ms: number, status: Status) =>
  void (call.next = setTimeout(() => reach(call, status), ms));

function reach(call: Call, status: Status): void {
  const wasOpen = call.status !== "call-disconnected";
  call.status = status;
  call.changed = Date.now();
  if (wasOpen && (status === "call-disconnected" || isTerminal(status))) lineOf(call, -1);
  tell(call);
  if (status === "initiated") after(call, between(50, 300), chance(0.05) ? "failed" : "ringing");
  if (status === "ringing") {
    const end = Math.random();
    after(call, between(200, 900), end < 0.25 ? "busy" : end < 0.55 ? "no-answer" : "in-progress");
  }
  if (status === "in-progress") {
    call.talked = between(0.05, 2.5) * TOLD_SECONDS;
    call.voicemail = chance(0.15);
    after(call, (call.talked / TOLD_SECONDS) * 1000, "call-disconnected");
  }
  if (status === "call-disconnected") {
    call.words = call.voicemail
      ? "assistant:  Hello, this is Asha.\n"
      : "assistant: Hello, this is Asha.\nuser:  Not today, thank you.\nassistant: Good bye.\n";
    after(call, chance(0.05) ? 10_000 : between(100, 1_500), "completed");
  }
}

/** As GET shows it, and as events carry it. */
function shown(call: Call): Record<string, unknown> {
  const isFinal = isTerminal(call.status);
  const hasEnded = isFinal || call.status === "call-disconnected";
  const cents = Number((call.talked * 0.1).toFixed(2));
  return {
    id: call.id,
    agent_id: call.agentId,
    batch_id: null,
    status: call.status,
    smart_status: call.status,
    error_message: null,
    conversation_duration: hasEnded ? Number(call.talked.toFixed(1)) : 0,
    total_cost: isFinal ? cents : hasEnded ? cents / 2 : 0,
    cost_breakdown: {
      llm: 0,
      network: isFinal ? cents / 2 : 0,
      platform: 0,
      synthesizer: cents / 4,
      transcriber: cents / 4,
    },
    answered_by_voice_mail: isFinal && call.voicemail ? true : null,
    transcript: hasEnded ? call.words : null,
    summary: null,
    extracted_data: null,
    created_at: stamp(call.made),
    updated_at: stamp(call.changed),
    user_number: call.to,
    agent_number: call.from,
    provider: "plivo",
    telephony_data: {
      duration: isFinal ? String(Math.round(call.talked)) : "0.0",
      to_number: call.to,
      from_number: call.from,
      recording_url:
        isFinal && call.talked > 0
          ? `http://127.0.0.1:${port}/recordings/call/${call.id}`
          : hasEnded
            ? ""
            : null,
      hosted_telephony: true,
      provider_call_id: `p-${call.id.slice(0, 8)}`,
      call_type: "outbound",
      provider: "plivo",
      hangup_by: isFinal ? "Callee" : null,
      hangup_reason:
        call.status === "busy" ? "Call recipient was busy" : isFinal ? "Call recipient hungup" : null,
      hangup_provider_code: isFinal ? 4000 : null,
    },
    context_details: { recipient_data: call.sent, recipient_phone_number: call.to },
    retry_count: null,
    workflow_retries: 0,
  };
}

/** One in five events is lost, one in four sent twice, one in ten late; what is not taken comes again. */
function tell(call: Call): void {
  const url = agents.get(call.agentId)?.config["webhook_url"];
  if (typeof url !== "string" || chance(0.2)) return;
  const body = JSON.stringify(shown(call));
  const send = async (tries: number): Promise<void> => {
    posting++;
    const ok = await fetch(url, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body,
      redirect: "manual",
      signal: AbortSignal.timeout(10_000),
    }).then(
      async (answer) => (await answer.body?.cancel(), answer.ok),
      () => false,
    );
    posting--;
    const wait = [3_000, 10_000, 30_000][tries];
    if (!ok && wait !== undefined) setTimeout(() => void send(tries + 1), wait);
  };
  const start = () => void send(0);
  if (chance(0.1)) setTimeout(start, between(500, 4_000));
  else start();
  if (chance(0.25)) setTimeout(start, between(0, 2_000));
}

class Answer extends Error {
  readonly status: number;
  readonly body: unknown;
  constructor(status: number, body: unknown) {
    super(String(status));
    this.status = status;
    this.body = body;
  }
}
const no = (status: number, message: string) => new Answer(status, { error: status, message });

const agentNamed = (id: string): Agent => {
  const agent = agents.get(id);
  if (!agent) throw no(404, "Agent not found");
  return agent;
};
const shownAgent = ({ id, config, prompts, made, changed }: Agent) => ({
  ...config,
  id,
  agent_status: "processed",
  agent_prompts: prompts,
  created_at: stamp(made),
  updated_at: stamp(changed),
});

/** What an order may end in besides "queued". Each was decided before anybody knows whether it was placed. */
async function place(body: Record<string, unknown>, response: ServerResponse): Promise<unknown> {
  for (const field of ["agent_id", "recipient_phone_number"])
    if (typeof body[field] !== "string") throw no(400, `${field} is required`);
  agentNamed(String(body["agent_id"]));
  if (!/^\+[1-9]\d{6,14}$/.test(String(body["recipient_phone_number"])))
    throw no(400, "Invalid recipient_phone_number");
  const now = Date.now();
  while (orders[0] !== undefined && orders[0] < now - 60_000) orders.shift();
  if (orders.length >= 500) throw no(429, "Rate limit exceeded");
  orders.push(now);
  if (chance(0.04)) throw no(500, "Internal server error");
  if (chance(0.03)) return void response.destroy();
  const call = order(body);
  if (chance(0.05)) return void response.destroy();
  if (chance(0.03)) throw new Answer(502, "<html><h1>Bad gateway</h1></html>");
  if (chance(0.02)) return new Promise(() => {});
  const answer = { message: "done", status: "queued", execution_id: call.id };
  if (chance(0.02)) {
    response.writeHead(200, { "content-type": "application/json" });
    return void response.end(JSON.stringify(answer).slice(0, 40));
  }
  await new Promise((done) => setTimeout(done, between(5, 300)));
  return answer;
}

function list(agentId: string, query: URLSearchParams): unknown {
  agentNamed(agentId);
  const [from, to] = [Date.parse(query.get("from") ?? ""), Date.parse(query.get("to") ?? "")];
  if (Number.isNaN(from) || Number.isNaN(to)) throw no(400, "from and to are required together");
  if (to - from > 7 * 86_400_000) throw no(400, "The range is at most 7 days");
  if (chance(0.03)) throw no(500, "Internal server error");
  const size = Math.min(50, Number(query.get("page_size") ?? 20));
  const page = Number(query.get("page_number") ?? 1);
  const found = [...calls.values()]
    .filter(
      (call) => call.agentId === agentId && call.made >= from && call.made <= to && call.listed <= Date.now(),
    )
    .toReversed();
  const data = found.slice((page - 1) * size, page * size).map((call) => {
    const { context_details: _context, transcript: _words, ...trimmed } = shown(call);
    return trimmed;
  });
  return {
    data,
    total: found.length,
    has_more: page * size < found.length,
    page_number: page,
    page_size: size,
  };
}

async function respond(
  request: IncomingMessage,
  response: ServerResponse,
  body: Record<string, unknown>,
): Promise<unknown> {
  const url = new URL(request.url ?? "/", "http://stub");
  const path = url.pathname.split("/").filter(Boolean);
  const does = `${request.method} /${path.join("/")}`;
  if (does === "GET /healthz") return { ok: true };
  if (does === "GET /book") return { dialled, most, posting };
  if (request.headers.authorization !== `Bearer ${key}`)
    throw new Answer(403, { detail: "Unrecognized access token" });
  if (does === "POST /call") return place(body, response);
  if (does === "GET /user/me")
    return {
      id: "u1",
      name: "Stub",
      email: "stub@example.com",
      wallet: 4242,
      concurrency: { max: 500, current: allLines },
    };
  if (does === "GET /phone-numbers/all") return [];
  if (does === "GET /me/voices")
    return [{ id: "v1", voice_id: "v1", provider: "elevenlabs", name: "Asha", model: "m", accent: "indian" }];
  const [first, second, third] = path;
  if (first === "call" && third === "stop") {
    const call = calls.get(second!);
    if (!call || call.status !== "queued") throw no(400, "Call is not queued or scheduled");
    if (call.next) clearTimeout(call.next);
    reach(call, "stopped");
    return { message: "done", status: "stopped", execution_id: call.id };
  }
  if (first === "executions" && path.length === 2) {
    const call = calls.get(second!);
    if (!call) throw no(404, "Execution not found");
    if (chance(0.03)) throw no(500, "Internal server error");
    return shown(call);
  }
  if (first === "recordings") {
    response.writeHead(200, { "content-type": "audio/wav" });
    return void response.end(silence);
  }
  if (first === "v2" && second === "agent") return agentRoute(request.method!, path.slice(2), url, body);
  throw no(404, "Not found");
}

function agentRoute(method: string, rest: string[], url: URL, body: Record<string, unknown>): unknown {
  const [id, part] = rest;
  const now = Date.now();
  if (method === "POST" && !id) {
    if (!body["agent_config"]) throw no(400, "agent_config is required");
    const agent: Agent = {
      id: randomUUID(),
      config: body["agent_config"] as Agent["config"],
      prompts: body["agent_prompts"],
      made: now,
      changed: now,
    };
    agents.set(agent.id, agent);
    throw new Answer(201, { agent_id: agent.id, state: "created" });
  }
  if (method === "GET" && id === "all") return [...agents.values()].map(shownAgent);
  const agent = agentNamed(id ?? "");
  if (method === "GET" && part === "executions") return list(agent.id, url.searchParams);
  if (method === "GET") return shownAgent(agent);
  agent.changed = now;
  const config = (body["agent_config"] ?? {}) as Agent["config"];
  if (method === "PUT") {
    agent.config = config;
    agent.prompts = body["agent_prompts"];
    return { agent_id: agent.id, state: "updated" };
  }
  if (method === "PATCH") {
    for (const field of ["agent_name", "agent_welcome_message", "webhook_url"])
      if (field in config) agent.config[field] = config[field];
    if (body["agent_prompts"]) agent.prompts = body["agent_prompts"];
    return { message: "success", state: "updated" };
  }
  throw no(404, "Not found");
}

/** A tenth of a second of nothing, as a WAV file. */
const silence = (() => {
  const bytes = 1_600;
  const head = Buffer.alloc(44);
  head.write("RIFF", 0);
  head.writeUInt32LE(36 + bytes, 4);
  head.write("WAVEfmt ", 8);
  head.writeUInt32LE(16, 16);
  head.writeUInt16LE(1, 20);
  head.writeUInt16LE(1, 22);
  head.writeUInt32LE(8_000, 24);
  head.writeUInt32LE(16_000, 28);
  head.writeUInt16LE(2, 32);
  head.writeUInt16LE(16, 34);
  head.write("data", 36);
  head.writeUInt32LE(bytes, 40);
  return Buffer.concat([head, Buffer.alloc(bytes)]);
})();

const server = createServer(async (request, response) => {
  request.on("error", () => {});
  try {
    const pieces: Buffer[] = [];
    for await (const piece of request) pieces.push(piece as Buffer);
    const text = Buffer.concat(pieces).toString();
    const body = text ? (JSON.parse(text) as Record<string, unknown>) : {};
    const answer = await respond(request, response, body);
    if (answer !== undefined) send(response, 200, answer);
  } catch (error) {
    if (error instanceof Answer) send(response, error.status, error.body);
    else send(response, 400, { message: "The body is not JSON." });
  }
});

function send(response: ServerResponse, status: number, body: unknown): void {
  if (response.headersSent || response.destroyed) return;
  response.writeHead(status, { "content-type": typeof body === "string" ? "text/html" : "application/json" });
  response.end(typeof body === "string" ? body : JSON.stringify(body));
}

const parent = process.ppid;
setInterval(() => {
  if (process.ppid !== parent) process.exit(0);
}, 300).unref();
process.on("SIGTERM", () => process.exit(0));
server.listen(port, "127.0.0.1");
