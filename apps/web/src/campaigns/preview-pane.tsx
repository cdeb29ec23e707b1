import { windowText } from "@parley/core/campaigns/window";
import { callHold } from "@parley/core/calls/price";
import { trpc } from "@/trpc.ts";
import { count, plural } from "@/ui/format.ts";
import { Fact, Facts, SectionHead } from "@/ui/section.tsx";
import { audienceText, waitsText } from "./campaign-rules.tsx";
import { audienceOf, readWaits, rulesOf } from "./draft.ts";
import type { DraftForm } from "./draft.ts";

/** What the form says so far, in sentences; the server checks it once it is a draft. */
export function PreviewPane({ form }: { form: DraftForm }) {
  const agents = trpc.agents.list.useQuery({ status: "active" });
  const tags = trpc.tags.list.useQuery({});
  const imports = trpc.imports.list.useQuery({ limit: 50 });
  const settings = trpc.settings.get.useQuery({});
  const agent = agents.data?.items.find((each) => each.id === form.agentId);
  const audience = audienceOf(form);
  const people =
    form.audience === "tag"
      ? tags.data?.items.find((each) => each.tag === form.tag)?.contacts
      : form.audience === "import"
        ? imports.data?.items.find((each) => each.id === form.importId)?.accepted
        : form.audience === "picked"
          ? form.picked.length
          : undefined;
  const rules = rulesOf(form);
  const rate = settings.data
    ? { pulseSeconds: settings.data.pulseSeconds, pulseCredits: settings.data.pulseCredits }
    : undefined;

  return (
    <>
      <SectionHead title="So far" note="checked against the rules once it is saved" />
      <Facts>
        <Fact name="Called">
          {audience ? (
            <span className="first-letter:uppercase">
              {audienceText(audience)}
              {people !== undefined && (
                <span className="text-ink-3">, {plural(people, "person", "people")}</span>
              )}
            </span>
          ) : (
            <span className="text-ink-3">nobody yet</span>
          )}
        </Fact>
        <Fact name="By">{agent ? agent.name : <span className="text-ink-3">no agent yet</span>}</Fact>
        <Fact name="Hours">{windowText(rules.window)}</Fact>
        <Fact name="Tries">at most {form.maxAttempts || "–"} for one person</Fact>
        <Fact name="Busy">{waitsText(readWaits(form.busy) ?? [])}</Fact>
        <Fact name="No answer">{waitsText(readWaits(form.noAnswer) ?? [])}</Fact>
        {agent && (
          <Fact name="Held per call">
            {count(callHold(agent.maxCallSeconds, rate))} credits, for the longest call of{" "}
            {Math.round(agent.maxCallSeconds / 60)} min. Only what is spoken is charged.
          </Fact>
        )}
      </Facts>
      <p className="px-4 py-4 text-xs text-ink-3 lg:px-5">
        Saving makes a draft. Nobody is called before you start it, and the check tells who would be skipped
        and why.
      </p>
    </>
  );
}
