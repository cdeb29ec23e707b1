import { spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { command } from "../command.ts";
import { repository } from "../config.ts";
import type { Session } from "../session.ts";

export const adminGrant = command({
  name: "admin grant",
  summary: "Make a person platform admin (needs the database owner's login)",
  takes: ["EMAIL"],
  run: ({ args, session }) => asOwner(session, "grant", args[0]!),
});

export const adminResetPassword = command({
  name: "admin reset-password",
  summary: "Print a link with which a person sets a new password (needs the database owner's login)",
  takes: ["EMAIL"],
  run: ({ args, session }) => asOwner(session, "reset-password", args[0]!),
});

/**
 * Both work on the database itself, for whoever holds its owner's login, also while no server runs. The command line
 * knows the server's door only, so a script of the installation does it.
 */
async function asOwner({ terminal }: Session, act: string, email: string): Promise<number> {
  const script = join(repository, "scripts/admin.ts");
  const child = spawn(process.execPath, [script, act, email, ...(terminal.json ? ["--json"] : [])], {
    stdio: "inherit",
  });
  const [code] = (await once(child, "exit")) as [number | null];
  return code ?? 1;
}
