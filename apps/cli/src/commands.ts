import type { Command } from "./command.ts";
import { adminGrant, adminResetPassword } from "./commands/admin.ts";
import { agentCreate, agentList } from "./commands/agent.ts";
import { call } from "./commands/call.ts";
import { calls } from "./commands/calls.ts";
import {
  campaignCancel,
  campaignCreate,
  campaignList,
  campaignPause,
  campaignPreflight,
  campaignResume,
  campaignStart,
  campaignWatch,
} from "./commands/campaign.ts";
import { contacts } from "./commands/contacts.ts";
import { doctor } from "./commands/doctor.ts";
import { explain } from "./commands/explain.ts";
import { importFile } from "./commands/import.ts";
import { login, logout } from "./commands/login.ts";
import {
  opsExplain,
  opsLanes,
  opsLines,
  opsRefold,
  opsReplay,
  opsStuck,
  queue,
  sql,
} from "./commands/ops.ts";
import { stopAll } from "./commands/stop-all.ts";
import { webhooksList, webhooksReplay } from "./commands/webhooks.ts";

/** Every command, in the order in which help shows them. */
export const commands: Command[] = [
  login,
  logout,
  importFile,
  contacts,
  agentCreate,
  agentList,
  campaignCreate,
  campaignPreflight,
  campaignStart,
  campaignWatch,
  campaignPause,
  campaignResume,
  campaignCancel,
  campaignList,
  call,
  calls,
  explain,
  queue,
  sql,
  opsLanes,
  opsLines,
  opsStuck,
  opsExplain,
  opsReplay,
  opsRefold,
  webhooksList,
  webhooksReplay,
  stopAll,
  adminGrant,
  adminResetPassword,
  doctor,
];
