import { invalid } from "@parley/core/errors";
import { normalizePhoneNumber } from "@parley/core/phone";

/** The number calls come from, in canonical form; null for the provider's own choice. */
export function callerNumber(raw: string | null | undefined, defaultRegion: string): string | null {
  if (!raw) return null;
  const number = normalizePhoneNumber(raw, defaultRegion);
  if (number.ok) return number.phoneNumber;
  throw invalid("fromNumber: this is no phone number. Write it with country code, like +91 8035739111.", [
    { path: "fromNumber", message: "must be a phone number with country code" },
  ]);
}
