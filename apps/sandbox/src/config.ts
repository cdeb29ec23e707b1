import { z } from "zod";

const environment = z.object({
  SANDBOX_PORT: z.coerce.number().int().min(0).max(65_535).default(4100),
  SANDBOX_HOST: z.string().min(1).default("127.0.0.1"),
  SANDBOX_DIR: z.string().min(1).optional(),
  SANDBOX_KEY: z.string().min(1).default("bn-sandbox"),
  SANDBOX_SEED: z.string().min(1).default("parley"),
  SANDBOX_PUBLIC_URL: z.url({ protocol: /^https?$/ }).optional(),
  PARLEY_URL: z.url({ protocol: /^https?$/ }).optional(),
  SERVICE_SECRET: z.string().min(1).optional(),
  LOG_LEVEL: z.enum(["fatal", "error", "warn", "info", "debug", "trace", "silent"]).default("info"),
});

export type Config = Readonly<z.output<typeof environment>>;

/** The environment as one checked value; every bad variable is named at once. Empty means absent. */
export function readConfig(env: Record<string, string | undefined>): Config {
  const given = Object.fromEntries(Object.entries(env).filter(([, value]) => value !== ""));
  const read = environment.safeParse(given);
  if (read.success) return Object.freeze(read.data);
  const faults = read.error.issues.map((issue) => `  ${issue.path.join(".")}: ${issue.message}`);
  throw new Error(`The sandbox cannot start with this environment:\n${faults.join("\n")}`);
}
