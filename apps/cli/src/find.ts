import { isId } from "@parley/core/ids";
import type { Api } from "./client.ts";
import { Failure } from "./failure.ts";

type Named = { id: string; name: string };
type Page = { items: Named[]; nextCursor: string | null };

/** The id of an agent, given by id or by name. */
export const agentIdOf = (api: Api, given: string): Promise<string> =>
  idOf("agent", given, (cursor) => api.agents.list.query({ cursor, limit: 200 }));

/** The id of a campaign, given by id or by name. */
export const campaignIdOf = (api: Api, given: string): Promise<string> =>
  idOf("campaign", given, (cursor) =>
    api.campaigns.list.query({ cursor, limit: 200, search: given.slice(0, 200) }),
  );

async function idOf(
  noun: string,
  given: string,
  ask: (cursor: string | null) => Promise<Page>,
): Promise<string> {
  if (isId(given.toLowerCase())) return given.toLowerCase();
  const seen: Named[] = [];
  let cursor: string | null = null;
  do {
    const page: Page = await ask(cursor);
    seen.push(...page.items);
    cursor = page.nextCursor;
  } while (cursor !== null && seen.length < 2_000);
  const wanted = given.trim().toLowerCase();
  const found = seen.filter(({ name }) => name.toLowerCase() === wanted);
  if (found.length === 1) return found[0]!.id;
  if (found.length > 1)
    throw new Failure(
      `${found.length} ${noun}s are called “${given}”. Use the id: ${found.map(({ id }) => id).join(", ")}.`,
    );
  const names = seen.slice(0, 8).map(({ name }) => `“${name}”`);
  throw new Failure(
    `There is no ${noun} called “${given}”. ${names.length > 0 ? `There is ${names.join(", ")}.` : `Make one with “parley ${noun} create”.`}`,
    1,
    { code: "not_found" },
  );
}
