import type { FastifyInstance, FastifyRequest } from "fastify";

/** Routes that may last: a stream of changes, a body of many megabytes, a recording. */
const lasting = new Set([
  "/trpc/live.stream",
  "/api/imports",
  "/api/export/:table.csv",
  "/api/export/contacts.csv",
  "/api/export/calls.csv",
  "/api/export/items.csv",
  "/api/export/ledger.csv",
  "/api/export/leads.csv",
  "/api/export/suppressions.csv",
  "/api/suppressions",
  "/api/imports/:id/rejects.csv",
  "/api/calls/:id/recording",
]);
const uploads = new Set(["/api/imports", "/api/suppressions"]);

const HANDLER_MS = 20_000;
const BODY_MS = 15_000;
const UPLOAD_GRACE_MS = 10_000;
const UPLOAD_BYTES_PER_SECOND = 16 * 1024;
const CHECK_MS = 1_000;

/** One deadline per kind of route; the server itself has none but that of the headers. */
export function keepDeadlines(app: FastifyInstance): void {
  app.addHook("onRoute", (route) => {
    if (!lasting.has(route.url)) route.handlerTimeout ??= HANDLER_MS;
  });
  app.addHook("onRequest", async (request) => {
    if (request.method === "GET" || request.method === "HEAD" || request.raw.complete) return;
    watchBody(request, uploads.has(request.routeOptions.url ?? "") ? slowUpload : lateBody);
  });
}

/** A body that does not keep its pace loses its connection: whoever sends so reads no answer either. */
function watchBody({ raw }: FastifyRequest, tooSlow: (elapsedMs: number, bytes: number) => boolean): void {
  const began = performance.now();
  const before = raw.socket.bytesRead;
  const watch = setInterval(() => {
    if (raw.complete || raw.destroyed) return clearInterval(watch);
    if (tooSlow(performance.now() - began, raw.socket.bytesRead - before)) raw.destroy();
  }, CHECK_MS);
  watch.unref();
  raw.once("close", () => clearInterval(watch));
}

export const lateBody = (elapsedMs: number): boolean => elapsedMs > BODY_MS;

/** No total limit, but after a grace at least 16 KB/s since the beginning. */
export const slowUpload = (elapsedMs: number, bytes: number): boolean =>
  elapsedMs > UPLOAD_GRACE_MS && bytes < (UPLOAD_BYTES_PER_SECOND * (elapsedMs - UPLOAD_GRACE_MS)) / 1000;
