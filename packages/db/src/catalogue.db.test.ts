import { expect, test } from "vitest";
import { loginFault } from "./roles.ts";
import { useDatabase } from "./testing/database.ts";

const db = useDatabase();

/** Tables outside row-level security, each with the reason. Adding one is a decision, not a way to pass a test. */
const outsideTenants: Record<string, string> = {
  system_settings: "one row on which all processes agree; no tenant's data",
  people: "a person belongs to several tenants; definer functions only",
  sessions: "read before a tenant is known; definer functions only",
  one_time_tokens: "read before a tenant is known; definer functions only",
  provider_accounts: "the platform's own account; no tenant's data",
  provider_pace: "the platform's own account; no tenant's data",
  model_prices: "what a model costs, the same for everyone",
  calling_rules: "the law of each country, the same for everyone",
  dispatch_turn: "the dispatcher's place in the round of tenants; the tick alone",
  line_mark: "where the calls of all tenants begin; one id",
  import_staging:
    "COPY FROM is refused under row-level security; worker only, unlogged, emptied by the import",
  webhook_keys:
    "what a provider's delivery is recognised by, before its tenant is known; definer functions only",
  worker_pools: "heartbeats of our processes; no tenant's data",
};

/** Tenant tables with an id and no unique (user_id, id). */
const withoutTenantKey: Record<string, string> = {
  users: "the tenant itself: its policy is on id",
  incidents: "nothing refers to one, and some belong to no tenant",
  provider_executions: "its id is the provider's, under the provider's account",
  timeline_entries: "nothing refers to one, and no table gets as many",
};

/** Foreign keys from a tenant table that may name a row without naming the tenant. */
const globalParents = ["users", "people", "provider_accounts"];

/** Definer functions see every tenant; each says why it must. */
const definers: Record<string, string> = {
  accept_invitation: "whoever holds the link is not of the tenant yet",
  acknowledge_platform_incident: "the platform's own incidents belong to no tenant",
  admin_pause_dialling: "the platform's administrator acts on all tenants",
  admin_set_limits: "the platform's administrator acts on all tenants",
  admin_system: "the platform's administrator acts on all tenants",
  admin_tenants: "the platform's administrator acts on all tenants",
  adoption_left: "after a restore agents of all tenants are counted",
  api_key: "a key is checked before its tenant is known",
  audit_days: "the days of all tenants' logs are sealed together",
  audit_sealed: "the days of all tenants' logs are sealed together",
  audit_unsealed: "the days of all tenants' logs are sealed together",
  claim_tick: "the dispatcher shares lines among all tenants",
  database_is_same: "where the cluster stands is no tenant's",
  database_place: "where the cluster stands is no tenant's",
  calls_at_provider: "an account at the provider is shared by all tenants; one number leaves",
  direct_reserve: "the installation's lines are shared among all tenants; one number leaves",
  drain_batch: "deliveries of all tenants are folded in the order they came",
  enqueue: "the job table is no one's; a closed list of tasks",
  fair_lines: "the installation's lines are shared among all tenants; one number leaves",
  find_login: "a password is checked before a tenant is known",
  free_jobs: "the job table is no one's; jobs of dead workers are freed",
  is_calling: "lists wait for calls of all tenants; yes or no leaves",
  invitation: "whoever holds the link is not of the tenant yet",
  account_has_pace: "an account at the provider is shared by all tenants; a trigger",
  line_taken_again: "the mark is no tenant's; a trigger",
  live_since: "one reader per process fans out to the screens of all tenants",
  memberships: "a person may belong to several tenants",
  names_of: "people stand outside the tenants; only names leave",
  one_time_token: "whoever resets a password is not signed in",
  ops_explain: "operators ask about an item of any tenant",
  ops_jobs: "the job table is no one's; counts only",
  prune: "retention holds for all tenants",
  raise_incident: "an incident may belong to no tenant",
  receive: "a delivery is recognised by its key before its tenant is known",
  receive_for_agent: "a delivery on the bare path is recognised by its agent before its tenant is known",
  reconcile_only: "all dialling stops when the database has gone back in time",
  resolve_platform_incident: "the platform's own incidents belong to no tenant",
  resolve_incident: "an incident may belong to no tenant",
  ring_agent_syncs: "agents of all tenants are pointed at a new address",
  search_contacts: "row-level security forbids the trigram index; the tenant is a condition inside",
  seal_audit: "the days of all tenants' logs are sealed together",
  seed_limits: "the limit is the installation's",
  session: "a session is checked before its tenant is known",
  session_end: "sessions stand outside the tenants",
  session_start: "sessions stand outside the tenants",
  session_touch: "sessions stand outside the tenants",
  sessions_end: "sessions stand outside the tenants",
  set_clock: "the clock is everyone's",
  set_password: "people stand outside the tenants",
  set_voice_provider: "leaving the sandbox puts all tenants under the rules of the countries",
  sign_up: "a person and a tenant come into being together",
  sweep: "lost work of all tenants is found and rung for",
  system_room: "lines and gates are the installation's; counts only",
  team: "people stand outside the tenants; the transaction's tenant only",
  watch_database: "where the cluster stands is no tenant's",
};

const rows = async <T>(sql: string) => (await db.owner.query<T & Record<string, unknown>>(sql)).rows as T[];
const names = async (sql: string) => (await rows<{ name: string }>(sql)).map((row) => row.name);

const tables = `
  select c.oid, c.relname as name, c.relrowsecurity, c.relforcerowsecurity from pg_class c
  where c.relnamespace = 'public'::regnamespace and c.relkind in ('r', 'p')`;
const fromUs = (oid: string) =>
  `not exists (select from pg_depend x where x.objid = ${oid} and x.deptype = 'e')`;

test("every table but the listed ones forces row-level security with a policy for reading and writing", async () => {
  const open = await names(`
    select name from (${tables}) t
    where not (relrowsecurity and relforcerowsecurity and exists (
      select from pg_policy p where p.polrelid = t.oid and p.polcmd = '*' and p.polqual is not null and p.polwithcheck is not null
        and 'parley_web'::regrole = any (p.polroles)))
    order by 1`);
  expect(open).toEqual(Object.keys(outsideTenants).toSorted());
});

test("what is outside row-level security is closed to requests, or holds no tenant's data", async () => {
  const reachable = await names(`
    select name from (${tables}) t
    where not relrowsecurity and has_table_privilege('parley_web', t.oid, 'select') order by 1`);
  expect(reachable).toEqual([
    "calling_rules",
    "line_mark",
    "provider_accounts",
    "provider_pace",
    "system_settings",
  ]);
});

test("the policy of requests is the tenant of the transaction, on every table the same", async () => {
  const policies = await names(`
    select distinct pg_get_expr(p.polqual, p.polrelid) || ' / ' || pg_get_expr(p.polwithcheck, p.polrelid) as name
    from pg_policy p join (${tables}) t on t.oid = p.polrelid
    where 'parley_web'::regrole = any (p.polroles) or 0 = any (p.polroles) order by 1`);
  const tenant = (column: string) =>
    `(${column} = (NULLIF(current_setting('app.user_id'::text, true), ''::text))::uuid)`;
  expect(policies).toEqual(["id", "user_id"].map((column) => `${tenant(column)} / ${tenant(column)}`));
});

test("every tenant table with an id has unique (user_id, id), so that children can name the tenant with the row", async () => {
  const without = await names(`
    select name from (${tables}) t
    where relrowsecurity and exists (select from pg_attribute a where a.attrelid = t.oid and a.attname = 'id') and not exists (
      select from pg_constraint k where k.conrelid = t.oid and k.contype in ('u', 'p')
        and (select array_agg(a.attname::text order by a.attname) from pg_attribute a where a.attrelid = t.oid and a.attnum = any (k.conkey)) = '{id,user_id}')
    order by 1`);
  expect(without).toEqual(Object.keys(withoutTenantKey).toSorted());
});

test("a foreign key between tenant tables carries user_id", async () => {
  const loose = await names(`
    select k.conname || ' on ' || t.name as name
    from pg_constraint k join (${tables}) t on t.oid = k.conrelid join (${tables}) p on p.oid = k.confrelid
    where k.contype = 'f' and p.relrowsecurity and p.name <> all (array['${globalParents.join("', '")}'])
      and not exists (select from pg_attribute a where a.attrelid = t.oid and a.attnum = any (k.conkey) and a.attname = 'user_id')
    order by 1`);
  expect(loose).toEqual([]);
});

test("every table, view and function says what it is for", async () => {
  const silent = await names(`
    select c.oid::regclass::text as name from pg_class c join pg_namespace n on n.oid = c.relnamespace
    where n.nspname in ('public', 'app', 'ops') and c.relkind in ('r', 'p', 'v', 'm') and ${fromUs("c.oid")} and obj_description(c.oid, 'pg_class') is null
    union all
    select p.oid::regprocedure::text from pg_proc p join pg_namespace n on n.oid = p.pronamespace
    where n.nspname in ('public', 'app', 'ops') and ${fromUs("p.oid")} and obj_description(p.oid, 'pg_proc') is null
    order by 1`);
  expect(silent).toEqual([]);
});

test("the functions that see every tenant are the listed ones", async () => {
  const found = await names(`
    select distinct p.proname as name from pg_proc p join pg_namespace n on n.oid = p.pronamespace
    where p.prosecdef and n.nspname in ('public', 'app', 'ops') order by 1`);
  expect(found).toEqual(Object.keys(definers).toSorted());
});

test("a definer function has a fixed search path that no one else can write to, and the definer role as its owner", async () => {
  const faulty = await names(`
    select p.oid::regprocedure::text as name from pg_proc p join pg_namespace n on n.oid = p.pronamespace
    where p.prosecdef and n.nspname in ('public', 'app', 'ops') and (
      p.proowner <> 'parley_definer'::regrole
      or not exists (select from unnest(p.proconfig) c where c ~ '^search_path=.*pg_temp"?$'))
    order by 1`);
  expect(faulty).toEqual([]);
  const writable = await names(`
    select r || ' ' || s as name from unnest(array['parley_web', 'parley_worker', 'parley_ro']) r, unnest(array['public', 'app', 'ops', 'meta']) s
    where has_schema_privilege(r, s, 'create')`);
  expect(writable).toEqual([]);
});

test("no one is granted more than reading and writing rows, and nothing is granted to everyone", async () => {
  const excess = await names(`
    select format('%s %s on %s', coalesce(nullif(a.grantee, 0)::regrole::text, 'public'), a.privilege_type, c.oid::regclass) as name
    from pg_class c join pg_namespace n on n.oid = c.relnamespace cross join lateral aclexplode(c.relacl) a
    where n.nspname in ('public', 'app', 'ops', 'meta') and ${fromUs("c.oid")} and a.grantee <> c.relowner and (
      a.grantee = 0 or a.is_grantable
      or a.privilege_type not in ('SELECT', 'INSERT', 'UPDATE', 'DELETE', 'USAGE') and not (a.privilege_type in ('TRUNCATE', 'MAINTAIN') and c.relname = 'import_staging')
      or a.grantee::regrole::text = 'parley_ro' and a.privilege_type <> 'SELECT'
      or a.grantee::regrole::text not in ('parley_web', 'parley_worker', 'parley_ro', 'parley_definer'))
    union all
    select 'public EXECUTE on ' || p.oid::regprocedure from pg_proc p join pg_namespace n on n.oid = p.pronamespace
    where n.nspname in ('app', 'ops') and (p.proacl is null or exists (select from aclexplode(p.proacl) a where a.grantee = 0))
    order by 1`);
  expect(excess).toEqual([]);
});

test("what must stay unseen by the read-only login is not granted to it", async () => {
  const secret = await names(`
    select c.relname || '.' || a.attname as name from pg_attribute a join pg_class c on c.oid = a.attrelid
    where c.relnamespace in ('public'::regnamespace, 'ops'::regnamespace) and c.relkind in ('r', 'v') and a.attnum > 0 and not a.attisdropped
      and has_column_privilege('parley_ro', c.oid, a.attnum, 'select')
      and a.attname ~ '(phone|transcript|password|sha256|sealed|secret|token|(?<!voic)email|body|payload)' and a.attname !~ '(^|_)tokens?_at$'
    order by 1`);
  expect(secret).toEqual([]);
});

test("the audit log can be added to and read, never changed", async () => {
  const rights = await names(`
    select r || ' ' || p as name from unnest(array['parley_web', 'parley_worker', 'parley_definer']) r, unnest(array['update', 'delete', 'truncate']) p
    where has_table_privilege(r, 'audit_log', p)`);
  expect(rights).toEqual([]);
});

test("a constraint is named after the truth it keeps, not by Postgres", async () => {
  const automatic = await names(`
    select t.name || '.' || k.conname as name from pg_constraint k join (${tables}) t on t.oid = k.conrelid
    where k.contype in ('c', 'f', 'u', 'x') and (
      k.conname ~ '_(check|fkey|excl)[0-9]*$'
      or k.contype = 'u' and k.conname = t.name || '_' || (
        select string_agg(a.attname, '_' order by array_position(k.conkey, a.attnum)) from pg_attribute a where a.attrelid = t.oid and a.attnum = any (k.conkey)) || '_key')
    order by 1`);
  expect(automatic).toEqual([]);
});

test("no login can bypass row-level security or own a table", async () => {
  for (const pool of [db.web.pool, db.worker.pool, db.ro]) expect(await loginFault(pool)).toBeNull();
});

test("without a tenant a request sees no row of any tenant table, and can write none", async () => {
  const tenant = "0197a000-0000-7000-8000-0000000000a1";
  await db.owner.query("insert into users (id, company, email) values ($1, 'Clinic', 'a@b.example')", [
    tenant,
  ]);
  const count = async () => (await db.web.txWithoutTenant((tx) => tx.query("select from users"))).rowCount;
  expect(await count()).toBe(0);
  expect((await db.web.tx(tenant, (tx) => tx.query("select from users"))).rowCount).toBe(1);
  const stranger = "0197a000-0000-7000-8000-0000000000a2";
  expect((await db.web.tx(stranger, (tx) => tx.query("select from users"))).rowCount).toBe(0);
  const foreign = db.web.tx(stranger, (tx) =>
    tx.query("insert into live_changes (user_id, topic, ref) values ($1, 'x', 'y')", [tenant]),
  );
  await expect(foreign).rejects.toThrow(/row-level security/);
});
