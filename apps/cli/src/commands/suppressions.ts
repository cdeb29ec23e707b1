import { openAsBlob } from "node:fs";
import { stat, writeFile } from "node:fs/promises";
import { resolve } from "node:path";
import {
  suppressionChannels,
  suppressionReasons,
  type SuppressionsImported,
} from "@parley/core/contacts/schema";
import { command } from "../command.ts";
import { Failure, usage } from "../failure.ts";
import { figure, plural } from "../render.ts";
import { oneOf } from "../values.ts";

const why = {
  reason: {
    value: "WHY",
    help: `For rows that do not say: ${suppressionReasons.join(", ")} (default manual)`,
  },
  channel: { value: "WHAT", help: `${suppressionChannels.join(", ")} (default all)` },
} as const;

export const suppress = command({
  name: "suppress",
  summary: "Never call or write to a number again; what waits for it stops at once",
  takes: ["NUMBER"],
  options: { ...why, note: { value: "TEXT", help: "For the list" } },
  async run({ args, options, session }) {
    const { api } = session.open();
    const done = await api.suppressions.add.mutate({
      phoneNumbers: [args[0]!],
      reason: oneOf(options.reason, suppressionReasons, "--reason"),
      channel: oneOf(options.channel, suppressionChannels, "--channel"),
      note: options.note,
    });
    const [wrong] = done.invalid;
    if (wrong) throw new Failure(`${wrong.raw}: ${wrong.reason}`);
    session.terminal.show(done, () =>
      [
        done.known > 0
          ? "The number was on the list already."
          : "Nobody is called under this number any more.",
        ...(done.stopped > 0 ? [`${plural(done.stopped, "waiting call")} stopped.`] : []),
        ...(done.inAir > 0 ? [`${plural(done.inAir, "call")} on the line end by themselves.`] : []),
      ].join(" "),
    );
  },
});

export const suppressionsImport = command({
  name: "suppressions import",
  summary: "Take in a list of numbers that are not to be contacted, from a CSV file",
  takes: ["FILE"],
  options: { ...why, region: { value: "CC", help: "Country of numbers without a prefix, like IN" } },
  examples: ["parley suppressions import register.csv --reason dnc"],
  async run({ args, options, session }) {
    const file = resolve(args[0]!);
    const facts = await stat(file).catch(() => null);
    if (!facts?.isFile()) throw usage(`There is no file ${file}.`);
    const query = new URLSearchParams({
      reason: oneOf(options.reason, suppressionReasons, "--reason") ?? "manual",
      channel: oneOf(options.channel, suppressionChannels, "--channel") ?? "all",
      ...(options.region && { defaultRegion: options.region.toUpperCase() }),
    });
    const answer = await session.open().fetch(`/api/suppressions?${query}`, {
      method: "POST",
      headers: { "content-type": "text/csv" },
      body: await openAsBlob(file, { type: "text/csv" }),
    });
    const done = (await answer.json()) as SuppressionsImported;
    session.terminal.show(done, () =>
      [
        `${plural(done.added, "number")} added, ${figure(done.known)} known before, ${plural(done.stopped, "waiting call")} stopped.`,
        ...(done.inAir > 0 ? [`${plural(done.inAir, "call")} on the line end by themselves.`] : []),
        ...(done.refused > 0 ? [`${plural(done.refused, "row holds", "rows hold")} no number:`] : []),
        ...done.invalid
          .slice(0, 10)
          .map(({ row, raw, reason }) => `  row ${row}  ${raw || "(empty)"}  ${reason}`),
      ].join("\n"),
    );
  },
});

export const suppressionsExport = command({
  name: "suppressions export",
  summary: "Save the numbers that are not to be contacted as CSV",
  takes: ["[FILE]"],
  async run({ args, session }) {
    const file = resolve(args[0] ?? "suppressions.csv");
    const answer = await session.open().fetch("/api/export/suppressions.csv");
    await writeFile(file, answer.body!);
    session.terminal.show({ file }, () => `Saved as ${file}.`);
  },
});
