/**
 * The one error family. A code says what kind of thing happened (programs branch on it), the message says it
 * to a person together with the next step. Every boundary maps codes once, by a total record.
 */
export const errorCodes = [
  "not_found",
  "not_signed_in",
  "not_allowed",
  "invalid",
  "conflict",
  "limit_reached",
  "no_credits",
  "provider_failed",
  "internal",
] as const;

export type ErrorCode = (typeof errorCodes)[number];

/** Code → HTTP status, for plain routes and for tRPC alike. */
export const httpStatus: Record<ErrorCode, number> = {
  not_found: 404,
  not_signed_in: 401,
  not_allowed: 403,
  invalid: 400,
  conflict: 409,
  limit_reached: 429,
  no_credits: 402,
  provider_failed: 502,
  internal: 500,
};

/** One thing wrong with an input: where (`retry.busy.0`, empty for the whole) and what to do about it. */
export type Issue = { path: string; message: string };

export type ErrorFacts = {
  /** What went wrong inside; for logs, never for the outside. */
  cause?: unknown;
  /** `invalid`: every field at fault. */
  issues?: readonly Issue[];
  /** `provider_failed`: may the same request be sent again? Never true for a dial. */
  retryable?: boolean;
  /** `provider_failed`: the provider's HTTP status; absent when no answer came. */
  vendorStatus?: number;
  /** `limit_reached`: seconds until it is worth trying again. */
  retryAfterSeconds?: number;
};

export type ErrorJson = {
  code: ErrorCode;
  message: string;
  issues?: readonly Issue[];
  retryable?: boolean;
  vendorStatus?: number;
  retryAfterSeconds?: number;
};

export class ParleyError extends Error {
  override readonly name = "ParleyError";
  readonly code: ErrorCode;
  readonly issues: readonly Issue[] | undefined;
  readonly retryable: boolean | undefined;
  readonly vendorStatus: number | undefined;
  readonly retryAfterSeconds: number | undefined;

  constructor(code: ErrorCode, message: string, facts: ErrorFacts = {}) {
    super(message, facts.cause === undefined ? undefined : { cause: facts.cause });
    this.code = code;
    this.issues = facts.issues;
    this.retryable = facts.retryable;
    this.vendorStatus = facts.vendorStatus;
    this.retryAfterSeconds = facts.retryAfterSeconds;
  }

  get httpStatus(): number {
    return httpStatus[this.code];
  }

  /** What may leave the process: no cause, no stack. `internal` never tells its own message. */
  toJSON(): ErrorJson {
    const json: ErrorJson = {
      code: this.code,
      message: this.code === "internal" ? internalMessage : this.message,
    };
    if (this.issues?.length) json.issues = this.issues;
    if (this.retryable !== undefined) json.retryable = this.retryable;
    if (this.vendorStatus !== undefined) json.vendorStatus = this.vendorStatus;
    if (this.retryAfterSeconds !== undefined) json.retryAfterSeconds = this.retryAfterSeconds;
    return json;
  }
}

const internalMessage = "Something failed on the server. Try again; if it stays, report the request id.";

/** `notFound("campaign")`: also the answer for another tenant's row, in the same words. */
export function notFound(noun: string): ParleyError {
  return new ParleyError(
    "not_found",
    `No such ${noun} in this workspace. Check the id, or open it from its list.`,
  );
}

export function invalid(message: string, issues: readonly Issue[] = []): ParleyError {
  return new ParleyError("invalid", message, { issues });
}

export function conflict(message: string): ParleyError {
  return new ParleyError("conflict", message);
}

export function notAllowed(message: string): ParleyError {
  return new ParleyError("not_allowed", message);
}

/** The shape of a zod error's issues; named here so that this file needs no zod. */
type ZodLikeIssue = { code?: string | undefined; path: readonly PropertyKey[]; message: string };
type ZodLikeError = { issues: readonly ZodLikeIssue[] };

/** What zod says of itself begins so; a schema's own words begin with “must”. */
const zodsOwn = /^(Too big|Too small|Invalid|Unrecognized)/;

const units: Record<string, string> = {
  string: " characters",
  array: " entries",
  set: " entries",
  file: " bytes",
};

/** An issue in our words, to be read after the field's name; a schema's own words are kept. */
function issueWords(issue: ZodLikeIssue): string {
  if (!zodsOwn.test(issue.message)) return issue.message;
  const told = issue as ZodLikeIssue & {
    origin?: string;
    maximum?: number | bigint;
    minimum?: number | bigint;
    inclusive?: boolean;
    expected?: string;
    values?: readonly unknown[];
    keys?: readonly string[];
  };
  const unit = units[told.origin ?? ""] ?? "";
  switch (issue.code) {
    case "too_big":
      return `must be ${told.inclusive === false ? "less than" : "at most"} ${told.maximum}${unit}`;
    case "too_small":
      if (unit && Number(told.minimum) === 1) return "must not be empty";
      return `must be ${told.inclusive === false ? "more than" : "at least"} ${told.minimum}${unit}`;
    case "invalid_type":
      return issue.message.endsWith("received undefined")
        ? "is missing"
        : `must be ${typeWords[told.expected ?? ""] ?? `of the type ${told.expected}`}`;
    case "invalid_value":
      return `must be ${told.values && told.values.length > 1 ? "one of " : ""}${(told.values ?? []).map(String).join(", ")}`;
    case "unrecognized_keys":
      return `does not know ${(told.keys ?? []).map((key) => `“${key}”`).join(", ")}: check the spelling, or leave it out`;
    case "invalid_union":
      return "fits none of the forms it may have: see docs/contract.md";
    default:
      return "does not have the form that is asked for";
  }
}

const typeWords: Record<string, string> = {
  string: "text",
  number: "a number",
  int: "a whole number",
  boolean: "true or false",
  array: "a list",
  object: "an object",
  record: "an object",
};

/** A schema's refusal as `invalid`: every issue with its dotted field path, the first one in the message. */
export function invalidInput(error: ZodLikeError): ParleyError {
  const issues = error.issues.map((issue) => ({
    path: issue.path.map(String).join("."),
    message: issueWords(issue),
  }));
  const first = issues[0];
  const more = issues.length > 1 ? ` (and ${issues.length - 1} more)` : "";
  const message = first ? `${first.path || "input"}: ${first.message}${more}` : "The input does not fit.";
  return new ParleyError("invalid", message, { issues });
}

/** Anything thrown → a ParleyError; what is not ours becomes `internal` and keeps its cause for the log. */
export function asParleyError(thrown: unknown): ParleyError {
  if (thrown instanceof ParleyError) return thrown;
  const message = thrown instanceof Error ? thrown.message : String(thrown);
  return new ParleyError("internal", message, { cause: thrown });
}
