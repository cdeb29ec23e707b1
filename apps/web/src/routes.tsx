/** Every address on one page. Each screen is its own chunk; its first answers are asked for before it is drawn. */
import { campaignStatuses, itemStatuses } from "@parley/core/campaigns/status";
import type { CallStatus } from "@parley/core/calls/lifecycle";
import {
  createRootRoute,
  createRoute,
  createRouter,
  lazyRouteComponent,
  Outlet,
  redirect,
} from "@tanstack/react-router";
import { paths, settingsSections } from "./paths.ts";
import type { CallFilters, ContactFilters, ItemFilters } from "./paths.ts";
import { flagIn, localPath, numberIn, oneOf, only, textIn } from "./search.ts";
import { ErrorScreen, NotFoundScreen } from "./shell/error-screen.tsx";
import { outcomes } from "./signs/outcome.tsx";
import { api, queryClient, refusal, whenSignedOut } from "./trpc.ts";
import { PageSkeleton } from "./ui/skeleton.tsx";

const temperatures = ["hot", "warm", "cold"] as const;

const root = createRootRoute({
  component: Outlet,
  notFoundComponent: NotFoundScreen,
  errorComponent: ErrorScreen,
});

/** `next` is kept while signing in, so that a pasted link still opens what it names. */
const nextIn = (search: Record<string, unknown>) => only({ next: localPath(textIn(search, "next")) });

const signIn = createRoute({
  getParentRoute: () => root,
  path: "/sign-in",
  validateSearch: nextIn,
  component: lazyRouteComponent(() => import("./accounts/sign-in-page.tsx"), "SignInPage"),
});

const signUp = createRoute({
  getParentRoute: () => root,
  path: "/sign-up",
  component: lazyRouteComponent(() => import("./accounts/sign-up-page.tsx"), "SignUpPage"),
});

const invitation = createRoute({
  getParentRoute: () => root,
  path: "/invitation/$token",
  loader: ({ params }) => api.auth.invitation.ensureData({ token: params.token }),
  component: lazyRouteComponent(() => import("./accounts/invitation-page.tsx"), "InvitationPage"),
});

const reset = createRoute({
  getParentRoute: () => root,
  path: "/reset-password/$token",
  component: lazyRouteComponent(() => import("./accounts/reset-password-page.tsx"), "ResetPasswordPage"),
});

const shell = createRoute({
  getParentRoute: () => root,
  id: "shell",
  beforeLoad: async ({ location }) => {
    try {
      const me = await api.auth.me.ensureData({});
      if (!me.current) throw redirect(paths.signIn(location.href));
    } catch (thrown) {
      if (refusal(thrown).code === "not_signed_in") throw redirect(paths.signIn(location.href));
      throw thrown;
    }
  },
  component: lazyRouteComponent(() => import("./shell/shell.tsx"), "Shell"),
});

const home = createRoute({
  getParentRoute: () => shell,
  path: "/",
  loader: () => api.home.summary.ensureData({}),
  component: lazyRouteComponent(() => import("./home/home-page.tsx"), "HomePage"),
});

const calls = createRoute({
  getParentRoute: () => shell,
  path: "/calls",
  validateSearch: (search: Record<string, unknown>): CallFilters =>
    only({
      status: textIn(search, "status") as CallStatus | undefined,
      outcome: oneOf(search, "outcome", outcomes),
      direction: oneOf(search, "direction", ["outbound", "inbound"]),
      campaignId: textIn(search, "campaignId"),
      contactId: textIn(search, "contactId"),
      agentId: textIn(search, "agentId"),
      open: flagIn(search, "open"),
    }),
  component: lazyRouteComponent(() => import("./calls/calls-page.tsx"), "CallsPage"),
});

const call = createRoute({
  getParentRoute: () => shell,
  path: "/calls/$callId",
  validateSearch: (search: Record<string, unknown>) => only({ t: numberIn(search, "t") }),
  loader: ({ params }) => api.calls.get.ensureData({ callId: params.callId }),
  component: lazyRouteComponent(() => import("./calls/call-page.tsx"), "CallPage"),
});

const campaigns = createRoute({
  getParentRoute: () => shell,
  path: "/campaigns",
  validateSearch: (search: Record<string, unknown>) =>
    only({
      status: oneOf(search, "status", campaignStatuses),
      q: textIn(search, "q"),
      archived: flagIn(search, "archived"),
    }),
  component: lazyRouteComponent(() => import("./campaigns/campaigns-page.tsx"), "CampaignsPage"),
});

const newCampaign = createRoute({
  getParentRoute: () => shell,
  path: "/campaigns/new",
  validateSearch: (search: Record<string, unknown>) =>
    only({ importId: textIn(search, "importId"), tag: textIn(search, "tag"), ids: flagIn(search, "ids") }),
  component: lazyRouteComponent(() => import("./campaigns/campaign-wizard.tsx"), "NewCampaignPage"),
});

const editCampaign = createRoute({
  getParentRoute: () => shell,
  path: "/campaigns/$campaignId/edit",
  loader: ({ params }) => api.campaigns.get.ensureData({ campaignId: params.campaignId }),
  component: lazyRouteComponent(() => import("./campaigns/campaign-wizard.tsx"), "EditCampaignPage"),
});

const campaign = createRoute({
  getParentRoute: () => shell,
  path: "/campaigns/$campaignId",
  validateSearch: (search: Record<string, unknown>): ItemFilters =>
    only({
      tab: oneOf(search, "tab", ["recipients", "events", "rules"]),
      status: oneOf(search, "status", itemStatuses),
      reason: textIn(search, "reason"),
      outcome: oneOf(search, "outcome", outcomes),
    }),
  loader: ({ params }) =>
    Promise.all([
      api.campaigns.get.ensureData({ campaignId: params.campaignId }),
      api.campaigns.progress.ensureData({ campaignId: params.campaignId }),
    ]),
  component: lazyRouteComponent(() => import("./campaigns/campaign-page.tsx"), "CampaignPage"),
});

const contacts = createRoute({
  getParentRoute: () => shell,
  path: "/contacts",
  validateSearch: (search: Record<string, unknown>): ContactFilters =>
    only({
      q: textIn(search, "q"),
      tag: textIn(search, "tag"),
      stage: textIn(search, "stage"),
      temperature: oneOf(search, "temperature", temperatures),
      importId: textIn(search, "importId"),
      suppressed: flagIn(search, "suppressed"),
      sort: textIn(search, "sort"),
    }),
  component: lazyRouteComponent(() => import("./contacts/contacts-page.tsx"), "ContactsPage"),
});

const contact = createRoute({
  getParentRoute: () => shell,
  path: "/contacts/$contactId",
  loader: ({ params }) => api.contacts.get.ensureData({ contactId: params.contactId }),
  component: lazyRouteComponent(() => import("./contacts/contact-page.tsx"), "ContactPage"),
});

const imports = createRoute({
  getParentRoute: () => shell,
  path: "/imports",
  component: lazyRouteComponent(() => import("./contacts/imports-page.tsx"), "ImportsPage"),
});

const oneImport = createRoute({
  getParentRoute: () => shell,
  path: "/imports/$importId",
  loader: ({ params }) => api.imports.get.ensureData({ importId: params.importId }),
  component: lazyRouteComponent(() => import("./contacts/import-page.tsx"), "ImportPage"),
});

const leads = createRoute({
  getParentRoute: () => shell,
  path: "/leads",
  validateSearch: (search: Record<string, unknown>) =>
    only({ temperature: oneOf(search, "temperature", temperatures), outcome: textIn(search, "outcome") }),
  component: lazyRouteComponent(() => import("./leads/leads-page.tsx"), "LeadsPage"),
});

const agents = createRoute({
  getParentRoute: () => shell,
  path: "/agents",
  validateSearch: (search: Record<string, unknown>) =>
    only({ status: oneOf(search, "status", ["active", "archived"]) }),
  component: lazyRouteComponent(() => import("./agents/agents-page.tsx"), "AgentsPage"),
});

const newAgent = createRoute({
  getParentRoute: () => shell,
  path: "/agents/new",
  component: lazyRouteComponent(() => import("./agents/agent-page.tsx"), "NewAgentPage"),
});

const agent = createRoute({
  getParentRoute: () => shell,
  path: "/agents/$agentId",
  loader: ({ params }) => api.agents.get.ensureData({ agentId: params.agentId }),
  component: lazyRouteComponent(() => import("./agents/agent-page.tsx"), "AgentPage"),
});

const credits = createRoute({
  getParentRoute: () => shell,
  path: "/credits",
  validateSearch: (search: Record<string, unknown>) =>
    only({ kind: oneOf(search, "kind", ["grant", "purchase", "call", "message", "adjustment", "refund"]) }),
  loader: () => api.billing.balance.ensureData({}),
  component: lazyRouteComponent(() => import("./billing/credits-page.tsx"), "CreditsPage"),
});

const operations = createRoute({
  getParentRoute: () => shell,
  path: "/operations",
  validateSearch: (search: Record<string, unknown>) =>
    only({ view: textIn(search, "view"), sql: textIn(search, "sql"), id: textIn(search, "id") }),
  component: lazyRouteComponent(() => import("./ops/operations-page.tsx"), "OperationsPage"),
});

const settings = createRoute({
  getParentRoute: () => shell,
  path: "/settings/$section",
  params: {
    parse: ({ section }) => ({
      section: oneOf({ section }, "section", settingsSections) ?? settingsSections[0],
    }),
    stringify: ({ section }) => ({ section }),
  },
  component: lazyRouteComponent(() => import("./accounts/settings-page.tsx"), "SettingsPage"),
});

/** A bare /settings opens the first section. */
const settingsStart = createRoute({
  getParentRoute: () => shell,
  path: "/settings",
  beforeLoad: () => {
    throw redirect({ ...paths.settings(settingsSections[0]), replace: true });
  },
});

// Named only where it exists, so that the production build does not carry it.
const gallery = import.meta.env.DEV
  ? [
      createRoute({
        getParentRoute: () => root,
        path: "/gallery",
        component: lazyRouteComponent(() => import("./gallery/gallery-page.tsx"), "GalleryPage"),
      }),
    ]
  : [];

const tree = root.addChildren([
  signIn,
  signUp,
  invitation,
  reset,
  ...gallery,
  shell.addChildren([
    home,
    calls,
    call,
    campaigns,
    newCampaign,
    editCampaign,
    campaign,
    contacts,
    contact,
    imports,
    oneImport,
    leads,
    agents,
    newAgent,
    agent,
    credits,
    operations,
    settings,
    settingsStart,
  ]),
]);

export const router = createRouter({
  routeTree: tree,
  defaultPreload: "intent",
  // The answers live in the query cache, which knows when they are old; the router keeps none.
  defaultPreloadStaleTime: 0,
  defaultPendingMs: 120,
  defaultPendingMinMs: 0,
  defaultPendingComponent: PageSkeleton,
  defaultErrorComponent: ErrorScreen,
  defaultNotFoundComponent: NotFoundScreen,
  scrollRestoration: true,
});

whenSignedOut(() => {
  if (router.state.location.pathname.startsWith("/sign-")) return;
  const here = router.state.location.href;
  queryClient.clear();
  void router.navigate(paths.signIn(here));
});

declare module "@tanstack/react-router" {
  interface Register {
    router: typeof router;
  }
}
