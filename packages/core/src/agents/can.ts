import { can } from "../can.ts";
import type { AgentStatus } from "./schema.ts";

const archived = "The agent is archived. Make a new one for new calls.";

export const agentCan = {
  update: can<AgentStatus>(["active"], () => archived),
  call: can<AgentStatus>(["active"], () => archived),
  archive: can<AgentStatus>(["active"], () => "The agent is archived already."),
};
