import { enqueue, param, row, rows, sql } from "@parley/db";
import { ParleyError } from "@parley/core/errors";
import type { Parts } from "../context.ts";
import { raiseIncident, resolveIncident } from "./incident.ts";

/** How long nobody is dialled on an empty wallet, and when it is asked for again. */
const EMPTY_GATE_SECONDS = 15;
const EMPTY_AGAIN_MS = 10_000;

/**
 * Asks the provider what the account may do now: lines, less those that somebody else uses, and wallet. An account suspended for its key is let go once the key
 * works; one whose wallet is empty rests until there is something in it.
 */
export async function refreshAccount(parts: Parts): Promise<void> {
  const { id } = await parts.db.worker.txWithoutTenant((tx) =>
    row<{ id: string }>(tx, sql`select id from provider_accounts where name = 'platform'`),
  );
  try {
    const { wallet, concurrency } = await parts.providers.bolna.me();
    await parts.db.worker.txWithoutTenant(async (tx) => {
      const { resumed } = await row<{ resumed: boolean }>(
        tx,
        sql`
        with before as (select * from provider_accounts where id = ${param(id)})
        update provider_accounts
        set gate_until = case
            when ${param(wallet)}::float8 <= 0 then greatest(gate_until, app.wall() + make_interval(secs => ${param(EMPTY_GATE_SECONDS)}))
            when gate_reason = 'wallet_empty' then least(gate_until, app.wall()) else gate_until end,
          gate_reason = case
            when ${param(wallet)}::float8 <= 0 then 'wallet_empty' when gate_reason <> 'wallet_empty' then gate_reason end,
          concurrency_max = ${param(concurrency.max)}, concurrency_current = ${param(concurrency.current)},
          concurrency_others = greatest(0, ${param(concurrency.current)}::int - app.calls_at_provider(id)), wallet = ${param(wallet)}, checked_at = app.wall(),
          status = 'ok', status_reason = null
        where id = ${param(id)}
        returning (
          select b.status <> 'ok' or b.concurrency_max - b.concurrency_others < provider_accounts.concurrency_max - provider_accounts.concurrency_others
            or (${param(wallet)}::float8 > 0 and b.gate_reason = 'wallet_empty' and b.gate_until > app.wall())
          from before b) is true as resumed`,
      );
      if (resumed) {
        await resolveIncident(tx, "provider_credentials", id);
        tx.wake("dispatch");
      }
      if (wallet > 0) await resolveIncident(tx, "provider_balance", id);
      else
        await enqueue(
          tx,
          "provider/refresh",
          {},
          { runAt: new Date(Date.now() + EMPTY_AGAIN_MS).toISOString() },
        );
    });
  } catch (error) {
    const credential =
      error instanceof ParleyError && (error.vendorStatus === 401 || error.vendorStatus === 403);
    if (!credential) {
      parts.log.warn({ err: error }, "[Provider] The voice provider cannot be asked for its limits");
      return;
    }
    await parts.db.worker.txWithoutTenant(async (tx) => {
      await rows(
        tx,
        sql`update provider_accounts set status = 'suspended', status_reason = 'The key was refused.' where id = ${param(id)}`,
      );
      await raiseIncident(tx, {
        kind: "provider_credentials",
        ref: id,
        severity: "bad",
        message: "The voice provider refused the key. Nobody is dialled, and no attempt was counted.",
        cure: "Set BOLNA_API_KEY to a valid key and restart; dialling resumes by itself.",
      });
    });
  }
}
