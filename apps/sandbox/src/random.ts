import { createHash } from "node:crypto";

/** A number in [0, 1) that depends on its parts alone: the sandbox's only source of chance. */
export function fraction(...parts: readonly (string | number)[]): number {
  const digest = createHash("sha256").update(parts.join("\u0000")).digest();
  return digest.readUIntBE(0, 6) / 2 ** 48;
}

/** An integer between `low` and `high`, both included. */
export function integer(low: number, high: number, ...parts: readonly (string | number)[]): number {
  return low + Math.floor(fraction(...parts) * (high - low + 1));
}

/** One of the list, chosen by the parts. The list must not be empty. */
export function pick<T>(list: readonly T[], ...parts: readonly (string | number)[]): T {
  const chosen = list[Math.floor(fraction(...parts) * list.length)];
  if (chosen === undefined) throw new Error("nothing to pick from");
  return chosen;
}

/** `length` hexadecimal digits that depend on the parts alone. */
export function hex(length: number, ...parts: readonly (string | number)[]): string {
  return createHash("sha256").update(parts.join("\u0000")).digest("hex").slice(0, length);
}
