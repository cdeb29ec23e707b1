import { replayable, webhookStatuses } from "@parley/core/ops/schema";
import { command } from "../command.ts";
import { usage } from "../failure.ts";
import { moment, plural, table } from "../render.ts";
import { oneOf, whole } from "../values.ts";

export const webhooksList = command({
  name: "webhooks list",
  summary: "List the webhooks that arrived, the latest first",
  options: {
    status: { value: "STATUS", help: [...webhookStatuses, "unmatched"].join(", ") },
    search: { value: "TEXT", help: "Part of a body or an error" },
    call: { value: "ID", help: "Of one call" },
    limit: { value: "N", help: "How many (default 20)" },
  },
  async run({ options, session }) {
    const { api } = session.open();
    const found = await api.webhooks.list.query({
      status: oneOf(options.status, [...webhookStatuses, "unmatched"] as const, "--status"),
      callId: options.call,
      search: options.search,
      limit: whole(options.limit, "--limit") ?? 20,
    });
    session.terminal.show(found, () =>
      found.items.length === 0
        ? "There is no such webhook."
        : table(
            found.items,
            [
              { title: "ID", of: (each) => String(each.id), align: "right" },
              { title: "ARRIVED", of: (each) => moment(each.receivedAt) },
              { title: "STATUS", of: (each) => each.status },
              { title: "CALL", of: (each) => each.callId ?? "" },
              { title: "ERROR", of: (each) => each.error ?? "" },
            ],
            session.terminal.columns,
          ),
    );
  },
});

export const webhooksReplay = command({
  name: "webhooks replay",
  summary: "Fold stored webhooks again; the calls come out the same",
  takes: ["[ID]"],
  options: {
    call: { value: "ID", help: "All of one call" },
    status: { value: "STATUS", help: "All that are bad, parked or unmatched" },
  },
  async run({ args, options, session }) {
    const id = whole(args[0], "ID");
    const status = oneOf(options.status, replayable, "--status");
    if ([id, options.call, status].filter((each) => each !== undefined).length !== 1)
      throw usage("webhooks replay needs exactly one of ID, --call ID, --status bad|parked|unmatched.");
    const { api } = session.open();
    const done = await api.webhooks.replay.mutate({ id, callId: options.call, status });
    session.terminal.show(done, () => `${plural(done.replayed, "webhook")} folded again.`);
  },
});
