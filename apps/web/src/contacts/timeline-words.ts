import { exactly } from "@/ui/format.ts";

/** Facts of the timeline as sentences. A kind nobody has words for is told by its own name. */
const sentences: Record<string, (summary: Record<string, unknown>) => string> = {
  "call.placed": () => "Call placed",
  "call.received": () => "Called in",
  "call.ended": () => "Call ended",
  "lead.analysed": ({ score, temperature }) =>
    typeof score === "number"
      ? `Conversation read, score ${score}${temperature ? ` ${String(temperature)}` : ""}`
      : "Conversation read",
  "contact.created": () => "Added by hand",
  "contact.imported": ({ name }) => (name ? `Imported with ${String(name)}` : "Imported"),
  "contact.edited": ({ fields }) =>
    Array.isArray(fields) ? `Edited ${fields.map(String).map(fieldWord).join(", ")}` : "Edited",
  "contact.suppressed": ({ note }) => (note ? `Suppressed: “${String(note)}”` : "Suppressed"),
  "contact.unsuppressed": () => "Suppression lifted",
  "consent.recorded": ({ basis, source }) =>
    source
      ? `Consent recorded: ${basisWords[String(basis)] ?? String(basis)}, ${String(source)}`
      : "Consent recorded",
  "consent.revoked": ({ source }) => (source ? `Consent withdrawn: ${String(source)}` : "Consent withdrawn"),
  "note.added": ({ body }) => (body ? String(body) : "Note"),
  "callback.agreed": ({ at, agentCalls }) =>
    `Asked to be called ${when(at)}${agentCalls ? "; the agent calls back" : ""}`,
  "meeting.agreed": ({ at }) => `Agreed to meet ${when(at)}`,
  "task.created": ({ title, at }) => `To do: ${String(title)}${at ? `, ${when(at)}` : ""}`,
  "task.assigned": ({ title, assignee, agentCalls }) =>
    `${String(title)}: ${agentCalls ? "left to the agent" : assignee ? `given to ${String(assignee)}` : "given back"}`,
  "task.moved": ({ title, at }) => `${String(title)}: moved to ${when(at)}`,
  "task.done": ({ title }) => `${String(title)}: done`,
  "task.canceled": ({ title }) => `${String(title)}: called off`,
};

const basisWords: Record<string, string> = {
  express: "express",
  written: "in writing",
  existing: "existing customer",
};

const when = (at: unknown): string => (typeof at === "string" ? exactly(at) : "later");

const fieldWord = (field: string): string =>
  field
    .replace(/([a-z])([A-Z])/g, "$1 $2")
    .replaceAll("_", " ")
    .toLowerCase();

export function sentence(kind: string, summary: Record<string, unknown>): string {
  const say = sentences[kind];
  if (say) return say(summary);
  const words = kind.replace(".", ", ").replaceAll("_", " ");
  return words.charAt(0).toUpperCase() + words.slice(1);
}
