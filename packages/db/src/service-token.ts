import { createHmac, timingSafeEqual } from "node:crypto";

/** The processes of one installation that talk to each other over HTTP. */
export type Service = "server" | "chat";

const LIFETIME_SECONDS = 60;

/**
 * Says for one minute that `from` speaks to `to`: `<from>.<to>.<expiry in seconds>.<HMAC-SHA256 with SERVICE_SECRET>`.
 * Sign one for every request; a token is of no use at another service, or later.
 */
export function signServiceToken(secret: string, from: Service, to: Service, at = Date.now()): string {
  const claim = `${from}.${to}.${Math.floor(at / 1000) + LIFETIME_SECONDS}`;
  return `${claim}.${macOf(secret, claim)}`;
}

/** Who sent a token that is meant for `to`; null when it is forged, expired, malformed or meant for another. */
export function readServiceToken(
  secret: string,
  token: string,
  to: Service,
  at = Date.now(),
): Service | null {
  const [, claim, from, meantFor, expiry, mac] =
    /^((server|chat)\.(server|chat)\.(\d{1,12}))\.([\w-]{43})$/.exec(token) ?? [];
  if (!claim || !mac || !timingSafeEqual(Buffer.from(mac), Buffer.from(macOf(secret, claim)))) return null;
  // A lifetime longer than ours was never signed here, but a clock may run a little ahead.
  const left = Number(expiry) - at / 1000;
  return meantFor === to && left > 0 && left <= 2 * LIFETIME_SECONDS ? (from as Service) : null;
}

const macOf = (secret: string, claim: string): string =>
  createHmac("sha256", Buffer.from(secret, "base64"))
    .update(`parley service token ${claim}`)
    .digest("base64url");
