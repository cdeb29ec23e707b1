import type { ItemStatus } from "@parley/core/campaigns/status";
import { itemSigns } from "@parley/core/campaigns/words";
import { cn } from "@/ui/cn.ts";
import { iconOf, inkOf } from "./icon.ts";

/** Where a queue item stands, in people's words: on the phone, waiting, done. */
export const ItemStatusWord = ({ status, className }: { status: ItemStatus; className?: string }) => {
  const { word, icon, tone } = itemSigns[status];
  const Icon = iconOf(icon);
  return (
    <span
      className={cn(
        "inline-flex items-center gap-1.5 whitespace-nowrap align-middle",
        inkOf[tone],
        className,
      )}
    >
      <Icon className="size-3.5 shrink-0" strokeWidth={1.75} aria-hidden />
      {word}
    </span>
  );
};
