import { permissions, type ProcedurePath } from "@parley/core/accounts/permissions";
import { make } from "@parley/db/testing/make";
import { beforeAll, expect, test } from "vitest";
import { useRig } from "../rig.ts";
import { signUp, type SignedUp } from "../visitor.ts";

const rig = useRig();

let operator: SignedUp;
let them: SignedUp;
let userId: string;
let agentId: string;

beforeAll(async () => {
  operator = await rig.signUp({ company: "Operator" }); // the first of an installation is its admin
  them = await rig.signUp({ company: "Clinic" });
  userId = them.session.user.id;
  agentId = (
    await them.trpc.agents.create.mutate({ name: "Voice", prompt: "Book.", welcomeMessage: "Hello" })
  ).id;
});

let serial = 0;
const on = () => rig.db.owner;
const phone = () => `+91 98111${String(++serial).padStart(5, "0")}`;
const contact = async () => (await them.trpc.contacts.create.mutate({ phoneNumber: phone() })).id;
const draft = async () =>
  (
    await them.trpc.campaigns.create.mutate({
      name: "C",
      agentId,
      audience: { contactIds: [await contact()] },
    })
  ).id;
const standing = (status: string) => make.campaign(on(), userId, agentId, { status });
const over = async () => {
  const campaignId = await standing("running");
  const laneId = await make.lane(on(), userId, campaignId);
  const itemId = await make.item(on(), userId, { laneId, campaignId });
  await on().query(
    "update call_queue set status = 'failed', last_outcome = 'busy', closed_at = app.now() where id = $1",
    [itemId],
  );
  await on().query("update call_campaigns set status = 'completed', completed_at = app.now() where id = $1", [
    campaignId,
  ]);
  return campaignId;
};
const task = async () =>
  (
    await them.trpc.tasks.create.mutate({
      contactId: await contact(),
      kind: "callback",
      dueAt: "2090-01-01T00:00:00Z",
    })
  ).id;
const person = async () =>
  (
    await on().query<{ person_id: string }>("select person_id from members where user_id = $1 limit 1", [
      userId,
    ])
  ).rows[0]!.person_id;
async function uploaded(body: string, status: string): Promise<string> {
  const answer = await them.fetch("/api/imports", {
    method: "POST",
    headers: { "content-type": "text/csv" },
    body,
  });
  const { importId } = (await answer.json()) as { importId: string };
  await rig.until(
    `the import is ${status}`,
    async () => (await them.trpc.imports.get.query({ importId })).status === status,
  );
  return importId;
}
async function call(its: { status?: string; transcript?: string; webhook?: boolean } = {}): Promise<string> {
  const campaignId = await standing("running");
  const laneId = await make.lane(on(), userId, campaignId);
  const itemId = await make.item(on(), userId, { laneId, campaignId });
  await on().query("update call_queue set status = 'completed', closed_at = app.now() where id = $1", [
    itemId,
  ]);
  const done = its.status === undefined;
  const { rows } = await on().query<{ id: string }>(
    `insert into calls (user_id, status, outcome, ended_at, final_at, settled_at, price_credits, queue_id, campaign_id, contact_id, agent_id,
       provider_account_id, bolna_execution_id, phone_number, max_call_seconds, transcript)
     select q.user_id, $2, case when $3 then 'answered' end, case when $3 then app.now() end, case when $3 then app.now() end,
       case when $3 then app.now() end, case when $3 then 0 end, q.id, q.campaign_id, q.contact_id, $4, a.id, gen_random_uuid()::text, q.phone_number, 300, $5
     from call_queue q, provider_accounts a where q.id = $1 returning id`,
    [itemId, its.status ?? "completed", done, agentId, its.transcript ?? null],
  );
  return rows[0]!.id;
}
const analysed = async () => {
  const callId = await call({
    transcript: "assistant: Hello.\nuser: Yes, I am interested, please send me the details by email.",
  });
  await them.trpc.leads.reanalyse.mutate({ callId });
  await rig.until(
    "it is analysed",
    async () => (await them.trpc.leads.get.query({ callId })).status === "done",
  );
  return callId;
};
const incident = async () =>
  (
    await on().query<{ id: string }>(
      "select app.raise_incident('test', $1, 'warn', 'Something.', 'Look.', $2) as id",
      [crypto.randomUUID(), userId],
    )
  ).rows[0]!.id;
const webhook = async () =>
  (
    await on().query<{ id: number }>(
      "insert into webhook_events (user_id, source, endpoint_id, status, error, body) values ($1, 'bolna', $2, 'bad', 'x', '{}') returning id::int as id",
      [userId, agentId],
    )
  ).rows[0]!.id;
const member = async () => {
  const { link } = await them.trpc.members.invite.mutate({ role: "viewer" });
  const guest = rig.visitor();
  await guest.trpc.auth.acceptInvitation.mutate({
    token: /[\w-]{20,}$/.exec(link)![0],
    email: `guest${++serial}.${process.pid}@example.com`,
    name: "Guest",
    password: "a long enough password",
  });
  const { items } = await them.trpc.members.list.query({});
  return items.find(({ name }) => name === "Guest")!.id;
};

/** Why a mutation changes nothing of the workspace that anybody would have to answer for. */
const exempt: Partial<Record<ProcedurePath, string>> = {
  "auth.signIn": "opens a session of one's own",
  "auth.signOut": "ends a session of one's own",
  "auth.switch": "moves one's own session",
  "auth.resetPassword": "a person's own password, set outside of any workspace",
  "notifications.markRead": "what one person has seen",
};

/** For every other one: a request that changes something. */
const requests: Partial<Record<ProcedurePath, () => Promise<unknown>>> = {
  "admin.grantCredits": () => operator.trpc.admin.grantCredits.mutate({ userId, credits: 5, reason: "Test" }),
  "admin.pauseDialling": () => operator.trpc.admin.pauseDialling.mutate({ paused: true, reason: "Test" }),
  "admin.setLimits": () => operator.trpc.admin.setLimits.mutate({ userId, concurrentLimit: 3 }),
  "agents.adopt": async () => {
    const made = await them.trpc.agents.create.mutate({
      name: "Drifting",
      prompt: "Book.",
      welcomeMessage: "Hello",
    });
    const { bolna } = rig.parts.providers;
    const theirs = (await bolna.getAgent(made.bolnaAgentId!))!;
    await bolna.putAgent(made.bolnaAgentId!, {
      agent_config: { agent_name: "Renamed there", webhook_url: theirs.webhook_url, tasks: theirs.tasks },
      agent_prompts: theirs.agent_prompts,
    } as never);
    await them.trpc.agents.adopt.mutate({ agentId: made.id });
  },
  "agents.archive": async () => {
    const made = await them.trpc.agents.create.mutate({
      name: "Old",
      prompt: "Book.",
      welcomeMessage: "Hello",
    });
    await them.trpc.agents.archive.mutate({ agentId: made.id });
  },
  "agents.create": () =>
    them.trpc.agents.create.mutate({ name: "New", prompt: "Book.", welcomeMessage: "Hello" }),
  "agents.rotateKey": () => them.trpc.agents.rotateKey.mutate({ agentId }),
  "agents.sync": () => them.trpc.agents.sync.mutate({ agentId }),
  "agents.update": () => them.trpc.agents.update.mutate({ agentId, prompt: `Book ${++serial}.` }),
  "apiKeys.create": () => them.trpc.apiKeys.create.mutate({ name: "Key" }),
  "apiKeys.revoke": async () => {
    const { id } = await them.trpc.apiKeys.create.mutate({ name: "Gone" });
    await them.trpc.apiKeys.revoke.mutate({ id });
  },
  "auth.acceptInvitation": member,
  "auth.changePassword": async () => {
    const someone = await signUp(rig.url);
    await someone.trpc.auth.changePassword.mutate({
      currentPassword: someone.password,
      newPassword: "another long password",
    });
  },
  "auth.signUp": () => signUp(rig.url),
  "calls.place": async () => them.trpc.calls.place.mutate({ contactId: await contact(), agentId }),
  "calls.refold": async () => {
    const callId = await call({ status: "queued" });
    await on().query(
      `insert into call_events (user_id, call_id, status, source, provider_at, body)
       select user_id, id, 'ringing', 'webhook', app.now(), jsonb_build_object('id', bolna_execution_id, 'status', 'ringing') from calls where id = $1`,
      [callId],
    );
    await them.trpc.calls.refold.mutate({ callId, apply: true });
  },
  "calls.stop": async () => them.trpc.calls.stop.mutate({ callId: await call({ status: "queued" }) }),
  "campaigns.archive": async () => them.trpc.campaigns.archive.mutate({ campaignId: await draft() }),
  "campaigns.cancel": async () => them.trpc.campaigns.cancel.mutate({ campaignId: await standing("paused") }),
  "campaigns.create": draft,
  "campaigns.duplicate": async () => them.trpc.campaigns.duplicate.mutate({ campaignId: await draft() }),
  "campaigns.pause": async () => them.trpc.campaigns.pause.mutate({ campaignId: await standing("running") }),
  "campaigns.pauseAll": async () => {
    await standing("running");
    await them.trpc.campaigns.pauseAll.mutate({});
  },
  "campaigns.redial": async () => them.trpc.campaigns.redial.mutate({ campaignId: await over() }),
  "campaigns.resume": async () => them.trpc.campaigns.resume.mutate({ campaignId: await standing("paused") }),
  "campaigns.start": async () => them.trpc.campaigns.start.mutate({ campaignId: await draft() }),
  "campaigns.update": async () =>
    them.trpc.campaigns.update.mutate({ campaignId: await draft(), name: "Other" }),
  "consents.add": async () =>
    them.trpc.consents.add.mutate({
      contactId: await contact(),
      channels: ["call"],
      basis: "express",
      source: "Form",
      obtainedAt: "2026-01-01T00:00:00Z",
    }),
  "consents.revoke": async () => {
    const contactId = await contact();
    const { consents } = await them.trpc.consents.add.mutate({
      contactId,
      channels: ["call"],
      basis: "express",
      source: "Form",
      obtainedAt: "2026-01-01T00:00:00Z",
    });
    await them.trpc.consents.revoke.mutate({ contactId, consentId: consents[0]!.id });
  },
  "contacts.create": contact,
  "contacts.suppress": async () => them.trpc.contacts.suppress.mutate({ contactId: await contact() }),
  "contacts.unsuppress": async () => {
    const contactId = await contact();
    await them.trpc.contacts.suppress.mutate({ contactId });
    await them.trpc.contacts.unsuppress.mutate({ contactId });
  },
  "contacts.update": async () =>
    them.trpc.contacts.update.mutate({ contactId: await contact(), name: "Asha" }),
  "destinations.confirm": () => them.trpc.destinations.confirm.mutate({ country: "NZ" }),
  "destinations.remove": async () => {
    await them.trpc.destinations.confirm.mutate({ country: "FR" });
    await them.trpc.destinations.remove.mutate({ country: "FR" });
  },
  "imports.cancel": async () =>
    them.trpc.imports.cancel.mutate({ importId: await uploaded(`phone\n${phone()}\n`, "ready") }),
  "imports.commit": async () =>
    them.trpc.imports.commit.mutate({ importId: await uploaded(`phone\n${phone()}\n`, "ready") }),
  "imports.setMapping": async () =>
    them.trpc.imports.setMapping.mutate({
      importId: await uploaded(`phone,plan\n${phone()},gold\n`, "ready"),
      mapping: { plan: "notes" },
    }),
  "imports.undo": async () => {
    const importId = await uploaded(`phone\n${phone()}\n`, "ready");
    await them.trpc.imports.commit.mutate({ importId });
    await rig.until(
      "it is done",
      async () => (await them.trpc.imports.get.query({ importId })).status === "done",
    );
    await them.trpc.imports.undo.mutate({ importId });
  },
  "incidents.acknowledge": async () =>
    them.trpc.incidents.acknowledge.mutate({ incidentId: await incident() }),
  "incidents.resolve": async () => them.trpc.incidents.resolve.mutate({ incidentId: await incident() }),
  "leads.correct": async () => them.trpc.leads.correct.mutate({ callId: await analysed(), score: 6 }),
  "leads.reanalyse": analysed,
  "members.invite": () => them.trpc.members.invite.mutate({ role: "viewer" }),
  "members.remove": async () => them.trpc.members.remove.mutate({ id: await member() }),
  "members.setRole": async () => them.trpc.members.setRole.mutate({ id: await member(), role: "agent" }),
  "notes.add": async () => them.trpc.notes.add.mutate({ contactId: await contact(), body: "Kind." }),
  "ops.replay": async () => operator.trpc.ops.replay.mutate({ id: await webhook() }),
  "settings.update": () => them.trpc.settings.update.mutate({ confirmAbove: 100 + ++serial }),
  "suppressions.add": () => them.trpc.suppressions.add.mutate({ phoneNumbers: [phone()] }),
  "suppressions.remove": async () => {
    await them.trpc.suppressions.add.mutate({ phoneNumbers: [phone()] });
    const { items } = await them.trpc.suppressions.list.query({});
    await them.trpc.suppressions.remove.mutate({ suppressionId: items[0]!.id });
  },
  "tasks.assign": async () => them.trpc.tasks.assign.mutate({ taskId: await task(), assigneeId: null }),
  "tasks.cancel": async () => them.trpc.tasks.cancel.mutate({ taskId: await task() }),
  "tasks.complete": async () => them.trpc.tasks.complete.mutate({ taskId: await task() }),
  "tasks.create": task,
  "tasks.letAgentCall": async () => {
    const callId = await call();
    const { rows } = await on().query<{ id: string }>(
      "insert into tasks (user_id, contact_id, kind, title, due_at, call_id) select user_id, contact_id, 'callback', 'Call', app.now() + interval '1 day', id from calls where id = $1 returning id",
      [callId],
    );
    await them.trpc.tasks.letAgentCall.mutate({ taskId: rows[0]!.id });
  },
  "tasks.reschedule": async () =>
    them.trpc.tasks.reschedule.mutate({ taskId: await task(), dueAt: "2091-01-01T00:00:00Z" }),
  "webhooks.replay": async () => them.trpc.webhooks.replay.mutate({ id: await webhook() }),
};

const mutations = (Object.keys(permissions) as ProcedurePath[]).filter(
  (path) => permissions[path].kind === "mutation",
);
/** The line that the mutation itself writes; what prepares it writes lines of its own. */
const lines: Partial<Record<ProcedurePath, string>> = {
  "auth.signUp": "workspace.created",
  "auth.acceptInvitation": "member.joined",
  "auth.changePassword": "password.changed",
  "settings.update": "settings.updated",
  "destinations.confirm": "destinations.changed",
  "destinations.remove": "destinations.changed",
  "apiKeys.create": "api_key.created",
  "apiKeys.revoke": "api_key.revoked",
  "members.invite": "member.invited",
  "members.setRole": "member.role_set",
  "members.remove": "member.removed",
  "agents.create": "agent.created",
  "agents.update": "agent.updated",
  "agents.archive": "agent.archived",
  "agents.sync": "agent.synced",
  "agents.rotateKey": "agent.key_rotated",
  "agents.adopt": "agent.updated",
  "imports.setMapping": "import.mapped",
  "imports.commit": "import.committed",
  "imports.undo": "import.undone",
  "imports.cancel": "import.canceled",
  "contacts.create": "contact.created",
  "contacts.update": "contact.updated",
  "contacts.suppress": "contact.suppressed",
  "contacts.unsuppress": "contact.unsuppressed",
  "consents.add": "consent.recorded",
  "consents.revoke": "consent.revoked",
  "notes.add": "note.added",
  "tasks.create": "task.created",
  "tasks.assign": "task.assigned",
  "tasks.letAgentCall": "task.assigned",
  "tasks.reschedule": "task.moved",
  "tasks.complete": "task.done",
  "tasks.cancel": "task.canceled",
  "suppressions.add": "suppressions.added",
  "suppressions.remove": "suppressions.removed",
  "campaigns.create": "campaign.created",
  "campaigns.update": "campaign.updated",
  "campaigns.duplicate": "campaign.duplicated",
  "campaigns.redial": "campaign.redialled",
  "campaigns.archive": "campaign.archived",
  "campaigns.start": "campaign.started",
  "campaigns.pause": "campaign.paused",
  "campaigns.resume": "campaign.resumed",
  "campaigns.cancel": "campaign.canceled",
  "campaigns.pauseAll": "campaign.paused",
  "calls.place": "call.requested",
  "calls.stop": "call.stopped",
  "calls.refold": "call.refolded",
  "leads.correct": "lead.corrected",
  "leads.reanalyse": "lead.reanalysed",
  "incidents.acknowledge": "incident.acknowledged",
  "incidents.resolve": "incident.resolved",
  "webhooks.replay": "webhooks.replayed",
  "ops.replay": "webhooks.replayed",
  "admin.setLimits": "limits.set",
  "admin.grantCredits": "credits.granted",
};
const written = async (action: string) =>
  (await on().query<{ n: number }>("select count(*)::int as n from audit_log where action = $1", [action]))
    .rows[0]!.n;

test("every mutation is either exempt for a reason or has a request here", () => {
  expect(mutations.filter((path) => !(path in exempt) && !(path in requests))).toEqual([]);
  expect(Object.keys(exempt).filter((path) => path in requests)).toEqual([]);
});

test("every mutation writes down who changed what", async () => {
  // Nothing is to be dialled here: what is asked is who asked.
  await operator.trpc.admin.pauseDialling.mutate({ paused: true });
  expect(await person()).toBeTruthy();
  const silent: string[] = [];
  for (const path of mutations.filter((each) => each in requests && each !== "admin.pauseDialling")) {
    const action = lines[path] ?? "none named";
    const before = await written(action);
    await requests[path]!().catch((error: Error) => {
      throw new Error(`${path}: ${error.message}`);
    });
    if ((await written(action)) === before) silent.push(path);
  }
  await operator.trpc.admin.pauseDialling.mutate({ paused: false });
  expect(silent).toEqual([]);
  const { rows } = await on().query(
    "select action, changes, actor from audit_log where action in ('dialling.paused', 'dialling.resumed') order by id",
  );
  expect(rows).toMatchObject(
    [
      { action: "dialling.paused", changes: { paused: [false, true] }, actor: /^person:/ },
      { action: "dialling.resumed", changes: { paused: [true, false] } },
    ].map((row) => ({ ...row, actor: expect.stringMatching(/^person:/) })),
  );
}, 90_000);
