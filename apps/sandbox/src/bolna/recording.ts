import type { FastifyReply, FastifyRequest } from "fastify";
import type { TimedTurn } from "@parley/core/wire/bolna";
import { fraction } from "../random.ts";
import { soundOf, statusOf, type Execution } from "./execution.ts";

const RATE = 8000;
const HEADER = 44;
const KEPT = 16;

const cache = new Map<string, Buffer>();

/** The recording of a completed call as a WAV file; null while there is none. The same call always sounds the same. */
export function recordingOf(execution: Execution, now: number): Buffer | null {
  const { plan } = execution;
  if (statusOf(execution) !== "completed" || plan.talkSeconds === 0) return null;
  if (now < execution.reached.at(-1)!.at + (plan.recordingLateMs ?? 0)) return null;
  const known = cache.get(execution.id);
  if (known) return known;
  const audio = synthesise(soundOf(execution), plan.talkSeconds, execution.id);
  cache.set(execution.id, audio);
  if (cache.size > KEPT) cache.delete(cache.keys().next().value!);
  return audio;
}

/** Formants (Hz) of five vowels: enough to make the tones sound like somebody murmuring. */
const vowels: readonly (readonly [number, number, number])[] = [
  [730, 1090, 2440],
  [530, 1840, 2480],
  [390, 1990, 2550],
  [570, 840, 2410],
  [440, 1020, 2240],
];

/** The agent speaks higher and evenly, the person lower and livelier. */
const voices = {
  assistant: { pitch: 205, stretch: 1.14, lilt: 0.08, loudness: 0.5 },
  user: { pitch: 118, stretch: 1, lilt: 0.16, loudness: 0.6 },
} as const;

const WAVE = 512;
const waves = new Map<string, Float32Array>();

/** One period of a vowel in a voice: harmonics weighted by their distance from the formants. */
function wave(speaker: keyof typeof voices, vowel: number): Float32Array {
  const name = `${speaker}/${vowel}`;
  const known = waves.get(name);
  if (known) return known;
  const { pitch, stretch } = voices[speaker];
  const period = new Float32Array(WAVE);
  for (let harmonic = 1; harmonic * pitch < RATE / 2 - 200; harmonic++) {
    const frequency = harmonic * pitch;
    const resonance = vowels[vowel]!.reduce(
      (sum, formant, index) =>
        sum + Math.exp(-(((frequency - formant * stretch) / (130 + index * 60)) ** 2)) / (index + 1),
      0.04,
    );
    const weight = resonance / harmonic ** 0.6;
    for (let i = 0; i < WAVE; i++) period[i]! += weight * Math.sin((2 * Math.PI * harmonic * i) / WAVE);
  }
  const peak = period.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
  for (let i = 0; i < WAVE; i++) period[i]! /= peak;
  waves.set(name, period);
  return period;
}

/** PCM, 16 bit, 8 kHz, mono: syllables of tone for every word of every turn, silence in between. */
function synthesise(turns: readonly TimedTurn[], seconds: number, seed: string): Buffer {
  const samples = Math.round(seconds * RATE);
  const file = Buffer.alloc(HEADER + samples * 2);
  writeHeader(file, samples);
  let noise = 0x2545f491;
  for (let i = 0; i < samples; i++) {
    noise = (noise * 1664525 + 1013904223) | 0;
    file.writeInt16LE((noise >> 16) % 24, HEADER + i * 2); // the hiss of a line
  }
  turns.forEach((turn, index) => {
    for (const syllable of syllablesOf(turn, `${seed}/${index}`))
      murmur(file, samples, turn.speaker, syllable);
  });
  return file;
}

interface Syllable {
  start: number;
  end: number;
  vowel: number;
  /** Where in the turn it stands, 0 to 1: the voice falls towards the end. */
  place: number;
  accent: number;
}

function syllablesOf(turn: TimedTurn, seed: string): Syllable[] {
  const groups = [...turn.text.matchAll(/[aeiouy]+|[,.;!?—-]/gi)];
  if (groups.length === 0) return [];
  const unit = (turn.endSeconds - turn.startSeconds) / groups.length;
  return groups.flatMap((group, index) => {
    if (!/[aeiouy]/i.test(group[0])) return []; // punctuation is a rest
    const start = turn.startSeconds + index * unit;
    const length = unit * (0.66 + 0.2 * fraction(seed, index));
    const vowel = "aeiou".indexOf(group[0].charAt(0).toLowerCase().replace("y", "i"));
    return [
      {
        start,
        end: start + length,
        vowel,
        place: index / groups.length,
        accent: fraction(seed, index, "accent"),
      },
    ];
  });
}

function murmur(file: Buffer, samples: number, speaker: keyof typeof voices, syllable: Syllable): void {
  const { pitch, lilt, loudness } = voices[speaker];
  const period = wave(speaker, syllable.vowel);
  const from = Math.round(syllable.start * RATE);
  const to = Math.min(samples, Math.round(syllable.end * RATE));
  const tone = pitch * (1 + lilt * (syllable.accent - 0.35 - syllable.place * 0.5));
  let phase = 0;
  for (let i = from; i < to; i++) {
    const through = (i - from) / (to - from);
    const swell = Math.min(1, through * 6, (1 - through) * 3);
    phase = (phase + (tone * WAVE) / RATE) % WAVE;
    const value = period[Math.floor(phase)]! * swell * loudness * (0.7 + 0.3 * syllable.accent);
    const offset = HEADER + i * 2;
    const mixed = file.readInt16LE(offset) + Math.round(value * 14_000);
    file.writeInt16LE(Math.max(-32_768, Math.min(32_767, mixed)), offset);
  }
}

function writeHeader(file: Buffer, samples: number): void {
  file.write("RIFF", 0);
  file.writeUInt32LE(36 + samples * 2, 4);
  file.write("WAVEfmt ", 8);
  file.writeUInt32LE(16, 16);
  file.writeUInt16LE(1, 20); // PCM
  file.writeUInt16LE(1, 22); // mono
  file.writeUInt32LE(RATE, 24);
  file.writeUInt32LE(RATE * 2, 28);
  file.writeUInt16LE(2, 32);
  file.writeUInt16LE(16, 34);
  file.write("data", 36);
  file.writeUInt32LE(samples * 2, 40);
}

/** The file, or the one range of it that was asked for (RFC 9110). */
export function sendRange(request: FastifyRequest, reply: FastifyReply, file: Buffer): FastifyReply {
  reply.type("audio/wav").header("accept-ranges", "bytes").header("cache-control", "private, max-age=3600");
  const wanted = /^bytes=(\d*)-(\d*)$/.exec(request.headers.range ?? "");
  if (!wanted || (wanted[1] === "" && wanted[2] === "")) return reply.send(file);
  const suffix = wanted[1] === "";
  const first = suffix ? Math.max(0, file.length - Number(wanted[2])) : Number(wanted[1]);
  const last = suffix || wanted[2] === "" ? file.length - 1 : Math.min(Number(wanted[2]), file.length - 1);
  if (first >= file.length || first > last) {
    return reply.code(416).header("content-range", `bytes */${file.length}`).send();
  }
  return reply
    .code(206)
    .header("content-range", `bytes ${first}-${last}/${file.length}`)
    .send(file.subarray(first, last + 1));
}
