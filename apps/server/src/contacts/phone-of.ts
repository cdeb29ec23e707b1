import { invalid } from "@parley/core/errors";
import { normalizePhoneNumber } from "@parley/core/phone";
import { rowReasonText } from "@parley/core/contacts/row";
import { param, row, sql, type Tx } from "@parley/db";
import { zonesOf } from "../phone-zones.ts";

export type Reached = { phoneNumber: string; country: string | null; zones: string[] };

/** A number as somebody wrote it → its canonical form, country and possible zones; `invalid` says what is wrong. */
export function reach(raw: string, defaultRegion: string): Reached {
  const phone = normalizePhoneNumber(raw, defaultRegion);
  if (!phone.ok) {
    const message = rowReasonText(phone.reason, raw);
    throw invalid(`phoneNumber: ${message}`, [{ path: "phoneNumber", message }]);
  }
  return {
    phoneNumber: phone.phoneNumber,
    country: phone.country,
    zones: zonesOf(phone.phoneNumber, phone.country),
  };
}

/** Where national numbers of this workspace belong. */
export async function defaultRegionOf(tx: Tx): Promise<string> {
  const { default_region } = await row<{ default_region: string }>(
    tx,
    sql`select default_region from users where id = ${param(tx.userId)}`,
  );
  return default_region;
}
