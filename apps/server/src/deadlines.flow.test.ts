import { setTimeout as pause } from "node:timers/promises";
import { beforeAll, expect, test } from "vitest";
import { useServer } from "./testing/server.ts";
import type { SignedUp } from "./testing/visitor.ts";

const server = useServer();
let owner: SignedUp;

beforeAll(async () => {
  owner = await server.signUp();
});

/** Sends a body piece by piece, a second apart. */
const send = (path: string, type: string, pieces: Iterable<string>) =>
  owner
    .fetch(path, {
      method: "POST",
      headers: { "content-type": type },
      duplex: "half",
      body: new ReadableStream({
        async start(stream) {
          for (const piece of pieces) {
            stream.enqueue(new TextEncoder().encode(piece));
            await pause(1_000);
          }
          stream.close();
        },
      }),
    } as RequestInit)
    .then(
      (answer) => String(answer.status),
      () => "cut off",
    );

/** A minute of a list of contacts, so many rows a second. */
function* minute(rowsEachSecond: number): Iterable<string> {
  yield "Name,Phone\n";
  for (let second = 0; second < 60; second++)
    yield Array.from(
      { length: rowsEachSecond },
      (_, n) => `Asha ${"a".repeat(100)},+91 98${String(second * 1_000 + n).padStart(8, "0")}\n`,
    ).join("");
}

/** What a stream of changes said until it ended, or until it had been open for so long. */
async function listenFor(milliseconds: number): Promise<{ open: boolean; said: string }> {
  const answer = await owner.fetch("/trpc/live.stream?input=%7B%7D");
  const reader = answer.body!.pipeThrough(new TextDecoderStream()).getReader();
  let said = "";
  const over = pause(milliseconds, "over" as const);
  for (;;) {
    const part = await Promise.race([reader.read(), over]);
    if (part === "over") return { open: true, said };
    if (part.done) return { open: false, said };
    said += part.value;
  }
}

test(
  "an upload at a fair pace and a stream of changes last a minute; a body that dawdles is cut off",
  { timeout: 120_000 },
  async () => {
    const [fair, trickle, dawdling, stream] = await Promise.all([
      send("/api/imports?name=slow.csv", "text/csv", minute(250)),
      send("/api/imports?name=slower.csv", "text/csv", minute(1)),
      send("/trpc/settings.update", "application/json", " ".repeat(60)),
      listenFor(60_000),
    ]);
    expect([fair, trickle, dawdling]).toEqual(["201", "cut off", "cut off"]);
    expect(stream.open).toBe(true);
    // It was told of the upload that ended meanwhile, or at least that it is alive.
    expect(stream.said.length).toBeGreaterThan(0);
    const { items } = await owner.trpc.imports.list.query({});
    expect(items.map(({ name }) => name)).toEqual(["slow.csv"]);
  },
);
