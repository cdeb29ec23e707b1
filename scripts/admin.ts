import { readFileSync } from "node:fs";
import { join } from "node:path";
import { dataDirOf } from "@parley/db/embedded";
import { ownerUrlOf } from "@parley/db/house";
import { grantAdmin, resetPasswordLink } from "../apps/server/src/accounts/owner-commands.ts";
import { environment, repository } from "./repository.ts";

// What `parley admin …` does: acts on the database with its owner's login, whether or not a server runs.
const env = environment();
const [act, email = ""] = process.argv.slice(2);
const json = process.argv.includes("--json");

const ownerUrl = ownerUrlOf(repository, env);
if (!ownerUrl)
  leave(
    1,
    "No database is running here. Start Parley with npm start, or set DATABASE_URL to the owner's login.",
  );

switch (act) {
  case "grant": {
    const name = await grantAdmin(ownerUrl, email);
    if (name === null)
      leave(1, `Nobody signs in with ${email}. Check the address, or let them sign up first.`);
    tell(
      { email, name, isPlatformAdmin: true },
      `${name} (${email}) is platform admin now. They may have to sign in again.`,
    );
    break;
  }
  case "reset-password": {
    const link = await resetPasswordLink(ownerUrl, email, publicUrl());
    if (link === null) leave(1, `Nobody signs in with ${email}. Check the address.`);
    tell({ email, link }, `${link}\nGive this link to ${email}. It works once, within the hour.`);
    break;
  }
  default:
    leave(2, "Usage: admin.ts grant|reset-password EMAIL");
}

/** Where people reach this installation: as configured, else where it runs now. */
function publicUrl(): string {
  if (env["PUBLIC_URL"]) return env["PUBLIC_URL"].replace(/\/+$/, "");
  try {
    const running = join(dataDirOf(repository, env["PARLEY_DATA_DIR"]), "running.json");
    const { url } = JSON.parse(readFileSync(running, "utf8")) as { url?: string };
    if (url) return url;
  } catch {
    // It does not run: then the address it will have.
  }
  return `http://localhost:${env["PORT"] ?? 3000}`;
}

function tell(value: unknown, text: string): void {
  console.log(json ? JSON.stringify(value) : text);
}

function leave(code: number, message: string): never {
  console.error(json ? JSON.stringify({ error: { message } }) : message);
  process.exit(code);
}
