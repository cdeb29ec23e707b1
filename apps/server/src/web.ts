import { existsSync, readFileSync } from "node:fs";
import { randomBytes } from "node:crypto";
import { join } from "node:path";
import fastifyStatic from "@fastify/static";
import type { FastifyInstance, FastifyReply } from "fastify";
import { repository } from "./config.ts";

const built = join(repository, "apps/web/dist");

/** What every answer is allowed to do in a browser; only the dashboard's page gets a nonce for its styles. */
export function contentSecurityPolicy(secure: boolean, nonce?: string): string {
  const own = nonce ? `'self' 'nonce-${nonce}'` : "'self'";
  return [
    "default-src 'none'",
    `script-src ${own}`,
    `style-src ${own}`,
    "img-src 'self' data: blob:",
    "font-src 'self'",
    "media-src 'self' blob:",
    "connect-src 'self'",
    "manifest-src 'self'",
    "base-uri 'none'",
    "form-action 'self'",
    "frame-ancestors 'none'",
    ...(secure ? ["upgrade-insecure-requests"] : []),
  ].join("; ");
}

/** Serves the dashboard: built files under their hashed names, and its one page for every other address. */
export async function serveWeb(
  app: FastifyInstance,
  { secure, root = built }: { secure: boolean; root?: string },
) {
  const isBuilt = existsSync(join(root, "index.html"));
  if (isBuilt) {
    // No file is named so: the dashboard says that the page is not there, where the file server would show its JSON.
    app.addHook("onRequest", async (request, reply) => {
      if (/^[^?]*%00/.test(request.url)) reply.callNotFound();
    });
    await app.register(fastifyStatic, {
      root,
      index: false,
      cacheControl: false,
      setHeaders: (reply, path) => {
        const hashed = path.includes("/assets/");
        void reply.header("cache-control", hashed ? "public, max-age=31536000, immutable" : "no-cache");
      },
    });
  }
  const page = (reply: FastifyReply) => {
    if (!existsSync(join(root, "index.html")))
      return reply
        .code(404)
        .type("text/plain")
        .send("The dashboard is not built. Run npm start, or npm run build.\n");
    const nonce = randomBytes(16).toString("base64");
    return reply
      .header("cache-control", "no-store")
      .header("content-security-policy", contentSecurityPolicy(secure, nonce))
      .header("content-security-policy-report-only", "require-trusted-types-for 'script'")
      .type("text/html; charset=utf-8")
      .send(readFileSync(join(root, "index.html"), "utf8").replaceAll("__CSP_NONCE__", nonce));
  };
  if (isBuilt) app.get("/", (_request, reply) => page(reply));
  app.setNotFoundHandler((request, reply) => {
    const { method, url } = request;
    const path = url.split("?", 1)[0] ?? "";
    const isPage =
      (method === "GET" || method === "HEAD") && !/^\/(api|trpc|internal|assets)(\/|$)/.test(path);
    if (isPage) return page(reply);
    const message = "There is nothing at this address. Check it.";
    return reply.code(404).send({ message, code: "not_found", httpStatus: 404, requestId: request.id });
  });
}
