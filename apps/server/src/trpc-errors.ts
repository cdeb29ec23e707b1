import { TRPCError } from "@trpc/server";
import * as z from "zod";
import { asParleyError, invalidInput, ParleyError, type ErrorCode } from "@parley/core/errors";

export type TrpcCode = TRPCError["code"];

/** Our code → tRPC's, which decides the HTTP status of a lone call. */
export const trpcCode: Record<ErrorCode, TrpcCode> = {
  not_found: "NOT_FOUND",
  not_signed_in: "UNAUTHORIZED",
  not_allowed: "FORBIDDEN",
  invalid: "BAD_REQUEST",
  conflict: "CONFLICT",
  limit_reached: "TOO_MANY_REQUESTS",
  no_credits: "PAYMENT_REQUIRED",
  provider_failed: "BAD_GATEWAY",
  internal: "INTERNAL_SERVER_ERROR",
};

/** What tRPC itself refuses, in our words: its own messages may quote what was sent. */
const refused: Partial<Record<TrpcCode, [ErrorCode, string]>> = {
  PARSE_ERROR: ["invalid", "The request body is not the JSON that this call expects."],
  BAD_REQUEST: [
    "invalid",
    "The request is not one that can be answered: check path, batch size (10 at most) and input.",
  ],
  NOT_FOUND: ["not_found", "There is no such procedure. Check its name."],
  METHOD_NOT_SUPPORTED: ["invalid", "Queries are sent with GET, mutations with POST."],
  UNSUPPORTED_MEDIA_TYPE: ["invalid", "Send content-type: application/json."],
  PAYLOAD_TOO_LARGE: ["invalid", "The request is larger than a procedure takes."],
  CLIENT_CLOSED_REQUEST: ["invalid", "The request was closed before it was answered."],
};

/** Whatever ended a procedure, as the one error family. Input refusals keep their field paths. */
export function parleyErrorOf(error: TRPCError): ParleyError {
  const { cause } = error;
  if (cause instanceof ParleyError) return cause;
  if (error.code === "BAD_REQUEST" && cause instanceof z.ZodError) return invalidInput(cause);
  const known = refused[error.code];
  // A cause that is not ours means a fault of ours, whatever the code says.
  if (known && !(cause && error.code === "BAD_REQUEST")) return new ParleyError(...known, { cause: error });
  return asParleyError(cause ?? error);
}

/** The answer's shape: message, and `data` with code, request id and field issues. Nothing else leaves. */
export function errorShape(error: TRPCError, rpcCode: number, requestId: string | undefined) {
  const { code, message, ...facts } = parleyErrorOf(error).toJSON();
  const httpStatus = parleyErrorOf(error).httpStatus;
  return { code: rpcCode, message, data: { code, httpStatus, requestId, ...facts } };
}
