import fastifyCookie from "@fastify/cookie";
import fastifyHelmet from "@fastify/helmet";
import { fastifyRequestHandler } from "@trpc/server/adapters/fastify";
import Fastify, {
  LogController,
  type FastifyInstance,
  type FastifyReply,
  type FastifyRequest,
} from "fastify";
import { mayUse, routePermissions, type RoutePath } from "@parley/core/accounts/permissions";
import { ParleyError } from "@parley/core/errors";
import { Sessions } from "./accounts/session.ts";
import { visitorOf } from "./accounts/visitor.ts";
import type { Ctx, Parts } from "./context.ts";
import { refuseForeign } from "./csrf.ts";
import { keepDeadlines } from "./deadlines.ts";
import { reportHealth } from "./health.ts";
import { answerError, swallowed } from "./http-errors.ts";
import { clockRoute } from "./internal/clock.ts";
import { LiveReader } from "./live/reader.ts";
import { causeOf } from "./log.ts";
import { RateLimits } from "./rate-limits.ts";
import { appRouter } from "./router.ts";
import { routes } from "./routes.ts";
import { parleyErrorOf } from "./trpc-errors.ts";
import { tenantContext, unguarded, type RequestContext } from "./trpc.ts";
import { contentSecurityPolicy, serveWeb } from "./web.ts";

const JSON_BODY_BYTES = 1024 * 1024;

/** The HTTP side of the server, from its parts. */
export async function createApp(parts: Parts): Promise<FastifyInstance> {
  const open = unguarded(appRouter);
  if (open.length > 0) throw new Error(`Refusing to start: ${open.join("; ")}.`);

  const { config } = parts;
  const secure = config.publicUrl.startsWith("https:");
  const sessions = new Sessions(parts.db.web, {
    publicUrl: config.publicUrl,
    pepper: config.keys.sessionPepper,
  });
  const limits = new RateLimits(config.rateLimitFactor);
  const live = new LiveReader(parts);

  const app = Fastify({
    loggerInstance: parts.log,
    logController: new LogController({ disableRequestLogging: true }),
    bodyLimit: JSON_BODY_BYTES,
    forceCloseConnections: true,
    requestTimeout: 0,
    http: { headersTimeout: 10_000 },
    trustProxy: config.trustedProxies.length > 0 ? [...config.trustedProxies] : false,
    genReqId: () => crypto.randomUUID(),
    routerOptions: { maxParamLength: 2000 },
  }) as unknown as FastifyInstance;

  app.setErrorHandler(async (error, request, reply) => {
    await swallowed(request.raw);
    return answerError(error, request, reply);
  });
  keepDeadlines(app);
  await app.register(fastifyHelmet, {
    contentSecurityPolicy: false,
    crossOriginEmbedderPolicy: false,
    frameguard: { action: "deny" },
    referrerPolicy: { policy: "same-origin" },
    strictTransportSecurity: secure && { maxAge: 31_536_000, includeSubDomains: false },
  });
  await app.register(fastifyCookie);
  app.addHook("onRequest", async (request, reply) => {
    void reply
      .header("x-request-id", request.id)
      .header("content-security-policy", contentSecurityPolicy(secure));
    const hasSession = request.cookies[sessions.lucia.sessionCookieName] !== undefined;
    refuseForeign(request, { publicUrl: config.publicUrl, hasSession });
  });
  app.addHook("onClose", () => live.close());

  const requestContext = async (request: FastifyRequest, reply: FastifyReply): Promise<RequestContext> => {
    const put = (cookie: { name: string; value: string; attributes: object }) => {
      // A stream has sent its headers; it signs nobody in or out.
      if (!reply.raw.headersSent)
        void reply.setCookie(cookie.name, cookie.value, { ...cookie.attributes, path: "/" });
    };
    return {
      parts,
      limits,
      sessions,
      live,
      visitor: await visitorOf(sessions, request),
      request: {
        id: request.id,
        ip: request.ip,
        userAgent: request.headers["user-agent"] ?? null,
        idempotencyKey: one(request.headers["idempotency-key"]),
      },
      cookie: {
        set: (token) => put(sessions.lucia.createSessionCookie(token)),
        clear: () => put(sessions.lucia.createBlankSessionCookie()),
      },
    };
  };

  const enter = async (request: FastifyRequest, route: RoutePath): Promise<Ctx> => {
    const visitor = await visitorOf(sessions, request);
    const verdict = mayUse(routePermissions[route], visitor);
    if (!verdict.ok) throw new ParleyError(verdict.code, verdict.reason);
    limits.spend(route, request.ip, visitor?.actor);
    return tenantContext({
      parts,
      visitor,
      request: { id: request.id, ip: request.ip, userAgent: null, idempotencyKey: null },
    });
  };

  await app.register(async (scope) => serveProcedures(scope, parts, requestContext));
  reportHealth(app, parts);
  clockRoute(app, parts);
  for (const add of routes) await app.register(async (scope) => add(scope, { parts, enter }));
  await serveWeb(app, { secure });
  return app;
}

/** tRPC without its own plugin, which would also read forms, and gives every path the same deadline. */
async function serveProcedures(
  app: FastifyInstance,
  { log }: Parts,
  createContext: (request: FastifyRequest, reply: FastifyReply) => Promise<RequestContext>,
): Promise<void> {
  app.removeAllContentTypeParsers();
  app.addContentTypeParser("application/json", { parseAs: "string" }, (_request, body, done) =>
    done(null, body),
  );
  const handle = (request: FastifyRequest, reply: FastifyReply, path: string) =>
    fastifyRequestHandler({
      router: appRouter,
      req: request,
      res: reply,
      path,
      maxBatchSize: 10,
      createContext: () => createContext(request, reply),
      onError: ({ error, path: procedure }) => {
        const told = parleyErrorOf(error);
        const facts = { "request.id": request.id, procedure };
        if (told.code === "internal")
          log.error({ ...facts, err: causeOf(error.cause ?? error) }, "Procedure failed");
        else log.debug({ ...facts, "error.code": told.code }, `Refused: ${told.code}`);
      },
    });
  app.get("/trpc/live.stream", (request, reply) => handle(request, reply, "live.stream"));
  app.route<{ Params: { path: string } }>({
    method: ["GET", "POST"],
    url: "/trpc/:path",
    handler: (request, reply) => handle(request, reply, request.params.path),
  });
}

const one = (header: string | string[] | undefined): string | null =>
  (Array.isArray(header) ? header[0] : header)?.slice(0, 200) || null;
