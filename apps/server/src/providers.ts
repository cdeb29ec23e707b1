import type { Config } from "./config.ts";
import { Bolna } from "./providers/bolna.ts";
import { Openai } from "./providers/openai.ts";

/** The outside world, one line each; everything a vendor calls by its own words stays inside its file. */
export function createProviders({ analysis, voice }: Config) {
  return {
    bolna: new Bolna({ url: voice.url, key: voice.apiKey, placeTimeoutMs: voice.placeTimeoutMs }),
    openai: new Openai({ url: analysis.url, key: analysis.apiKey, model: analysis.model }),
  };
}

export type Providers = ReturnType<typeof createProviders>;
