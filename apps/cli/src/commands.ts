import type { Command } from "./command.ts";
import { adminGrant, adminResetPassword } from "./commands/admin.ts";
import { agentCreate, agentList } from "./commands/agent.ts";
import { call } from "./commands/call.ts";
import { calls } from "./commands/calls.ts";
import {
  campaignArchive,
  campaignCancel,
  campaignCreate,
  campaignList,
  campaignPause,
  campaignPreflight,
  campaignRedial,
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
import { suppress, suppressionsExport, suppressionsImport } from "./commands/suppressions.ts";
import { taskDone, taskMove, tasksList } from "./commands/tasks.ts";
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
  campaignRedial,
  campaignArchive,
  campaignList,
  call,
  calls,
  tasksList,
  taskMove,
  taskDone,
  suppress,
  suppressionsImport,
  suppressionsExport,
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
