import * as z from "zod";

const environment = z.object({
  CHAT_PORT: z.coerce.number().int().min(0).max(65_535).default(4000),
  HOST: z.string().optional(),
  NODE_ENV: z.string().optional(),
  SERVICE_SECRET: z
    .string("is missing: the same 32 bytes in base64 that the server has")
    .refine(
      (secret) => Buffer.from(secret, "base64").length === 32,
      "must be 32 bytes in base64: openssl rand -base64 32",
    ),
  LOG_LEVEL: z.enum(["fatal", "error", "warn", "info", "debug", "trace", "silent"]).default("info"),
});

export type Config = Readonly<{
  host: string;
  port: number;
  serviceSecret: string;
  logLevel: z.output<typeof environment>["LOG_LEVEL"];
}>;

/** The environment as one checked value; every bad variable is named at once. Empty means absent. */
export function readConfig(env: Record<string, string | undefined>): Config {
  const given = Object.fromEntries(Object.entries(env).filter(([, value]) => value !== ""));
  const read = environment.safeParse(given);
  if (read.success) {
    const { HOST, NODE_ENV, CHAT_PORT, SERVICE_SECRET, LOG_LEVEL } = read.data;
    return Object.freeze({
      host: HOST ?? (NODE_ENV === "production" ? "0.0.0.0" : "127.0.0.1"),
      port: CHAT_PORT,
      serviceSecret: SERVICE_SECRET,
      logLevel: LOG_LEVEL,
    });
  }
  const faults = read.error.issues.map((issue) => `  ${issue.path.join(".")} ${issue.message}`);
  throw new Error(`Chat cannot start with this environment:\n${faults.join("\n")}`);
}
