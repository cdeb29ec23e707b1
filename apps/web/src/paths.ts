/**
 * Every address of the dashboard and of the plain HTTP routes it uses. Screens link to each other through this
 * page only: `<Link {...paths.call(id)}>`.
 */
import type { EntryKind } from "@parley/core/billing/schema";
import type { CallStatus } from "@parley/core/calls/lifecycle";
import type { Outcome } from "@parley/core/calls/outcome";
import type { CampaignStatus, ItemStatus } from "@parley/core/campaigns/status";

export interface CallFilters {
  status?: CallStatus | undefined;
  outcome?: Outcome | undefined;
  direction?: "outbound" | "inbound" | undefined;
  campaignId?: string | undefined;
  contactId?: string | undefined;
  agentId?: string | undefined;
  open?: boolean | undefined;
}

export interface ContactFilters {
  q?: string | undefined;
  tag?: string | undefined;
  stage?: string | undefined;
  temperature?: "hot" | "warm" | "cold" | undefined;
  importId?: string | undefined;
  suppressed?: boolean | undefined;
  sort?: string | undefined;
}

export interface ItemFilters {
  tab?: "recipients" | "events" | "rules" | undefined;
  status?: ItemStatus | undefined;
  reason?: string | undefined;
  outcome?: Outcome | undefined;
}

export const paths = {
  home: () => ({ to: "/" }) as const,
  signIn: (next?: string) => ({ to: "/sign-in", search: { next } }) as const,
  signUp: () => ({ to: "/sign-up" }) as const,

  calls: (search: CallFilters = {}) => ({ to: "/calls", search }) as const,
  call: (callId: string, at?: number) =>
    ({ to: "/calls/$callId", params: { callId }, search: { t: at } }) as const,

  campaigns: (
    search: {
      status?: CampaignStatus | undefined;
      q?: string | undefined;
      archived?: boolean | undefined;
    } = {},
  ) => ({ to: "/campaigns", search }) as const,
  newCampaign: (search: { importId?: string; tag?: string; ids?: boolean } = {}) =>
    ({ to: "/campaigns/new", search }) as const,
  campaign: (campaignId: string, search: ItemFilters = {}) =>
    ({ to: "/campaigns/$campaignId", params: { campaignId }, search }) as const,
  editCampaign: (campaignId: string) =>
    ({ to: "/campaigns/$campaignId/edit", params: { campaignId } }) as const,

  contacts: (search: ContactFilters = {}) => ({ to: "/contacts", search }) as const,
  contact: (contactId: string) => ({ to: "/contacts/$contactId", params: { contactId } }) as const,
  imports: () => ({ to: "/imports" }) as const,
  import: (importId: string) => ({ to: "/imports/$importId", params: { importId } }) as const,

  leads: (search: { temperature?: "hot" | "warm" | "cold" | undefined; outcome?: string | undefined } = {}) =>
    ({ to: "/leads", search }) as const,

  agents: (search: { status?: "active" | "archived" | undefined } = {}) =>
    ({ to: "/agents", search }) as const,
  newAgent: () => ({ to: "/agents/new" }) as const,
  agent: (agentId: string) => ({ to: "/agents/$agentId", params: { agentId } }) as const,

  credits: (search: { kind?: EntryKind | undefined } = {}) => ({ to: "/credits", search }) as const,
  operations: (
    search: { view?: string | undefined; sql?: string | undefined; id?: string | undefined } = {},
  ) => ({ to: "/operations", search }) as const,
  settings: (section: SettingsSection = "workspace") =>
    ({ to: "/settings/$section", params: { section } }) as const,
};

export const settingsSections = [
  "workspace",
  "rules",
  "team",
  "keys",
  "suppressions",
  "webhooks",
  "audit",
  "account",
] as const;
export type SettingsSection = (typeof settingsSections)[number];

/** Anything `paths` returns. `<Go place={…}>` takes it where the place is data, as in a menu or a table. */
export type Place = { to: string; params?: object; search?: object };

const withQuery = (path: string, query: object): string => {
  const search = new URLSearchParams();
  for (const [name, value] of Object.entries(query)) {
    if (value !== undefined && value !== null && value !== "") search.set(name, String(value));
  }
  const text = search.toString();
  return text ? `${path}?${text}` : path;
};

/** Routes of the server that are not procedures. */
export const http = {
  trpc: "/trpc",
  upload: (query: { name: string; defaultRegion?: string | undefined }) => withQuery("/api/imports", query),
  rejects: (importId: string) => `/api/imports/${importId}/rejects.csv`,
  suppressions: (query: { reason: string; defaultRegion?: string | undefined }) =>
    withQuery("/api/suppressions", query),
  export: (
    what: "contacts" | "calls" | "items" | "ledger" | "leads" | "suppressions",
    filters: object = {},
  ) => withQuery(`/api/export/${what}.csv`, filters),
  recording: (callId: string) => `/api/calls/${callId}/recording`,
};
