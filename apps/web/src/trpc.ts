import { QueryCache, QueryClient } from "@tanstack/react-query";
import {
  createTRPCClient,
  httpBatchLink,
  httpSubscriptionLink,
  splitLink,
  TRPCClientError,
  type TRPCLink,
} from "@trpc/client";
import { createTRPCQueryUtils, createTRPCReact } from "@trpc/react-query";
import type { inferRouterInputs, inferRouterOutputs } from "@trpc/server";
import type { AppRouter } from "@parley/server/router";
import { http } from "./paths.ts";

/** Hooks: `trpc.campaigns.get.useSuspenseQuery({ campaignId })`. */
export const trpc = createTRPCReact<AppRouter>();

export type Outputs = inferRouterOutputs<AppRouter>;
export type Inputs = inferRouterInputs<AppRouter>;

/** What a refused request tells: a code for us, a sentence for people, fields for forms. */
export interface Refusal {
  code: string;
  message: string;
  requestId: string | undefined;
  issues: readonly { path: string; message: string }[];
}

/** Anything thrown by a query or mutation, in the server's words where it has any. */
export function refusal(thrown: unknown): Refusal {
  if (thrown instanceof TRPCClientError) {
    const told: ErrorFacts | undefined = thrown.data as ErrorFacts | undefined;
    if (told) {
      return {
        code: told.code,
        message: thrown.message,
        requestId: told.requestId,
        issues: told.issues ?? [],
      };
    }
    return {
      code: "offline",
      message: "The server did not answer. Check the connection; the page tries again by itself.",
      requestId: undefined,
      issues: [],
    };
  }
  return {
    code: "internal",
    message: thrown instanceof Error ? thrown.message : "Something failed on this page.",
    requestId: undefined,
    issues: [],
  };
}

/** What our server puts beside the message of every error. */
interface ErrorFacts {
  code: string;
  requestId?: string;
  issues?: readonly { path: string; message: string }[];
}

let onSignedOut = () => {};
/** What to do when the session has ended; the router says. */
export const whenSignedOut = (act: () => void) => {
  onSignedOut = act;
};

export const queryClient = new QueryClient({
  queryCache: new QueryCache({
    onError: (error, query) => {
      const isMe = JSON.stringify(query.queryKey).includes('"me"');
      if (!isMe && refusal(error).code === "not_signed_in") onSignedOut();
    },
  }),
  defaultOptions: {
    queries: {
      // Pushed changes refetch what they touch; this only bounds how old an unpushed answer may be.
      staleTime: 15_000,
      retry: (failures, error) => refusal(error).code === "offline" && failures < 3,
      refetchOnWindowFocus: true,
    },
    mutations: { retry: false },
  },
});

/** Unsafe requests of a cookie session carry this header, which no other site can send. */
export const csrf = { "x-parley-csrf": "1" };

/**
 * An infinite query writes its own `direction: "forward"` over the input, which our inputs do not know and which one of
 * them means otherwise. It is taken out again; a filter of that name travels in `context.filter`.
 */
const pagingLink: TRPCLink<AppRouter> =
  () =>
  ({ op, next }) => {
    const { direction, ...input } = (op.input ?? {}) as Record<string, unknown>;
    const isPaging = direction === "forward" || direction === "backward";
    return next(
      isPaging ? { ...op, input: { ...input, ...(op.context["filter"] as object | undefined) } } : op,
    );
  };

const links = [
  pagingLink,
  splitLink({
    condition: (operation) => operation.type === "subscription",
    true: httpSubscriptionLink({ url: http.trpc }),
    false: httpBatchLink({
      url: http.trpc,
      maxItems: 10,
      headers: ({ opList }) => {
        const key = opList.map((operation) => operation.context.idempotencyKey).find(Boolean);
        return key ? { ...csrf, "idempotency-key": String(key) } : csrf;
      },
    }),
  }),
];

export const client = createTRPCClient<AppRouter>({ links });
export const reactClient = trpc.createClient({ links });

/** For route loaders: `api.campaigns.get.ensureData({ campaignId })`. */
export const api = createTRPCQueryUtils<AppRouter>({ queryClient, client });
