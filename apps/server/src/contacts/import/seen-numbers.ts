/** Digits that a double holds exactly; hardly any number of this world has more. */
const DIGITS_MAX = 15;
const FULL = 0.6;

/**
 * The telephone numbers a file has had so far, some twenty bytes each: two millions of them fit beside the heap,
 * where as many strings would not fit into it.
 */
export class SeenNumbers {
  /** Open addressing; 0 is a free place. */
  #places = new Float64Array(1 << 12);
  #size = 0;
  readonly #long = new Set<string>();

  /** Takes a number (`+91 9876543210`); false if it was there already. */
  add(phoneNumber: string): boolean {
    if (phoneNumber.length > DIGITS_MAX + "+ ".length) {
      const { size } = this.#long;
      return this.#long.add(phoneNumber).size > size;
    }
    const at = phoneNumber.indexOf(" ");
    const digits = Number(phoneNumber.slice(1, at) + phoneNumber.slice(at + 1));
    if (!this.#put(digits)) return false;
    this.#size += 1;
    if (this.#size > this.#places.length * FULL) this.#grow();
    return true;
  }

  #put(digits: number): boolean {
    const places = this.#places;
    const mask = places.length - 1;
    // the last digits differ most; both halves of the product count
    const low = digits % 2 ** 32;
    let at = (Math.imul(low, 0x9e3779b1) ^ Math.imul((digits - low) / 2 ** 32, 0x85ebca6b)) >>> 0;
    for (at = (at ^ (at >>> 15)) & mask; places[at] !== 0; at = (at + 1) & mask)
      if (places[at] === digits) return false;
    places[at] = digits;
    return true;
  }

  #grow(): void {
    const before = this.#places;
    this.#places = new Float64Array(before.length * 2);
    for (const digits of before) if (digits !== 0) this.#put(digits);
  }
}
