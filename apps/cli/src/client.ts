import { createTRPCClient, httpLink, TRPCClientError, type TRPCClient } from "@trpc/client";
import type { AppRouter } from "@parley/server/router";
import { exits, Failure } from "./failure.ts";

export type Api = TRPCClient<AppRouter>;

/** A server, and who we are there. */
export type Parley = {
  url: string;
  api: Api;
  /** A plain route, with the same credentials. The answer is ok, or a Failure is thrown. */
  fetch(path: string, init?: RequestInit): Promise<Response>;
};

/** An API key, or the cookie of a session that has just been opened. */
export type Credential = { key: string } | { cookie: string } | null;

const TIMEOUT_MS = 30_000;

/** Context of an operation: what makes it safe to send again. */
export type OperationContext = { idempotencyKey?: string };

/** A typed client over plain fetch; every call says what it needs in its headers. `onCookie` hears a session being opened. */
export function connect(url: string, credential: Credential, onCookie?: (cookie: string) => void): Parley {
  const identity: Record<string, string> =
    credential === null
      ? { "x-parley-csrf": "1" }
      : "key" in credential
        ? { authorization: `Bearer ${credential.key}` }
        : { cookie: credential.cookie, "x-parley-csrf": "1" };
  const api = createTRPCClient<AppRouter>({
    links: [
      httpLink({
        url: `${url}/trpc`,
        headers: ({ op }) => {
          const { idempotencyKey } = op.context as OperationContext;
          return { ...identity, ...(idempotencyKey && { "idempotency-key": idempotencyKey }) };
        },
        async fetch(input, init) {
          const signal = AbortSignal.any([
            AbortSignal.timeout(TIMEOUT_MS),
            ...(init?.signal ? [init.signal] : []),
          ]);
          const answer = await fetch(input as string, { ...(init as RequestInit), signal });
          const cookie = answer.headers.getSetCookie()[0]?.split(";")[0];
          if (cookie) onCookie?.(cookie);
          return answer;
        },
      }),
    ],
  });
  return {
    url,
    api,
    async fetch(path, init = {}) {
      const answer = await fetch(url + path, { ...init, headers: { ...identity, ...init.headers } });
      if (answer.ok) return answer;
      throw refused(await answer.json().catch(() => null), answer.status);
    },
  };
}

type Told = {
  message?: string;
  data?: { code?: string; requestId?: string; issues?: { path: string; message: string }[] };
};

function refused(body: unknown, status: number): Failure {
  const told = (body as { error?: Told } | null)?.error ?? (body as Told | null) ?? {};
  const facts = told.data ?? (told as Told["data"]);
  return failureOf(told.message ?? `The server answered ${status}.`, facts);
}

function failureOf(message: string, data: Told["data"]): Failure {
  const code = data?.code ?? "internal";
  const fields = (data?.issues ?? []).slice(1).map(({ path, message: wrong }) => `\n  ${path}: ${wrong}`);
  const request = code === "internal" && data?.requestId ? ` (request ${data.requestId})` : "";
  const next = code === "not_signed_in" ? " Run “parley login”." : "";
  const exit = code === "not_signed_in" || code === "not_allowed" ? exits.notSignedIn : exits.failed;
  return new Failure(`${message}${fields.join("")}${request}${next}`, exit, {
    code,
    requestId: data?.requestId,
    issues: data?.issues,
  });
}

/** Whatever a call threw, as something to tell the reader. */
export function asFailure(thrown: unknown, url: string): Failure {
  if (thrown instanceof Failure) return thrown;
  if (thrown instanceof TRPCClientError) {
    const data = thrown.data as Told["data"] | null;
    if (data) return failureOf(thrown.message, data);
    return isNetwork(thrown.cause ?? thrown) ? unreachable(url) : notParley(url);
  }
  if (isNetwork(thrown)) return unreachable(url);
  const message = thrown instanceof Error ? thrown.message : String(thrown);
  return new Failure(message, exits.failed, { code: "internal" });
}

/** No answer came: worth waiting for when the server is being restarted. */
export const isUnreachable = (failure: Failure): boolean => failure.exit === exits.unreachable;

const unreachable = (url: string): Failure =>
  new Failure(
    `No answer from ${url}. Is Parley running there? Start it with “npm start”; if it listens elsewhere, run “npx parley login --url ADDRESS”, or set PARLEY_URL.`,
    exits.unreachable,
    { code: "unreachable" },
  );

const notParley = (url: string): Failure =>
  new Failure(
    `What answers at ${url} does not speak like Parley. Check the address; a proxy in front must pass /trpc on.`,
    exits.unreachable,
    { code: "unreachable" },
  );

const networkCodes =
  /^(ECONN|ENOTFOUND|EAI_|EHOST|ENET|EPIPE|ETIMEDOUT|UND_ERR|CERT_|ERR_SSL|DEPTH_ZERO|SELF_SIGNED)/;

function isNetwork(thrown: unknown): boolean {
  if (!(thrown instanceof Error)) return false;
  if (thrown.name === "TimeoutError" || thrown.message === "fetch failed" || thrown.message === "terminated")
    return true;
  const { code } = thrown as NodeJS.ErrnoException;
  return (typeof code === "string" && networkCodes.test(code)) || isNetwork(thrown.cause);
}
