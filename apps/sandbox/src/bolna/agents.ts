import { randomUUID } from "node:crypto";
import type { AgentBody, AgentConfig, AgentPrompts } from "@parley/core/wire/bolna";
import type { Clock } from "../clock.ts";
import type { Journal } from "../journal.ts";
import { naiveInstant } from "./execution.ts";

export interface Agent {
  readonly id: string;
  readonly createdAt: number;
  updatedAt: number;
  config: AgentConfig;
  prompts: AgentPrompts;
}

type Entry = { agent: Agent } | { deleted: string };

const DEFAULT_LONGEST_SECONDS = 90;

/** The agents of the account; they survive restarts. */
export class Agents {
  readonly #agents = new Map<string, Agent>();
  readonly #journal: Journal;
  readonly #clock: Clock;

  constructor(journal: Journal, clock: Clock) {
    this.#journal = journal;
    this.#clock = clock;
    for (const entry of journal.read<Entry>("agents")) {
      if ("agent" in entry) this.#agents.set(entry.agent.id, entry.agent);
      else this.#agents.delete(entry.deleted);
    }
  }

  get(id: string): Agent | undefined {
    return this.#agents.get(id);
  }

  all(): Agent[] {
    return [...this.#agents.values()];
  }

  create(body: AgentBody): Agent {
    const at = this.#clock.now();
    const agent: Agent = {
      id: randomUUID(),
      createdAt: at,
      updatedAt: at,
      config: body.agent_config,
      prompts: body.agent_prompts,
    };
    this.#agents.set(agent.id, agent);
    this.#journal.append("agents", { agent });
    return agent;
  }

  replace(agent: Agent, body: AgentBody): void {
    this.change(agent, body.agent_config, body.agent_prompts);
  }

  change(agent: Agent, config: AgentConfig, prompts: AgentPrompts): void {
    agent.config = config;
    agent.prompts = prompts;
    agent.updatedAt = this.#clock.now();
    this.#journal.append("agents", { agent });
  }

  delete(agent: Agent): void {
    this.#agents.delete(agent.id);
    this.#journal.append("agents", { deleted: agent.id });
  }

  clear(): void {
    this.#agents.clear();
    this.#journal.clear("agents");
  }
}

const conversationTask = (agent: Agent): AgentConfig["tasks"][number] | undefined =>
  agent.config.tasks.find((task) => (task.task_type ?? "conversation") === "conversation");

/** The longest call of the agent, in seconds. */
export function longestSeconds(agent: Agent): number {
  return conversationTask(agent)?.task_config?.call_terminate ?? DEFAULT_LONGEST_SECONDS;
}

export function detectsVoicemail(agent: Agent): boolean {
  return conversationTask(agent)?.task_config?.voicemail === true;
}

/** GET /v2/agent/{id}. */
export function agentJson(agent: Agent): Record<string, unknown> {
  const { config } = agent;
  return {
    id: agent.id,
    agent_name: config.agent_name,
    agent_type: config.agent_type ?? "other",
    agent_status: "processed",
    agent_welcome_message: config.agent_welcome_message ?? null,
    webhook_url: config.webhook_url ?? null,
    created_at: naiveInstant(agent.createdAt, agent.id),
    updated_at: naiveInstant(agent.updatedAt, agent.id),
    tasks: config.tasks,
    ingest_source_config: config.ingest_source_config ?? null,
    calling_guardrails: config.calling_guardrails ?? null,
    agent_prompts: agent.prompts,
  };
}
