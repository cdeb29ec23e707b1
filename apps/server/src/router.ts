import { router } from "./trpc.ts";

/** Every procedure, noun by noun. Web and command line import its type. */
export const appRouter = router({});

export type AppRouter = typeof appRouter;
