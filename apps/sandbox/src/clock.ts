import { setImmediate as nextTurn } from "node:timers/promises";

/** now = base + (wall − wallAt) × scale, all in milliseconds. */
export interface ClockReading {
  base: number;
  wallAt: number;
  scale: number;
}

export interface Timer {
  cancel(): void;
}

interface Entry {
  due: number;
  order: number;
  run: ((at: number) => void) | null;
}

const LONGEST_NAP = 2 ** 31 - 1;
const BATCH = 256;

/**
 * The sandbox's time: it can run fast, stand still or jump forward, never back. All waiting is done by one heap of
 * timers, so that after a jump everything that fell due still happens in order, each at its own instant.
 */
export class Clock {
  #reading: ClockReading;
  #heap: Entry[] = [];
  #order = 0;
  #nap: NodeJS.Timeout | undefined;
  #breather: NodeJS.Immediate | undefined;
  #closed = false;
  #firingAt: number | undefined;

  constructor(reading: ClockReading = { base: Date.now(), wallAt: Date.now(), scale: 1 }) {
    this.#reading = reading;
  }

  now(): number {
    // While a due timer runs, it is that timer's instant: what it schedules counts from there.
    if (this.#firingAt !== undefined) return this.#firingAt;
    return this.#wallNow();
  }

  get reading(): ClockReading {
    return { ...this.#reading };
  }

  /** Timers that have not fired yet. */
  get waiting(): number {
    return this.#heap.length;
  }

  /** Runs `run` when the sandbox's time reaches `due`; a past instant means as soon as possible. */
  at(due: number, run: (at: number) => void): Timer {
    const entry: Entry = { due, order: this.#order++, run };
    push(this.#heap, entry);
    if (this.#heap[0] === entry) this.#arm();
    return {
      cancel() {
        entry.run = null;
      },
    };
  }

  /** Takes over another clock's reading. */
  adopt(reading: ClockReading): void {
    this.#reading = reading;
    this.#arm();
  }

  /** Changes speed and, optionally, jumps to `advanceTo` (ms). Returns false, changing nothing, if that is in the past. */
  set(change: { scale?: number | undefined; advanceTo?: number | undefined }): boolean {
    const now = this.#wallNow();
    if (change.advanceTo !== undefined && change.advanceTo < now) return false;
    this.adopt({
      base: change.advanceTo ?? now,
      wallAt: Date.now(),
      scale: change.scale ?? this.#reading.scale,
    });
    return true;
  }

  /** Resolves when everything that was due at this moment has happened. */
  async caughtUp(): Promise<void> {
    const until = this.#wallNow();
    while (!this.#closed && (this.#heap[0]?.due ?? Infinity) <= until) await nextTurn();
  }

  close(): void {
    this.#closed = true;
    clearTimeout(this.#nap);
    clearImmediate(this.#breather);
    this.#heap = [];
  }

  #wallNow(): number {
    const { base, wallAt, scale } = this.#reading;
    return base + (Date.now() - wallAt) * scale;
  }

  #arm(): void {
    clearTimeout(this.#nap);
    const next = this.#heap[0];
    if (this.#closed || !next || this.#breather) return;
    const ahead = next.due - this.#wallNow();
    if (ahead <= 0) {
      this.#breather = setImmediate(() => this.#fire());
      return;
    }
    const { scale } = this.#reading;
    if (scale <= 0) return;
    this.#nap = setTimeout(() => this.#fire(), Math.min(Math.ceil(ahead / scale), LONGEST_NAP));
  }

  #fire(): void {
    this.#breather = undefined;
    const until = this.#wallNow();
    for (let fired = 0; fired < BATCH; fired++) {
      const next = this.#heap[0];
      if (!next || next.due > until || this.#closed) break;
      pop(this.#heap);
      const { run } = next;
      if (!run) continue;
      this.#firingAt = next.due;
      try {
        run(next.due);
      } finally {
        this.#firingAt = undefined;
      }
    }
    this.#arm();
  }
}

const before = (a: Entry, b: Entry): boolean => a.due < b.due || (a.due === b.due && a.order < b.order);

function push(heap: Entry[], entry: Entry): void {
  let index = heap.push(entry) - 1;
  while (index > 0) {
    const parent = (index - 1) >> 1;
    if (!before(entry, heap[parent]!)) break;
    heap[index] = heap[parent]!;
    index = parent;
  }
  heap[index] = entry;
}

function pop(heap: Entry[]): void {
  const last = heap.pop();
  if (!last || heap.length === 0) return;
  let index = 0;
  for (;;) {
    let child = index * 2 + 1;
    if (child >= heap.length) break;
    if (child + 1 < heap.length && before(heap[child + 1]!, heap[child]!)) child++;
    if (!before(heap[child]!, last)) break;
    heap[index] = heap[child]!;
    index = child;
  }
  heap[index] = last;
}
