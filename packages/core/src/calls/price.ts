/**
 * What a call costs. The only place that knows: dispatcher, settlement, forecasts and every screen ask here.
 * A pulse is a started span of conversation (six seconds by default); a rate is credits per pulse.
 */
import { assertCredits } from "../money.ts";
import type { Credits } from "../money.ts";

/** A setting of the workspace. */
export type Rate = { pulseSeconds: number; pulseCredits: Credits };

export const defaultRate: Rate = { pulseSeconds: 6, pulseCredits: 1 };

/** Whole seconds of talk, from the provider's fractional `conversation_duration`. */
export function talkSeconds(conversationSeconds: number | null): number {
  if (conversationSeconds === null || !(conversationSeconds > 0)) return 0;
  return Math.ceil(conversationSeconds);
}

/** Pulses started in so many seconds of talk. */
export function pulses(seconds: number, { pulseSeconds }: Rate = defaultRate): number {
  return Math.ceil(Math.max(0, seconds) / pulseSeconds);
}

/** Price in credits of a finished call; 0 when nobody talked. Voicemail is talk. */
export function callPrice(talkedSeconds: number, rate: Rate = defaultRate): Credits {
  return assertCredits(pulses(talkedSeconds, rate) * rate.pulseCredits);
}

/** What is set aside before a call is dialled: the price of the longest call its agent may make. */
export function callHold(maxCallSeconds: number, rate: Rate = defaultRate): Credits {
  return callPrice(maxCallSeconds, rate);
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
