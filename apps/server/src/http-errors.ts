import type { IncomingMessage } from "node:http";
import { TRPC_ERROR_CODES_BY_KEY } from "@trpc/server/rpc";
import type { FastifyError, FastifyReply, FastifyRequest } from "fastify";
import { asParleyError, ParleyError } from "@parley/core/errors";
import { causeOf } from "./log.ts";
import { trpcCode } from "./trpc-errors.ts";

/** What Fastify itself refuses, in our words; its messages may quote what was sent. */
const refused: Record<string, string> = {
  FST_ERR_CTP_INVALID_MEDIA_TYPE: "This content-type is not one that this route takes.",
  FST_ERR_CTP_BODY_TOO_LARGE: "The body is larger than this route takes.",
  FST_ERR_CTP_INVALID_JSON_BODY: "The body is not JSON.",
  FST_ERR_CTP_EMPTY_JSON_BODY: "The body is empty.",
  FST_ERR_CTP_INVALID_CONTENT_LENGTH: "The body is not as long as it says.",
};

/** Answers a request that failed outside a procedure, in the shape its caller reads. */
export function answerError(thrown: unknown, request: FastifyRequest, reply: FastifyReply): FastifyReply {
  const { error, status } = read(thrown as FastifyError);
  const facts = {
    "request.id": request.id,
    "request.method": request.method,
    "request.route": request.routeOptions.url,
  };
  if (error.code === "internal") request.log.error({ ...facts, err: causeOf(thrown) }, "Request failed");
  else request.log.debug({ ...facts, "error.code": error.code }, `Refused: ${error.code}`);
  if (error.retryAfterSeconds) void reply.header("retry-after", String(error.retryAfterSeconds));
  const { code, message, ...more } = error.toJSON();
  const data = { code, httpStatus: status, requestId: request.id, ...more };
  const body = request.url.startsWith("/trpc/")
    ? { error: { message, code: TRPC_ERROR_CODES_BY_KEY[trpcCode[code]], data } }
    : { message, ...data };
  return reply.code(status).type("application/json").send(body);
}

const SWALLOW_MS = 3_000;

/**
 * Resolves once the rest of a refused body has been read and dropped, or after a moment: whoever is still sending when
 * the connection closes finds it reset, and never reads why.
 */
export async function swallowed(raw: IncomingMessage): Promise<void> {
  if (raw.complete || raw.destroyed) return;
  await new Promise<void>((resolve) => {
    const timer = setTimeout(resolve, SWALLOW_MS);
    raw
      .once("close", resolve)
      .once("end", resolve)
      .once("close", () => clearTimeout(timer))
      .resume();
  });
}

function read(thrown: FastifyError): { error: ParleyError; status: number } {
  if (thrown instanceof ParleyError) return { error: thrown, status: thrown.httpStatus };
  const status = thrown?.statusCode ?? 500;
  if (status >= 400 && status < 500)
    return {
      error: new ParleyError(
        "invalid",
        refused[thrown.code] ?? "The request is not one that can be answered.",
        {
          cause: thrown,
        },
      ),
      status,
    };
  return { error: asParleyError(thrown), status: thrown?.code === "FST_ERR_HANDLER_TIMEOUT" ? 503 : 500 };
}
