type Environment = { process?: { env: Record<string, string | undefined> } };
const { env } = (globalThis as Environment).process ?? { env: {} };

/** So many times more cases than in the suite: `PARLEY_PROPERTY_RUNS=100 npx vitest run …` for a long run. */
export const propertyFactor = Math.max(1, Number(env["PARLEY_PROPERTY_RUNS"]) || 1);
/** The same cases every time, unless `PARLEY_PROPERTY_SEED` names others; a failure prints its seed and path. */
export const propertySeed = Number(env["PARLEY_PROPERTY_SEED"]) || 20_261_122;

/** How a property is tried: `numRuns` times in the suite. */
export const tries = (numRuns: number): { numRuns: number; seed: number } => ({
  numRuns: numRuns * propertyFactor,
  seed: propertySeed,
});

/** For a test's own limit of time: grows with the factor. */
export const withinMs = (usual: number): number => usual * propertyFactor;
