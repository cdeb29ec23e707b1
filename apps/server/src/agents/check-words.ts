import { agentFlaws, type AgentFlaw } from "@parley/core/agents/lint";
import { invalid } from "@parley/core/errors";

type Words = Parameters<typeof agentFlaws>[0];

/** Refuses an agent that would not tell people what they speak to; names the field and a sentence that does. */
export function checkWords(agent: Words): void {
  const blocking = agentFlaws(agent).filter((flaw) => flaw.blocking);
  const [first] = blocking;
  if (!first) return;
  throw invalid(
    `${first.field}: ${sentence(first)}`,
    blocking.map((flaw) => ({ path: flaw.field, message: sentence(flaw) })),
  );
}

const sentence = ({ message, cure }: AgentFlaw) => `${message} ${cure}`;
