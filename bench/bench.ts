import { inDatabase } from "@parley/db/owner";
import { cloneDatabase, startTestCluster, type TestDatabaseUrls } from "@parley/db/testing/cluster";

export type BenchDatabase = TestDatabaseUrls & {
  /** For loading rows by the hundred thousand without looking each foreign key up. */
  superUrl: string;
  drop: () => Promise<void>;
};

export type BenchOptions = {
  /** Smaller backlogs and fewer rounds: to see that a change did no harm, not to publish. */
  quick: boolean;
};

/** One run: a Postgres of its own that keeps its promises (fsync on), and how long to look. */
export type Bench = BenchOptions & {
  rounds: number;
  /** A fresh, migrated database; the caller drops it. */
  database(): Promise<BenchDatabase>;
  stop(): Promise<void>;
};

export async function openBench({ quick }: BenchOptions): Promise<Bench> {
  const cluster = await startTestCluster({ durable: true });
  return {
    quick,
    rounds: quick ? 5 : 15,
    async database() {
      const clone = await cloneDatabase(cluster);
      return { ...clone, superUrl: inDatabase(cluster.superUrl, clone.name) };
    },
    stop: cluster.stop,
  };
}
