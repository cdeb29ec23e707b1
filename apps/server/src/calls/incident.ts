import type { Queryable } from "@parley/db";

/** What needs a person: what happened, and the cure. The same kind and ref again counts on the open one. */
export type Incident = {
  kind: string;
  ref: string;
  severity?: "info" | "warn" | "bad";
  message: string;
  cure: string;
  userId?: string | null;
};

/** Opens an incident; without `userId` it is the platform's own. Never names a person or a number in full. */
export async function raiseIncident(on: Queryable, its: Incident): Promise<void> {
  await on.query("select app.raise_incident($1, $2, $3, $4, $5, $6)", [
    its.kind,
    its.ref,
    its.severity ?? "warn",
    its.message,
    its.cure,
    its.userId ?? null,
  ]);
}

export async function resolveIncident(
  on: Queryable,
  kind: string,
  ref: string,
  by = "system",
): Promise<void> {
  await on.query("select app.resolve_incident($1, $2, $3)", [kind, ref, by]);
}
