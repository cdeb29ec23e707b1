import { createHmac, hkdfSync } from "node:crypto";
import { param, row, rows, sql, type Tx } from "@parley/db";
import type { Parts } from "../context.ts";

/** Days behind that are looked at again each time. */
const LOOK_BACK_DAYS = 7;

type Day = { user_id: string; day: string; entries: number; rows_sha256: string };
type Sealed = { [name in keyof Day]: name extends "user_id" | "day" ? string : Day[name] | null } & {
  seal: string | null;
  seal_before: string | null;
  found: number;
  found_sha256: string | null;
};

/** A day of a tenant's audit log that is not what was sealed. */
export type AuditFault = { userId: string; day: string; fault: string };

/**
 * Seals the days of the audit log that are over, and looks at the last sealed ones again: an entry that was changed or
 * taken away since, or a seal that was, becomes an incident. Entries of a day can be forged until it is sealed.
 */
export async function sealAudit({ db, config }: Pick<Parts, "db" | "config">): Promise<AuditFault[]> {
  return db.worker.txWithoutTenant(async (tx) => {
    const unsealed = await rows<Day & { seal_before: string | null }>(
      tx,
      sql`select user_id, day, entries, rows_sha256, seal_before from app.audit_unsealed()`,
    );
    const last = new Map<string, string | null>();
    const seals = unsealed.map(({ seal_before, ...day }) => {
      const seal = sealOf(day, last.get(day.user_id) ?? seal_before, config.keys.encryption);
      last.set(day.user_id, seal);
      return { ...day, seal };
    });
    if (seals.length > 0)
      await row(tx, sql`select app.seal_audit(${param(JSON.stringify(seals))}::jsonb) as sealed`);
    const faults = await auditFaults(tx, config.keys.encryption, LOOK_BACK_DAYS);
    for (const { userId, day, fault } of faults)
      await row(
        tx,
        sql`select app.raise_incident('audit_changed', ${param(`${userId}:${day}`)}, 'bad',
          ${param(`The audit log of ${day} is not what was sealed that night: ${fault}.`)},
          'Compare it with a backup, and ask who used the database owner''s login. docs/runbook.md says how.', ${param(userId)}::uuid) as id`,
      );
    return faults;
  });
}

/** What differs from its seal. `days`: how far back; null: everything that was ever sealed. */
export async function auditFaults(tx: Tx, key: string, days: number | null): Promise<AuditFault[]> {
  const sealed = await rows<Sealed>(
    tx,
    sql`select user_id, day, entries, rows_sha256, seal, seal_before, found, found_sha256 from app.audit_sealed(${param(days)}::int)`,
  );
  return sealed.flatMap((its) => {
    const fault = faultOf(its, key);
    return fault ? [{ userId: its.user_id, day: its.day, fault }] : [];
  });
}

function faultOf(its: Sealed, key: string): string | null {
  const { user_id, day, entries, rows_sha256, seal, seal_before, found, found_sha256 } = its;
  if (entries === null || rows_sha256 === null) return `${found} entries, and no seal`;
  if (sealOf({ user_id, day, entries, rows_sha256 }, seal_before, key) !== seal)
    return "the seal, or the one before it, is not ours";
  if (found !== entries) return `${entries} entries were sealed, ${found} are there`;
  return found_sha256 === rows_sha256 ? null : "an entry reads otherwise";
}

/** Over the day, what it held, and the tenant's seal before, so that no day can be left out. */
function sealOf({ user_id, day, entries, rows_sha256 }: Day, before: string | null, key: string): string {
  const own = Buffer.from(hkdfSync("sha256", Buffer.from(key, "base64"), "", "parley audit digest", 32));
  return createHmac("sha256", own)
    .update([user_id, day, entries, rows_sha256, before ?? ""].join("\n"))
    .digest("hex");
}
