import {
  apiKeysRouter,
  auditRouter,
  authRouter,
  destinationsRouter,
  membersRouter,
  settingsRouter,
} from "./accounts/router.ts";
import { adminRouter } from "./admin/router.ts";
import { agentsRouter } from "./agents/router.ts";
import { billingRouter } from "./billing/router.ts";
import { callsRouter } from "./calls/router.ts";
import { campaignsRouter } from "./campaigns/router.ts";
import {
  consentsRouter,
  contactsRouter,
  customFieldsRouter,
  suppressionsRouter,
  tagsRouter,
  timelineRouter,
} from "./contacts/router.ts";
import { notesRouter, tasksRouter } from "./follow-ups/router.ts";
import { homeRouter } from "./home/router.ts";
import { importsRouter } from "./contacts/import/router.ts";
import { leadsRouter } from "./leads/router.ts";
import { liveRouter } from "./live/router.ts";
import { notificationsRouter } from "./notifications/router.ts";
import { incidentsRouter, opsRouter, webhooksRouter } from "./ops/router.ts";
import { router } from "./trpc.ts";

/** Every procedure, noun by noun. Web and command line import its type. */
export const appRouter = router({
  admin: adminRouter,
  agents: agentsRouter,
  apiKeys: apiKeysRouter,
  audit: auditRouter,
  auth: authRouter,
  billing: billingRouter,
  calls: callsRouter,
  campaigns: campaignsRouter,
  home: homeRouter,
  incidents: incidentsRouter,
  consents: consentsRouter,
  contacts: contactsRouter,
  customFields: customFieldsRouter,
  destinations: destinationsRouter,
  imports: importsRouter,
  leads: leadsRouter,
  live: liveRouter,
  members: membersRouter,
  notes: notesRouter,
  notifications: notificationsRouter,
  ops: opsRouter,
  settings: settingsRouter,
  suppressions: suppressionsRouter,
  tags: tagsRouter,
  tasks: tasksRouter,
  timeline: timelineRouter,
  webhooks: webhooksRouter,
});

export type AppRouter = typeof appRouter;
