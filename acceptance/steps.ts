import { setTimeout as sleep } from "node:timers/promises";
import { until, type House } from "./house.ts";
import type { Output, Visitor } from "./visitor.ts";

/** What a test says once and every campaign needs: an agent at the provider. */
export function createAgent(
  owner: Visitor,
  its: { name?: string; maxCallSeconds?: number } = {},
): Promise<Output<"agents.create">> {
  return owner.ask("agents.create", {
    name: its.name ?? "Asha",
    prompt: "Qualify the lead and book a demo.",
    welcomeMessage: "Hello, am I speaking with {name}?",
    maxCallSeconds: its.maxCallSeconds ?? 300,
  });
}

/** Contacts by hand, a few requests at a time; answers their ids in the order of the numbers. */
export async function createContacts(owner: Visitor, phoneNumbers: readonly string[]): Promise<string[]> {
  const ids: string[] = [];
  const rest = phoneNumbers.map((phoneNumber, at) => ({ phoneNumber, at }));
  const work = async () => {
    for (let next = rest.shift(); next; next = rest.shift()) {
      const { id } = await owner.ask("contacts.create", {
        phoneNumber: next.phoneNumber,
        name: `Person ${next.at}`,
      });
      ids[next.at] = id;
    }
  };
  await Promise.all(Array.from({ length: 8 }, work));
  return ids;
}

/** Every page of a list. */
export async function everyPage<Item>(
  page: (cursor: string | null) => Promise<{ items: Item[]; nextCursor: string | null }>,
): Promise<Item[]> {
  const all: Item[] = [];
  let cursor: string | null = null;
  do {
    const { items, nextCursor }: { items: Item[]; nextCursor: string | null } = await page(cursor);
    all.push(...items);
    cursor = nextCursor;
  } while (cursor);
  return all;
}

/** Moves both clocks forward; a call that is being dialled puts it off for a moment. */
export async function advance(house: House, to: string): Promise<void> {
  const end = performance.now() + 60_000;
  for (;;) {
    const refused = await house.clock({ advanceTo: to }).then(
      () => null,
      (error: Error) => error.message,
    );
    if (refused === null) return;
    if (/never (goes back|runs backwards)/.test(refused)) return;
    if (performance.now() > end) throw new Error(`The clock could not be moved for a minute: ${refused}`);
    await sleep(50);
  }
}

/** The clock's own reading: turns an instant of the domain into wall time, as long as nobody changes its pace. */
export async function wallOf(house: House): Promise<(domain: string) => number> {
  const { base, wall, scale } = await house.clock();
  return (domain) => Date.parse(wall) + (Date.parse(domain) - Date.parse(base)) / scale;
}

/** Uploads a list and waits until it stands at one of `wanted`; fails with the import's own words. */
export async function upload(
  owner: Visitor,
  csv: string | Uint8Array<ArrayBuffer>,
  { name = "People.csv", wanted = ["ready"] as readonly string[], withinMs = 30_000 } = {},
): Promise<Output<"imports.get">> {
  const answer = await owner.fetch(`/api/imports?name=${encodeURIComponent(name)}`, {
    method: "POST",
    headers: { "content-type": "text/csv" },
    body: csv,
  });
  if (answer.status !== 201) throw new Error(`The upload was refused: ${await answer.text()}`);
  const { importId } = (await answer.json()) as { importId: string };
  return importAt(owner, importId, wanted, withinMs);
}

export function importAt(
  owner: Visitor,
  importId: string,
  wanted: readonly string[],
  withinMs = 30_000,
): Promise<Output<"imports.get">> {
  return until(
    `the import is ${wanted.join(" or ")}`,
    async () => {
      const seen = await owner.ask("imports.get", { importId });
      if (seen.status === "failed" && !wanted.includes("failed"))
        throw new Error(`The import failed: ${seen.error}`);
      return wanted.includes(seen.status) && seen;
    },
    { withinMs, everyMs: 50 },
  );
}
