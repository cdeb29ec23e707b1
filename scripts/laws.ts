/** One file of the tree, as the laws see it: its path from the repository's root and its text. */
export type Source = { path: string; text: string };
type Law = (source: Source) => string[];

/** The way of the data, and so of imports: a slice may call what stands after it, never what stands before. */
const slices = [
  "accounts",
  "billing",
  "agents",
  "contacts",
  "follow-ups",
  "campaigns",
  "calls",
  "leads",
  "whatsapp",
  "calendar",
];
/** Rooms that read everything through SQL and import no slice. */
const readers = ["analytics", "ops", "home"];
/** Rooms of the dashboard that every screen may use. */
const sharedScreens = ["ui", "shell", "table", "charts", "signs", "styles"];
/** The development page that shows every part of every screen in all its states. */
const gallery = "gallery";
/** Packages a room may import; whoever is not named here may import any that its package.json lists. */
const corePackages = ["zod", "libphonenumber-js"];

const isTest = (path: string) => /\.(test|e2e)\.tsx?$/.test(path) || path.includes("/testing/");
const roomOf = (path: string) =>
  /^apps\/(\w+)|^packages\/(\w+)/.exec(path)?.slice(1).find(Boolean) ?? path.split("/")[0]!;
const folderOf = (path: string) => /^apps\/\w+\/src\/([\w-]+)\//.exec(path)?.[1];

type Import = { target: string; typeOnly: boolean };

/** Static and dynamic imports; relative ones become paths from the root. */
function importsOf({ path, text }: Source): Import[] {
  const found = text.matchAll(
    /^\s*(import|export)\s+(type\s)?(?:[^"'`;]*?\sfrom\s+)?["']([^"']+)["']|\bimport\(["']([^"']+)["']\)/gm,
  );
  return [...found].map(([, , type, from, dynamic]) => {
    const target = (from ?? dynamic)!;
    const full = target.startsWith(".") ? new URL(target, `file:///${path}`).pathname.slice(1) : target;
    return {
      target: full
        .replace(/^@\//, "apps/web/src/")
        .replace(
          /^@parley\/(\w+)/,
          (_, room: string) => `${room === "core" || room === "db" ? "packages" : "apps"}/${room}/src`,
        ),
      typeOnly: Boolean(type),
    };
  });
}

const importTable: Law = (source) => {
  const { path } = source;
  const room = roomOf(path);
  const folder = folderOf(path);
  if (isTest(path) && room !== "e2e" && room !== "acceptance") return [];
  return importsOf(source).flatMap(({ target, typeOnly }) => {
    const to = target.startsWith("apps/") || target.startsWith("packages/") ? roomOf(target) : null;
    const toFolder = folderOf(target);
    const fault = (cure: string) => [`imports ${target}. ${cure}`];
    if (to === null) {
      if (room === "core" && !corePackages.includes(target.split("/")[0]!))
        return fault(
          `Core is pure and browser-safe: it imports ${corePackages.join(" and ")} only. Move the effect to the app that needs it.`,
        );
      if (target === "openai" && folder !== "providers")
        return fault("A vendor's client is used in providers/ only. Add what you need to the provider file.");
      return [];
    }
    if (room === "e2e") return fault("Browser tests know the screen and the sandbox desk only. Drive them.");
    if (room === "acceptance" && !["acceptance", "core", "db", "sandbox"].includes(to))
      return fault("Acceptance tests stand outside: ask the server over HTTP, as any program would.");
    if (to === room) {
      if (room === "server" && folder && toFolder && folder !== toFolder) {
        if (readers.includes(folder) && slices.includes(toFolder))
          return fault(`${folder} reads through SQL. Write the query there.`);
        const [mine, other] = [slices.indexOf(folder), slices.indexOf(toFolder)];
        if (mine < 0 && other >= 0 && folder !== "testing")
          return fault("A shared room knows no slice. Hand in what it needs as an argument.");
        if (mine >= 0 && other >= 0 && other < mine && !typeOnly)
          return fault(
            `${toFolder} stands before ${folder}: downstream is a function call, upstream is a row. Write a row or enqueue a job.`,
          );
      }
      if (
        room === "chat" &&
        folder &&
        toFolder &&
        folder !== toFolder &&
        [folder, toFolder].every((name) => slices.includes(name))
      )
        return fault("calendar and whatsapp do not know each other. Enqueue a job.");
      if (
        room === "web" &&
        folder &&
        folder !== gallery &&
        toFolder &&
        folder !== toFolder &&
        !sharedScreens.includes(toFolder)
      ) {
        return sharedScreens.includes(folder)
          ? fault(`${folder} serves every screen and knows none. Hand in what it needs.`)
          : fault("Screens meet through links: use paths.ts, or move what both need to a shared room.");
      }
      return [];
    }
    if (to === "core")
      return target.includes("/wire/") &&
        (room === "web" || ((room === "server" || room === "chat") && folder !== "providers"))
        ? fault("Vendor payloads stay with providers/ and the sandbox. Use our own schema.")
        : [];
    if (["scripts", "acceptance", "bench", "chaos"].includes(room)) return [];
    if (room === "core") return fault("Core imports nothing of the house.");
    if (to === "db")
      return room === "server" || room === "chat"
        ? []
        : fault(
            `Only server and chat touch the database. ${room === "web" || room === "cli" ? "Ask the server." : "Keep your own state."}`,
          );
    if ((room === "web" || room === "cli") && to === "server" && typeOnly) return [];
    if (room === "server" && to === "chat" && typeOnly) return [];
    return fault(
      `${room} does not import ${to}${to === "server" || to === "chat" ? ", but the type of its router may be imported with `import type`" : ""}.`,
    );
  });
};

const environment: Law = ({ path, text }) => {
  // A main may hand the whole environment to its config; who picks variables out of it is config.ts.
  const picked = path.endsWith("/main.ts") ? text.replaceAll("readConfig(process.env)", "") : text;
  return /\bprocess\.env\b/.test(picked) &&
    !/(^|\/)config\.ts$|^(scripts|e2e|acceptance|bench|chaos)\/|\.config\.ts$/.test(path) &&
    !isTest(path)
    ? ["reads process.env. Add the variable to config.ts and take it from there."]
    : [];
};

const pureCore: Law = ({ path, text }) =>
  path.startsWith("packages/core/") &&
  !isTest(path) &&
  /\basync\b\s*(function|\(|\w+\s*=>)|\bawait\s|\bnew Promise\b/.test(text)
    ? ["awaits. Core decides and never waits: take the answer as an argument."]
    : [];

/** From an opening bracket to its partner; brackets in texts are rare enough here to be let be. */
function enclosed(text: string, from: number): string {
  let depth = 0;
  for (let at = from; at < text.length; at++) {
    if ("({".includes(text[at]!)) depth++;
    else if (")}".includes(text[at]!) && --depth === 0) return text.slice(from, at);
  }
  return text.slice(from);
}

/** The network is asked between transactions: what runs in one is `….tx(…)` and every function that takes one. */
const providersOutsideTransactions: Law = ({ path, text }) => {
  if (!path.startsWith("apps/") || isTest(path)) return [];
  const handed = [...text.matchAll(/\.tx(WithoutTenant)?(?=\()/g)].map(({ 0: call, index }) =>
    enclosed(text, index + call.length),
  );
  const taking = [...text.matchAll(/\btx: Tx\b[^{]*(?=\{)/g)].map(({ 0: head, index }) =>
    enclosed(text, index + head.length),
  );
  const asked = [...handed, ...taking].flatMap(
    (inside) => /\b(providers\.\w+|bolna|openai)\.\w+\(/.exec(inside)?.[0] ?? [],
  );
  return [...new Set(asked)].map(
    (call) => `calls ${call}…) inside a transaction. Split it: read, then ask the provider, then write.`,
  );
};

/** The statements of a file: all of a .sql file, and the template texts of a .ts file that look like SQL. */
function sqlOf({ path, text }: Source): string[] {
  const bare = (sql: string) => sql.replace(/--.*$/gm, "");
  if (path.endsWith(".sql")) return bare(text).split(/;\s*$/m);
  const templates = text.match(/`(?:\\[\s\S]|[^`\\])*`|"(?:\\.|[^"\\\n])*"/g) ?? [];
  return templates
    .filter((part) => /\b(select|insert into|update \w+ set|delete from|values)\b/i.test(part))
    .map(bare);
}

const clocks: Law = (source) => {
  // The clocks themselves are defined there, beside what must exist before them.
  if (
    source.path === "migrations/000001_foundation.sql" ||
    source.path === "scripts/laws.ts" ||
    source.path.includes(".test.")
  )
    return [];
  const foreign =
    /(?<![.\w])now\(\)|\b(current_timestamp|current_date|current_time|localtimestamp|clock_timestamp|statement_timestamp|transaction_timestamp)\b/i;
  const found = sqlOf(source)
    .map((sql) => foreign.exec(sql)?.[0])
    .filter(Boolean);
  return found.map((name) => `uses ${name} in SQL. Domain time is app.now(), wall time is app.wall().`);
};

const parents = ["users", "call_campaigns", "contacts", "agents", "provider_accounts"];

const parentLocks: Law = (source) =>
  isTest(source.path) || source.path === "scripts/laws.ts"
    ? []
    : sqlOf(source).flatMap((sql) =>
        [...sql.matchAll(/\bfor update\b(?!\s+of)/gi)].flatMap(({ index }) => {
          const before = sql.slice(0, index);
          const from = before.slice(Math.max(before.toLowerCase().lastIndexOf("from "), 0));
          const locked = [...from.matchAll(/\b(?:from|join)\s+(?:public\.)?(\w+)/gi)].map(
            ([, table]) => table!,
          );
          return locked
            .filter((table) => parents.includes(table))
            .map(
              (table) =>
                `locks ${table} for update, for which every insert of a child would wait. Use for no key update.`,
            );
        }),
      );

const laws: Law[] = [importTable, environment, pureCore, providersOutsideTransactions, clocks, parentLocks];

/** Every breach of a house law in one file, each with its cure. */
export function breachesOf(source: Source): string[] {
  return laws.flatMap((law) => law(source)).map((breach) => `${source.path} ${breach}`);
}
