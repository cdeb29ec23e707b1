/** The models of the account, with the days on which they are switched off. */
interface Model {
  id: string;
  created: number;
  shutdown: string | null;
  /** Reasoning models think before they answer and take no sampling parameters. */
  reasoning: boolean;
}

const model = (id: string, created: string, shutdown: string | null, reasoning: boolean): Model => ({
  id,
  created: Date.parse(created) / 1000,
  shutdown,
  reasoning,
});

export const models: readonly Model[] = [
  model("gpt-6-luna", "2026-09-15", null, true),
  model("gpt-6.1-terra", "2026-10-20", null, true),
  model("gpt-6.1-sol", "2026-10-20", null, true),
  model("gpt-6-sol", "2026-09-15", null, true),
  model("gpt-6-astra", "2026-09-15", null, true),
  model("gpt-5.6-luna", "2026-06-02", null, true),
  model("gpt-5.6-terra", "2026-06-02", null, true),
  model("gpt-5.6-sol", "2026-06-02", null, true),
  model("gpt-5.5", "2026-04-23", null, true),
  model("gpt-5.4", "2026-03-05", null, true),
  model("gpt-5.4-mini", "2026-03-17", null, true),
  model("gpt-5.4-nano", "2026-03-17", "2027-04-01", true),
  model("gpt-5.2", "2025-12-11", null, true),
  model("gpt-5.1", "2025-11-13", "2027-04-01", true),
  model("gpt-5", "2025-08-07", "2026-12-11", true),
  model("gpt-5-mini", "2025-08-07", "2026-12-11", true),
  model("gpt-5-nano", "2025-08-07", "2026-12-11", true),
  model("o3", "2025-04-16", "2026-12-11", true),
  model("gpt-4o", "2024-05-13", "2027-01-14", false),
  model("gpt-4o-mini", "2024-07-18", "2027-01-14", false),
  model("gpt-4.1", "2025-04-14", "2027-01-14", false),
  model("gpt-4.1-mini", "2025-04-14", "2027-01-14", false),
  model("gpt-4.1-nano", "2025-04-14", "2026-10-23", false),
  model("o4-mini", "2025-04-16", "2026-10-23", true),
  model("gpt-4-turbo", "2024-04-09", "2026-10-23", false),
  model("gpt-3.5-turbo", "2023-03-01", "2026-10-23", false),
];

/** A model that can still be used at this instant. */
export function modelAt(id: unknown, now: number): Model | undefined {
  const found = models.find((each) => each.id === id);
  return found && !(found.shutdown && Date.parse(found.shutdown) <= now) ? found : undefined;
}

export const modelsAt = (now: number): Model[] => models.filter(({ id }) => modelAt(id, now));

export const modelJson = ({ id, created, shutdown }: Model): Record<string, unknown> => ({
  id,
  object: "model",
  created,
  owned_by: "openai",
  shutdown_date: shutdown,
});
