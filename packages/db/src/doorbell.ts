/**
 * Coalesces rings: however often it is rung, `deliver` runs at most once per `everyMs`, at once for the first
 * ring and once more after the last. A failed delivery is reported and tried again after a second.
 */
export class Doorbell<Kind extends string> {
  readonly #everyMs: number;
  readonly #deliver: (kinds: Kind[]) => Promise<unknown>;
  readonly #onError: (error: unknown) => void;
  readonly #rung = new Set<Kind>();
  #timer: NodeJS.Timeout | undefined;
  #delivering: Promise<void> | undefined;
  #lastAt = -Infinity;
  #closed = false;

  constructor(
    everyMs: number,
    deliver: (kinds: Kind[]) => Promise<unknown>,
    onError: (error: unknown) => void = () => {},
  ) {
    this.#everyMs = everyMs;
    this.#deliver = deliver;
    this.#onError = onError;
  }

  ring(kind: Kind): void {
    if (this.#closed) return;
    this.#rung.add(kind);
    this.#arm(this.#lastAt + this.#everyMs - performance.now());
  }

  /** Delivers what was rung and takes no more. */
  async close(): Promise<void> {
    this.#closed = true;
    clearTimeout(this.#timer);
    await this.#delivering;
    await this.#now();
  }

  #arm(inMs: number): void {
    if (this.#timer || this.#delivering) return;
    this.#timer = setTimeout(
      () => {
        this.#timer = undefined;
        this.#delivering = this.#now().finally(() => {
          this.#delivering = undefined;
          if (this.#rung.size > 0 && !this.#closed)
            this.#arm(this.#lastAt + this.#everyMs - performance.now());
        });
      },
      Math.max(0, inMs),
    );
    this.#timer.unref();
  }

  async #now(): Promise<void> {
    if (this.#rung.size === 0) return;
    const kinds = [...this.#rung];
    this.#rung.clear();
    this.#lastAt = performance.now();
    try {
      await this.#deliver(kinds);
    } catch (error) {
      this.#onError(error);
      for (const kind of kinds) this.#rung.add(kind);
      this.#lastAt += 1_000;
    }
  }
}
