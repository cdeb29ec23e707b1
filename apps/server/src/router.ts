import { agentsRouter } from "./agents/router.ts";
import { callsRouter } from "./calls/router.ts";
import { router } from "./trpc.ts";

/** Every procedure, noun by noun. Web and command line import its type. */
export const appRouter = router({
  agents: agentsRouter,
  calls: callsRouter,
});

export type AppRouter = typeof appRouter;
