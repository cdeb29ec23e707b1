// Runs on whatever Node the reader has, without a dependency: installs what is missing, then goes on with our Node.
import { spawn, spawnSync } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const root = dirname(dirname(fileURLToPath(import.meta.url)));

/** Installs what the lock file names if node_modules differs, and runs a TypeScript file of this tree on Node 24. */
export function run(script, args = process.argv.slice(2), cwd = root) {
  if (!installed()) install();
  const child = spawn(node24(), [join(root, script), ...args], { cwd, stdio: "inherit" });
  stayWith(child);
}

/** Does node_modules hold what package-lock.json asks for on this machine? npm keeps its own copy of the lock there. */
function installed() {
  try {
    const wanted = JSON.parse(readFileSync(join(root, "package-lock.json"), "utf8")).packages;
    const here = JSON.parse(readFileSync(join(root, "node_modules/.package-lock.json"), "utf8")).packages;
    return Object.entries(wanted).every(([path, { version, integrity, link, optional, peer }]) => {
      if (!path.startsWith("node_modules/") && !path.includes("/node_modules/")) return true;
      if (!here[path]) return Boolean(optional || (peer && !existsSync(join(root, path))));
      return link || (here[path].version === version && here[path].integrity === integrity);
    });
  } catch {
    return false;
  }
}

function install() {
  console.log("Installing packages (once, about half a minute) …");
  const npm = process.env.npm_execpath ?? "";
  const args = ["ci", "--include=dev", "--include=optional", "--no-fund", "--no-audit", "--loglevel=error"];
  const options = { cwd: root, stdio: "inherit", env: calmEnvironment() };
  const done = /npm-cli\.c?js$/.test(npm)
    ? spawnSync(process.execPath, [npm, ...args], options)
    : spawnSync("npm", args, { ...options, shell: process.platform === "win32" });
  if (done.status !== 0) {
    console.error(
      "npm ci failed: its message is above. Check the network and the disk, then run the same command again.",
    );
    process.exit(1);
  }
}

/** What the outer npm tells its scripts must not steer the inner one; where packages come from may. */
function calmEnvironment() {
  const kept = /^npm_config_(registry|userconfig|globalconfig|cache|cafile|.*proxy)$/i;
  const entries = Object.entries(process.env).filter(
    ([name]) => (kept.test(name) || !name.startsWith("npm_")) && name !== "NODE_ENV",
  );
  return Object.fromEntries(entries);
}

/** The Node that came with the packages; else this one, if it is new enough to run TypeScript. */
function node24() {
  const platform = process.platform === "win32" ? "win" : process.platform;
  const name = process.platform === "win32" ? "node.exe" : "node";
  const ours = join(root, "node_modules", `node-${platform}-${process.arch}`, "bin", name);
  if (existsSync(ours) && spawnSync(ours, ["--version"]).status === 0) return ours;
  if (Number(process.versions.node.split(".")[0]) >= 24) return process.execPath;
  console.error(
    `Parley runs on Node 24 and this is ${process.version}. npm brings it on glibc Linux and Windows; on macOS and Alpine install Node 24, then try again.`,
  );
  process.exit(1);
}

/** Signals reach the child, the child's end is ours, and neither outlives the other (npm does not pass signals on). */
function stayWith(child) {
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"])
    process.on(signal, () => child.kill(signal === "SIGHUP" ? "SIGTERM" : signal));
  const family = ancestors();
  const watch = setInterval(() => {
    if (ancestors() === family) return;
    clearInterval(watch);
    child.kill("SIGTERM");
    setTimeout(() => child.kill("SIGKILL"), 15_000).unref();
  }, 300);
  child.on("exit", (code, signal) => process.exit(code ?? (signal === "SIGINT" ? 130 : 143)));
}

/** Our parent, and under npm its parent too: npm stands behind a shell, and that shell outlives an npm that was killed. */
function ancestors() {
  if (!process.env.npm_lifecycle_event) return String(process.ppid);
  try {
    const shell = readFileSync(`/proc/${process.ppid}/stat`, "utf8");
    return `${process.ppid} ${shell.slice(shell.lastIndexOf(")")).split(" ")[2]}`;
  } catch {
    return String(process.ppid);
  }
}
