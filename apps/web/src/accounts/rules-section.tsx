import type { Destination } from "@parley/core/accounts/schema";
import { useState } from "react";
import { paths } from "@/paths.ts";
import { useRefused } from "@/shell/me.ts";
import { Go } from "@/shell/go.tsx";
import { refusal, trpc } from "@/trpc.ts";
import { Badge } from "@/ui/badge.tsx";
import { Button } from "@/ui/button.tsx";
import { DangerDialog } from "@/ui/dialog.tsx";
import { EmptyState } from "@/ui/empty-state.tsx";
import { Field } from "@/ui/field.tsx";
import { count, plural } from "@/ui/format.ts";
import { Select } from "@/ui/input.tsx";
import { SectionHead } from "@/ui/section.tsx";
import { SkeletonRows } from "@/ui/skeleton.tsx";
import { toast } from "@/ui/toast.ts";

const names = new Intl.DisplayNames(undefined, { type: "region", fallback: "code" });
const nameOf = (code: string) => names.of(code) ?? code;
const consents: Record<Destination["rule"]["consent"], string> = {
  none: "no consent asked for",
  any: "some consent",
  express: "express consent",
  written: "written consent",
};
// 2026-07-13 is a Monday.
const dayName = (iso: number) =>
  new Intl.DateTimeFormat(undefined, { weekday: "short", timeZone: "UTC" }).format(
    Date.UTC(2026, 6, 12 + iso),
  );
const daysText = (days: number[]) =>
  days.length === 7
    ? "every day"
    : days.length === 0
      ? "no day"
      : `${dayName(days[0]!)}–${dayName(days.at(-1)!)}`;

/** What one country asks for, in a line. */
const ruleText = ({ days, opens, closes, consent, dialsMax }: Destination["rule"]): string =>
  [
    `${daysText(days)} ${opens}–${closes} there`,
    consents[consent],
    dialsMax === null ? null : `at most ${plural(dialsMax, "call")} a week`,
  ]
    .filter(Boolean)
    .join(", ");

/** Countries the workspace calls: each is confirmed by a person once, whatever lists bring in. */
export function RulesSection() {
  const utils = trpc.useUtils();
  const [asked, setAsked] = useState<Destination | null>(null);
  const [other, setOther] = useState("");
  const confirmRefused = useRefused("destinations.confirm");
  const removeRefused = useRefused("destinations.remove");
  const { data, isPending } = trpc.destinations.list.useQuery({});
  const settings = trpc.settings.get.useQuery({});
  const done = () => {
    setAsked(null);
    setOther("");
    void utils.destinations.invalidate();
    void utils.campaigns.invalidate();
  };
  const confirm = trpc.destinations.confirm.useMutation({
    onSuccess: ({ country, due }) => {
      done();
      toast.done(
        `${nameOf(country)} is called now${due > 0 ? `; ${plural(due, "person", "people")} who waited are due` : ""}`,
      );
    },
    onError: (error) => toast.error(refusal(error).message),
  });
  const remove = trpc.destinations.remove.useMutation({
    onSuccess: done,
    onError: (error) => toast.error(refusal(error).message),
  });
  if (isPending) return <SkeletonRows rows={5} columns={3} />;
  const items = data?.items ?? [];
  const isRehearsal = settings.data?.ruleSet === "rehearsal";
  return (
    <>
      <SectionHead title="Countries" count={count(items.length)} />
      <p className="max-w-[720px] px-4 pb-3 text-ink-2 lg:px-5">
        Nobody is dialled in a country that an owner has not confirmed, so that a stolen password or a strange
        list cannot run up costly calls. Hours, consent and caps follow the country of each person.{" "}
        {isRehearsal && (
          <>
            This workspace rehearses: no call is real, every country is called at any hour.{" "}
            <Go place={paths.settings("workspace")} className="text-accent-ink underline underline-offset-2">
              Change that
            </Go>
          </>
        )}
      </p>
      {items.length === 0 ? (
        <EmptyState small title="No country yet" className="border-t border-line">
          <p>Countries of the people on your lists appear here, with what their rules ask for.</p>
        </EmptyState>
      ) : (
        <ul className="border-t border-line">
          {items.map((item) => (
            <li
              key={item.country}
              className="flex flex-wrap items-center gap-x-4 gap-y-1 border-b border-line px-4 py-2 lg:px-5"
            >
              <span className="w-44 font-medium">{nameOf(item.country)}</span>
              <span className="min-w-0 grow text-xs text-ink-2" title={item.rule.note}>
                {ruleText(item.rule)}
                <span className="text-ink-3">
                  {" "}
                  · {plural(item.contacts, "contact")} · rules version {item.rule.version}
                </span>
              </span>
              {item.own ? (
                <Badge tone="plain">Your own country</Badge>
              ) : item.confirmed ? (
                <>
                  <Badge tone="ok">Confirmed</Badge>
                  <Button
                    size="sm"
                    look="ghost"
                    disabledReason={removeRefused}
                    busy={remove.isPending}
                    onClick={() => remove.mutate({ country: item.country })}
                  >
                    Stop calling there
                  </Button>
                </>
              ) : (
                <>
                  <Badge tone="warn">Not confirmed</Badge>
                  <Button size="sm" disabledReason={confirmRefused} onClick={() => setAsked(item)}>
                    Confirm
                  </Button>
                </>
              )}
            </li>
          ))}
        </ul>
      )}
      <form
        className="flex items-end gap-2 px-4 py-3 lg:px-5"
        onSubmit={(event) => {
          event.preventDefault();
          if (other) confirm.mutate({ country: other });
        }}
      >
        <Field label="Another country">
          <Select value={other} onChange={(event) => setOther(event.target.value)} className="sm:w-72">
            <option value="">Choose one</option>
            {regionCodes
              .filter((code) => !items.some(({ country, confirmed }) => confirmed && country === code))
              .map((code) => (
                <option key={code} value={code}>
                  {nameOf(code)}
                </option>
              ))}
          </Select>
        </Field>
        <Button
          type="submit"
          busy={confirm.isPending}
          disabledReason={confirmRefused ?? (other === "" ? "Choose a country first." : null)}
        >
          Confirm
        </Button>
      </form>
      <DangerDialog
        open={asked !== null}
        onOpenChange={(open) => !open && setAsked(null)}
        title={asked ? `Call ${nameOf(asked.country)}` : ""}
        action="Confirm"
        look="filled"
        busy={confirm.isPending}
        onConfirm={() => asked && confirm.mutate({ country: asked.country })}
      >
        {asked && (
          <>
            <p>
              {plural(asked.contacts, "contact")} of this workspace live there. From now on they are called
              under these rules: {ruleText(asked.rule)}.
            </p>
            <p className="text-ink-2">{asked.rule.note}</p>
          </>
        )}
      </DangerDialog>
    </>
  );
}

/** Countries people most often add by hand; any other appears by itself once somebody on a list lives there. */
const regionCodes = [
  "AE",
  "AR",
  "AT",
  "AU",
  "BD",
  "BE",
  "BR",
  "CA",
  "CH",
  "CL",
  "CO",
  "DE",
  "DK",
  "EG",
  "ES",
  "FI",
  "FR",
  "GB",
  "GH",
  "GR",
  "HK",
  "ID",
  "IE",
  "IL",
  "IN",
  "IT",
  "JP",
  "KE",
  "KR",
  "LK",
  "MX",
  "MY",
  "NG",
  "NL",
  "NO",
  "NP",
  "NZ",
  "PH",
  "PK",
  "PL",
  "PT",
  "QA",
  "SA",
  "SE",
  "SG",
  "TH",
  "TR",
  "TW",
  "TZ",
  "UG",
  "US",
  "VN",
  "ZA",
].toSorted((a, b) => nameOf(a).localeCompare(nameOf(b)));
