import { pino } from "pino";
import { createChat } from "./app.ts";
import { readConfig, type Config } from "./config.ts";

const PARENT_CHECK_MS = 300;

let config: Config;
try {
  config = readConfig(process.env);
} catch (error) {
  console.error((error as Error).message);
  process.exit(2);
}

const logger = pino({ level: config.logLevel, name: "chat" });
const app = await createChat({ serviceSecret: config.serviceSecret, logger });

let leaving = false;
async function leave(why: string): Promise<void> {
  if (leaving) return;
  leaving = true;
  logger.info(`Chat stops: ${why}`);
  await app.close();
  process.exit(0);
}

process.on("SIGTERM", () => void leave("SIGTERM"));
process.on("SIGINT", () => void leave("SIGINT"));
// Whoever started us was killed: a chat that stays would hold the port of the next one.
const parent = process.ppid;
setInterval(() => {
  if (process.ppid !== parent) void leave("the process that started it is gone");
}, PARENT_CHECK_MS).unref();

await app.listen({ port: config.port, host: config.host });
