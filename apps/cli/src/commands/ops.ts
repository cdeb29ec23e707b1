import { opsViews, replayable, type OpsView, type Result } from "@parley/core/ops/schema";
import { reasonText } from "@parley/core/reasons";
import { command } from "../command.ts";
import { usage } from "../failure.ts";
import { cell, figure, moment, plural, table } from "../render.ts";
import type { Terminal } from "../terminal.ts";
import { oneOf, whole } from "../values.ts";

export const queue = command({
  name: "queue",
  summary: "Show a view of the operators: queue_now unless another is named",
  takes: ["[VIEW]"],
  options: { limit: { value: "N", help: "Rows at most (default 100)" } },
  examples: opsViews.map((view) => `parley queue ${view}`),
  async run({ args, options, session }) {
    const view = oneOf(args[0], opsViews, "VIEW") ?? "queue_now";
    const { api } = session.open();
    const result = await api.ops.query.query({ view, limit: whole(options.limit, "--limit") });
    showResult(session.terminal, result);
  },
});

export const sql = command({
  name: "sql",
  summary: "Run a query with the read-only login of operators, 5 seconds at most",
  takes: ["QUERY"],
  examples: ['parley sql "select * from ops.stuck"'],
  async run({ args, session }) {
    const { api } = session.open();
    showResult(session.terminal, await api.ops.sql.query({ text: args[0]! }));
  },
});

const view = (name: string, view: OpsView, summary: string) =>
  command({
    name: `ops ${name}`,
    summary,
    options: { limit: { value: "N", help: "Rows at most (default 100)" } },
    async run({ options, session }) {
      const { api } = session.open();
      showResult(
        session.terminal,
        await api.ops.query.query({ view, limit: whole(options.limit, "--limit") }),
      );
    },
  });

export const opsLanes = view("lanes", "lanes", "Lanes of every workspace: ready, or what holds them");
export const opsLines = view("lines", "lines_held", "Who holds a line, since when");
export const opsStuck = view("stuck", "stuck", "What is past its deadline, and what heals it");

export const opsExplain = command({
  name: "ops explain",
  summary: "Why an item, a contact or a campaign of any workspace is not dialled",
  takes: ["ID"],
  async run({ args, session }) {
    const { api } = session.open();
    const told = await api.ops.explain.query({ id: args[0]! });
    session.terminal.show(told, () =>
      [
        ...(told.limiting
          ? [told.limiting.factor ? `Limited by: ${reasonText(told.limiting.factor)}` : "Nothing limits it."]
          : []),
        ...told.waiting.map(
          ({ status, reason, items, nextAt }) =>
            `${plural(items, "item")} ${status.replaceAll("_", " ")}${reason ? `, ${reason.replaceAll("_", " ")}` : ""}${nextAt ? `, next ${moment(nextAt)}` : ""}`,
        ),
        ...told.items.flatMap(({ itemId, verdict, reason, until, checks }) => [
          `${itemId}  ${verdict}${reason ? `: ${reason.replaceAll("_", " ")}` : ""}${until ? ` until ${moment(until)}` : ""}`,
          ...checks
            .filter(({ ok }) => !ok || told.kind === "item")
            .map(({ name, ok, detail }) => `  ${ok ? "✓" : "✗"} ${name.replaceAll("_", " ")}: ${detail}`),
        ]),
        ...(told.items.length === 0 ? ["Nothing of it is in the queue."] : []),
      ].join("\n"),
    );
  },
});

export const opsReplay = command({
  name: "ops replay",
  summary: "Fold stored webhooks of any workspace again: one, or all in a state",
  takes: ["[ID]"],
  options: {
    status: { value: "STATUS", help: replayable.join(", ") },
    from: { value: "TIME", help: "Received at or after, like 2026-11-22T09:00Z" },
    to: { value: "TIME", help: "Received before" },
  },
  examples: ["parley ops replay 4711", "parley ops replay --status bad --from 2026-11-22T09:00Z"],
  async run({ args, options, session }) {
    const id = whole(args[0], "ID");
    const status = oneOf(options.status, replayable, "--status");
    if ((id === undefined) === (status === undefined))
      throw usage(`ops replay needs exactly one of ID, --status ${replayable.join("|")}.`);
    const { api } = session.open();
    const done = await api.ops.replay.mutate({
      id,
      status,
      from: instant(options.from, "--from"),
      to: instant(options.to, "--to"),
    });
    session.terminal.show(
      done,
      () => `${plural(done.replayed, "webhook")} of ${plural(done.workspaces, "workspace")} folded again.`,
    );
  },
});

export const opsRefold = command({
  name: "ops refold",
  summary: "Build a call's row again from its events and show what differs",
  takes: ["CALL"],
  options: {
    apply: { help: "Write the differences" },
    "correct-credits": { help: "Also make a wrong price right, by an entry of its own" },
  },
  async run({ args, options, session }) {
    const { api } = session.open();
    const told = await api.calls.refold.mutate({
      callId: args[0]!,
      apply: options.apply,
      correctCredits: options["correct-credits"],
    });
    session.terminal.show(told, () =>
      [
        `${plural(told.events, "event")} folded again: ${told.differences.length === 0 ? "the same row comes out." : plural(told.differences.length, "difference")}`,
        ...told.differences.map(
          ({ field, stored, rebuilt, kept }) =>
            `  ${field}: ${cell(stored)} → ${cell(rebuilt)}${kept ? `  (kept: ${kept})` : ""}`,
        ),
        ...(told.credits
          ? [
              `  credits: ${figure(told.credits.charged)} charged, ${figure(told.credits.rebuilt)} by the rebuilt talk${told.corrected ? ", corrected" : "; --correct-credits makes it right"}`,
            ]
          : []),
        told.applied ? "Written." : told.changed.length > 0 ? "Nothing was written; --apply writes it." : "",
      ]
        .filter(Boolean)
        .join("\n"),
    );
  },
});

function instant(text: string | undefined, option: string): string | undefined {
  if (text === undefined) return undefined;
  const at = new Date(text);
  if (Number.isNaN(at.getTime()))
    throw usage(`${option} is no time: ${text}. Write it like 2026-11-22T09:00Z.`);
  return at.toISOString();
}

function showResult(terminal: Terminal, { columns, rows, truncated }: Result): void {
  terminal.show({ columns, rows, truncated }, () =>
    rows.length === 0
      ? "No rows."
      : table(
          rows,
          columns.map((title, at) => ({ title, of: (row: unknown[]) => cell(row[at]) })),
          terminal.columns,
        ),
  );
  if (truncated) terminal.note("There are more rows than are shown.");
}
