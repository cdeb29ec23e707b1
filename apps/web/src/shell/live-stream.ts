import type { Topic } from "@parley/core/live/schema";
import { api, client, queryClient } from "@/trpc.ts";
import { atMostEvery, liveHeard, liveLost } from "./live.ts";

const home = () => api.home.invalidate();

/**
 * Which answers a change makes old. A change carries a topic and an id, never the row: the screens ask again, at most
 * once a second per topic, so a thousand changes cost one refetch and every screen reads the same query.
 */
const refetch: Record<Exclude<Topic, "begun" | "resync">, () => unknown> = {
  calls: () => [
    api.calls.invalidate(),
    api.billing.balance.invalidate(),
    api.campaigns.items.invalidate(),
    api.timeline.invalidate(),
    home(),
  ],
  campaigns: () => [api.campaigns.invalidate(), home()],
  contacts: () => [
    api.contacts.invalidate(),
    api.timeline.invalidate(),
    api.tags.invalidate(),
    api.suppressions.invalidate(),
  ],
  imports: () => api.imports.invalidate(),
  agents: () => api.agents.invalidate(),
  leads: () => [api.leads.invalidate(), api.calls.get.invalidate(), home()],
  billing: () => [api.billing.invalidate(), home()],
  notifications: () => api.notifications.invalidate(),
  tasks: () => [api.tasks.invalidate(), home()],
  settings: () => [
    api.settings.invalidate(),
    api.auth.me.invalidate(),
    api.members.invalidate(),
    api.apiKeys.invalidate(),
  ],
  ops: () => [api.ops.invalidate(), api.admin.invalidate(), api.webhooks.invalidate()],
};

const throttled = new Map<Topic, () => void>();

function changed(topic: Exclude<Topic, "begun" | "resync">) {
  let act = throttled.get(topic);
  if (!act) {
    act = atMostEvery(1000, () => void refetch[topic]());
    throttled.set(topic, act);
  }
  act();
}

let subscription: { unsubscribe: () => void } | null = null;

/** Listens for the current workspace. tRPC reconnects and resumes after the last id by itself. */
export function startLive() {
  stopLive();
  subscription = client.live.stream.subscribe(
    {},
    {
      onConnectionStateChange: (connection) => {
        if (connection.state === "pending") liveHeard();
        else liveLost();
      },
      onStarted: liveHeard,
      onData: (message) => {
        liveHeard();
        const { topic } = message.data;
        if (topic === "resync") void queryClient.invalidateQueries();
        else if (topic !== "begun") changed(topic);
      },
      onError: liveLost,
    },
  );
}

export function stopLive() {
  subscription?.unsubscribe();
  subscription = null;
}

export function reconnect() {
  startLive();
  void queryClient.invalidateQueries();
}
