import { setTimeout as pause } from "node:timers/promises";
import { launchMore, type Tenant } from "./campaign.ts";
import type { Pauser } from "./pauses.ts";

const AT_ONCE = 6;
const FEW = 5;

/** Highest limits that are ever set; the sandbox's peaks are held against them. */
export type Limits = { system: number; tenant: number };

/**
 * People who cannot leave it alone: every `everyMs` somebody pauses and resumes a campaign, changes a limit or a cap, or
 * starts a small campaign and cancels it. Says how often each was answered.
 */
export async function meddle(
  its: { tenants: Tenant[]; pauser: Pauser; limits: Limits; everyMs: number },
  random: () => number,
  isOver: () => boolean,
): Promise<Record<string, number>> {
  const { tenants, pauser, limits } = its;
  const answered: Record<string, number> = {};
  const any = <T>(list: readonly T[]) => list[Math.floor(random() * list.length)]!;
  const upTo = (most: number, least = Math.ceil(most / 3)) =>
    least + Math.floor(random() * (most - least + 1));
  // The first workspace of an installation is its operator's.
  const operator = tenants[0]!.visitor;
  const paused = new Set<Tenant>();
  const acts: Record<string, () => Promise<unknown>> = {
    "pauses and resumes": async () => {
      const tenant = any(tenants);
      if (paused.has(tenant)) return;
      paused.add(tenant);
      await pauser.pauseAndResume(tenant, 300);
      // it has to get on, too
      await pause(1_500);
      paused.delete(tenant);
    },
    "tenant limits set": () =>
      operator.trpc.admin.setLimits.mutate({ userId: any(tenants).id, concurrentLimit: upTo(limits.tenant) }),
    "system limits set": () => operator.trpc.admin.setLimits.mutate({ systemLimit: upTo(limits.system) }),
    "campaign caps set": () => {
      const { visitor, campaignId } = any(tenants);
      return visitor.trpc.campaigns.update.mutate({ campaignId, maxConcurrent: upTo(limits.tenant) });
    },
    "campaigns started and canceled": async () => {
      const tenant = any(tenants);
      const campaignId = await launchMore(tenant, FEW);
      await pause(random() * 1_000);
      await pauser.cancel(tenant, campaignId);
    },
  };
  // Canceling is the rarest: each leaves a campaign behind.
  const names = Object.keys(acts).flatMap(
    (name) => Array(name.includes("canceled") ? 1 : 8).fill(name) as string[],
  );
  const underWay = new Set<Promise<void>>();
  for (; !isOver(); await pause(its.everyMs)) {
    if (underWay.size >= AT_ONCE) continue;
    const name = any(names);
    const act = acts[name]!().then(
      () => void (answered[name] = (answered[name] ?? 0) + 1),
      () => void (answered["without an answer"] = (answered["without an answer"] ?? 0) + 1),
    );
    underWay.add(act);
    void act.finally(() => underWay.delete(act));
  }
  await Promise.all(underWay);
  return answered;
}
