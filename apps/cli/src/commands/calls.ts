import { callStatuses, type CallStatus } from "@parley/core/calls/lifecycle";
import { outcomes } from "@parley/core/calls/outcome";
import { leadOutcomeWords } from "@parley/core/leads/words";
import type { Parley } from "../client.ts";
import { command } from "../command.ts";
import { campaignIdOf } from "../find.ts";
import { agreedTime, clock, fields, figure, moment, table } from "../render.ts";
import { oneOf, whole } from "../values.ts";

type Call = Awaited<ReturnType<Parley["api"]["calls"]["get"]["query"]>>;

export const calls = command({
  name: "calls",
  summary: "List calls, the latest first; with an id, show one",
  takes: ["[ID]"],
  options: {
    campaign: { value: "CAMPAIGN", help: "Of one campaign" },
    contact: { value: "ID", help: "To one contact" },
    item: { value: "ID", help: "Of one queue item" },
    status: { value: "STATUS", help: "Like ringing, completed" },
    outcome: { value: "OUTCOME", help: outcomes.join(", ") },
    limit: { value: "N", help: "How many (default 20)" },
  },
  async run({ args, options, session }) {
    const { api } = session.open();
    const { terminal } = session;
    if (args[0]) {
      const one = await api.calls.get.query({ callId: args[0] });
      const zone = await calleeZone(api, one);
      terminal.show(one, () => callPage(one, zone));
      return;
    }
    const { items, nextCursor } = await api.calls.list.query({
      campaignId: options.campaign ? await campaignIdOf(api, options.campaign) : undefined,
      contactId: options.contact,
      itemId: options.item,
      status: oneOf<CallStatus>(options.status, callStatuses, "--status"),
      outcome: oneOf(options.outcome, outcomes, "--outcome"),
      limit: whole(options.limit, "--limit") ?? 20,
    });
    terminal.show({ items, nextCursor }, () =>
      items.length === 0
        ? "There is no such call."
        : table(
            items,
            [
              { title: "WHEN", of: (each) => moment(each.createdAt) },
              { title: "NUMBER", of: (each) => each.phoneNumber ?? "withheld" },
              { title: "NAME", of: (each) => each.contactName ?? "" },
              { title: "STATUS", of: (each) => each.status },
              { title: "OUTCOME", of: (each) => each.outcome ?? "" },
              {
                title: "TALK",
                of: (each) => (each.talkSeconds === null ? "" : clock(each.talkSeconds)),
                align: "right",
              },
              {
                title: "CREDITS",
                of: (each) => (each.priceCredits === null ? "" : figure(each.priceCredits)),
                align: "right",
              },
              {
                title: "SCORE",
                of: (each) => (each.score === null ? "" : String(each.score)),
                align: "right",
              },
              { title: "ID", of: (each) => each.id },
            ],
            terminal.columns,
          ),
    );
  },
});

/** The zone of the person a call was about, null where nothing was agreed with them or it is not known. */
export async function calleeZone(api: Parley["api"], { contactId, analysis }: Call): Promise<string | null> {
  if (!contactId || !(analysis?.meetingAt || analysis?.callbackAt)) return null;
  const { timeZone, zones } = await api.contacts.get.query({ contactId });
  return timeZone ?? zones[0] ?? null;
}

/** Everything about one call that fits a terminal; `zone` is the person's. */
export function callPage(one: Call, zone: string | null): string {
  const { analysis } = one;
  const said = analysis?.outcome ? leadOutcomeWords[analysis.outcome] : null;
  return [
    fields([
      ["Call", one.id],
      ["To", [one.phoneNumber, one.contactName].filter(Boolean).join("  ")],
      ["Agent", one.agentName],
      ["Status", [one.status, one.reason].filter(Boolean).join(" · ")],
      ["Outcome", one.outcome],
      ["Talk", one.talkSeconds === null ? null : clock(one.talkSeconds)],
      ["Credits", one.priceCredits === null ? `${figure(one.heldCredits)} held` : figure(one.priceCredits)],
      ["Recording", one.recordingStatus],
      ["Stages", one.stages.map(({ status, at }) => `${moment(at)} ${status}`).join(" → ")],
      [
        "Analysis",
        analysis &&
          (said
            ? `${said}, ${analysis.temperature}, score ${analysis.score} of 15`
            : `${analysis.status}: ${analysis.reason ?? ""}`),
      ],
      ["Summary", analysis?.summary],
      ["Meeting", analysis?.meetingAt ? agreedTime(analysis.meetingAt, zone) : null],
      ["Call back", analysis?.callbackAt ? agreedTime(analysis.callbackAt, zone) : null],
    ]),
    ...(one.transcript ? ["", one.transcript.trim()] : []),
  ].join("\n");
}
