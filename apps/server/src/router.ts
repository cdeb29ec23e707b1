import { callsRouter } from "./calls/router.ts";
import { router } from "./trpc.ts";

/** Every procedure, noun by noun. Web and command line import its type. */
export const appRouter = router({
  calls: callsRouter,
});

export type AppRouter = typeof appRouter;
