/**
 * Every procedure with its input and output, by router. The server builds its routers from these values, the tests
 * walk them, and the two types below refuse to compile when a procedure lacks a permission or a permission its
 * procedure.
 */
import type * as z from "zod";
import type { ProcedurePath } from "./accounts/permissions.ts";
import {
  apiKeysProcedures,
  auditProcedures,
  authProcedures,
  destinationsProcedures,
  membersProcedures,
  settingsProcedures,
} from "./accounts/schema.ts";
import { agentsProcedures } from "./agents/schema.ts";
import { billingProcedures } from "./billing/schema.ts";
import { callsProcedures } from "./calls/schema.ts";
import { campaignsProcedures } from "./campaigns/schema.ts";
import {
  consentsProcedures,
  contactsProcedures,
  customFieldsProcedures,
  suppressionsProcedures,
  tagsProcedures,
  timelineProcedures,
} from "./contacts/schema.ts";
import { notesProcedures, tasksProcedures } from "./follow-ups/schema.ts";
import { homeProcedures } from "./home/schema.ts";
import { importsProcedures } from "./imports/schema.ts";
import { leadsProcedures } from "./leads/schema.ts";
import { liveProcedures } from "./live/schema.ts";
import { notificationsProcedures } from "./notifications/schema.ts";
import { adminProcedures, incidentsProcedures, opsProcedures, webhooksProcedures } from "./ops/schema.ts";

export const contract = {
  admin: adminProcedures,
  agents: agentsProcedures,
  apiKeys: apiKeysProcedures,
  audit: auditProcedures,
  auth: authProcedures,
  billing: billingProcedures,
  calls: callsProcedures,
  campaigns: campaignsProcedures,
  consents: consentsProcedures,
  contacts: contactsProcedures,
  customFields: customFieldsProcedures,
  destinations: destinationsProcedures,
  home: homeProcedures,
  imports: importsProcedures,
  incidents: incidentsProcedures,
  leads: leadsProcedures,
  live: liveProcedures,
  members: membersProcedures,
  notes: notesProcedures,
  notifications: notificationsProcedures,
  ops: opsProcedures,
  settings: settingsProcedures,
  suppressions: suppressionsProcedures,
  tags: tagsProcedures,
  tasks: tasksProcedures,
  timeline: timelineProcedures,
  webhooks: webhooksProcedures,
};

type Contract = typeof contract;
type Paths = {
  [Router in keyof Contract & string]: `${Router}.${keyof Contract[Router] & string}`;
}[keyof Contract & string];

/** `never` on both sides: contract and permissions name the same procedures. */
type Unguarded = Exclude<Paths, ProcedurePath>;
type Unbuilt = Exclude<ProcedurePath, Paths>;
const complete: [Unguarded, Unbuilt] extends [never, never]
  ? true
  : { unguarded: Unguarded; unbuilt: Unbuilt } = true;
void complete;

export type Procedure = { input: z.ZodType; output: z.ZodType };

/** All procedures with their path, in the order of the contract. */
export function procedures(): { path: ProcedurePath; input: z.ZodType; output: z.ZodType }[] {
  return Object.entries<Record<string, Procedure>>(contract).flatMap(([router, named]) =>
    Object.entries(named).map(([name, { input, output }]) => ({
      path: `${router}.${name}` as ProcedurePath,
      input,
      output,
    })),
  );
}
