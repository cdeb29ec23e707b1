import {
  agentBody,
  agentConfig,
  agentPrompts,
  type AgentBody,
  type AgentConfig,
  type AgentPrompts,
} from "@parley/core/wire/bolna";
import { isObject } from "./check-call.ts";
import { bad } from "./refusal.ts";

const efforts: Record<string, readonly string[]> = {
  "gpt-5": ["minimal", "low", "medium", "high"],
  "gpt-5.1": ["none", "low", "medium", "high"],
  "gpt-5.4-mini": ["none", "low", "medium", "high", "xhigh"],
};

/** Body of POST and PUT /v2/agent, or the refusal the vendor would answer. */
export function checkAgent(body: unknown): AgentBody {
  if (!isObject(body) || !isObject(body["agent_config"])) throw bad("agent_config is required");
  const config = body["agent_config"];
  if (!config["agent_name"]) throw bad("agent_name is required");
  if (!Array.isArray(config["tasks"]) || config["tasks"].length === 0) throw bad("tasks is required");
  if (!isObject(body["agent_prompts"])) throw bad("agent_prompts is required");
  config["tasks"].forEach(checkTask);
  const read = agentBody.safeParse(body);
  if (!read.success) throw bad(sentence(read.error.issues[0]!));
  checkGuardrails(read.data.agent_config.calling_guardrails);
  return read.data;
}

function checkTask(task: unknown): void {
  if (!isObject(task)) throw bad("tasks must be an array of objects");
  const toolchain = task["toolchain"];
  if (!isObject(toolchain)) throw bad("toolchain is required");
  const pipelines = toolchain["pipelines"];
  if (!Array.isArray(pipelines) || !pipelines.every(Array.isArray)) {
    throw bad("toolchain.pipelines must be array of arrays");
  }
  const tools = task["tools_config"];
  if (!isObject(tools)) throw bad("tools_config is required");
  const conversation = (task["task_type"] ?? "conversation") === "conversation";
  const needed = conversation
    ? ["llm_agent", "synthesizer", "transcriber", "input", "output"]
    : ["llm_agent"];
  for (const tool of needed) if (!isObject(tools[tool])) throw bad(`tools_config.${tool} is required`);
  const llm = isObject(tools["llm_agent"]) ? tools["llm_agent"]["llm_config"] : undefined;
  if (isObject(llm)) checkModel(llm);
}

function checkModel(llm: Record<string, unknown>): void {
  const model = typeof llm["model"] === "string" ? llm["model"] : "gpt-5.4-mini";
  // The field defaults to 0.1, so leaving it out is as wrong as sending another value.
  if (model.startsWith("gpt-5") && (llm["temperature"] ?? 0.1) !== 1) {
    throw bad("For GPT-5 models, temperature must be 1");
  }
  const effort = llm["reasoning_effort"];
  if (effort === undefined || effort === null) return;
  const allowed = efforts[model] ?? (model.startsWith("gpt-5") ? efforts["gpt-5"] : []);
  if (!allowed?.includes(String(effort))) {
    throw bad(`reasoning_effort '${String(effort)}' is not supported for model '${model}'`);
  }
}

function checkGuardrails(hours: AgentConfig["calling_guardrails"]): void {
  if (hours && hours.call_end_hour < hours.call_start_hour)
    throw bad("call_end_hour must be >= call_start_hour");
}

const sentence = (issue: { path: PropertyKey[]; message: string }): string =>
  `${issue.path.map(String).join(".")}: ${issue.message}`;

const patchable = [
  "agent_name",
  "agent_welcome_message",
  "webhook_url",
  "ingest_source_config",
  "calling_guardrails",
] as const;

/**
 * What PATCH changes: a handful of fields and the prompts. Everything else in the body is ignored, silently and with a
 * 200, as the vendor does.
 */
export function patched(
  body: unknown,
  before: { config: AgentConfig; prompts: AgentPrompts },
): { config: AgentConfig; prompts: AgentPrompts } {
  if (!isObject(body)) throw bad("Request body must be a JSON object");
  const config: Record<string, unknown> = { ...before.config };
  const wanted = isObject(body["agent_config"]) ? body["agent_config"] : {};
  for (const field of patchable) if (field in wanted) config[field] = wanted[field];
  const tasks = structuredClone(before.config.tasks);
  for (const task of tasks) {
    if ((task.task_type ?? "conversation") !== "conversation") continue;
    if (isObject(wanted["synthesizer"])) task.tools_config.synthesizer = wanted["synthesizer"] as never;
    const telephony = wanted["telephony_provider"];
    if (typeof telephony === "string" && task.tools_config.input && task.tools_config.output) {
      task.tools_config.input.provider = telephony;
      task.tools_config.output.provider = telephony;
    }
  }
  const read = agentConfig.safeParse({ ...config, tasks });
  if (!read.success) throw bad(sentence(read.error.issues[0]!));
  checkGuardrails(read.data.calling_guardrails);
  const prompts = agentPrompts.safeParse(body["agent_prompts"] ?? before.prompts);
  if (!prompts.success) throw bad(`agent_prompts.${sentence(prompts.error.issues[0]!)}`);
  return { config: read.data, prompts: prompts.data };
}
