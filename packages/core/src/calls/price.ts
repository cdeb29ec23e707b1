/**
 * What a call costs. The only place that knows: dispatcher, settlement, forecasts and every screen ask here.
 * A pulse is six started seconds of conversation; the rate is credits per pulse, a setting of the workspace.
 */
import { assertCredits } from "../money.ts";
import type { Credits } from "../money.ts";

export const pulseSeconds = 6;
export const defaultCreditsPerPulse = 1;

/** Whole seconds of talk, from the provider's fractional `conversation_duration`. */
export function talkSeconds(conversationSeconds: number | null): number {
  if (conversationSeconds === null || !(conversationSeconds > 0)) return 0;
  return Math.ceil(conversationSeconds);
}

/** Pulses started in so many seconds of talk. */
export function pulses(seconds: number): number {
  return Math.ceil(Math.max(0, seconds) / pulseSeconds);
}

/** Price of a finished call; 0 when nobody talked. Voicemail is talk. */
export function callPrice(seconds: number, creditsPerPulse: Credits = defaultCreditsPerPulse): Credits {
  return assertCredits(pulses(seconds) * creditsPerPulse);
}

/** What is set aside before a call is dialled: the price of the longest call its agent may make. */
export function callHold(maxCallSeconds: number, creditsPerPulse: Credits = defaultCreditsPerPulse): Credits {
  return assertCredits(pulses(maxCallSeconds) * creditsPerPulse);
}

export type Settlement = {
  price: Credits;
  /** Taken from the account. */
  charged: Credits;
  /** Of the hold, given back. */
  released: Credits;
  /** Owed but not taken: never more than the hold is charged, and the rest is an incident or a waiver. */
  waived: Credits;
};

/** How a finished call's hold is divided. Without a hold (inbound, adopted late) up to what is available is charged. */
export function settlement(price: Credits, held: Credits | null, availableCredits: Credits): Settlement {
  const most = held ?? Math.max(0, availableCredits);
  const charged = Math.min(price, most);
  return { price, charged, released: held === null ? 0 : held - charged, waived: price - charged };
}
