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
  "consent.recorded": () => "Consent recorded",
};

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
