import type { Journal } from "./journal.ts";

/** One order to dial that was accepted, written down before the answer to it left. */
export interface Ring {
  to: string;
  at: string;
  executionId: string;
  userData: Record<string, unknown> | null;
}

/** Open lines at the moment one of the two was more than ever before. */
interface Peak {
  system: number;
  agentId: string;
  ofAgent: number;
}

/** What really happened, whoever remembers it otherwise: the judge of every test against the sandbox. */
export class Truth {
  readonly rings: Ring[] = [];
  readonly peaks = { system: 0, byAgent: {} as Record<string, number> };
  #journal: Journal;
  #open = 0;
  #openByAgent = new Map<string, number>();

  constructor(journal: Journal) {
    this.#journal = journal;
    for (const ring of journal.read<Ring>("truth")) this.rings.push(ring);
    for (const { system, agentId, ofAgent } of journal.read<Peak>("peaks")) {
      this.peaks.system = Math.max(this.peaks.system, system);
      this.peaks.byAgent[agentId] = Math.max(this.peaks.byAgent[agentId] ?? 0, ofAgent);
    }
  }

  get openLines(): number {
    return this.#open;
  }

  rang(ring: Ring): void {
    this.#journal.append("truth", ring);
    this.rings.push(ring);
  }

  /** A line is open from the moment the call is accepted until it is disconnected or ends. */
  lineOpened(agentId: string): void {
    const ofAgent = (this.#openByAgent.get(agentId) ?? 0) + 1;
    this.#openByAgent.set(agentId, ofAgent);
    this.#open++;
    if (this.#open <= this.peaks.system && ofAgent <= (this.peaks.byAgent[agentId] ?? 0)) return;
    this.peaks.system = Math.max(this.peaks.system, this.#open);
    this.peaks.byAgent[agentId] = Math.max(this.peaks.byAgent[agentId] ?? 0, ofAgent);
    this.#journal.append("peaks", { system: this.#open, agentId, ofAgent } satisfies Peak);
  }

  clear(): void {
    this.rings.length = 0;
    this.peaks.system = 0;
    this.peaks.byAgent = {};
    this.#journal.clear("truth");
    this.#journal.clear("peaks");
  }

  lineClosed(agentId: string): void {
    this.#open--;
    this.#openByAgent.set(agentId, (this.#openByAgent.get(agentId) ?? 1) - 1);
  }
}
