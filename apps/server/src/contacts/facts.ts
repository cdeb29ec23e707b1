import type { Consent } from "@parley/core/contacts/schema";
import { invalid } from "@parley/core/errors";
import { param, row, rows, sql, type Tx } from "@parley/db";

/** What is kept beside a contact's row: tags, fields of the workspace's own, consents, its stage. */

export async function addTags(tx: Tx, contactId: string, tags: readonly string[]): Promise<void> {
  await rows(
    tx,
    sql`
    insert into contact_tags (user_id, contact_id, tag)
    select ${param(tx.userId)}, ${param(contactId)}, tag from unnest(${param(tags)}::text[]) tag
    on conflict do nothing`,
  );
}

export async function removeTags(tx: Tx, contactId: string, tags: readonly string[]): Promise<void> {
  await rows(
    tx,
    sql`
    delete from contact_tags
    where user_id = ${param(tx.userId)} and contact_id = ${param(contactId)} and tag = any(${param(tags)}::text[])`,
  );
}

/** Keys that the workspace has not seen yet become fields of its own; the label may be changed later. */
export async function keepCustomFields(
  tx: Tx,
  fields: readonly { key: string; label: string; kind?: "text" | "number" | "boolean" }[],
): Promise<void> {
  if (fields.length === 0) return;
  await rows(
    tx,
    sql`
    insert into custom_fields (user_id, key, label, kind)
    select ${param(tx.userId)}, f.key, f.label, coalesce(f.kind, 'text')
    from jsonb_to_recordset(${param(JSON.stringify(fields))}::jsonb) as f (key text, label text, kind text)
    on conflict on constraint one_custom_field_per_key do nothing`,
  );
}

/** The kind and label a key gets when a value for it first comes in. */
export const customFieldOf = (key: string, value: string | number | boolean | null) => ({
  key,
  label: key.replaceAll("_", " ").replace(/^./, (first) => first.toUpperCase()),
  kind:
    typeof value === "number" || typeof value === "boolean"
      ? (typeof value as "number" | "boolean")
      : ("text" as const),
});

export async function addConsent(
  tx: Tx,
  contactId: string,
  { channels, basis, source, obtainedAt, evidence, expiresAt }: Consent,
  createdBy: string | null,
): Promise<void> {
  await rows(
    tx,
    sql`
    insert into consents (user_id, contact_id, channel, basis, source, obtained_at, evidence, expires_at, created_by)
    select ${param(tx.userId)}, ${param(contactId)}, channel, ${param(basis)}, ${param(source)}, ${param(obtainedAt)}::timestamptz,
      ${param(evidence ?? null)}, ${param(expiresAt ?? null)}::timestamptz, ${param(createdBy)}
    from unnest(${param([...new Set(channels)])}::text[]) channel`,
  );
}

/** A stage by its key; `invalid` names those there are. */
export async function stageId(tx: Tx, key: string): Promise<string> {
  const { id, keys } = await row<{ id: string | null; keys: string[] }>(
    tx,
    sql`
    select
      (select id from stages where user_id = ${param(tx.userId)} and key = ${param(key)}) as id,
      array(select key from stages where user_id = ${param(tx.userId)} order by rank) as keys`,
  );
  if (id) return id;
  throw invalid(`stage: there is no stage “${key}”. Use one of: ${keys.join(", ") || "none yet"}.`, [
    { path: "stage", message: `must be one of ${keys.join(", ")}` },
  ]);
}
