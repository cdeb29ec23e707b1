import { setTimeout as pause } from "node:timers/promises";
import type { Wires } from "./installation.ts";
import { calm, type Weather } from "./wire.ts";

/** What the network of a run does, one spell after the other. Two seconds are those of a round trip. */
const spells: Record<string, Weather> = {
  resets: { ...calm, reset: 0.08 },
  "half-open lines": { ...calm, stall: 0.04 },
  "2 s of latency": { ...calm, latencyMs: 1_000 },
  "30 % loss": { ...calm, loss: 0.3 },
};

const SPELL_MS = [4_000, 12_000] as const;

/** Changes the weather on one way at a time until `isOver`; then it is calm. Says how often each spell came. */
export async function changeWeather(
  wires: Wires,
  random: () => number,
  isOver: () => boolean,
): Promise<Record<string, number>> {
  const came: Record<string, number> = {};
  const between = ([least, most]: readonly [number, number]) => pause(least + random() * (most - least));
  while (!isOver()) {
    const way = random() < 0.5 ? "postgres" : "provider";
    const name = Object.keys(spells)[Math.floor(random() * Object.keys(spells).length)]!;
    wires[way].weather = spells[name]!;
    const what = `network to ${way}: ${name}`;
    came[what] = (came[what] ?? 0) + 1;
    await between(SPELL_MS);
    wires[way].weather = calm;
    if (!isOver()) await between([500, 3_000]);
  }
  const { postgres, provider } = wires;
  came["connections reset by the network"] = postgres.counts.resets + provider.counts.resets;
  came["connections left half-open"] = postgres.counts.stalls + provider.counts.stalls;
  came["pieces lost and sent again"] = postgres.counts.resent + provider.counts.resent;
  return came;
}
