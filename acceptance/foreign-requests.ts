import type { ProcedurePath } from "@parley/core/accounts/permissions";
import type { Tenant } from "./tenant.ts";

/** One request that names what is somebody else's, and how it must end: "answered" without a trace of it, or a code. */
export type Try = {
  input: unknown;
  ends: "answered" | "not_found" | "not_allowed" | "not_signed_in" | "invalid" | "conflict";
  /** It also needs something of the asker's own, so its owner could not send it either. */
  mixed?: true;
  /** Leaves the asker's session changed: sent by a second session. */
  aside?: true;
};

const plain: Try = { input: {}, ends: "answered" };
const nowhere = (input: unknown): Try => ({ input, ends: "not_found" });
const nothing = (input: unknown): Try => ({ input, ends: "answered" });
const forbidden = (input: unknown): Try => ({ input, ends: "not_allowed" });
const password = "a password nobody has";
const token = "t".repeat(43);

/**
 * For every procedure the requests by which one tenant (`my`) might reach another's rows (`its`). A procedure that is
 * missing here does not compile, and fails the test.
 */
export const foreignRequests: Record<ProcedurePath, (its: Tenant, my: Tenant) => Try[]> = {
  "admin.grantCredits": (its) => [forbidden({ userId: its.userId, credits: 5, reason: "Gift" })],
  "admin.pauseDialling": () => [forbidden({ paused: true })],
  "admin.setLimits": (its) => [forbidden({ userId: its.userId, concurrentLimit: 1 })],
  "admin.tenants": () => [forbidden({})],

  "agents.adopt": (its) => [nowhere({ agentId: its.agentId })],
  "agents.archive": (its) => [nowhere({ agentId: its.agentId })],
  "agents.create": (its) => [
    nothing({ name: `${its.marker} voice`, prompt: "Sell.", welcomeMessage: "Hello" }),
  ],
  "agents.get": (its) => [nowhere({ agentId: its.agentId })],
  "agents.list": () => [plain],
  "agents.rotateKey": (its) => [nowhere({ agentId: its.agentId })],
  "agents.sync": (its) => [nowhere({ agentId: its.agentId })],
  "agents.update": (its) => [nowhere({ agentId: its.agentId, name: "Stolen" })],
  "agents.voices": () => [plain],

  "apiKeys.create": () => [nothing({ name: "Another" })],
  "apiKeys.list": () => [plain],
  "apiKeys.revoke": (its) => [nowhere({ id: its.apiKeyId })],

  "audit.list": (its) => [plain, nothing({ actor: its.memberId }), nothing({ action: "agent.created" })],

  "auth.acceptInvitation": () => [
    { input: { token, password, name: "Mallory" }, ends: "not_found", aside: true, mixed: true },
  ],
  "auth.changePassword": () => [
    { input: { currentPassword: password, newPassword: "one more password" }, ends: "invalid", mixed: true },
  ],
  "auth.invitation": () => [{ ...nowhere({ token }), mixed: true }],
  "auth.me": () => [plain],
  "auth.resetPassword": () => [
    { input: { token, newPassword: "one more password" }, ends: "invalid", mixed: true },
  ],
  "auth.signIn": (its) => [
    { input: { email: its.owner.email, password }, ends: "not_signed_in", aside: true },
  ],
  "auth.signOut": () => [{ ...plain, aside: true }],
  "auth.signUp": (its) => [
    { input: { email: its.owner.email, password, name: "Mallory" }, ends: "conflict", aside: true },
  ],
  "auth.switch": (its) => [nowhere({ userId: its.userId })],

  "billing.balance": () => [plain],
  "billing.ledger": (its) => [plain, nothing({ campaignId: its.draftId })],

  "calls.get": (its) => [nowhere({ callId: its.callId })],
  "calls.list": (its) => [
    plain,
    nothing({ itemId: its.doneItemId }),
    nothing({ campaignId: its.runningId }),
    nothing({ contactId: its.calledContactId }),
    nothing({ agentId: its.agentId }),
  ],
  "calls.place": (its, my) => [
    nowhere({ contactId: its.contactId, agentId: its.agentId }),
    { ...nowhere({ contactId: its.contactId, agentId: my.agentId }), mixed: true },
    { ...nowhere({ contactId: my.contactId, agentId: its.agentId }), mixed: true },
  ],
  "calls.refold": (its) => [nowhere({ callId: its.callId })],
  "calls.stop": (its) => [nowhere({ callId: its.callId })],

  "campaigns.create": (its, my) => [
    {
      input: { name: "x", agentId: its.agentId, audience: { contactIds: [my.contactId] } },
      ends: "invalid",
      mixed: true,
    },
    {
      input: { name: "x", agentId: my.agentId, audience: { contactIds: [its.contactId] } },
      ends: "invalid",
      mixed: true,
    },
    {
      input: { name: "x", agentId: my.agentId, audience: { importId: its.importId } },
      ends: "invalid",
      mixed: true,
    },
    {
      input: { name: "x", agentId: my.agentId, audience: { filter: { importId: its.importId } } },
      ends: "invalid",
      mixed: true,
    },
    {
      input: { name: "x", agentId: my.agentId, audience: { items: { campaignId: its.runningId } } },
      ends: "invalid",
      mixed: true,
    },
    {
      input: {
        name: "x",
        agentId: my.agentId,
        audience: { contactIds: [my.contactId] },
        callbackAssigneeId: its.personId,
      },
      ends: "invalid",
      mixed: true,
    },
    nothing({ name: "x", agentId: my.agentId, audience: { tag: its.tag } }),
  ],
  "campaigns.duplicate": (its, my) => [
    nowhere({ campaignId: its.draftId }),
    {
      input: { campaignId: my.draftId, audience: { items: { campaignId: its.runningId } } },
      ends: "invalid",
      mixed: true,
    },
    { input: { campaignId: my.draftId, audience: { importId: its.importId } }, ends: "invalid", mixed: true },
    {
      input: { campaignId: my.draftId, audience: { contactIds: [its.contactId] } },
      ends: "invalid",
      mixed: true,
    },
    {
      input: { campaignId: my.draftId, audience: { filter: { importId: its.importId } } },
      ends: "invalid",
      mixed: true,
    },
  ],
  "campaigns.events": (its) => [nowhere({ campaignId: its.runningId })],
  "campaigns.explain": (its) => [nowhere({ itemId: its.pendingItemId })],
  "campaigns.get": (its) => [nowhere({ campaignId: its.runningId })],
  "campaigns.items": (its) => [
    plain,
    nothing({ campaignId: its.runningId }),
    nothing({ itemId: its.pendingItemId }),
    nothing({ contactId: its.calledContactId }),
  ],
  "campaigns.list": (its) => [plain, nothing({ search: its.marker })],
  "campaigns.pause": (its) => [nowhere({ campaignId: its.runningId })],
  "campaigns.pauseAll": () => [plain],
  "campaigns.preflight": (its) => [nowhere({ campaignId: its.draftId })],
  "campaigns.progress": (its) => [nowhere({ campaignId: its.runningId })],
  "campaigns.archive": (its) => [
    nowhere({ campaignId: its.draftId }),
    nowhere({ campaignId: its.runningId, archived: false }),
  ],
  "campaigns.redial": (its) => [nowhere({ campaignId: its.runningId })],
  "campaigns.resume": (its) => [nowhere({ campaignId: its.runningId })],
  "campaigns.start": (its) => [nowhere({ campaignId: its.draftId })],
  "campaigns.update": (its, my) => [
    nowhere({ campaignId: its.draftId, name: "Stolen" }),
    {
      input: { campaignId: my.draftId, audience: { items: { campaignId: its.runningId } } },
      ends: "invalid",
      mixed: true,
    },
    { input: { campaignId: my.draftId, callbackAssigneeId: its.personId }, ends: "invalid", mixed: true },
    { input: { campaignId: my.draftId, agentId: its.agentId }, ends: "invalid", mixed: true },
    { input: { campaignId: my.draftId, audience: { importId: its.importId } }, ends: "invalid", mixed: true },
    {
      input: { campaignId: my.draftId, audience: { contactIds: [its.contactId] } },
      ends: "invalid",
      mixed: true,
    },
    {
      input: { campaignId: my.draftId, audience: { filter: { importId: its.importId } } },
      ends: "invalid",
      mixed: true,
    },
  ],
  "campaigns.cancel": (its) => [nowhere({ campaignId: its.runningId })],

  "consents.add": (its) => [
    nowhere({
      contactId: its.contactId,
      channels: ["call"],
      basis: "written",
      source: "Nowhere",
      obtainedAt: "2026-01-01T00:00:00Z",
    }),
  ],
  "consents.receipts": (its) => [nowhere({ contactId: its.calledContactId })],
  "consents.revoke": (its, my) => [
    nowhere({ contactId: its.calledContactId, consentId: its.consentId }),
    { ...nowhere({ contactId: my.calledContactId, consentId: its.consentId }), mixed: true },
  ],

  "contacts.create": () => [nothing({ phoneNumber: "+91 9812999999", name: "Kavya Menon" })],
  "contacts.get": (its) => [
    nowhere({ contactId: its.contactId }),
    nowhere({ contactId: its.calledContactId }),
  ],
  "contacts.list": (its) => [
    plain,
    nothing({ search: its.marker }),
    nothing({ filter: { importId: its.importId } }),
    nothing({ filter: { tags: [its.tag] } }),
    nothing({ filter: { q: its.marker } }),
  ],
  "contacts.suppress": (its) => [nowhere({ contactId: its.contactId })],
  "contacts.unsuppress": (its) => [nowhere({ contactId: its.contactId })],
  "contacts.update": (its) => [nowhere({ contactId: its.contactId, name: "Stolen" })],
  "customFields.list": () => [plain],

  "destinations.confirm": () => [nothing({ country: "NZ" })],
  "destinations.list": () => [plain],
  "destinations.remove": () => [nothing({ country: "NZ" })],

  "home.summary": () => [plain],

  "imports.cancel": (its) => [nowhere({ importId: its.importId })],
  "imports.commit": (its) => [nowhere({ importId: its.importId })],
  "imports.get": (its) => [nowhere({ importId: its.importId })],
  "imports.list": () => [plain],
  "imports.setMapping": (its) => [nowhere({ importId: its.importId, mapping: { phone: "phone_number" } })],
  "imports.undo": (its) => [nowhere({ importId: its.importId })],

  "incidents.acknowledge": (its) => [nowhere({ incidentId: its.incidentId })],
  "incidents.list": () => [plain],
  "incidents.resolve": (its) => [nowhere({ incidentId: its.incidentId })],

  "leads.correct": (its) => [nowhere({ callId: its.callId, score: 9 })],
  "leads.get": (its) => [nowhere({ callId: its.callId })],
  "leads.list": (its) => [
    plain,
    nothing({ campaignId: its.runningId }),
    nothing({ contactId: its.calledContactId }),
  ],
  "leads.reanalyse": (its) => [nowhere({ callId: its.callId })],

  /** A subscription: listened to in a test of its own. */
  "live.stream": () => [],

  "members.invite": () => [nothing({ role: "viewer" })],
  "members.list": () => [plain],
  "members.setRole": (its) => [nowhere({ id: its.memberId, role: "viewer" })],
  "members.remove": (its) => [nowhere({ id: its.memberId })],

  "notes.add": (its) => [nowhere({ contactId: its.contactId, body: "Stolen" })],

  "notifications.list": () => [plain],
  "notifications.markRead": (its) => [nothing({ ids: [its.notificationId] }), plain],

  "ops.doctor": () => [forbidden({})],
  "ops.explain": (its) => [
    forbidden({ id: its.pendingItemId }),
    forbidden({ id: its.contactId }),
    forbidden({ id: its.runningId }),
  ],
  "ops.query": () => [forbidden({ view: "tenants" })],
  "ops.replay": (its) => [forbidden({ id: its.webhookId }), forbidden({ status: "bad" })],
  "ops.sql": () => [forbidden({ text: "select * from ops.tenants" })],

  "settings.get": () => [plain],
  "settings.update": () => [nothing({ confirmAbove: 77 })],

  "suppressions.add": () => [nothing({ phoneNumbers: ["+91 9812300001", "+91 9812345678"] })],
  "suppressions.list": (its) => [plain, nothing({ search: its.marker })],
  "suppressions.remove": (its) => [nowhere({ suppressionId: its.suppressionId })],

  "tags.list": () => [plain],
  "tasks.assign": (its) => [
    nowhere({ taskId: its.taskId, assigneeId: null }),
    { ...nowhere({ taskId: its.taskId, assigneeId: its.personId }), ends: "invalid", mixed: true },
  ],
  "tasks.cancel": (its) => [nowhere({ taskId: its.taskId })],
  "tasks.complete": (its) => [nowhere({ taskId: its.taskId })],
  "tasks.create": (its, my) => [
    nowhere({ contactId: its.contactId }),
    { input: { contactId: my.contactId, assigneeId: its.personId }, ends: "invalid", mixed: true },
  ],
  "tasks.letAgentCall": (its) => [nowhere({ taskId: its.taskId })],
  "tasks.list": (its) => [
    plain,
    nothing({ contactId: its.contactId }),
    nothing({ campaignId: its.runningId }),
    nothing({ filter: "mine" }),
  ],
  "tasks.reschedule": (its) => [nowhere({ taskId: its.taskId, dueAt: "2040-01-01T00:00:00Z" })],
  "timeline.list": (its) => [nowhere({ contactId: its.calledContactId })],

  "webhooks.get": (its) => [nowhere({ id: its.webhookId })],
  "webhooks.list": (its) => [plain, nothing({ callId: its.callId }), nothing({ search: its.marker })],
  "webhooks.replay": (its) => [
    nowhere({ id: its.webhookId }),
    nowhere({ callId: its.callId }),
    nothing({ status: "bad" }),
  ],
};
