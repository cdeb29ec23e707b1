import { opsViews, type Result } from "@parley/core/ops/schema";
import { command } from "../command.ts";
import { cell, table } from "../render.ts";
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
