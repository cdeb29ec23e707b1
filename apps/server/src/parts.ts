import { createPool, Db } from "@parley/db";
import type { Config } from "./config.ts";
import type { Parts } from "./context.ts";
import { createFileStore } from "./file-store.ts";
import { causeOf, type Logger } from "./log.ts";
import { createProviders } from "./providers.ts";

export type Urls = { web: string; worker: string; ro: string };

/** Jobs hold a connection only inside their transactions, but a burst of placed calls has many of those at once. */
const WORKER_CONNECTIONS = 20;

/** The parts of a program that runs on these logins, and how to close them again. */
export function createParts(
  config: Config,
  urls: Urls,
  log: Logger,
): { parts: Parts; close: () => Promise<void> } {
  const onError = (error: unknown) =>
    log.warn({ err: causeOf(error) }, "A database connection broke; the pool replaces it");
  const web = new Db({ url: urls.web, name: "parley web", max: 10, onError });
  const worker = new Db({
    url: urls.worker,
    name: "parley worker",
    max: WORKER_CONNECTIONS,
    direct: true,
    onError,
  });
  const ro = createPool({ url: urls.ro, name: "parley operator", max: 3, onError });
  return {
    parts: {
      db: { web, worker, ro },
      config,
      providers: createProviders(config),
      files: createFileStore(config.dataDir),
      log,
    },
    close: async () => void (await Promise.all([web.end(), worker.end(), ro.end()])),
  };
}
