/** Counts requests in a sliding minute of wall time. */
export class RateLimit {
  readonly #windows = new Map<string, number[]>();

  /** Takes one request of the group if its limit allows, and says how many seconds to wait if it does not. */
  take(
    group: string,
    perMinute: number,
    wall = Date.now(),
  ): { ok: true } | { ok: false; retryAfterSeconds: number } {
    const window = this.#windows.get(group) ?? [];
    this.#windows.set(group, window);
    let gone = 0;
    while (gone < window.length && window[gone]! <= wall - 60_000) gone++;
    if (gone) window.splice(0, gone);
    if (window.length >= perMinute) {
      return { ok: false, retryAfterSeconds: Math.max(1, Math.ceil((window[0]! + 60_000 - wall) / 1000)) };
    }
    window.push(wall);
    return { ok: true };
  }
}
