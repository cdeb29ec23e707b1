import type { Journal } from "../journal.ts";
import type { Ending } from "./endings.ts";

/** One request to the model, as it came in and as it ended. */
export interface Generation {
  at: string;
  route: string;
  requestId: string;
  model: string | null;
  /** Last four characters of the key. */
  key: string;
  bodySha256: string;
  /** Of the spoken lines alone, blanks collapsed: the same conversation has the same hash in any wording around it. */
  transcriptSha256: string | null;
  schemaName: string | null;
  retryCount: number;
  outcome: string;
  status: number;
}

/** Every request to the model, so that a test can say "exactly one generation per transcript". */
export class Generations {
  readonly #all: Generation[] = [];
  readonly #journal: Journal;
  #lined: Ending[] = [];

  constructor(journal: Journal) {
    this.#journal = journal;
    for (const each of journal.read<Generation>("openai")) this.#all.push(each);
  }

  record(generation: Generation): void {
    this.#journal.append("openai", generation);
    this.#all.push(generation);
  }

  /** Lines up how the next requests end. */
  lineUp(endings: readonly Ending[]): Ending[] {
    this.#lined = [...endings];
    return this.#lined;
  }

  nextEnding(): Ending | undefined {
    return this.#lined.shift();
  }

  since(index: number): { requests: Generation[]; next: number; byTranscript: Record<string, number> } {
    const byTranscript: Record<string, number> = {};
    for (const { transcriptSha256, status } of this.#all) {
      if (transcriptSha256 && status === 200)
        byTranscript[transcriptSha256] = (byTranscript[transcriptSha256] ?? 0) + 1;
    }
    return { requests: this.#all.slice(index), next: this.#all.length, byTranscript };
  }

  get recent(): Generation[] {
    return this.#all.slice(-50);
  }

  get counts(): { requests: number; answered: number } {
    return {
      requests: this.#all.length,
      answered: this.#all.filter(({ outcome }) => outcome === "ok").length,
    };
  }

  clear(): void {
    this.#all.length = 0;
    this.#lined = [];
    this.#journal.clear("openai");
  }
}
