import { createHash } from "node:crypto";

/** About four characters to a token. */
export const tokensOf = (text: string): number => Math.ceil(text.length / 4);

const CHUNK_CHARACTERS = 512;
const LEAST_CHUNKS = 8; // 1024 tokens
const REMEMBERED_MS = 5 * 60_000;
const MOST_PREFIXES = 20_000;

/** Recognises the beginning of a prompt that was seen in the last minutes, as the vendor's prompt cache does. */
export class PrefixCache {
  readonly #seen = new Map<string, number>();

  /** Tokens of the prompt's beginning that were cached; remembers the prompt. */
  hit(prompt: string, wall = Date.now()): number {
    const hash = createHash("sha256");
    let cached = 0;
    for (let chunk = 1; chunk * CHUNK_CHARACTERS <= prompt.length; chunk++) {
      hash.update(prompt.slice((chunk - 1) * CHUNK_CHARACTERS, chunk * CHUNK_CHARACTERS));
      if (chunk < LEAST_CHUNKS) continue;
      const prefix = hash.copy().digest("base64");
      const at = this.#seen.get(prefix);
      if (at !== undefined && at > wall - REMEMBERED_MS) cached = (chunk * CHUNK_CHARACTERS) / 4;
      this.#seen.delete(prefix);
      this.#seen.set(prefix, wall);
    }
    while (this.#seen.size > MOST_PREFIXES) this.#seen.delete(this.#seen.keys().next().value!);
    return cached;
  }
}
