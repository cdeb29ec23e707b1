import { setTimeout as pause } from "node:timers/promises";
import { signUp, type SignedUp } from "../apps/server/src/testing/visitor.ts";
import type { Installation } from "./installation.ts";

/** Numbers that play a part (docs/sandbox.md); the rest follow the sandbox's seeded mix. */
const MAGIC = 24;

/** Attempts at most, and minutes between them. */
export const retry = { maxAttempts: 3, busy: [0.5, 1], noAnswer: [0.5, 1], failed: [0.5], voicemail: [] };

export type Tenant = { id: string; visitor: SignedUp; agentId: string; campaignId: string; contacts: number };

/** Tenants with an agent, an imported list that holds every magic number, and a running campaign; all over HTTP. */
export async function launch(
  there: Installation,
  its: { tenants: number; calls: number },
): Promise<Tenant[]> {
  const tenants: Tenant[] = [];
  for (let n = 0; n < its.tenants; n++) {
    const visitor = await signUp(there.url, { company: `Chaos ${n}`, email: `owner${n}@chaos.example` });
    const contacts = Math.ceil(its.calls / its.tenants);
    const importId = await importPeople(visitor, peopleCsv(n, contacts));
    const agent = await visitor.trpc.agents.create.mutate({
      name: "Asha",
      prompt: "Sell tea.",
      welcomeMessage: "Hello, this is Asha.",
      maxCallSeconds: 90,
    });
    const campaign = await visitor.trpc.campaigns.create.mutate({
      name: `Campaign ${n}`,
      agentId: agent.id,
      audience: { importId },
      retry,
    });
    await started(visitor, campaign.id);
    tenants.push({
      id: visitor.session.user.id,
      visitor,
      agentId: agent.id,
      campaignId: campaign.id,
      contacts,
    });
  }
  return tenants;
}

let lists = 0;

/**
 * Another list and campaign of one of these, with people who are on no other. Not patient: whatever gets no answer while
 * processes are shot is given up, in whatever state that leaves it.
 */
export async function launchMore({ visitor, agentId }: Tenant, people: number): Promise<string> {
  const list = ++lists;
  const importId = await importPeople(visitor, peopleCsv(20 + Math.floor(list / 1000), people, list % 1000));
  const campaign = await visitor.trpc.campaigns.create.mutate({
    name: `Campaign ${list} of many`,
    agentId,
    audience: { importId },
    retry,
  });
  await visitor.trpc.campaigns.start.mutate({ campaignId: campaign.id });
  return campaign.id;
}

const STARTS_WITHIN_MS = 60_000;

/** A slow machine may need a moment until the agent is at the provider. */
async function started(visitor: SignedUp, campaignId: string): Promise<void> {
  for (const began = Date.now(); ; await pause(500)) {
    try {
      await visitor.trpc.campaigns.start.mutate({ campaignId });
      return;
    } catch (error) {
      if (Date.now() - began > STARTS_WITHIN_MS) throw error;
    }
  }
}

async function importPeople(visitor: SignedUp, csv: string): Promise<string> {
  const answer = await visitor.fetch("/api/imports?name=people.csv&defaultRegion=IN", {
    method: "POST",
    headers: { "content-type": "text/csv" },
    body: csv,
  });
  if (!answer.ok) throw new Error(`The upload was refused: ${await answer.text()}`);
  const { importId } = (await answer.json()) as { importId: string };
  const reaches = async (status: "ready" | "done") => {
    for (;;) {
      const now = await visitor.trpc.imports.get.query({ importId });
      if (now.status === status) return;
      if (now.status === "failed") throw new Error(`The import failed: ${now.error}`);
      await pause(50);
    }
  };
  await reaches("ready");
  await visitor.trpc.imports.commit.mutate({ importId });
  await reaches("done");
  return importId;
}

/** Ten digits: 9, tenant, block, and the last four that decide what happens. */
function peopleCsv(tenant: number, people: number, block?: number): string {
  const lines = Array.from({ length: people }, (_, n) => {
    const lastFour = block === undefined && n < MAGIC ? n + 1 : 1000 + (n % 9000);
    const digits = (value: number, width: number) => String(value).padStart(width, "0");
    return `Person ${n},+91 9${digits(tenant, 2)}${digits(block ?? Math.floor(n / 9000), 3)}${digits(lastFour, 4)}`;
  });
  return ["name,phone", ...lines, ""].join("\n");
}
