import { fastifyTRPCPlugin, type FastifyTRPCPluginOptions } from "@trpc/server/adapters/fastify";
import Fastify, { LogController, type FastifyBaseLogger, type FastifyInstance } from "fastify";
import { readServiceToken } from "@parley/db/service-token";
import { chatRouter, type ChatRouter } from "./router.ts";

export type ChatOptions = { serviceSecret: string; logger?: FastifyBaseLogger };

/** Chat's HTTP side: `/healthz` for whoever starts it, `/trpc/*` for the server alone. */
export async function createChat({ serviceSecret, logger }: ChatOptions): Promise<FastifyInstance> {
  const app = Fastify({
    bodyLimit: 1024 * 1024,
    forceCloseConnections: true,
    logController: new LogController({ disableRequestLogging: true }),
    routerOptions: { maxParamLength: 2000 },
    ...(logger ? { loggerInstance: logger } : {}),
  });
  app.get("/healthz", async () => ({ ok: true }));
  await app.register(fastifyTRPCPlugin, {
    prefix: "/trpc",
    trpcOptions: {
      router: chatRouter,
      createContext: ({ req }) => {
        const token = /^Bearer (\S+)$/.exec(req.headers.authorization ?? "")?.[1] ?? "";
        const caller = readServiceToken(serviceSecret, token, "chat");
        // Whoever asked is told, and the doctor tells the operator: a stranger's knock is nobody's warning here.
        if (!caller) req.log.info(`Refused ${req.url.split("?")[0]}: no service token, or not a valid one`);
        return { caller };
      },
    },
  } satisfies FastifyTRPCPluginOptions<ChatRouter>);
  return app;
}
