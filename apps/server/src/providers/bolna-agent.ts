import { openingWords } from "@parley/core/agents/disclosure";
import type { Agent, AgentPatch, Voice } from "@parley/core/agents/schema";
import type { AgentBody, BolnaAgent } from "@parley/core/wire/bolna";

export type { BolnaAgent };

/** What the provider has to know of an agent. */
export type Mirrored = {
  name: string;
  prompt: string;
  welcome_message: string;
  disclosure: string;
  language: string;
  max_call_seconds: number;
  voice: Partial<Voice>;
};

export const defaultVoice: Voice = {
  provider: "elevenlabs",
  voice: "Rachel",
  voiceId: "21m00Tcm4TlvDq8ikWAM",
  model: "eleven_turbo_v2_5",
};

type Task = AgentBody["agent_config"]["tasks"][number];

/**
 * The body that makes the provider's agent ours. With `theirs`, everything we have no opinion about (transcriber,
 * model, noise settings, further tasks) stays as it was set there.
 */
export function bodyOf(agent: Mirrored, webhookUrl: string, theirs: BolnaAgent | null): AgentBody {
  const tasks = structuredClone((theirs?.tasks ?? []) as Task[]);
  const at = Math.max(0, tasks.findIndex(isConversation));
  const found = tasks[at];
  const task = found ?? freshTask(agent);
  tasks[at] = {
    ...task,
    tools_config: {
      ...task.tools_config,
      synthesizer: synthesizerOf(agent.voice, found ? task.tools_config.synthesizer : null),
      transcriber: task.tools_config.transcriber
        ? { ...task.tools_config.transcriber, language: agent.language }
        : task.tools_config.transcriber,
    },
    task_config: { ...task.task_config, call_terminate: agent.max_call_seconds, voicemail: true },
  };
  return {
    agent_config: {
      agent_name: agent.name,
      agent_type: theirs?.agent_type ?? "other",
      agent_welcome_message: openingWords(agent.disclosure, agent.welcome_message),
      webhook_url: webhookUrl,
      tasks,
      ...(theirs?.ingest_source_config ? { ingest_source_config: theirs.ingest_source_config } : {}),
    },
    agent_prompts: {
      ...promptsOf(theirs),
      [`task_${at + 1}`]: { system_prompt: agent.prompt },
    },
  };
}

/** Fields in which the provider's agent is not what we sent, as [ours, theirs]; null when there are none. */
export function driftOf(
  agent: Mirrored,
  webhookUrl: string,
  theirs: BolnaAgent,
): Record<string, [ours: unknown, theirs: unknown]> | null {
  const tasks = (theirs.tasks ?? []) as Task[];
  const at = tasks.findIndex(isConversation);
  const task = tasks[at];
  const voice = task?.tools_config.synthesizer?.provider_config?.["voice"];
  const compared: Record<string, [unknown, unknown]> = {
    name: [agent.name, theirs.agent_name],
    prompt: [agent.prompt, theirs.agent_prompts?.[`task_${at + 1}`]?.system_prompt],
    welcomeMessage: [openingWords(agent.disclosure, agent.welcome_message), theirs.agent_welcome_message],
    maxCallSeconds: [agent.max_call_seconds, task?.task_config?.call_terminate],
    voice: [agent.voice.voice, voice],
    // The address is a secret: that it differs is all that may be told.
    webhook: ["ours", theirs.webhook_url === webhookUrl ? "ours" : "another address"],
  };
  // The declared answer leaves some fields out; what is absent there has not been changed by anybody.
  if (theirs.webhook_url === undefined) delete compared["webhook"];
  const differing = Object.entries(compared).filter(
    ([, [ours, other]]) => other !== undefined && ours !== undefined && ours !== other,
  );
  return differing.length > 0 ? Object.fromEntries(differing) : null;
}

/** The provider's agent in our fields, as far as they are set there; bounds are those of ours. */
export function theirsOf(theirs: BolnaAgent, ours: Pick<Agent, "disclosure">): Omit<AgentPatch, "agentId"> {
  const tasks = (theirs.tasks ?? []) as Task[];
  const at = tasks.findIndex(isConversation);
  const prompt = theirs.agent_prompts?.[`task_${at + 1}`]?.system_prompt;
  const welcome = theirs.agent_welcome_message?.replace(ours.disclosure, "").trim();
  const seconds = tasks[at]?.task_config?.call_terminate;
  const synthesizer = tasks[at]?.tools_config.synthesizer;
  const {
    voice,
    voice_id: voiceId,
    model,
  } = (synthesizer?.provider_config ?? {}) as Record<string, string | undefined>;
  return {
    name: theirs.agent_name,
    ...(prompt ? { prompt } : {}),
    ...(welcome ? { welcomeMessage: welcome } : {}),
    ...(seconds ? { maxCallSeconds: Math.min(Math.max(seconds, 10), 7200) } : {}),
    ...(synthesizer && voice
      ? {
          voice: {
            provider: synthesizer.provider,
            voice,
            ...(voiceId ? { voiceId } : {}),
            ...(model ? { model } : {}),
          },
        }
      : {}),
  };
}

const isConversation = (task: Task) => (task.task_type ?? "conversation") === "conversation";

function promptsOf(theirs: BolnaAgent | null): AgentBody["agent_prompts"] {
  return Object.fromEntries(
    Object.entries(theirs?.agent_prompts ?? {}).flatMap(([task, { system_prompt, ...rest }]) =>
      system_prompt ? [[task, { ...rest, system_prompt }]] : [],
    ),
  );
}

function synthesizerOf(voice: Partial<Voice>, theirs: Task["tools_config"]["synthesizer"]) {
  const chosen = { ...(voice.provider ? {} : defaultVoice), ...voice } as Voice;
  const sameProvider = theirs?.provider === chosen.provider;
  return {
    stream: true,
    buffer_size: 250,
    audio_format: "wav",
    ...theirs,
    provider: chosen.provider,
    provider_config: {
      ...(sameProvider ? theirs.provider_config : {}),
      voice: chosen.voice,
      ...(chosen.voiceId ? { voice_id: chosen.voiceId } : {}),
      ...(chosen.model ? { model: chosen.model } : {}),
    },
  };
}

function freshTask(agent: Mirrored): Task {
  return {
    task_type: "conversation",
    toolchain: { execution: "parallel", pipelines: [["transcriber", "llm", "synthesizer"]] },
    tools_config: {
      llm_agent: {
        agent_type: "simple_llm_agent",
        agent_flow_type: "streaming",
        llm_config: {
          provider: "openai",
          family: "openai",
          model: "gpt-4.1-mini",
          max_tokens: 150,
          temperature: 0.2,
        },
      },
      transcriber: {
        provider: "deepgram",
        model: "nova-3",
        language: agent.language,
        stream: true,
        encoding: "linear16",
        sampling_rate: 16_000,
        endpointing: 250,
      },
      input: { provider: "plivo", format: "wav" },
      output: { provider: "plivo", format: "wav" },
    },
    task_config: { hangup_after_silence: 10 },
  };
}
