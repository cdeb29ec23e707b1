/**
 * Telephone numbers as text, without the metadata of phone.ts (which is large and loaded lazily by the web).
 * The canonical form is `+[ISD] [Number]`, for example `+91 9876543210`; the wire form has no space.
 */
export const phoneNumberPattern = /^\+[1-9]\d{0,2} \d{3,14}$/;

/** Is this text in canonical form? Fifteen digits at most, as E.164 has it. */
export function isPhoneNumber(text: string): boolean {
  return phoneNumberPattern.test(text) && text.length <= 17;
}

/** `+91 9876543210` → `+919876543210`, what providers are given. */
export function toWire(phoneNumber: string): string {
  if (!isPhoneNumber(phoneNumber)) throw new TypeError("not a phone number in the form +[ISD] [Number]");
  return phoneNumber.replace(" ", "");
}

/** `+91 ••••••3210`: for logs and for people who may not see the number. */
export function maskPhoneNumber(phoneNumber: string): string {
  const [isd = "", national = ""] = phoneNumber.split(" ");
  const shown = national.slice(-4);
  return `${isd} ${"•".repeat(Math.max(0, national.length - shown.length))}${shown}`;
}

/** The digits of a search text, if it could be part of a number (`98765 4321`, `+91-98`); else null. */
export function phoneDigits(search: string): string | null {
  if (!/^[+\d\s().-]+$/.test(search)) return null;
  const digits = search.replace(/\D/g, "");
  return digits.length >= 3 ? digits : null;
}
