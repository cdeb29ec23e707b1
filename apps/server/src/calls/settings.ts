import { prepared, row, sql, type Queryable } from "@parley/db";
import type { LeaseTerms } from "@parley/core/calls/lease";

/** The clocks and time-outs on which all processes agree, and both instants of now. */
export type ClockSettings = {
  now: string;
  wall: string;
  leaseScale: number;
  placeTimeoutMs: number;
  reconcileGraceMs: number;
  dialling_paused: boolean;
};

export function clockSettings(on: Queryable): Promise<ClockSettings> {
  return row<ClockSettings>(
    on,
    prepared(sql`
    select app.now() as now, app.wall() as wall, lease_scale as "leaseScale", place_timeout_ms as "placeTimeoutMs",
      reconcile_grace_ms as "reconcileGraceMs", dialling_paused
    from system_settings`),
  );
}

export function leaseTerms(settings: ClockSettings, maxCallSeconds: number): LeaseTerms {
  return {
    maxCallSeconds,
    leaseScale: settings.leaseScale,
    placeTimeoutSeconds: settings.placeTimeoutMs / 1000,
  };
}
