import { spawn } from "node:child_process";
import { createHash } from "node:crypto";
import { once } from "node:events";
import { existsSync, globSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { repository } from "./repository.ts";

const web = join(repository, "apps/web");
const stamp = join(web, "dist/.sources");

/** Builds the dashboard unless dist was made from exactly these sources. Returns whether it had to. */
export async function buildWeb(): Promise<boolean> {
  const sources = sourcesHash();
  if (existsSync(stamp) && readFileSync(stamp, "utf8") === sources) return false;
  const vite = spawn(
    process.execPath,
    [join(repository, "node_modules/vite/bin/vite.js"), "build", "--logLevel", "warn"],
    {
      cwd: web,
      stdio: "inherit",
      env: { ...process.env, NODE_ENV: "production" },
    },
  );
  const [code] = (await once(vite, "exit")) as [number | null];
  if (code !== 0) throw new Error("The dashboard could not be built; Vite says why above.");
  writeFileSync(stamp, sources);
  return true;
}

/** Everything that ends up in the bundle: the screens, the rules they share with the server, the packages. */
function sourcesHash(): string {
  const files = globSync(
    [
      "apps/web/{src,public}/**/*.*",
      "apps/web/{index.html,vite.config.ts}",
      "packages/core/src/**/*.ts",
      "package-lock.json",
    ],
    { cwd: repository },
  );
  const hash = createHash("sha256");
  for (const file of files.filter((name) => !/\.test\.tsx?$/.test(name)).toSorted()) {
    hash
      .update(file)
      .update("\0")
      .update(readFileSync(join(repository, file)))
      .update("\0");
  }
  return hash.digest("hex");
}
