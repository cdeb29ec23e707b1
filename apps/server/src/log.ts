import { pino, type DestinationStream, type Logger as PinoLogger } from "pino";
import pretty from "pino-pretty";

export type Logger = PinoLogger;

/** Keys whose values never reach a log line, wherever they stand. */
const secret = [
  "authorization",
  "cookie",
  "password",
  "token",
  "key",
  "phoneNumber",
  "phone_number",
  "transcript",
];

/** JSON lines, or readable ones on a terminal. `msg` says it alone; fields are dotted by noun, with units. */
export function createLogger(level: string, to: DestinationStream | "stdout" = "stdout"): Logger {
  const options = {
    level,
    base: null,
    redact: { paths: secret.flatMap((name) => [name, `*.${name}`, `*.*.${name}`]), censor: "[kept back]" },
  };
  if (to !== "stdout") return pino(options, to);
  if (process.stdout.isTTY) return pino(options, pretty({ sync: true, translateTime: "SYS:HH:MM:ss.l" }));
  return pino(options);
}

/** An error as it may be logged: database errors without the values they quote. */
export function causeOf(thrown: unknown): object {
  const error = thrown instanceof Error ? thrown : new Error(String(thrown));
  const { code, constraint, table, routine } = error as Error & Record<string, unknown>;
  const known = Object.entries({ code, constraint, table, routine }).filter(
    ([, value]) => typeof value === "string",
  );
  return {
    type: error.name,
    message: error.message,
    stack: error.stack,
    ...Object.fromEntries(known),
    ...(error.cause === undefined ? {} : { cause: causeOf(error.cause) }),
  };
}
