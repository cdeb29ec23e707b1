import type { Config } from "./config.ts";
import type { Logger } from "./log.ts";

/** The outside world, one line each; everything a vendor calls by its own words stays inside its file. */
export function createProviders(_config: Config, _log: Logger) {
  return {};
}

export type Providers = ReturnType<typeof createProviders>;
