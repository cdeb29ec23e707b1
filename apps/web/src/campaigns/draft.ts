import type { Inputs } from "@/trpc.ts";
import { defaultRetry } from "@parley/core/campaigns/retry";
import { weekdays } from "@parley/core/zone";
import { dateTimeField, fromDateTimeField } from "@/ui/format.ts";
import type { Campaign } from "./campaign.ts";

/** The campaign form as people fill it in: text where they type text, `""` where they leave something open. */
export interface DraftForm {
  name: string;
  agentId: string;
  audience: "import" | "tag" | "filter" | "picked" | "redial";
  importId: string;
  tag: string;
  filter: { q: string; stage: string; temperature: "" | "hot" | "warm" | "cold" };
  picked: string[];
  /** Some people of an ended campaign, as `campaigns.redial` made it; not put together here. */
  redial: RedialAudience | null;
  hours: "allowed" | "window";
  days: string[];
  open: string;
  close: string;
  holidays: string[];
  maxAttempts: string;
  busy: string;
  noAnswer: string;
  failed: string;
  voicemail: string;
  maxConcurrent: string;
  callsPerSecond: string;
  budgetCredits: string;
  callbacks: "person" | "agent";
  callbackAssigneeId: string;
  startsAt: string;
  endsAt: string;
  fromNumber: string;
}

const waits = (minutes: readonly number[]): string => minutes.join(", ");

export const emptyDraft: DraftForm = {
  name: "",
  agentId: "",
  audience: "import",
  importId: "",
  tag: "",
  filter: { q: "", stage: "", temperature: "" },
  picked: [],
  redial: null,
  hours: "allowed",
  days: ["mon", "tue", "wed", "thu", "fri"],
  open: "09:00",
  close: "19:00",
  holidays: [],
  maxAttempts: String(defaultRetry.maxAttempts),
  busy: waits(defaultRetry.busy),
  noAnswer: waits(defaultRetry.noAnswer),
  failed: waits(defaultRetry.failed),
  voicemail: waits(defaultRetry.voicemail),
  maxConcurrent: "",
  callsPerSecond: "",
  budgetCredits: "",
  callbacks: "person",
  callbackAssigneeId: "",
  startsAt: "",
  endsAt: "",
  fromNumber: "",
};

/** `15, 60` → minutes; null where something is not a number of minutes. */
export function readWaits(text: string): number[] | null {
  const parts = text.split(/[,;\s]+/).filter((part) => part !== "");
  const minutes = parts.map(Number);
  return minutes.every((wait) => Number.isFinite(wait) && wait > 0) ? minutes : null;
}

type Audience = Inputs["campaigns"]["create"]["audience"];
type RedialAudience = Extract<Audience, { items: unknown }>;

export function audienceOf(form: DraftForm): Audience | null {
  switch (form.audience) {
    case "import":
      return form.importId ? { importId: form.importId } : null;
    case "tag":
      return form.tag ? { tag: form.tag } : null;
    case "picked":
      return form.picked.length > 0 ? { contactIds: form.picked } : null;
    case "redial":
      return form.redial;
    case "filter": {
      const { q, stage, temperature } = form.filter;
      return {
        filter: {
          ...(q.trim() ? { q: q.trim() } : {}),
          ...(stage ? { stage } : {}),
          ...(temperature ? { temperature } : {}),
        },
      };
    }
  }
}

const numeric = (text: string): number | null => (text.trim() === "" ? null : Number(text));

/** What is missing or mistyped, by field, before the server is asked. */
export function problemsOf(form: DraftForm): Partial<Record<keyof DraftForm, string>> {
  const problems: Partial<Record<keyof DraftForm, string>> = {};
  if (form.name.trim() === "") problems.name = "Give it a name you will recognise in a list";
  if (form.agentId === "") problems.agentId = "Choose who calls";
  if (form.audience === "import" && !form.importId) problems.importId = "Choose an import";
  if (form.audience === "tag" && !form.tag) problems.tag = "Choose a tag";
  if (form.audience === "picked" && form.picked.length === 0)
    problems.picked = "Choose people in the list of contacts first";
  if (form.hours === "window" && form.days.length === 0) problems.days = "Choose at least one day";
  for (const list of ["busy", "noAnswer", "failed", "voicemail"] as const) {
    if (readWaits(form[list]) === null)
      problems[list] = "Write minutes, like 15, 60; leave it empty for no retry";
  }
  for (const number of ["maxConcurrent", "callsPerSecond", "budgetCredits"] as const) {
    if (form[number].trim() !== "" && !(Number(form[number]) > 0))
      problems[number] = "Write a number above 0, or leave it empty";
  }
  if (!(Number.isInteger(Number(form.maxAttempts)) && Number(form.maxAttempts) >= 1))
    problems.maxAttempts = "Write a number from 1 to 10";
  if (form.startsAt && form.endsAt && form.startsAt >= form.endsAt)
    problems.endsAt = "The end must be later than the start";
  return problems;
}

/** The rules of the form, as every procedure takes them; null stands for "none". */
export const rulesOf = (form: DraftForm) => ({
  window:
    form.hours === "allowed"
      ? null
      : {
          days: weekdays.filter((day) => form.days.includes(day)),
          open: form.open,
          close: form.close,
          ...(form.holidays.length > 0 ? { holidays: form.holidays } : {}),
        },
  retry: {
    maxAttempts: Number(form.maxAttempts),
    busy: readWaits(form.busy) ?? [],
    noAnswer: readWaits(form.noAnswer) ?? [],
    failed: readWaits(form.failed) ?? [],
    voicemail: readWaits(form.voicemail) ?? [],
  },
  maxConcurrent: numeric(form.maxConcurrent),
  callsPerSecond: numeric(form.callsPerSecond),
  budgetCredits: numeric(form.budgetCredits),
  callbacks: form.callbacks,
  callbackAssigneeId: form.callbacks === "person" && form.callbackAssigneeId ? form.callbackAssigneeId : null,
  startsAt: fromDateTimeField(form.startsAt),
  endsAt: fromDateTimeField(form.endsAt),
  fromNumber: form.fromNumber.trim() === "" ? null : form.fromNumber.trim(),
});

/** For `campaigns.create`, which knows absence but not null. */
export function createInput(form: DraftForm, audience: Audience): Inputs["campaigns"]["create"] {
  const rules = Object.fromEntries(Object.entries(rulesOf(form)).filter(([, value]) => value !== null));
  return { name: form.name.trim(), agentId: form.agentId, audience, ...rules };
}

/** For `campaigns.update`; the audience only while the campaign is a draft. */
export const updateInput = (
  campaignId: string,
  form: DraftForm,
  audience: Audience | null,
): Inputs["campaigns"]["update"] => ({
  campaignId,
  name: form.name.trim(),
  agentId: form.agentId,
  ...(audience ? { audience } : {}),
  ...rulesOf(form),
});

/** A stored campaign back into the form. */
export function formOf(campaign: Campaign): DraftForm {
  const audience = (campaign.audience ?? {}) as Record<string, unknown>;
  const filter = (audience["filter"] ?? {}) as Record<string, string>;
  return {
    ...emptyDraft,
    name: campaign.name,
    agentId: campaign.agentId,
    audience:
      "importId" in audience
        ? "import"
        : "items" in audience
          ? "redial"
          : "tag" in audience
            ? "tag"
            : "contactIds" in audience
              ? "picked"
              : "filter",
    importId: String(audience["importId"] ?? ""),
    tag: String(audience["tag"] ?? ""),
    redial: "items" in audience ? (audience as RedialAudience) : null,
    picked: Array.isArray(audience["contactIds"]) ? audience["contactIds"].map(String) : [],
    filter: {
      q: filter["q"] ?? "",
      stage: filter["stage"] ?? "",
      temperature: (filter["temperature"] ?? "") as DraftForm["filter"]["temperature"],
    },
    hours: campaign.window ? "window" : "allowed",
    ...(campaign.window
      ? {
          days: [...campaign.window.days],
          open: campaign.window.open,
          close: campaign.window.close,
          holidays: campaign.window.holidays ?? [],
        }
      : {}),
    maxAttempts: String(campaign.retry.maxAttempts),
    busy: waits(campaign.retry.busy),
    noAnswer: waits(campaign.retry.noAnswer),
    failed: waits(campaign.retry.failed),
    voicemail: waits(campaign.retry.voicemail),
    maxConcurrent: campaign.maxConcurrent?.toString() ?? "",
    callsPerSecond: campaign.callsPerSecond?.toString() ?? "",
    budgetCredits: campaign.budgetCredits?.toString() ?? "",
    callbacks: campaign.callbacks,
    callbackAssigneeId: campaign.callbackAssigneeId ?? "",
    startsAt: dateTimeField(campaign.startsAt),
    endsAt: dateTimeField(campaign.endsAt),
    fromNumber: campaign.fromNumber ?? "",
  };
}
