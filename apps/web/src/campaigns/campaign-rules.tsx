import { itemSigns } from "@parley/core/campaigns/words";
import { windowText } from "@parley/core/campaigns/window";
import { Link } from "@tanstack/react-router";
import { paths } from "@/paths.ts";
import { briefReason } from "@/signs/reason.ts";
import { outcomeSigns } from "@parley/core/calls/words";
import type { Inputs } from "@/trpc.ts";
import { count, plural, span } from "@/ui/format.ts";
import { Fact, Facts } from "@/ui/section.tsx";
import { Time } from "@/ui/time.tsx";
import type { Campaign } from "./campaign.ts";

/** `after 15 min, then 1 h`: the waits of one kind of end. */
export const waitsText = (minutes: number[]): string =>
  minutes.length === 0
    ? "not tried again"
    : `again after ${minutes.map((wait) => span(wait * 60)).join(", then ")}`;

type RedialOf = Extract<Inputs["campaigns"]["create"]["audience"], { items: unknown }>["items"];

/** Which people of another campaign. */
export function redialText({ outcomes = [], skipReasons = [], statuses = [] }: RedialOf): string {
  const words = [
    ...outcomes.map((outcome) => outcomeSigns[outcome].word.toLowerCase()),
    ...statuses.map((status) => itemSigns[status].word.toLowerCase()),
    ...skipReasons.map((code) => briefReason(code).toLowerCase()),
  ];
  return words.length === 0
    ? "people of another campaign whom nobody has spoken with"
    : `people of another campaign for whom it ended: ${words.join(", ")}`;
}

/** Whom the campaign calls, in words. */
export function audienceText(audience: unknown): string {
  if (typeof audience !== "object" || audience === null) return "a list";
  if ("importId" in audience) return "an imported file";
  if ("items" in audience) return redialText(audience.items as RedialOf);
  if ("tag" in audience) return `everyone tagged ${String(audience.tag)}`;
  if ("contactIds" in audience && Array.isArray(audience.contactIds))
    return `${plural(audience.contactIds.length, "person", "people")} chosen by hand`;
  return "everyone who fits a filter";
}

/** What the campaign obeys. */
export function CampaignRules({ campaign }: { campaign: Campaign }) {
  const { retry } = campaign;
  const importId =
    typeof campaign.audience === "object" && campaign.audience !== null && "importId" in campaign.audience
      ? String(campaign.audience.importId)
      : null;
  return (
    <Facts className="max-w-[720px]">
      <Fact name="Audience">
        {importId ? (
          <Link {...paths.import(importId)} className="quiet-link">
            An imported file
          </Link>
        ) : (
          <span className="first-letter:uppercase">{audienceText(campaign.audience)}</span>
        )}
      </Fact>
      <Fact name="Hours">{windowText(campaign.window)}</Fact>
      <Fact name="Tries">at most {count(retry.maxAttempts)} for one person</Fact>
      <Fact name="After busy">{waitsText(retry.busy)}</Fact>
      <Fact name="After no answer">{waitsText(retry.noAnswer)}</Fact>
      <Fact name="After a failure">{waitsText(retry.failed)}</Fact>
      <Fact name="After voicemail">{waitsText(retry.voicemail)}</Fact>
      <Fact name="Lines">
        {campaign.maxConcurrent === null
          ? "as many as the workspace has free"
          : `at most ${count(campaign.maxConcurrent)}`}
      </Fact>
      <Fact name="Pace">
        {campaign.callsPerSecond === null
          ? "as fast as lines come free"
          : `${campaign.callsPerSecond} calls a second`}
      </Fact>
      <Fact name="Budget">
        {campaign.budgetCredits === null ? "none" : plural(campaign.budgetCredits, "credit")}
      </Fact>
      <Fact name="Agreed times">
        {campaign.callbacks === "agent" ? "the agent calls back" : "a person calls back"}
      </Fact>
      <Fact name="Caller number">
        {campaign.fromNumber ? <span className="mono">{campaign.fromNumber}</span> : "the agent's own"}
      </Fact>
      <Fact name="Dates">
        {campaign.startsAt ? <Time at={campaign.startsAt} /> : "at once"}
        {campaign.endsAt ? (
          <>
            {" – "}
            <Time at={campaign.endsAt} />
          </>
        ) : (
          ", no end"
        )}
      </Fact>
    </Facts>
  );
}
