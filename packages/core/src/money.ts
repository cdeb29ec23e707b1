/**
 * Money is credits: integers, the smallest unit there is. Nothing here divides, so nothing rounds;
 * prices are made in calls/price.ts.
 */
export type Credits = number;

/** Refuses what could not be a row's `bigint`: fractions, NaN, beyond 2^53. */
export function assertCredits(amount: number): Credits {
  if (!Number.isSafeInteger(amount)) throw new RangeError(`${amount} is not a whole number of credits`);
  return amount;
}

/** What may still be promised: the posted balance less what unsettled calls hold. Never shown below zero. */
export function available(credits: Credits, held: Credits): Credits {
  return Math.max(0, assertCredits(credits) - assertCredits(held));
}

/** `12,345 credits`, `1 credit`. */
export function formatCredits(amount: Credits, locale?: string): string {
  const figure = new Intl.NumberFormat(locale).format(amount);
  return `${figure} ${Math.abs(amount) === 1 ? "credit" : "credits"}`;
}

/** `+500`, `−12`, `0`: the ledger's column, with a real minus sign. */
export function formatEntry(amount: Credits, locale?: string): string {
  const figure = new Intl.NumberFormat(locale).format(Math.abs(amount));
  if (amount === 0) return figure;
  return amount > 0 ? `+${figure}` : `\u2212${figure}`;
}
