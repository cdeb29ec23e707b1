import { setTimeout as pause } from "node:timers/promises";
import Fastify from "fastify";
import { afterAll, beforeAll, expect, test } from "vitest";
import { keepDeadlines } from "./deadlines.ts";

const app = Fastify({ forceCloseConnections: true, requestTimeout: 0 });
const deadlines: Record<string, number | undefined> = {};
let url: string;

beforeAll(async () => {
  keepDeadlines(app);
  app.addHook("onRoute", ({ url: route, handlerTimeout }) => void (deadlines[route] = handlerTimeout));
  app.addContentTypeParser("text/csv", (_request, payload, done) => done(null, payload));
  app.post("/api/imports", async ({ body }) => {
    let bytes = 0;
    for await (const chunk of body as AsyncIterable<Buffer>) bytes += chunk.length;
    return { bytes };
  });
  app.post("/trpc/:path", async ({ body }) => ({ body }));
  app.get("/trpc/live.stream", (_request, reply) => reply.send("ok"));
  url = await app.listen({ port: 0, host: "127.0.0.1" });
});
afterAll(() => app.close());

/** Sends a body chunk by chunk, a second apart. */
const send = (path: string, type: string, chunks: number, chunk: string) =>
  fetch(`${url}${path}`, {
    method: "POST",
    headers: { "content-type": type },
    duplex: "half",
    body: new ReadableStream({
      async start(stream) {
        for (let sent = 0; sent < chunks; sent++) {
          stream.enqueue(new TextEncoder().encode(chunk));
          await pause(1_000);
        }
        stream.close();
      },
    }),
  } as RequestInit).then(
    async (answer) => JSON.stringify(await answer.json()),
    () => "cut off",
  );

test("streams and uploads have no deadline, every other route has one", () => {
  expect(deadlines).toMatchObject({
    "/api/imports": undefined,
    "/trpc/live.stream": undefined,
    "/trpc/:path": 20_000,
  });
});

test(
  "an upload at a fair pace outlasts every other deadline; a body that dawdles is cut off",
  { timeout: 60_000 },
  async () => {
    const row = "x".repeat(32 * 1024);
    const [fair, trickle, dawdling] = await Promise.all([
      send("/api/imports", "text/csv", 24, row),
      send("/api/imports", "text/csv", 24, "x"),
      send("/trpc/settings.update", "application/json", 24, " "),
    ]);
    expect([fair, trickle, dawdling]).toEqual([
      JSON.stringify({ bytes: 24 * 32 * 1024 }),
      "cut off",
      "cut off",
    ]);
  },
);
