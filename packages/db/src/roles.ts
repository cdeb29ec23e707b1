import { randomBytes } from "node:crypto";
import { mkdirSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import pg from "pg";
import { open, seal } from "./secrets.ts";

export type Login = "web" | "worker" | "ro";
export type LoginUrls = Record<Login, string>;

const roleOf: Record<Login, string> = { web: "parley_web", worker: "parley_worker", ro: "parley_ro" };

/** Deadlines that hold for every session of a login, in milliseconds. */
const deadlines: Record<Login, Record<string, string>> = {
  web: {
    statement_timeout: "5000",
    lock_timeout: "2000",
    idle_in_transaction_session_timeout: "10000",
    transaction_timeout: "60000",
  },
  worker: {
    statement_timeout: "30000",
    lock_timeout: "2000",
    idle_in_transaction_session_timeout: "10000",
    transaction_timeout: "60000",
  },
  ro: {
    statement_timeout: "5000",
    lock_timeout: "500",
    idle_in_transaction_session_timeout: "5000",
    transaction_timeout: "15000",
    default_transaction_read_only: "on",
  },
};

/**
 * What the migrations cannot say because graphile-worker makes its own schema: the worker login and the definer
 * role may use its tables (row-level security is on there, so without a policy the worker would silently find no
 * job), every login may see which migrations ran, and definer functions belong to the role that policies let in.
 */
export async function settleRoles(owner: pg.ClientBase): Promise<void> {
  await owner.query(`
    grant usage on schema meta to parley_web, parley_worker, parley_ro;
    grant select on all tables in schema meta to parley_web, parley_worker, parley_ro;
    grant usage on schema graphile_worker to parley_worker, parley_definer;
    grant select, insert, update, delete on all tables in schema graphile_worker to parley_worker, parley_definer;
    grant usage on all sequences in schema graphile_worker to parley_worker, parley_definer;
    grant execute on all functions in schema graphile_worker to parley_worker, parley_definer;
    do $$
    declare t text; f regprocedure;
    begin
      foreach t in array array['_private_jobs', '_private_job_queues', '_private_tasks', '_private_known_crontabs'] loop
        if not exists (select from pg_policy where polrelid = format('graphile_worker.%I', t)::regclass and polname = 'worker') then
          execute format('create policy worker on graphile_worker.%I to parley_worker, parley_definer using (true) with check (true)', t);
        end if;
      end loop;
      for f in
        select p.oid from pg_proc p join pg_namespace n on n.oid = p.pronamespace
        where n.nspname = 'app' and p.prosecdef and p.proowner <> 'parley_definer'::regrole
      loop
        execute format('alter routine %s owner to parley_definer', f);
      end loop;
    end $$`);
}

/**
 * Gives the three least-privileged logins their password and deadlines, and returns their URLs. The password is
 * generated once and kept sealed in `secretsDir`; a role that refuses it (another database, a lost file) gets it anew.
 */
export async function ensureLogins(ownerUrl: string, secretsDir: string, key: string): Promise<LoginUrls> {
  const owner = new pg.Client({ connectionString: ownerUrl, application_name: "parley roles" });
  owner.on("error", () => {});
  await owner.connect();
  try {
    await owner.query("select pg_advisory_lock(hashtext('parley roles'))");
    const urls = {} as LoginUrls;
    for (const login of Object.keys(roleOf) as Login[]) {
      const password = keptPassword(secretsDir, roleOf[login], key);
      urls[login] = withLogin(ownerUrl, roleOf[login], password);
      await keepDeadlines(owner, login);
      if (!(await accepts(urls[login]))) {
        await owner.query(`alter role ${roleOf[login]} login password '${password}'`);
        if (!(await accepts(urls[login])))
          throw new Error(
            `The login ${roleOf[login]} cannot connect. Set DATABASE_${login.toUpperCase()}_URL.`,
          );
      }
    }
    return urls;
  } finally {
    await owner.end();
  }
}

/** The same database as another login. */
export function withLogin(url: string, user: string, password: string): string {
  const other = new URL(url);
  other.username = encodeURIComponent(user);
  other.password = encodeURIComponent(password);
  return other.href;
}

/**
 * Why this login must not serve requests or jobs, or null. Row-level security is the second wall between tenants:
 * a login that bypasses it, or owns a table and could switch it off, takes the wall down.
 */
export async function loginFault(on: pg.Pool | pg.ClientBase): Promise<string | null> {
  const { rows } = await on.query<{ role: string; fault: string | null }>(`
    with recursive mine as (
      select oid, rolname, rolsuper, rolbypassrls from pg_roles where rolname = current_user
      union
      select r.oid, r.rolname, r.rolsuper, r.rolbypassrls
      from mine join pg_auth_members m on m.member = mine.oid join pg_roles r on r.oid = m.roleid
    )
    select current_user as role, case
      when exists (select from mine where rolsuper) then 'is a superuser'
      when exists (select from mine where rolbypassrls) then 'bypasses row-level security'
      when exists (select from mine where rolname = 'parley_definer') then 'is a member of parley_definer'
      when exists (select from pg_class c join mine on mine.oid = c.relowner where c.relkind in ('r', 'p')) then 'owns tables'
    end as fault`);
  const found = rows[0];
  return found?.fault
    ? `The database login ${found.role} ${found.fault}. Use the logins that boot creates from DATABASE_URL, or one as limited.`
    : null;
}

function keptPassword(dir: string, role: string, key: string): string {
  const path = join(dir, `${role}.sealed`);
  try {
    return open(readFileSync(path, "utf8").trim(), key, role);
  } catch {
    const password = randomBytes(24).toString("base64url");
    mkdirSync(dir, { recursive: true, mode: 0o700 });
    writeFileSync(`${path}.${process.pid}`, `${seal(password, key, role)}\n`, { mode: 0o600 });
    renameSync(`${path}.${process.pid}`, path);
    return password;
  }
}

/** Roles belong to the whole server: written only when something differs, since two databases may start at once. */
async function keepDeadlines(owner: pg.Client, login: Login): Promise<void> {
  const { rows } = await owner.query<{ setting: string }>(
    "select unnest(setconfig) as setting from pg_db_role_setting where setdatabase = 0 and setrole = $1::regrole",
    [roleOf[login]],
  );
  const kept = new Set(rows.map((row) => row.setting));
  for (const [name, value] of Object.entries(deadlines[login])) {
    if (!kept.has(`${name}=${value}`))
      await owner.query(`alter role ${roleOf[login]} set ${name} = '${value}'`);
  }
}

/** Does the URL sign in? Only a refused login is an answer; a database that is away throws. */
async function accepts(url: string): Promise<boolean> {
  const client = new pg.Client({ connectionString: url, connectionTimeoutMillis: 10_000 });
  client.on("error", () => {});
  try {
    await client.connect();
    return true;
  } catch (error) {
    if (String((error as pg.DatabaseError).code).startsWith("28")) return false;
    throw error;
  } finally {
    await client.end().catch(() => {});
  }
}
