import type { Config } from "./config.ts";
import { Bolna } from "./providers/bolna.ts";

/** The outside world, one line each; everything a vendor calls by its own words stays inside its file. */
export function createProviders({ voice }: Config) {
  return {
    bolna: new Bolna({ url: voice.url, key: voice.apiKey, placeTimeoutMs: voice.placeTimeoutMs }),
  };
}

export type Providers = ReturnType<typeof createProviders>;
