import { outcomes } from "@parley/core/calls/outcome";
import {
  callbackKeepers,
  type CampaignDraft,
  type CampaignProgress,
  type Preflight,
} from "@parley/core/campaigns/schema";
import { itemStatuses } from "@parley/core/campaigns/status";
import { isId } from "@parley/core/ids";
import { reasonText } from "@parley/core/reasons";
import { campaignLine, forecastLines, summary } from "../campaign-line.ts";
import type { Parley } from "../client.ts";
import { command } from "../command.ts";
import { exits, Failure, usage } from "../failure.ts";
import { agentIdOf, campaignIdOf } from "../find.ts";
import { follow } from "../follow.ts";
import { fields, figure, moment, plural, table } from "../render.ts";
import type { Terminal } from "../terminal.ts";
import { callingHours, decimal, instant, oneOf, retryRules, whole } from "../values.ts";

export const campaignCreate = command({
  name: "campaign create",
  summary: "Draft a campaign",
  options: {
    name: { value: "NAME", required: true, help: "What to call it" },
    agent: { value: "AGENT", required: true, help: "Who calls: an agent's name or id" },
    import: { value: "ID", help: "Whom to call: everybody of an import" },
    tag: { value: "TAG", help: "Whom to call: everybody with a tag" },
    contact: { value: "ID", multiple: true, help: "Whom to call: these contacts" },
    window: { value: "HOURS", help: "In each person's own time: “mon-fri 09:30-18:00”, “daily 10:00-20:00”" },
    retry: {
      value: "RULES",
      help: "Minutes between tries: “max=3 busy=15,60 no-answer=120,1440 failed=60 voicemail=”",
    },
    "max-concurrent": { value: "N", help: "Calls at the same time" },
    "calls-per-second": { value: "N", help: "Pace" },
    budget: { value: "CREDITS", help: "Stop before more is spent" },
    callbacks: { value: "WHO", help: "Who calls back at an agreed time: person (default) or agent" },
    from: { value: "NUMBER", help: "Number to call from" },
    starts: { value: "TIME", help: "Start by itself at" },
    ends: { value: "TIME", help: "Dial nobody after" },
    start: { help: "Start it at once" },
    watch: { help: "Start it and watch it until it has completed" },
  },
  examples: ["parley campaign create --name July --agent Asha --tag july --watch"],
  async run({ options, session }) {
    const audience = audienceOf(options);
    const draft: Omit<CampaignDraft, "agentId"> = {
      name: options.name,
      audience,
      window: callingHours(options.window),
      retry: retryRules(options.retry),
      maxConcurrent: whole(options["max-concurrent"], "--max-concurrent"),
      callsPerSecond: decimal(options["calls-per-second"], "--calls-per-second"),
      budgetCredits: whole(options.budget, "--budget"),
      callbacks: oneOf(options.callbacks, callbackKeepers, "--callbacks"),
      fromNumber: options.from,
      startsAt: instant(options.starts, "--starts"),
      endsAt: instant(options.ends, "--ends"),
    };
    const parley = session.open();
    const agentId = await agentIdOf(parley.api, options.agent);
    const campaign = await parley.api.campaigns.create.mutate({ ...draft, agentId }, once());
    session.terminal.show(campaign, () =>
      fields([
        ["Campaign", campaign.name],
        ["Id", campaign.id],
        ["Status", campaign.status],
      ]),
    );
    if (options.start || options.watch) await start(parley, session.terminal, campaign.id);
    return options.watch ? watch(parley, session.terminal, campaign.id) : exits.ok;
  },
});

export const campaignList = command({
  name: "campaign list",
  summary: "List the campaigns, the latest first",
  options: { limit: { value: "N", help: "How many (default 20)" } },
  async run({ options, session }) {
    const { api } = session.open();
    const { items } = await api.campaigns.list.query({ limit: whole(options.limit, "--limit") ?? 20 });
    session.terminal.show(items, () =>
      items.length === 0
        ? "There is no campaign yet. Draft one with “parley campaign create”."
        : table(
            items,
            [
              { title: "NAME", of: (each) => each.name },
              { title: "STATUS", of: (each) => each.status },
              { title: "PEOPLE", of: (each) => figure(each.counts.total), align: "right" },
              {
                title: "OPEN",
                of: (each) => figure(each.counts.pending + each.counts.inProgress),
                align: "right",
              },
              { title: "ANSWERED", of: (each) => figure(each.byOutcome.answered), align: "right" },
              { title: "SPENT", of: (each) => figure(each.spent), align: "right" },
              { title: "CREATED", of: (each) => moment(each.createdAt) },
              { title: "ID", of: (each) => each.id },
            ],
            session.terminal.columns,
          ),
    );
  },
});

export const campaignPreflight = command({
  name: "campaign preflight",
  summary:
    "Say what stands in the way of a campaign, and when it would be done; exit code 0 when it may start",
  takes: ["CAMPAIGN"],
  async run({ args, session }) {
    const { api } = session.open();
    const campaignId = await campaignIdOf(api, args[0]!);
    const check = await api.campaigns.preflight.query({ campaignId });
    session.terminal.show(check, () =>
      [
        ...problemLines(check),
        fields([
          ["May be called", `${figure(check.eligible)} of ${plural(check.audience, "person", "people")}`],
          ["Available", plural(check.available, "credit")],
          ...(check.forecast ? forecastLines(check.forecast) : []),
        ]),
      ].join("\n"),
    );
    return check.ready ? exits.ok : exits.failed;
  },
});

export const campaignStart = command({
  name: "campaign start",
  summary: "Check a campaign and start it",
  takes: ["CAMPAIGN"],
  options: { watch: { help: "Watch it until it has completed" } },
  async run({ args, options, session }) {
    const parley = session.open();
    const campaignId = await campaignIdOf(parley.api, args[0]!);
    const campaign = await start(parley, session.terminal, campaignId);
    if (options.watch) return watch(parley, session.terminal, campaignId);
    session.terminal.show(campaign, () =>
      campaign.status === "scheduled"
        ? `${campaign.name} starts by itself at ${moment(campaign.startsAt ?? "")}.`
        : `${campaign.name} is running. Watch it with “parley campaign watch ${campaign.id}”.`,
    );
    return exits.ok;
  },
});

export const campaignPause = command({
  name: "campaign pause",
  summary: "Stop dialling for a campaign; calls under way end by themselves",
  takes: ["CAMPAIGN"],
  options: { reason: { value: "TEXT", help: "For its history" } },
  async run({ args, options, session }) {
    const { api } = session.open();
    const campaignId = await campaignIdOf(api, args[0]!);
    const stopped = await api.campaigns.pause.mutate({ campaignId, reason: options.reason });
    session.terminal.show(stopped, () => `Paused. ${plural(stopped.inAir, "call")} still in the air.`);
  },
});

export const campaignResume = command({
  name: "campaign resume",
  summary: "Go on with a paused campaign",
  takes: ["CAMPAIGN"],
  options: { watch: { help: "Watch it until it has completed" } },
  async run({ args, options, session }) {
    const parley = session.open();
    const campaignId = await campaignIdOf(parley.api, args[0]!);
    const campaign = await parley.api.campaigns.resume.mutate({ campaignId });
    if (options.watch) return watch(parley, session.terminal, campaignId);
    session.terminal.show(campaign, () => `${campaign.name} is ${campaign.status}.`);
    return exits.ok;
  },
});

export const campaignCancel = command({
  name: "campaign cancel",
  summary: "End a campaign for good; who was not reached is not called",
  takes: ["CAMPAIGN"],
  options: { reason: { value: "TEXT", help: "For its history" } },
  async run({ args, options, session }) {
    const { api } = session.open();
    const campaignId = await campaignIdOf(api, args[0]!);
    const stopped = await api.campaigns.cancel.mutate({ campaignId, reason: options.reason });
    session.terminal.show(stopped, () => `Canceled. ${plural(stopped.inAir, "call")} still in the air.`);
  },
});

export const campaignRedial = command({
  name: "campaign redial",
  summary:
    "Draft a campaign for some people of one that has ended; without options, all whom nobody has spoken with",
  takes: ["CAMPAIGN"],
  options: {
    outcome: { value: "HOW", multiple: true, help: `Whose last call ended so: ${outcomes.join(", ")}` },
    status: { value: "STATUS", multiple: true, help: `Where they stand: ${itemStatuses.join(", ")}` },
    reason: { value: "WHY", multiple: true, help: "Who were skipped for it: no_consent, campaign_over …" },
    name: { value: "NAME", help: "What to call it" },
    start: { help: "Start it at once" },
    watch: { help: "Start it and watch it until it has completed" },
  },
  examples: ["parley campaign redial July --outcome no_answer --outcome busy --start"],
  async run({ args, options, session }) {
    const parley = session.open();
    const some = <T>(list: T[]) => (list.length > 0 ? list : undefined);
    const draft = await parley.api.campaigns.redial.mutate(
      {
        campaignId: await campaignIdOf(parley.api, args[0]!),
        name: options.name,
        outcomes: some(options.outcome.map((word) => oneOf(word, outcomes, "--outcome")!)),
        statuses: some(options.status.map((word) => oneOf(word, itemStatuses, "--status")!)),
        skipReasons: some(options.reason),
      },
      once(),
    );
    session.terminal.show(draft, () =>
      fields([
        ["Campaign", draft.name],
        ["Id", draft.id],
        ["People", figure(draft.people)],
      ]),
    );
    if (options.start || options.watch) await start(parley, session.terminal, draft.id);
    return options.watch ? watch(parley, session.terminal, draft.id) : exits.ok;
  },
});

export const campaignArchive = command({
  name: "campaign archive",
  summary: "Put a draft or an ended campaign out of the list",
  takes: ["CAMPAIGN"],
  options: { restore: { help: "Back into the list; give the id" } },
  async run({ args, options, session }) {
    const { api } = session.open();
    const campaignId = await campaignIdOf(api, args[0]!);
    const campaign = await api.campaigns.archive.mutate({ campaignId, archived: !options.restore });
    session.terminal.show(
      campaign,
      () => `${campaign.name} is ${campaign.archivedAt ? "archived" : "back in the list"}.`,
    );
  },
});

export const campaignWatch = command({
  name: "campaign watch",
  summary: "Watch a campaign until it ends; exit code 0 when it has completed",
  takes: ["CAMPAIGN"],
  async run({ args, session }) {
    const parley = session.open();
    return watch(parley, session.terminal, await campaignIdOf(parley.api, args[0]!));
  },
});

/** A repeat of the same request, by a retry below us, must not make a second campaign. */
const once = () => ({ context: { idempotencyKey: crypto.randomUUID() } });

function audienceOf(options: {
  import?: string;
  tag?: string;
  contact: string[];
}): CampaignDraft["audience"] {
  const given = [options.import, options.tag, options.contact[0]].filter((each) => each !== undefined);
  if (given.length !== 1)
    throw usage("campaign create needs exactly one of --import ID, --tag TAG, --contact ID.");
  if (options.tag) return { tag: options.tag };
  const ids = options.import ? [options.import] : options.contact;
  const wrong = ids.find((id) => !isId(id.toLowerCase()));
  if (wrong) throw usage(`${options.import ? "--import" : "--contact"} must be an id, not “${wrong}”.`);
  return options.import ? { importId: options.import } : { contactIds: options.contact };
}

/** Names every problem before anything is dialled; those that do not block are mentioned. */
async function start(parley: Parley, terminal: Terminal, campaignId: string) {
  const check = await parley.api.campaigns.preflight.query({ campaignId });
  const { problems, ready } = check;
  const lines = problemLines(check);
  if (!ready)
    throw new Failure(`The campaign cannot be started:\n${lines.join("\n")}`, exits.failed, {
      code: "conflict",
      problems,
    });
  for (const line of lines) terminal.note(line);
  return parley.api.campaigns.start.mutate({ campaignId }, once());
}

const problemLines = ({ problems }: Pick<Preflight, "problems">): string[] =>
  problems.map(({ message, cure, blocking }) => `${blocking ? "✗" : "!"} ${message} ${cure}`);

const isOver = ({ status }: CampaignProgress): boolean => status === "completed" || status === "canceled";

async function watch(parley: Parley, terminal: Terminal, campaignId: string): Promise<number> {
  let last = "";
  let pausedBecause: string | null = null;
  const end = await follow(
    { parley, terminal },
    () => parley.api.campaigns.progress.query({ campaignId }),
    (progress) => {
      const json = JSON.stringify(progress);
      if (terminal.json && json !== last && !isOver(progress)) terminal.show(progress, () => "");
      last = json;
      const reason = progress.status === "paused" ? (progress.statusReason ?? "paused") : null;
      if (reason && reason !== pausedBecause) terminal.note(`Paused: ${reasonText(reason)}`);
      pausedBecause = reason;
      terminal.live(campaignLine(progress));
    },
    isOver,
  );
  terminal.show(end, () => `${campaignLine(end)}\n${summary(end)}`);
  return end.status === "completed" ? exits.ok : exits.failed;
}
