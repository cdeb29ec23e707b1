import type { FastifyInstance } from "fastify";
import type { Sandbox } from "../app.ts";
import { deskPage } from "./page.ts";
import { deskScript, deskStyle } from "./style.ts";

export function deskRoutes(app: FastifyInstance, sandbox: Sandbox): void {
  app.get("/", async (_request, reply) =>
    reply
      .type("text/html; charset=utf-8")
      .header("content-security-policy", "default-src 'self'; frame-ancestors 'none'")
      .header("cache-control", "no-store")
      .send(deskPage(sandbox)),
  );
  app.get("/desk.css", async (_request, reply) => reply.type("text/css; charset=utf-8").send(deskStyle));
  app.get("/desk.js", async (_request, reply) =>
    reply.type("text/javascript; charset=utf-8").send(deskScript),
  );
}
