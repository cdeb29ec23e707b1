import { once } from "node:events";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { createSandbox, type RunningSandbox, type SandboxOptions } from "../app.ts";

export type Event = Record<string, unknown> & { id: string; status: string };

/** A caller's view of the sandbox: a client with the key, an agent, and an ear for its webhooks. */
export interface Rig extends AsyncDisposable {
  sandbox: RunningSandbox;
  url: string;
  agentId: string;
  /** Where its agent's events go. */
  hook: string;
  events: Event[];
  /** How the ear answers the next posts; 200 by default. */
  ear: { status: number };
  get(path: string): Promise<{ status: number; body: any }>;
  send(method: string, path: string, body?: unknown): Promise<{ status: number; body: any }>;
  /** Places a call and returns its execution id. */
  place(to: string, more?: Record<string, unknown>): Promise<string>;
  /** Resolves when an event matches. */
  heard(wanted: (event: Event) => boolean): Promise<Event>;
  /** Moves the sandbox's clock forward by so many seconds. */
  forward(seconds: number): Promise<void>;
}

export const KEY = "bn-sandbox";

export const agentBody = (webhookUrl: string | null, more: Record<string, unknown> = {}): any => ({
  agent_config: {
    agent_name: "Asha",
    agent_welcome_message: "Hello, am I speaking with {name}?",
    webhook_url: webhookUrl,
    agent_type: "other",
    tasks: [
      {
        task_type: "conversation",
        toolchain: { execution: "parallel", pipelines: [["transcriber", "llm", "synthesizer"]] },
        tools_config: {
          llm_agent: {
            agent_type: "simple_llm_agent",
            llm_config: { provider: "openai", model: "gpt-4.1-mini" },
          },
          synthesizer: {
            provider: "elevenlabs",
            provider_config: { voice: "Rachel", voice_id: "r", model: "turbo" },
          },
          transcriber: { provider: "deepgram", model: "nova-3", language: "en" },
          input: { provider: "plivo", format: "wav" },
          output: { provider: "plivo", format: "wav" },
        },
        task_config: { call_terminate: 300 },
      },
    ],
    ...more,
  },
  agent_prompts: { task_1: { system_prompt: "Qualify the lead and book a demo." } },
});

export async function openRig(options: SandboxOptions & { agentId?: string } = {}): Promise<Rig> {
  const events: Event[] = [];
  const listeners = new Set<() => void>();
  const ear = { status: 200 };
  async function hear(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const text = await readBody(request);
    if (ear.status < 300) events.push(JSON.parse(text) as Event);
    response.writeHead(ear.status, ear.status === 302 ? { location: "/elsewhere" } : {}).end();
    for (const listener of listeners) listener();
  }
  const server = createServer((request, response) => void hear(request, response));
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const webhookUrl = `http://127.0.0.1:${(server.address() as AddressInfo).port}/hook`;

  const sandbox = await createSandbox(options);
  const url = await sandbox.listen(0);

  async function send(method: string, path: string, body?: unknown): Promise<{ status: number; body: any }> {
    const answer = await fetch(url + path, {
      method,
      headers: {
        authorization: `Bearer ${KEY}`,
        ...(body === undefined ? {} : { "content-type": "application/json" }),
      },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    const text = await answer.text();
    return { status: answer.status, body: text ? JSON.parse(text) : null };
  }

  const agentId: string =
    options.agentId ?? (await send("POST", "/bolna/v2/agent", agentBody(webhookUrl))).body.agent_id;
  if (options.agentId) {
    await send("PATCH", `/bolna/v2/agent/${agentId}`, { agent_config: { webhook_url: webhookUrl } });
  }

  return {
    sandbox,
    url,
    agentId,
    hook: webhookUrl,
    events,
    ear,
    send,
    get: (path) => send("GET", path),
    async place(to, more = {}) {
      const answer = await send("POST", "/bolna/call", {
        agent_id: agentId,
        recipient_phone_number: to,
        ...more,
      });
      if (answer.status !== 200)
        throw new Error(`POST /call answered ${answer.status} ${JSON.stringify(answer.body)}`);
      return answer.body.execution_id as string;
    },
    heard(wanted) {
      return new Promise((resolve) => {
        const look = (): void => {
          const event = events.find(wanted);
          if (!event) return;
          listeners.delete(look);
          resolve(event);
        };
        listeners.add(look);
        look();
      });
    },
    async forward(seconds) {
      const advanceTo = new Date(sandbox.clock.now() + seconds * 1000).toISOString();
      const answer = await send("POST", "/sandbox/clock", { advanceTo });
      if (answer.status !== 200) throw new Error(JSON.stringify(answer.body));
    },
    async [Symbol.asyncDispose]() {
      await sandbox.close();
      server.closeAllConnections();
      server.close();
    },
  };
}

async function readBody(request: IncomingMessage): Promise<string> {
  let text = "";
  for await (const chunk of request) text += String(chunk);
  return text;
}
