/** Credits: the balance and the ledger that explains it. */
import * as z from "zod";
import { Credits, CreditsDelta, Id, Instant, Nothing, page, pageInput } from "../fields.ts";

export const entryKinds = ["grant", "purchase", "call", "message", "adjustment", "refund"] as const;
export type EntryKind = (typeof entryKinds)[number];

/** `available` = credits − held; what a new call may be promised. */
export const Balance = z.object({ credits: Credits, held: Credits, available: z.int() });
export type Balance = z.infer<typeof Balance>;

export const LedgerEntry = z.object({
  id: Id,
  kind: z.enum(entryKinds),
  /** Signed: what was added to or taken from the balance. */
  amount: CreditsDelta,
  balance: Credits,
  /** The id of what it was for: a call, a payment. */
  ref: z.string().nullable(),
  /** Of a call: whom it rang, by name or number. */
  callee: z.string().nullable(),
  campaignId: Id.nullable(),
  campaignName: z.string().nullable(),
  reason: z.string().nullable(),
  at: Instant,
});
export type LedgerEntry = z.infer<typeof LedgerEntry>;

export const billingProcedures = {
  balance: { input: Nothing, output: Balance },
  ledger: {
    input: z.strictObject({ ...pageInput, kind: z.enum(entryKinds).optional(), campaignId: Id.optional() }),
    output: page(LedgerEntry),
  },
};
