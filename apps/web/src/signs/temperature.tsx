import type { Level as LevelWord, Temperature } from "@parley/core/leads/grade";
import { temperatureSigns } from "@parley/core/leads/words";
import { Badge } from "@/ui/badge.tsx";
import { cn } from "@/ui/cn.ts";
import { iconOf } from "./icon.ts";

/** Neutral on purpose: a cold lead is not an error. */
export const TemperatureBadge = ({ temperature }: { temperature: Temperature }) => {
  const { word, icon } = temperatureSigns[temperature];
  return <Badge icon={iconOf(icon)}>{word}</Badge>;
};

/** `13 hot`: the score first, the word behind it. */
export const Score = ({ score, temperature }: { score: number; temperature: Temperature | null }) => (
  <span className="tnum whitespace-nowrap">
    {score}
    {temperature && <span className="font-normal text-ink-3"> {temperature}</span>}
  </span>
);

const steps: Record<LevelWord, number> = { low: 1, medium: 2, high: 3 };

/** A level as filled steps, low to high. */
export const Level = ({ level, name }: { level: LevelWord; name: string }) => (
  <span role="img" aria-label={`${name}: ${level}`} className="inline-flex gap-[3px]">
    {[1, 2, 3].map((step) => (
      <span
        key={step}
        className={cn("h-2 w-3 rounded-xs", step <= steps[level] ? "bg-o-answered" : "bg-line-2")}
      />
    ))}
  </span>
);
