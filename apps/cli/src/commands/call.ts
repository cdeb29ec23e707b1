import { isId } from "@parley/core/ids";
import { reasonText } from "@parley/core/reasons";
import type { Parley } from "../client.ts";
import { command } from "../command.ts";
import { exits } from "../failure.ts";
import { agentIdOf } from "../find.ts";
import { follow } from "../follow.ts";
import { moment } from "../render.ts";
import type { Terminal } from "../terminal.ts";
import { calleeZone, callPage } from "./calls.ts";

export const call = command({
  name: "call",
  summary: "Have an agent call one person now",
  takes: ["NUMBER"],
  options: {
    agent: { value: "AGENT", required: true, help: "Who calls: an agent's name or id" },
    from: { value: "NUMBER", help: "Number to call from" },
    watch: { help: "Follow the call to its end" },
  },
  examples: ["parley call '+91 9876543210' --agent Asha --watch"],
  async run({ args, options, session }) {
    const parley = session.open();
    const agentId = await agentIdOf(parley.api, options.agent);
    const whom = isId(args[0]!.toLowerCase()) ? { contactId: args[0]! } : { phoneNumber: args[0]! };
    const placed = await parley.api.calls.place.mutate(
      { ...whom, agentId, fromNumber: options.from },
      { context: { idempotencyKey: crypto.randomUUID() } },
    );
    if (options.watch) return watch(parley, session.terminal, placed.itemId);
    session.terminal.show(
      placed,
      () =>
        `Dialled as soon as a line is free, until ${moment(placed.expiresAt)}. Why not yet: “parley explain ${placed.itemId}”.`,
    );
    return exits.ok;
  },
});

type News = {
  item: { status: string; waitReason: string | null; skipReason: string | null };
  call: Call | null;
};
type Call = Awaited<ReturnType<Parley["api"]["calls"]["get"]["query"]>>;

/** Tells every stage as it comes; over when the item is closed and the last call's facts are final. */
async function watch(parley: Parley, terminal: Terminal, itemId: string): Promise<number> {
  const told = new Set<string>();
  const { item, call: last } = await follow<News>(
    { parley, terminal, everyMs: 500 },
    async () => {
      const { items } = await parley.api.campaigns.items.query({ itemId });
      const { items: calls } = await parley.api.calls.list.query({ itemId, limit: 1 });
      const latest = calls[0] ? await parley.api.calls.get.query({ callId: calls[0].id }) : null;
      return { item: items[0]!, call: latest };
    },
    ({ item: { status, waitReason }, call: current }) => {
      // In the order of their times: a stage may be told to us later than the one after it.
      for (const stage of (current?.stages ?? []).toSorted((a, b) => a.at.localeCompare(b.at))) {
        const key = `${current!.id} ${stage.status}`;
        if (told.has(key)) continue;
        told.add(key);
        terminal.note(`${moment(stage.at)}  ${stage.status}`);
      }
      if (status === "pending") terminal.live(reasonText(waitReason ?? "due"));
      else if (current && current.outcome === null) terminal.live(`${current.status} …`);
    },
    ({ item: { status }, call: current }) =>
      !["pending", "in_progress"].includes(status) && (current === null || isSettled(current)),
  );
  const zone = last && (await calleeZone(parley.api, last));
  terminal.show({ item, call: last }, () =>
    last
      ? callPage(last, zone)
      : `Not called: ${reasonText(item.skipReason ?? item.waitReason ?? item.status)}`,
  );
  return last?.outcome === "answered" || last?.outcome === "voicemail" ? exits.ok : exits.failed;
}

/** Facts final, and the analysis, if there is one, at its end. */
const isSettled = ({ outcome, status, analysis }: Call): boolean =>
  (outcome !== null || status === "not-placed") &&
  !(analysis && ["pending", "running"].includes(analysis.status));
