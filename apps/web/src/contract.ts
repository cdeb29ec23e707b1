/**
 * The router's type, made from the values core declares for every procedure: the server builds its routers from the
 * same ones. Types only; nothing of this is in the build.
 */
import type { contract } from "@parley/core/contract";
import type {
  TRPCBuiltRouter,
  TRPCMutationProcedure,
  TRPCQueryProcedure,
  TRPCSubscriptionProcedure,
} from "@trpc/server";
import type * as z from "zod";

type Contract = typeof contract;
type Shape = { input: z.ZodType; output: z.ZodType };
type Facts<S extends Shape> = { input: z.input<S["input"]>; output: z.output<S["output"]>; meta: unknown };

/** Names of procedures that only read; every other name changes something. */
type Reads =
  | "me"
  | "invitation"
  | "get"
  | "list"
  | "progress"
  | "preflight"
  | "items"
  | "explain"
  | "events"
  | "summary"
  | "balance"
  | "ledger"
  | "query"
  | "sql"
  | "doctor"
  | "tenants"
  | "voices";

type Procedure<Name, S extends Shape> = Name extends "stream"
  ? TRPCSubscriptionProcedure<{
      input: z.input<S["input"]>;
      output: AsyncIterable<{ id: string; data: z.output<S["output"]> }, void, unknown>;
      meta: unknown;
    }>
  : Name extends Reads
    ? TRPCQueryProcedure<Facts<S>>
    : TRPCMutationProcedure<Facts<S>>;

type Routers = {
  [Noun in keyof Contract]: {
    [Name in keyof Contract[Noun]]: Contract[Noun][Name] extends Shape
      ? Procedure<Name, Contract[Noun][Name]>
      : never;
  };
};

type Root = {
  ctx: object;
  meta: object;
  errorShape: {
    code: number;
    message: string;
    data: {
      code: string;
      httpStatus: number;
      requestId?: string;
      issues?: { path: string; message: string }[];
    };
  };
  transformer: false;
};

export type AppRouter = TRPCBuiltRouter<Root, Routers>;
