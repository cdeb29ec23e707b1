import assert from "node:assert/strict";
import { permissions, type ProcedurePath } from "@parley/core/accounts/permissions";
import { contract } from "@parley/core/contract";
import type * as z from "zod";

type Contract = typeof contract;
type Of<Path extends string> = Path extends `${infer Router extends keyof Contract & string}.${infer Name}`
  ? Name extends keyof Contract[Router]
    ? Contract[Router][Name]
    : never
  : never;
/** What a procedure answers, by its path. */
export type Output<Path extends ProcedurePath> =
  Of<Path> extends { output: infer Schema extends z.ZodType } ? z.output<Schema> : never;

export type Answer = {
  status: number;
  body: any;
  headers: Headers;
};

/** The error of a procedure as it stands on the wire. */
export type Refusal = {
  httpStatus: number;
  code: string;
  message: string;
  requestId: string;
  paths: string[];
};

type Extra = { headers?: Record<string, string> };

/** Somebody who knows nothing of Parley but its addresses: plain fetch, a cookie that is kept, or an API key. */
export class Visitor {
  readonly server: string;
  readonly key: string | null;
  cookie: string | null = null;

  constructor(server: string, key: string | null = null) {
    this.server = server;
    this.key = key;
  }

  async fetch(path: string, init: RequestInit = {}): Promise<Response> {
    const own: Record<string, string> = this.key
      ? { authorization: `Bearer ${this.key}` }
      : { "x-parley-csrf": "1", ...(this.cookie ? { cookie: this.cookie } : {}) };
    const answer = await fetch(this.server + path, {
      ...init,
      headers: { ...own, ...Object.fromEntries(new Headers(init.headers)) },
    });
    for (const set of answer.headers.getSetCookie())
      this.cookie = set.split(";", 1)[0]!.replace(/^[^=]+=$/, "") || null;
    return answer;
  }

  /** One procedure as a program without our client would call it: GET with ?input=, or POST with a JSON body. */
  async send(path: string, input: unknown = {}, { headers = {} }: Extra = {}): Promise<Answer> {
    const isQuery = permissions[path as ProcedurePath]?.kind === "query";
    const answer = isQuery
      ? await this.fetch(`/trpc/${path}?input=${encodeURIComponent(JSON.stringify(input))}`, { headers })
      : await this.fetch(`/trpc/${path}`, {
          method: "POST",
          headers: { "content-type": "application/json", ...headers },
          body: JSON.stringify(input),
        });
    return { status: answer.status, headers: answer.headers, body: await answer.json() };
  }

  /** The answer of a procedure, held against the contract: nothing missing, nothing more. */
  async ask<Path extends ProcedurePath>(
    path: Path,
    input: unknown = {},
    extra?: Extra,
  ): Promise<Output<Path>> {
    const { status, body } = await this.send(path, input, extra);
    if (status !== 200) throw new Error(`${path} was refused: ${JSON.stringify(body)}`);
    const [router, name] = path.split(".") as [string, string];
    const { output } = (contract as Record<string, Record<string, { output: z.ZodType }>>)[router]![name]!;
    assert.deepEqual(Object.keys(body), ["result"], path);
    const data: unknown = body.result.data;
    assert.deepEqual(data, output.parse(data), `${path} answers what its schema declares, and nothing more`);
    return data as Output<Path>;
  }

  /** How a procedure refuses. Fails when it answers instead, or when the error lacks what every error has. */
  async refusal(path: string, input: unknown = {}, extra?: Extra): Promise<Refusal> {
    const { status, body, headers } = await this.send(path, input, extra);
    const error = body?.error;
    if (!error) throw new Error(`${path} was not refused: ${JSON.stringify(body).slice(0, 500)}`);
    assert.equal(error.data.httpStatus, status, path);
    assert.equal(error.data.requestId, headers.get("x-request-id"), path);
    assert.equal(typeof error.code, "number", path);
    return {
      httpStatus: status,
      code: error.data.code,
      message: error.message,
      requestId: error.data.requestId,
      paths: (error.data.issues ?? []).map((issue: { path: string }) => issue.path),
    };
  }
}
