import { setTimeout as sleep } from "node:timers/promises";
import { asFailure, isUnreachable, type Parley } from "./client.ts";
import type { Terminal } from "./terminal.ts";

/** A server that is being started again is waited for so long. */
const PATIENCE_MS = 60_000;

/**
 * Asks again and again until `isOver`, handing every answer to `onNews`. A server that does not answer for a while is
 * waited for: what runs there goes on without us.
 */
export async function follow<News>(
  { parley, terminal, everyMs = 1_000 }: { parley: Parley; terminal: Terminal; everyMs?: number },
  ask: () => Promise<News>,
  onNews: (news: News) => void,
  isOver: (news: News) => boolean,
): Promise<News> {
  let silentSince: number | null = null;
  for (;;) {
    try {
      const news = await ask();
      silentSince = null;
      onNews(news);
      if (isOver(news)) return news;
    } catch (error) {
      const failure = asFailure(error, parley.url);
      if (!isUnreachable(failure)) throw failure;
      silentSince ??= performance.now();
      if (performance.now() - silentSince > PATIENCE_MS) throw failure;
      terminal.live(`No answer from ${parley.url}; trying again …`);
    }
    await sleep(everyMs);
  }
}
