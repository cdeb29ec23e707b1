import type { FastifyRequest } from "fastify";
import { invalid, notAllowed } from "@parley/core/errors";
import { bearerOf } from "./accounts/visitor.ts";

const safe = new Set(["GET", "HEAD", "OPTIONS"]);
/** Doors with a proof of their own in path or header; a browser's cookie means nothing there. */
const exempt = ["/api/webhooks/", "/internal/"];

type Facts = { publicUrl: string; hasSession: boolean };

/**
 * Refuses an unsafe request that another site could have made a signed-in browser send: uploads too, for a form can
 * send those. A bearer key is sent by nobody's browser on its own, so it stands for itself.
 */
export function refuseForeign(request: FastifyRequest, { publicUrl, hasSession }: Facts): void {
  if (safe.has(request.method)) return;
  const path = request.url.split("?", 1)[0] ?? "";
  // Whoever asks: what a procedure reads is JSON, and JSON is what another site may not send unasked.
  if (path.startsWith("/trpc/") && !/^application\/json\s*(;|$)/i.test(request.headers["content-type"] ?? ""))
    throw invalid("Send content-type: application/json.");
  if (exempt.some((prefix) => path.startsWith(prefix)) || bearerOf(request) !== null) return;
  if (!fromHere(request, publicUrl))
    throw notAllowed("This request comes from another site. Send it from the dashboard, or with an API key.");
  if (hasSession && request.headers["x-parley-csrf"] !== "1")
    throw notAllowed("A request with the session cookie needs the header x-parley-csrf: 1.");
}

/** The browser's own word where it gives one; else the origin it names; programs give neither. */
function fromHere({ headers, host }: FastifyRequest, publicUrl: string): boolean {
  const site = headers["sec-fetch-site"];
  if (site !== undefined) return site === "same-origin" || site === "none";
  const { origin } = headers;
  if (origin === undefined) return true;
  if (!URL.canParse(origin)) return false;
  return new URL(origin).host === host || origin === new URL(publicUrl).origin;
}
