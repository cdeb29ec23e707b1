import { readFileSync } from "node:fs";
import { Extraction } from "@parley/core/agents/schema";
import type * as z from "zod";
import { command } from "../command.ts";
import { usage } from "../failure.ts";
import { clock, fields, figure, table } from "../render.ts";
import { whole } from "../values.ts";

export const agentCreate = command({
  name: "agent create",
  summary: "Make a voice agent",
  options: {
    name: { value: "NAME", required: true, help: "What to call it" },
    prompt: { value: "TEXT", help: "What it is to do; @FILE reads it from a file" },
    welcome: { value: "TEXT", required: true, help: "The first thing it says" },
    disclosure: { value: "TEXT", help: "How it says that it is a machine (default: by language)" },
    language: { value: "CODE", help: "Like en, en-IN, hi" },
    voice: { value: "NAME", help: "Name of the provider's voice" },
    "max-seconds": { value: "N", help: "Longest call (default 300)" },
    from: { value: "NUMBER", help: "Number it calls from" },
    extraction: { value: "FILE", help: "JSON list of what to find out: [{ key, description, kind }]" },
  },
  examples: ["parley agent create --name Asha --prompt @prompt.md --welcome 'Hello, this is Asha.'"],
  async run({ options, session }) {
    if (!options.prompt) throw usage("agent create needs --prompt TEXT or --prompt @FILE.");
    const { api } = session.open();
    const agent = await api.agents.create.mutate({
      name: options.name,
      prompt: textOf(options.prompt, "--prompt"),
      welcomeMessage: textOf(options.welcome, "--welcome"),
      disclosure: options.disclosure,
      language: options.language,
      voice: options.voice,
      maxCallSeconds: whole(options["max-seconds"], "--max-seconds"),
      fromNumber: options.from,
      extraction: options.extraction ? extractionOf(options.extraction) : undefined,
    });
    session.terminal.show(agent, () =>
      fields([
        ["Agent", agent.name],
        ["Id", agent.id],
        [
          "At the provider",
          agent.bolnaAgentId ?? `${agent.syncStatus}${agent.syncError ? `: ${agent.syncError}` : ""}`,
        ],
        ["Says first", agent.disclosure],
      ]),
    );
  },
});

export const agentList = command({
  name: "agent list",
  summary: "List the agents",
  async run({ session }) {
    const { api } = session.open();
    const { items } = await api.agents.list.query({ limit: 200 });
    session.terminal.show(items, () =>
      items.length === 0
        ? "There is no agent yet. Make one with “parley agent create”."
        : table(
            items,
            [
              { title: "NAME", of: (agent) => agent.name },
              {
                title: "STATUS",
                of: (agent) => (agent.status === "archived" ? "archived" : agent.syncStatus),
              },
              { title: "CALLS", of: (agent) => figure(agent.calls), align: "right" },
              { title: "ANSWERED", of: (agent) => figure(agent.answered), align: "right" },
              { title: "TALK", of: (agent) => clock(agent.talkSeconds), align: "right" },
              { title: "ID", of: (agent) => agent.id },
            ],
            session.terminal.columns,
          ),
    );
  },
});

function textOf(given: string, option: string): string {
  return given.startsWith("@") ? fileText(given.slice(1), option) : given;
}

function extractionOf(file: string): z.infer<typeof Extraction> {
  try {
    return Extraction.parse(JSON.parse(fileText(file, "--extraction")));
  } catch (error) {
    throw usage(`--extraction ${file} is no list of fields: ${(error as Error).message}`);
  }
}

function fileText(file: string, option: string): string {
  try {
    return readFileSync(file, "utf8");
  } catch {
    throw usage(`${option}: there is no file ${file}.`);
  }
}
