import { asFailure } from "./client.ts";
import { commands } from "./commands.ts";
import { readConfig } from "./config.ts";
import { exits, type Failure } from "./failure.ts";
import { helpOf, helpOfAll } from "./help.ts";
import { parse } from "./parse.ts";
import { Session } from "./session.ts";
import { Terminal } from "./terminal.ts";

const words = process.argv.slice(2);
const terminal = new Terminal(words.includes("--json"));
const config = readConfig(process.env);

process.on("SIGINT", () => leave(exits.interrupted));
process.on("SIGTERM", () => leave(143));
// A reader that closes the pipe (head) has seen enough.
process.stdout.on("error", () => process.exit(exits.ok));

function leave(code: number): never {
  terminal.clear();
  process.exit(code);
}

function tell(failure: Failure): void {
  terminal.clear();
  const { message, facts } = failure;
  terminal.warn(terminal.json ? JSON.stringify({ error: { message, ...facts } }) : message);
}

async function run(): Promise<number> {
  const parsed = parse(words, commands);
  if (parsed.kind === "help") {
    process.stdout.write(`${parsed.command ? helpOf(parsed.command) : helpOfAll(commands)}\n`);
    return exits.ok;
  }
  const session = new Session(config, terminal, parsed.url);
  const { args, options } = parsed;
  try {
    return (await parsed.command.run({ args, options: options as never, session })) ?? exits.ok;
  } catch (error) {
    throw asFailure(error, session.url);
  }
}

try {
  process.exitCode = await run();
} catch (error) {
  const failure = asFailure(error, "");
  tell(failure);
  process.exitCode = failure.exit;
}
