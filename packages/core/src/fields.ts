/** The scalar fields that inputs and outputs are made of, each with the bounds of its column. */
import * as z from "zod";
import { isPhoneNumber } from "./phone-text.ts";

export const Id = z.uuid("must be an id (a uuid)");

/** Ids of journals (events, audit): ascending numbers, never used by outsiders to address a row. */
export const Serial = z.int().min(1);

/** ISO-8601 with offset. What we send ends in `Z`; what we take may carry any offset. */
export const Instant = z.iso.datetime({
  offset: true,
  error: "must be an instant with offset, like 2026-07-16T14:32:00+05:30",
});

/** A calendar day without a zone. */
export const Day = z.iso.date("must be a day, like 2026-07-16");

/** Whole credits, never negative. */
export const Credits = z.int().min(0).max(Number.MAX_SAFE_INTEGER);

/** Whole credits, signed: a ledger entry. */
export const CreditsDelta = z.int();

export const Count = z.int().min(0);

/** What people call a thing: one line, not blank. */
export const Name = z.string().trim().min(1, "must not be empty").max(200);

export const ShortText = z.string().trim().max(500);
export const LongText = z.string().trim().max(10_000);

export const Email = z
  .string()
  .trim()
  .toLowerCase()
  .max(254)
  .pipe(z.email("must be an e-mail address, like asha@clinic.example"));

/** A number as people write it; the verb normalises it with the workspace's region and refuses it by name. */
export const RawPhoneNumber = z.string().trim().min(3, "must be a phone number").max(40);

/** A number as we give it out: `+[ISD] [Number]`. */
export const PhoneNumber = z.string().refine(isPhoneNumber, "must be in the form +[ISD] [Number]");

/** IANA zone known to this runtime. */
export const TimeZone = z.string().max(64).refine(isTimeZone, "must be an IANA time zone, like Asia/Kolkata");

/** ISO 3166 alpha-2 in capitals. */
export const Region = z.string().regex(/^[A-Z]{2}$/, "must be a country code of two capitals, like IN");

/** BCP 47, the part we use: `en`, `en-IN`, `hi`. */
export const Language = z
  .string()
  .regex(/^[a-z]{2,3}(-[A-Z]{2})?$/, "must be a language code, like en or en-IN");

export const Tag = z.string().trim().min(1).max(60);
export const Tags = z.array(Tag).max(50);

/** Key of a custom field: what stands in CSV mappings as `custom:<key>`. */
export const CustomKey = z
  .string()
  .regex(/^[a-z0-9][a-z0-9_]{0,59}$/, "must be lower case letters, digits and _");
export const CustomValue = z.union([z.string().max(2000), z.number(), z.boolean(), z.null()]);
export const Custom = z.record(CustomKey, CustomValue);

/** Keyset paging: opaque cursor in, page and next cursor out. */
export const pageInput = {
  cursor: z.string().max(500).nullish(),
  limit: z.int().min(1).max(200).optional(),
};

export function page<Item extends z.ZodType>(item: Item) {
  return z.object({ items: z.array(item), nextCursor: z.string().nullable() });
}

export const Nothing = z.strictObject({});
export const Done = z.object({ ok: z.literal(true) });

function isTimeZone(zone: string): boolean {
  try {
    return new Intl.DateTimeFormat("en", { timeZone: zone }).resolvedOptions().timeZone !== "";
  } catch {
    return false;
  }
}
