import { Bar } from "@/ui/bar.tsx";
import { count, plural, span } from "@/ui/format.ts";
import type { Import } from "./import-page.tsx";

const words: Partial<Record<Import["status"], { doing: string; note: string }>> = {
  receiving: { doing: "Reading the file", note: "Its columns appear in a moment." },
  validating: { doing: "Checking every row", note: "Good rows are never refused for bad ones." },
  committing: {
    doing: "Adding contacts",
    note: "It goes on by itself, also over a restart. You can close this page.",
  },
  undoing: { doing: "Undoing the import", note: "Contacts that came with this file are taken out again." },
};

/** Long work: how far, how fast, how long still. */
export function ImportProgress({ upload }: { upload: Import }) {
  const { progress } = upload;
  const { doing, note } = words[upload.status] ?? { doing: "Working", note: "" };
  return (
    <section aria-label={doing} className="border-b border-line px-4 py-6 lg:px-5">
      <p className="flex flex-wrap items-baseline gap-x-2">
        <b className="font-semibold">{doing}</b>
        <span className="tnum text-ink-2">
          {progress.total === null
            ? plural(progress.done, "row")
            : `${count(progress.done)} of ${plural(progress.total, "row")}`}
        </span>
        <span className="tnum ml-auto text-ink-3">
          {progress.rowsPerSecond !== null && `${count(Math.round(progress.rowsPerSecond))} rows a second`}
          {progress.secondsLeft !== null && `, ${span(progress.secondsLeft)} left`}
        </span>
      </p>
      <div
        className="my-2"
        role="progressbar"
        aria-label={doing}
        aria-valuemin={0}
        {...(progress.total === null
          ? {}
          : { "aria-valuemax": progress.total, "aria-valuenow": progress.done })}
      >
        <Bar
          height={6}
          total={progress.total ?? Math.max(1, progress.done * 2)}
          parts={[{ label: `${count(progress.done)} rows`, value: progress.done, fill: "bg-ink-2" }]}
        />
      </div>
      <p className="text-ink-2">{note}</p>
    </section>
  );
}
