import { pino } from "pino";
import { createSandbox } from "./app.ts";
import { readConfig, type Config } from "./config.ts";

const PARENT_CHECK_MS = 300;

let config: Config;
try {
  config = readConfig(process.env);
} catch (error) {
  console.error((error as Error).message);
  process.exit(2);
}

const logger = pino({ level: config.LOG_LEVEL, name: "sandbox" });
const sandbox = await createSandbox({
  directory: config.SANDBOX_DIR,
  key: config.SANDBOX_KEY,
  seed: config.SANDBOX_SEED,
  publicUrl: config.SANDBOX_PUBLIC_URL,
  parleyUrl: config.PARLEY_URL,
  serviceSecret: config.SERVICE_SECRET,
  logger,
});

let leaving = false;
async function leave(why: string): Promise<void> {
  if (leaving) return;
  leaving = true;
  logger.info(`Sandbox stops: ${why}`);
  await sandbox.close();
  process.exit(0);
}

process.on("SIGTERM", () => void leave("SIGTERM"));
process.on("SIGINT", () => void leave("SIGINT"));
// A sandbox whose starter is gone would keep the port and ring for nobody.
const parent = process.ppid;
setInterval(() => {
  if (process.ppid !== parent) void leave("the process that started it is gone");
}, PARENT_CHECK_MS).unref();

const url = await sandbox.listen(config.SANDBOX_PORT, config.SANDBOX_HOST);
logger.info(`Sandbox listens at ${url}`);
