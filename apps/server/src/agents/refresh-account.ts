import { asParleyError } from "@parley/core/errors";
import { param, sql } from "@parley/db";
import type { Parts } from "../context.ts";

/** What the provider says of the platform's account: how many calls it lets us have at once, and its wallet. */
export async function refreshAccount({ db, providers, log }: Parts): Promise<void> {
  const me = await providers.bolna.me().catch((error: unknown) => asParleyError(error));
  if (me instanceof Error) {
    log.warn(`[Agents] the provider account could not be read: ${me.message}`);
    return;
  }
  await db.worker.txWithoutTenant(async (tx) => {
    await tx.query(
      sql`
      update provider_accounts
      set concurrency_max = least(greatest(${param(Math.floor(me.concurrency.max))}::int, 0), 10000),
        concurrency_current = ${param(Math.floor(me.concurrency.current))},
        wallet = ${param(me.wallet)}, checked_at = app.wall()
      where name = 'platform'`.compile(),
    );
    tx.wake("dispatch");
  });
}
