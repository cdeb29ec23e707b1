import { until, type House, type Owner } from "./house.ts";
import { createAgent, importAt, upload } from "./steps.ts";
import { Visitor } from "./visitor.ts";

/** Ids of everything one tenant owns after a day of work. */
export type Tenant = {
  owner: Owner;
  key: string;
  marker: string;
  userId: string;
  memberId: string;
  agentId: string;
  importId: string;
  contactId: string;
  calledContactId: string;
  draftId: string;
  runningId: string;
  pendingItemId: string;
  doneItemId: string;
  callId: string;
  webhookId: number;
  suppressionId: string;
  notificationId: string;
  taskId: string;
  consentId: string;
  personId: string;
  incidentId: string;
  apiKeyId: string;
  tag: string;
  executionId: string;
  webhookUrl: string;
};

/** The same people and numbers for whoever uploads it; only `marker` tells whose file it was. */
const list = (marker: string) =>
  [
    "name,phone,notes,tags,lead source",
    `Priya Nair,+91 9812300001,${marker} notes,${marker} tag,${marker}`,
    `Rahul Rao,+91 9812300002,${marker} notes,${marker} tag,${marker}`,
    `Meera Iyer,+91 9812300009,${marker} notes,${marker} tag,${marker}`,
    `Nobody,12,${marker} bad row,,`,
  ].join("\n");

/**
 * A tenant with something in every room: agent, import with rejects and somebody known, a campaign that called people,
 * one that is paused with people waiting, a draft, a member, a key, a suppression, a notice, an incident.
 */
export async function livedTenant(house: House, marker: string): Promise<Tenant> {
  const { db } = house;
  const owner = await house.signUp({
    name: "Asha",
    company: `${marker} Dental`,
    email: `owner@${marker}.example`,
  });
  const userId = owner.session.user.id;
  const { id: apiKeyId, key } = await owner.ask("apiKeys.create", { name: `${marker} key` });
  const { link } = await owner.ask("members.invite", { role: "agent", email: `ben@${marker}.example` });
  const guest = new Visitor(house.server);
  const joined = await guest.ask("auth.acceptInvitation", {
    token: /[\w-]{20,}$/.exec(link)![0],
    name: "Ben",
    password: "another long password",
  });
  await owner.ask("members.invite", { role: "viewer" });

  const agent = await createAgent(owner, { name: `${marker} voice` });
  await owner.ask("contacts.create", { phoneNumber: "+91 9812300009" }); // the list will meet her
  const seen = await upload(owner, list(marker), { name: `${marker}.csv` });
  await owner.ask("imports.commit", {
    importId: seen.importId,
    tags: [`${marker} list`],
    consent: { channels: ["call"], basis: "express", source: marker, obtainedAt: "2026-01-01T00:00:00Z" },
  });
  const { importId } = await importAt(owner, seen.importId, ["done"]);
  const { id: campaignId } = await owner.ask("campaigns.create", {
    name: `${marker} spring`,
    agentId: agent.id,
    audience: { importId },
  });
  await owner.ask("campaigns.start", { campaignId });
  await until(
    "the campaign is over",
    async () => (await owner.ask("campaigns.progress", { campaignId })).status === "completed",
    { withinMs: 60_000 },
  );
  const calls = await until("every recording is here", async () => {
    const { items } = await owner.ask("calls.list", { campaignId });
    const details = await Promise.all(items.map(({ id: callId }) => owner.ask("calls.get", { callId })));
    return (
      details.every(
        (call) =>
          call.recordingReady &&
          call.settledAt &&
          call.analysis?.status !== "pending" &&
          call.analysis?.status !== "running",
      ) && details
    );
  });
  const call = calls.find(({ phoneNumber }) => phoneNumber?.endsWith("0001"))!;

  const contact = await owner.ask("contacts.create", {
    phoneNumber: "+91 9812345678",
    name: "Kavya Menon",
    notes: `${marker} notes`,
  });
  const { id: runningId } = await owner.ask("campaigns.create", {
    name: `${marker} later`,
    agentId: agent.id,
    audience: { contactIds: [contact.id] },
    window: hoursAhead(Date.parse((await house.clock()).now), 6),
  });
  await owner.ask("campaigns.start", { campaignId: runningId });
  const waiting = await until("its list waits for the hours to open", async () => {
    const { items } = await owner.ask("campaigns.items", { campaignId: runningId });
    return items[0];
  });
  await owner.ask("campaigns.pause", { campaignId: runningId });
  const { id: draftId } = await owner.ask("campaigns.create", {
    name: `${marker} draft`,
    agentId: agent.id,
    audience: { contactIds: [contact.id] },
  });
  await owner.ask("suppressions.add", { phoneNumbers: ["+91 9899999999"], note: marker });
  const suppressions = await owner.ask("suppressions.list");
  await db.owner.query(
    "insert into notifications (user_id, kind, title, ref) values ($1, 'campaign_done', $2, $2)",
    [userId, `${marker} notice`],
  );
  const task = await owner.ask("tasks.create", {
    contactId: contact.id,
    note: marker,
    kind: "callback",
    dueAt: "2040-01-01T00:00:00Z",
  });
  await owner.ask("notes.add", { contactId: contact.id, body: `${marker} note` });
  const { rows: incidents } = await db.owner.query<{ id: string }>(
    "select app.raise_incident('job_failed', $1, 'warn', $1, 'Look.', $2) as id",
    [`${marker} incident`, userId],
  );
  const { items: journal } = await owner.ask("webhooks.list", { callId: call.id });
  const { items: done } = await owner.ask("campaigns.items", { campaignId });
  const atProvider = (await (
    await fetch(`${house.sandbox}/bolna/v2/agent/${agent.bolnaAgentId}`, {
      headers: { authorization: "Bearer bn-sandbox" },
    })
  ).json()) as { webhook_url: string };
  return {
    owner,
    key,
    marker,
    userId,
    memberId: joined.member.id,
    agentId: agent.id,
    importId,
    contactId: contact.id,
    calledContactId: call.contactId!,
    draftId,
    runningId,
    pendingItemId: waiting.id,
    doneItemId: done[0]!.id,
    callId: call.id,
    webhookId: journal[0]!.id,
    suppressionId: suppressions.items.find(({ phoneNumber }) => phoneNumber === "+91 9899999999")!.id,
    notificationId: (await owner.ask("notifications.list")).items[0]!.id,
    taskId: task.id,
    consentId: (await owner.ask("contacts.get", { contactId: call.contactId! })).consents[0]!.id,
    personId: task.assigneeId!,
    incidentId: incidents[0]!.id,
    apiKeyId,
    tag: `${marker} list`,
    executionId: call.bolnaExecutionId!,
    webhookUrl: atProvider.webhook_url,
  };
}

const everyDay = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"];

/** A window in India that opens so many hours from `now` on, for an hour. */
function hoursAhead(now: number, hours: number) {
  const clock = (at: number) =>
    new Intl.DateTimeFormat("en-GB", { timeZone: "Asia/Kolkata", hour: "2-digit", minute: "2-digit" }).format(
      at,
    );
  const opens = now + hours * 3_600_000;
  return { days: everyDay, open: clock(opens), close: clock(opens + 3_600_000) };
}
