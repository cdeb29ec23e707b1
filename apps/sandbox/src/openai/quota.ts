import { Fault } from "./fault.ts";

const REQUESTS_PER_MINUTE = 10_000;
const TOKENS_PER_MINUTE = 10_000_000;

interface Use {
  requests: number;
  tokens: number;
  at: number;
}

/** What a key may still use this minute; it really falls with every request and refills steadily. */
export class Quota {
  readonly #used = new Map<string, Use>();

  /** Counts one request of so many tokens, or refuses it. The longest possible answer counts in advance. */
  spend(key: string, tokens: number, wall = Date.now()): void {
    const use = this.#use(key, wall);
    if (use.requests + 1 > REQUESTS_PER_MINUTE) throw limited("requests", use.requests / REQUESTS_PER_MINUTE);
    if (use.tokens + tokens > TOKENS_PER_MINUTE) throw limited("tokens", use.tokens / TOKENS_PER_MINUTE);
    use.requests += 1;
    use.tokens += tokens;
  }

  headers(key: string, wall = Date.now()): Record<string, string> {
    const { requests, tokens } = this.#use(key, wall);
    return {
      "x-ratelimit-limit-requests": String(REQUESTS_PER_MINUTE),
      "x-ratelimit-limit-tokens": String(TOKENS_PER_MINUTE),
      "x-ratelimit-remaining-requests": String(Math.floor(REQUESTS_PER_MINUTE - requests)),
      "x-ratelimit-remaining-tokens": String(Math.floor(TOKENS_PER_MINUTE - tokens)),
      "x-ratelimit-reset-requests": duration((requests / REQUESTS_PER_MINUTE) * 60_000),
      "x-ratelimit-reset-tokens": duration((tokens / TOKENS_PER_MINUTE) * 60_000),
    };
  }

  #use(key: string, wall: number): Use {
    const use = this.#used.get(key) ?? { requests: 0, tokens: 0, at: wall };
    const minutes = (wall - use.at) / 60_000;
    use.requests = Math.max(0, use.requests - minutes * REQUESTS_PER_MINUTE);
    use.tokens = Math.max(0, use.tokens - minutes * TOKENS_PER_MINUTE);
    use.at = wall;
    this.#used.set(key, use);
    return use;
  }
}

const limited = (type: "requests" | "tokens", share: number): Fault =>
  new Fault(429, `Rate limit reached for ${type}. Please try again in ${duration(share * 60_000)}.`, {
    type,
    code: "rate_limit_exceeded",
    headers: { "retry-after": String(Math.max(1, Math.ceil(share))) },
  });

/** `20ms`, `1s`, `6m0s`: the vendor's way to write a duration. */
function duration(ms: number): string {
  if (ms < 1000) return `${Math.ceil(ms)}ms`;
  const seconds = Math.ceil(ms / 1000);
  return seconds < 60 ? `${seconds}s` : `${Math.floor(seconds / 60)}m${seconds % 60}s`;
}
