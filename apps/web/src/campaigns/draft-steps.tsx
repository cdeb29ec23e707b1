import { systemStages } from "@parley/core/contacts/stages";
import { weekdays } from "@parley/core/zone";
import { Link } from "@tanstack/react-router";
import { X } from "lucide-react";
import { useState } from "react";
import type { ReactNode } from "react";
import { paths } from "@/paths.ts";
import { trpc } from "@/trpc.ts";
import { Button } from "@/ui/button.tsx";
import { cn } from "@/ui/cn.ts";
import { Checkbox } from "@/ui/choice.tsx";
import { Field, FieldGroup } from "@/ui/field.tsx";
import { count, languageName, plural, viewerZone, zoneCity } from "@/ui/format.ts";
import { Input, InputWithUnit, Select } from "@/ui/input.tsx";
import { redialText, waitsText } from "./campaign-rules.tsx";
import { readWaits } from "./draft.ts";
import type { DraftForm, problemsOf } from "./draft.ts";

interface StepProps {
  form: DraftForm;
  set: (change: Partial<DraftForm>) => void;
  problems: ReturnType<typeof problemsOf>;
}

const Step = ({
  id,
  title,
  lead,
  children,
}: {
  id: string;
  title: string;
  lead: string;
  children: ReactNode;
}) => (
  <section id={id} aria-label={title} className="scroll-mt-2 border-b border-line px-4 py-4 lg:px-5">
    <h2 className="font-semibold">{title}</h2>
    <p className="mb-4 text-ink-2">{lead}</p>
    <div className="flex max-w-[640px] flex-col gap-4">{children}</div>
  </section>
);

/** A choice with what it opens standing under it. */
function Choice({
  name,
  value,
  checked,
  onChoose,
  label,
  note,
  disabled,
  children,
}: {
  name: string;
  value: string;
  checked: boolean;
  onChoose: () => void;
  label: string;
  note: string;
  disabled: boolean;
  children?: ReactNode;
}) {
  return (
    <div className="border-t border-line py-2 first:border-t-0">
      <label className={cn("flex gap-2.5", disabled ? "cursor-not-allowed text-ink-3" : "cursor-pointer")}>
        <input
          type="radio"
          name={name}
          value={value}
          checked={checked}
          disabled={disabled}
          onChange={onChoose}
          className="mt-[3px] size-3.5 shrink-0 accent-accent"
        />
        <span>
          {label}
          <span className="block text-xs text-ink-3">{note}</span>
        </span>
      </label>
      {checked && children && <div className="mt-2 pl-6">{children}</div>}
    </div>
  );
}

export function AudienceStep({ form, set, problems, fixed }: StepProps & { fixed: string | null }) {
  const imports = trpc.imports.list.useQuery({ limit: 50 });
  const tags = trpc.tags.list.useQuery({});
  const fields = trpc.customFields.list.useQuery({});
  const done = (imports.data?.items ?? []).filter((entry) => entry.status === "done");
  const off = fixed !== null;
  return (
    <Step id="audience" title="Audience" lead="Who is called. The list is fixed at the moment you start.">
      <Field label="Name" error={problems.name}>
        <Input
          value={form.name}
          onChange={(event) => set({ name: event.target.value })}
          placeholder="Nurses UK, September intake"
        />
      </Field>
      <FieldGroup label="People" help={fixed ?? undefined}>
        <Choice
          name="audience"
          value="import"
          checked={form.audience === "import"}
          onChoose={() => set({ audience: "import" })}
          disabled={off}
          label="An imported file"
          note="Everyone who came in with one file, new or known."
        >
          <Field label="Import" error={problems.importId}>
            <Select
              value={form.importId}
              disabled={off}
              onChange={(event) => set({ importId: event.target.value })}
            >
              <option value="">Choose a file</option>
              {done.map((entry) => (
                <option key={entry.id} value={entry.id}>
                  {entry.name} · {plural(entry.accepted, "contact")}
                </option>
              ))}
            </Select>
          </Field>
          {done.length === 0 && imports.data && (
            <p className="mt-1 text-xs text-ink-2">
              No file has been imported yet.{" "}
              <Link {...paths.imports()} className="font-medium text-accent-ink hover:underline">
                Import one
              </Link>
            </p>
          )}
        </Choice>
        <Choice
          name="audience"
          value="tag"
          checked={form.audience === "tag"}
          onChoose={() => set({ audience: "tag" })}
          disabled={off}
          label="A tag"
          note="Everyone who carries it when you start."
        >
          <Field label="Tag" error={problems.tag}>
            <Select value={form.tag} disabled={off} onChange={(event) => set({ tag: event.target.value })}>
              <option value="">Choose a tag</option>
              {(tags.data?.items ?? []).map((entry) => (
                <option key={entry.tag} value={entry.tag}>
                  {entry.tag} · {count(entry.contacts)}
                </option>
              ))}
            </Select>
          </Field>
        </Choice>
        <Choice
          name="audience"
          value="filter"
          checked={form.audience === "filter"}
          onChoose={() => set({ audience: "filter" })}
          disabled={off}
          label="A filter over all contacts"
          note="By words, stage and temperature."
        >
          <div className="grid gap-3 sm:grid-cols-3">
            <Field label="Words">
              <Input
                value={form.filter.q}
                disabled={off}
                onChange={(event) => set({ filter: { ...form.filter, q: event.target.value } })}
              />
            </Field>
            <Field label="Stage">
              <Select
                value={form.filter.stage}
                disabled={off}
                onChange={(event) => set({ filter: { ...form.filter, stage: event.target.value } })}
              >
                <option value="">Any</option>
                {(fields.data?.stages ?? systemStages).map((stage) => (
                  <option key={stage.key} value={stage.key}>
                    {stage.name}
                  </option>
                ))}
              </Select>
            </Field>
            <Field label="Temperature">
              <Select
                value={form.filter.temperature}
                disabled={off}
                onChange={(event) =>
                  set({
                    filter: {
                      ...form.filter,
                      temperature: event.target.value as DraftForm["filter"]["temperature"],
                    },
                  })
                }
              >
                <option value="">Any</option>
                <option value="hot">Hot</option>
                <option value="warm">Warm</option>
                <option value="cold">Cold</option>
              </Select>
            </Field>
          </div>
        </Choice>
        {form.redial && (
          <Choice
            name="audience"
            value="redial"
            checked={form.audience === "redial"}
            onChoose={() => set({ audience: "redial" })}
            disabled={off}
            label="Some people of an ended campaign"
            note={redialText(form.redial.items)}
          />
        )}
        <Choice
          name="audience"
          value="picked"
          checked={form.audience === "picked"}
          onChoose={() => set({ audience: "picked" })}
          disabled={off}
          label="People chosen by hand"
          note={
            form.picked.length > 0
              ? `${plural(form.picked.length, "person", "people")} chosen.`
              : "Choose them in the list of contacts."
          }
        >
          {form.picked.length === 0 && (
            <Link {...paths.contacts()} className="text-xs font-medium text-accent-ink hover:underline">
              Open contacts
            </Link>
          )}
        </Choice>
      </FieldGroup>
    </Step>
  );
}

export function AgentStep({ form, set, problems }: StepProps) {
  const agents = trpc.agents.list.useQuery({ status: "active" });
  const chosen = agents.data?.items.find((agent) => agent.id === form.agentId);
  return (
    <Step id="agent" title="Agent" lead="Who speaks.">
      <Field
        label="Agent"
        error={problems.agentId}
        help={
          chosen
            ? `Begins with “${chosen.disclosure} ${chosen.welcomeMessage}” and talks at most ${Math.round(chosen.maxCallSeconds / 60)} min.`
            : undefined
        }
      >
        <Select
          value={form.agentId}
          onChange={(event) => set({ agentId: event.target.value })}
          className="sm:w-80"
        >
          <option value="">Choose an agent</option>
          {(agents.data?.items ?? []).map((agent) => (
            <option key={agent.id} value={agent.id}>
              {agent.name} ({languageName(agent.language)})
            </option>
          ))}
        </Select>
      </Field>
      {agents.data?.items.length === 0 && (
        <p className="text-xs text-ink-2">
          There is no agent yet.{" "}
          <Link {...paths.newAgent()} className="font-medium text-accent-ink hover:underline">
            Make one
          </Link>
        </p>
      )}
      <Field label="Caller number" optional help="Empty: the agent's own.">
        <Input
          mono
          width="w-56"
          inputMode="tel"
          value={form.fromNumber}
          onChange={(event) => set({ fromNumber: event.target.value })}
        />
      </Field>
    </Step>
  );
}

const dayNames = new Intl.DateTimeFormat(undefined, { weekday: "short", timeZone: "UTC" });
// 2026-07-13 is a Monday.
const dayName = (index: number) => dayNames.format(new Date(Date.UTC(2026, 6, 13 + index)));

const retries = [
  { key: "busy", label: "After busy" },
  { key: "noAnswer", label: "After no answer" },
  { key: "failed", label: "After a failure" },
  { key: "voicemail", label: "After voicemail" },
] as const;

export function RulesStep({ form, set, problems }: StepProps) {
  const members = trpc.members.list.useQuery({});
  return (
    <Step id="rules" title="Rules" lead="When, how often, how fast, how much.">
      <FieldGroup label="Hours, on the clock of the person called" error={problems.days}>
        <Choice
          name="hours"
          value="allowed"
          checked={form.hours === "allowed"}
          onChoose={() => set({ hours: "allowed" })}
          disabled={false}
          label="All hours the rules allow"
          note="What the law of each person's country permits, or everything while rehearsing."
        />
        <Choice
          name="hours"
          value="window"
          checked={form.hours === "window"}
          onChoose={() => set({ hours: "window" })}
          disabled={false}
          label="Only these hours"
          note="Within what the rules allow. A close before the open runs past midnight."
        >
          <div className="flex flex-wrap gap-1">
            {weekdays.map((day, index) => {
              const on = form.days.includes(day);
              return (
                <button
                  key={day}
                  type="button"
                  aria-pressed={on}
                  onClick={() =>
                    set({ days: on ? form.days.filter((other) => other !== day) : [...form.days, day] })
                  }
                  className={cn(
                    "h-9 rounded-md border px-2.5 lg:h-7",
                    on
                      ? "border-accent-line bg-selected font-medium"
                      : "border-line-2 text-ink-2 hover:bg-hover",
                  )}
                >
                  {dayName(index)}
                </button>
              );
            })}
          </div>
          <div className="mt-2 flex items-end gap-2">
            <Field label="Open">
              <Input
                type="time"
                width="w-28"
                value={form.open}
                onChange={(event) => set({ open: event.target.value })}
              />
            </Field>
            <Field label="Close">
              <Input
                type="time"
                width="w-28"
                value={form.close === "24:00" ? "00:00" : form.close}
                onChange={(event) =>
                  set({ close: event.target.value === "00:00" ? "24:00" : event.target.value })
                }
              />
            </Field>
          </div>
          <Holidays holidays={form.holidays} onChange={(holidays) => set({ holidays })} />
        </Choice>
      </FieldGroup>

      <Field label="Tries for one person, at most" error={problems.maxAttempts}>
        <Input
          inputMode="numeric"
          width="w-20"
          value={form.maxAttempts}
          onChange={(event) => set({ maxAttempts: event.target.value })}
        />
      </Field>
      <div className="grid gap-4 sm:grid-cols-2">
        {retries.map(({ key, label }) => {
          const read = readWaits(form[key]);
          return (
            <Field key={key} label={label} error={problems[key]} help={read ? waitsText(read) : undefined}>
              <InputWithUnit
                after="min"
                placeholder="none"
                value={form[key]}
                onChange={(event) => set({ [key]: event.target.value })}
              />
            </Field>
          );
        })}
      </div>

      <div className="grid gap-4 sm:grid-cols-3">
        <Field label="Lines at most" optional error={problems.maxConcurrent}>
          <Input
            inputMode="numeric"
            value={form.maxConcurrent}
            onChange={(event) => set({ maxConcurrent: event.target.value })}
          />
        </Field>
        <Field label="Calls a second at most" optional error={problems.callsPerSecond}>
          <Input
            inputMode="decimal"
            value={form.callsPerSecond}
            onChange={(event) => set({ callsPerSecond: event.target.value })}
          />
        </Field>
        <Field label="Budget" optional error={problems.budgetCredits}>
          <InputWithUnit
            after="credits"
            inputMode="numeric"
            value={form.budgetCredits}
            onChange={(event) => set({ budgetCredits: event.target.value })}
          />
        </Field>
      </div>

      <FieldGroup label="When somebody asks to be called at another time">
        <Choice
          name="callbacks"
          value="person"
          checked={form.callbacks === "person"}
          onChoose={() => set({ callbacks: "person" })}
          disabled={false}
          label="A person calls back"
          note="It becomes a task with that time."
        >
          <Field label="Whose task">
            <Select
              value={form.callbackAssigneeId}
              onChange={(event) => set({ callbackAssigneeId: event.target.value })}
              className="sm:w-80"
            >
              <option value="">Whoever looks after the contact, else who made the campaign</option>
              {(members.data?.items ?? []).map((member) => (
                <option key={member.personId} value={member.personId}>
                  {member.name}
                </option>
              ))}
            </Select>
          </Field>
        </Choice>
        <Choice
          name="callbacks"
          value="agent"
          checked={form.callbacks === "agent"}
          onChoose={() => set({ callbacks: "agent" })}
          disabled={false}
          label="The agent calls back"
          note="At that time on their clock, within the hours and caps. Whom it cannot reach becomes a person's task."
        />
      </FieldGroup>

      <div className="grid gap-4 sm:grid-cols-2">
        <Field
          label="First call"
          optional
          help={`Empty: as soon as you start. ${zoneCity(viewerZone)} time.`}
        >
          <Input
            type="datetime-local"
            value={form.startsAt}
            onChange={(event) => set({ startsAt: event.target.value })}
          />
        </Field>
        <Field label="Last call" optional help="Empty: until everyone is done." error={problems.endsAt}>
          <Input
            type="datetime-local"
            value={form.endsAt}
            onChange={(event) => set({ endsAt: event.target.value })}
          />
        </Field>
      </div>
    </Step>
  );
}

function Holidays({ holidays, onChange }: { holidays: string[]; onChange: (holidays: string[]) => void }) {
  const [day, setDay] = useState("");
  const [shown, setShown] = useState(holidays.length > 0);
  if (!shown) {
    return (
      <Checkbox
        className="mt-2"
        label="Leave out holidays"
        checked={false}
        onChecked={() => setShown(true)}
      />
    );
  }
  return (
    <div className="mt-2">
      <div className="flex items-end gap-2">
        <Field label="Holiday">
          <Input type="date" width="w-40" value={day} onChange={(event) => setDay(event.target.value)} />
        </Field>
        <Button
          disabledReason={day === "" ? "Choose a day first" : null}
          onClick={() => {
            onChange([...new Set([...holidays, day])].toSorted());
            setDay("");
          }}
        >
          Add
        </Button>
      </div>
      {holidays.length > 0 && (
        <ul className="mt-2 flex flex-wrap gap-1">
          {holidays.map((holiday) => (
            <li
              key={holiday}
              className="inline-flex h-6 items-center rounded-sm border border-line-2 pl-2 text-xs"
            >
              {holiday}
              <button
                type="button"
                aria-label={`Remove ${holiday}`}
                onClick={() => onChange(holidays.filter((other) => other !== holiday))}
                className="grid size-6 place-items-center text-ink-3 hover:text-ink"
              >
                <X className="size-3" aria-hidden />
              </button>
            </li>
          ))}
        </ul>
      )}
    </div>
  );
}
