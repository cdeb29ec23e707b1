import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";

type Rgb = [number, number, number];

/** Tokens of one theme, by name, as linear sRGB; references between tokens are followed. */
function tokens(css: string, dark: boolean): Map<string, Rgb> {
  const blocks = [css.slice(css.indexOf(":root {"), css.indexOf(".dark {"))];
  if (dark) blocks.push(css.slice(css.indexOf(".dark {"), css.indexOf("@theme")));
  const found = new Map<string, Rgb>();
  for (const block of blocks) {
    for (const [, name, l, c, h] of block.matchAll(/--([\w-]+):\s*oklch\(([\d.]+) ([\d.]+) ([\d.]+)\)/g)) {
      found.set(name!, linear(Number(l), Number(c), Number(h)));
    }
    for (const [, name, other] of block.matchAll(/--([\w-]+):\s*var\(--([\w-]+)\)/g)) {
      found.set(name!, found.get(other!)!);
    }
  }
  return found;
}

/** OKLCH → linear sRGB, clipped to the gamut as a screen does. */
function linear(l: number, c: number, hue: number): Rgb {
  const a = c * Math.cos((hue * Math.PI) / 180);
  const b = c * Math.sin((hue * Math.PI) / 180);
  const long = (l + 0.3963377774 * a + 0.2158037573 * b) ** 3;
  const middle = (l - 0.1055613458 * a - 0.0638541728 * b) ** 3;
  const short = (l - 0.0894841775 * a - 1.291485548 * b) ** 3;
  const clip = (value: number) => Math.min(1, Math.max(0, value));
  return [
    clip(4.0767416621 * long - 3.3077115913 * middle + 0.2309699292 * short),
    clip(-1.2684380046 * long + 2.6097574011 * middle - 0.3413193965 * short),
    clip(-0.0041960863 * long - 0.7034186147 * middle + 1.707614701 * short),
  ];
}

const luminance = ([r, g, b]: Rgb) => 0.2126 * r + 0.7152 * g + 0.0722 * b;

function contrast(one: Rgb, other: Rgb): number {
  const [high, low] = [luminance(one), luminance(other)].toSorted((a, b) => b - a) as [number, number];
  return (high + 0.05) / (low + 0.05);
}

const css = readFileSync(new URL("./tokens.css", import.meta.url), "utf8");

const text: [string, string][] = [
  ...["surface", "canvas", "raised", "sunken", "hover", "selected"].flatMap((ground): [string, string][] => [
    ["ink", ground],
    ["ink-2", ground],
    ["ink-3", ground],
    ["accent-ink", ground],
  ]),
  ["accent-ink", "accent-tint"],
  ["on-accent", "accent"],
  ["on-action", "action"],
  ["on-action", "action-hover"],
  ...["ok", "warn", "bad", "odd"].flatMap((tone): [string, string][] => [
    [`${tone}-ink`, "surface"],
    [`${tone}-ink`, `${tone}-tint`],
  ]),
];

const marks = ["answered", "voicemail", "busy", "no-answer", "failed", "unknown", "canceled"].map(
  (name) => `o-${name}`,
);

describe.each([
  ["light", false],
  ["dark", true],
] as const)("in the %s theme", (_, dark) => {
  const named = tokens(css, dark);
  const ratio = (one: string, other: string) => contrast(named.get(one)!, named.get(other)!);

  test("every text colour can be read on every ground it stands on (4.5)", () => {
    expect(text.filter(([ink, ground]) => ratio(ink, ground) < 4.5)).toEqual([]);
  });
  test("every mark, edge and focus ring can be seen on the page (3)", () => {
    expect([...marks, "line-3", "focus"].filter((mark) => ratio(mark, "surface") < 3)).toEqual([]);
  });
  test("what a person must read is never off-ink", () =>
    expect(ratio("ink-off", "surface")).toBeLessThan(4.5));
});
