import { reasonText } from "@parley/core/reasons";
import { command } from "../command.ts";
import { moment } from "../render.ts";

export const explain = command({
  name: "explain",
  summary: "Why a queue item is or is not dialled now: every check of the dispatcher",
  takes: ["ITEM"],
  async run({ args, session }) {
    const { api } = session.open();
    const told = await api.campaigns.explain.query({ itemId: args[0]! });
    session.terminal.show(told, () =>
      [
        verdictLine(told),
        ...told.checks.map(
          ({ name, ok, detail, trueAgainAt }) =>
            `${ok ? "✓" : "✗"} ${name.replaceAll("_", " ")}: ${detail}${trueAgainAt ? ` (again at ${moment(trueAgainAt)})` : ""}`,
        ),
      ].join("\n"),
    );
  },
});

const verdicts = {
  dial: "It is dialled as soon as a line is free.",
  defer: "It is dialled later.",
  skip: "It is never dialled.",
  done: "Nothing more is dialled for it.",
} as const;

function verdictLine(told: {
  verdict: keyof typeof verdicts;
  reason: string | null;
  until: string | null;
}): string {
  const { verdict, reason, until } = told;
  return [
    verdicts[verdict],
    reason && verdict !== "done" ? reasonText(reason) : null,
    until ? `Not before ${moment(until)}.` : null,
  ]
    .filter(Boolean)
    .join(" ");
}
