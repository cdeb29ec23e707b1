import { Download, Link as LinkIcon, Pause, Play, RotateCcw } from "lucide-react";
import { useShortcuts } from "@/shell/shortcuts.ts";
import { IconButton } from "@/ui/button.tsx";
import { Checkbox, Segmented } from "@/ui/choice.tsx";
import { duration } from "@/ui/format.ts";
import { toast } from "@/ui/toast.ts";
import { speeds } from "./use-recording.ts";
import type { Player } from "./use-recording.ts";

/** Play, go back, speed, skip silence, take a link to this second, take the file. */
export function PlayerControls({
  player,
  url,
  linkAt,
}: {
  player: Player;
  url: string;
  /** The address of this page at a second. */
  linkAt: (seconds: number) => string;
}) {
  useShortcuts([
    { keys: "space", label: "Play or pause", group: "Recording", run: player.toggle },
    { keys: "arrowleft", label: "Back 5 s", group: "Recording", run: () => player.seek(player.at - 5) },
    { keys: "arrowright", label: "On 5 s", group: "Recording", run: () => player.seek(player.at + 5) },
  ]);
  return (
    <div className="mt-2 flex flex-wrap items-center gap-x-2 gap-y-1">
      <button
        type="button"
        aria-label={player.playing ? "Pause" : "Play"}
        onClick={player.toggle}
        className="grid size-10 shrink-0 place-items-center rounded-full bg-action text-on-action transition-colors duration-[120ms] hover:bg-action-hover lg:size-8"
      >
        {player.playing ? (
          <Pause className="size-4 fill-current" strokeWidth={1.75} aria-hidden />
        ) : (
          <Play className="size-4 translate-x-px fill-current" strokeWidth={1.75} aria-hidden />
        )}
      </button>
      <IconButton icon={RotateCcw} label="Back 10 seconds" onClick={() => player.seek(player.at - 10)} />
      <span className="mono whitespace-nowrap">
        {duration(player.at)} <span className="text-ink-3">/ {duration(player.seconds)}</span>
      </span>
      <Segmented
        label="Speed"
        className="max-sm:order-last sm:ml-3"
        value={String(player.speed)}
        onValue={(speed) => player.setSpeed(Number(speed))}
        options={speeds.map((speed) => ({ value: String(speed), label: `${speed}×` }))}
      />
      {player.saved >= 1 && (
        <Checkbox
          className="ml-2 text-xs max-sm:order-last"
          checked={player.skip}
          onChecked={player.setSkip}
          label={
            <>
              Skip silence <span className="tnum text-ink-3">{duration(player.saved)} saved</span>
            </>
          }
        />
      )}
      <span className="ml-auto flex items-center">
        <IconButton
          icon={LinkIcon}
          label="Copy a link to this second"
          onClick={() =>
            void navigator.clipboard
              .writeText(linkAt(Math.floor(player.at)))
              .then(() => toast.done(`Link to ${duration(player.at)} copied`))
          }
        />
        <a
          href={url}
          download
          aria-label="Download the recording"
          title="Download the recording"
          className="grid size-10 place-items-center rounded-md text-ink-2 hover:bg-hover hover:text-ink lg:size-7"
        >
          <Download className="size-4" strokeWidth={1.75} aria-hidden />
        </a>
      </span>
    </div>
  );
}
