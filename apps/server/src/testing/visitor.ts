import { createTRPCClient, httpLink, type TRPCClient } from "@trpc/client";
import type { Session } from "@parley/core/accounts/schema";
import type { AppRouter } from "../router.ts";

export type TestVisitor = {
  /** Typed procedures over HTTP, with this visitor's cookie or key. */
  trpc: TRPCClient<AppRouter>;
  /** A plain request to a path, with the cookie or key and the CSRF header. */
  fetch(path: string, init?: RequestInit): Promise<Response>;
  readonly cookie: string | null;
};

/** Somebody at the door: keeps the cookie it is given, as a browser does; or a program with an API key. */
export function visitor(
  url: string,
  { key, headers = {} }: { key?: string; headers?: Record<string, string> } = {},
): TestVisitor {
  let cookie: string | null = null;
  const send = async (input: string, init: RequestInit = {}) => {
    const own: Record<string, string> = key
      ? { authorization: `Bearer ${key}` }
      : { "x-parley-csrf": "1", ...(cookie ? { cookie } : {}) };
    const given = Object.fromEntries(new Headers(init.headers));
    const answer = await fetch(input, { ...init, headers: { ...own, ...headers, ...given } });
    for (const set of answer.headers.getSetCookie())
      cookie = set.split(";", 1)[0]!.replace(/^[^=]+=$/, "") || null;
    return answer;
  };
  return {
    trpc: createTRPCClient<AppRouter>({
      links: [
        httpLink({ url: `${url}/trpc`, fetch: (input, init) => send(String(input), init as RequestInit) }),
      ],
    }),
    fetch: (path, init) => send(`${url}${path}`, init),
    get cookie() {
      return cookie;
    },
  };
}

let people = 0;

export type SignedUp = TestVisitor & { session: Session; email: string; password: string };

/** A new person with a workspace of their own. */
export async function signUp(
  url: string,
  its: { name?: string; company?: string; email?: string } = {},
): Promise<SignedUp> {
  const email = its.email ?? `person${++people}.${process.pid}@example.com`;
  const password = "a long enough password";
  const them = visitor(url);
  const session = await them.trpc.auth.signUp.mutate({
    email,
    password,
    name: its.name ?? "Asha",
    company: its.company,
  });
  return Object.assign(
    Object.create(them, Object.getOwnPropertyDescriptors({ session, email, password })),
    {},
  );
}

/** The code a refused call carries. */
export function codeOf(error: unknown): string {
  return (error as { data?: { code?: string } }).data?.code ?? String(error);
}

/** The code with which a call is refused; "answered" if it is not. */
export const refusal = (call: Promise<unknown>): Promise<string> => call.then(() => "answered", codeOf);
