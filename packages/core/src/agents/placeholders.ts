/** What `{…}` in an agent's words is filled with: ours for every call, and what the provider knows of it by itself. */
const known = new Set(
  "name company email city timezone call_id item_id agent_id call_sid from_number to_number current_date current_time".split(
    " ",
  ),
);

/** Names in braces that nothing fills, each once, in the order of the text; `own` are the workspace's fields. */
export function unknownPlaceholders(words: string, own: readonly string[]): string[] {
  const named = [...words.matchAll(/\{(\w+)\}/g)].map(([, name]) => name!);
  return [...new Set(named)].filter((name) => !known.has(name) && !own.includes(name));
}
