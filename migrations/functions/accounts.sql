-- People stand outside the tenants, so whatever happens before a tenant is known goes through these doors.

-- The new tenant's id is the transaction's: what follows in it (first credits) is written by the tenant itself.
create or replace function app.sign_up(
  p_email text, p_name text, p_password_hash text, p_company text, p_time_zone text, p_default_region text,
  p_rule_set text, p_concurrent_limit int, p_stages jsonb)
returns uuid language plpgsql security definer
set search_path = public, pg_temp as $$
declare
  v_user_id uuid := app.user_id();
  v_person_id uuid;
  v_first boolean;
begin
  -- Two first people at once: the second waits and is an ordinary one.
  perform pg_advisory_xact_lock(hashtext('app.sign_up')) where not exists (select from people where not seeded);
  v_first := not exists (select from people where not seeded);
  insert into people (email, name, password_hash, is_platform_admin, password_changed_at)
  values (p_email, p_name, p_password_hash, v_first, app.wall())
  on conflict (email) do nothing
  returning id into v_person_id;
  if v_person_id is null then
    return null;
  end if;
  insert into users (id, company, email, time_zone, default_region, rule_set, concurrent_limit)
  values (v_user_id, p_company, p_email, p_time_zone, p_default_region, p_rule_set, p_concurrent_limit);
  insert into members (user_id, person_id, role) values (v_user_id, v_person_id, 'owner');
  insert into stages (user_id, key, name, rank, is_system)
  select v_user_id, s.key, s.name, s.rank, true from jsonb_to_recordset(p_stages) as s (key text, name text, rank int);
  return v_person_id;
end $$;
comment on function app.sign_up(text, text, text, text, text, text, text, int, jsonb) is 'A person with a tenant of their own (the transaction''s); null when the e-mail address is taken. The first one on an installation is platform admin.';
alter function app.sign_up(text, text, text, text, text, text, text, int, jsonb) owner to parley_definer;
grant execute on function app.sign_up(text, text, text, text, text, text, text, int, jsonb) to parley_web;

create or replace function app.find_login(p_email text)
returns table (person_id uuid, name text, password_hash text) language sql stable security definer
set search_path = public, pg_temp as $$
  select p.id, p.name, p.password_hash from people p where p.email = p_email
$$;
comment on function app.find_login(text) is 'What is needed to check a password.';
alter function app.find_login(text) owner to parley_definer;
grant execute on function app.find_login(text) to parley_web;

create or replace function app.memberships(p_person_id uuid)
returns table (user_id uuid, company text, role text) language sql stable security definer
set search_path = public, pg_temp as $$
  select m.user_id, u.company, m.role from members m join users u on u.id = m.user_id
  where m.person_id = p_person_id and u.status = 'active'
  order by m.last_seen_at desc nulls last, m.created_at, m.user_id
$$;
comment on function app.memberships(uuid) is 'The tenants of a person, the one last used first.';
alter function app.memberships(uuid) owner to parley_definer;
grant execute on function app.memberships(uuid) to parley_web;

create or replace function app.session_start(
  p_id text, p_person_id uuid, p_user_id uuid, p_idle_expires_at timestamptz, p_expires_at timestamptz, p_user_agent text)
returns void language plpgsql security definer
set search_path = public, pg_temp as $$
begin
  insert into sessions (id, person_id, user_id, idle_expires_at, expires_at, user_agent)
  values (p_id, p_person_id, p_user_id, least(p_idle_expires_at, p_expires_at), p_expires_at, left(p_user_agent, 300));
  update members set last_seen_at = app.wall() where person_id = p_person_id and user_id = p_user_id;
end $$;
comment on function app.session_start(text, uuid, uuid, timestamptz, timestamptz, text) is 'A signed-in browser; the id is a hash of its token.';
alter function app.session_start(text, uuid, uuid, timestamptz, timestamptz, text) owner to parley_definer;
grant execute on function app.session_start(text, uuid, uuid, timestamptz, timestamptz, text) to parley_web;

-- The role is read anew with every request: who was removed from a tenant is out of it at once.
create or replace function app.session(p_id text)
returns table (
  person_id uuid, email text, name text, is_platform_admin boolean, user_id uuid, role text,
  idle_expires_at timestamptz, expires_at timestamptz, last_seen_at timestamptz)
language sql stable security definer
set search_path = public, pg_temp as $$
  select p.id, p.email, p.name, p.is_platform_admin, m.user_id, m.role, s.idle_expires_at, s.expires_at, s.last_seen_at
  from sessions s
  join people p on p.id = s.person_id
  left join lateral (
    select m.user_id, m.role from members m join users u on u.id = m.user_id
    where m.person_id = s.person_id and m.user_id = s.user_id and u.status = 'active'
  ) m on true
  where s.id = p_id and least(s.idle_expires_at, s.expires_at) > app.wall()
$$;
comment on function app.session(text) is 'Who a session belongs to and what they may do now; nothing once it has expired.';
alter function app.session(text) owner to parley_definer;
grant execute on function app.session(text) to parley_web;

create or replace function app.session_touch(p_id text, p_idle_expires_at timestamptz) returns void language plpgsql security definer
set search_path = public, pg_temp as $$
declare v sessions;
begin
  update sessions set last_seen_at = app.wall(), idle_expires_at = least(p_idle_expires_at, expires_at)
  where id = p_id returning * into v;
  update members set last_seen_at = app.wall() where person_id = v.person_id and user_id = v.user_id;
end $$;
comment on function app.session_touch(text, timestamptz) is 'The session is in use: it stays alive, until its absolute end at most.';
alter function app.session_touch(text, timestamptz) owner to parley_definer;
grant execute on function app.session_touch(text, timestamptz) to parley_web;

create or replace function app.session_end(p_id text) returns void language sql security definer
set search_path = public, pg_temp as $$
  delete from sessions where id = p_id
$$;
comment on function app.session_end(text) is 'Signs one browser out.';
alter function app.session_end(text) owner to parley_definer;
grant execute on function app.session_end(text) to parley_web;

create or replace function app.sessions_end(p_person_id uuid) returns void language sql security definer
set search_path = public, pg_temp as $$
  delete from sessions where person_id = p_person_id
$$;
comment on function app.sessions_end(uuid) is 'Signs a person out everywhere.';
alter function app.sessions_end(uuid) owner to parley_definer;
grant execute on function app.sessions_end(uuid) to parley_web;

create or replace function app.set_password(p_person_id uuid, p_password_hash text) returns void language sql security definer
set search_path = public, pg_temp as $$
  update people set password_hash = p_password_hash, password_changed_at = app.wall() where id = p_person_id
$$;
comment on function app.set_password(uuid, text) is 'After the present password was checked.';
alter function app.set_password(uuid, text) owner to parley_definer;
grant execute on function app.set_password(uuid, text) to parley_web;

-- A token works once, whoever comes second; everyone signed in with the old password is out.
create or replace function app.one_time_token(p_id text, p_purpose text, p_password_hash text) returns uuid language sql security definer
set search_path = public, pg_temp as $$
  with used as (
    update one_time_tokens set used_at = app.wall()
    where id = p_id and purpose = p_purpose and used_at is null and expires_at > app.wall()
    returning person_id
  ),
  renewed as (
    update people p set password_hash = p_password_hash, password_changed_at = app.wall()
    from used where p.id = used.person_id
    returning p.id
  ),
  signed_out as (
    delete from sessions s using used where s.person_id = used.person_id
  )
  select id from renewed
$$;
comment on function app.one_time_token(text, text, text) is 'Uses a token up: the person has the new password and no session. Null when the token is unknown, used or expired.';
alter function app.one_time_token(text, text, text) owner to parley_definer;
grant execute on function app.one_time_token(text, text, text) to parley_web;

-- A key never may more than the person who made it may today, and nothing once that person has left.
create or replace function app.api_key(p_key_sha256 text)
returns table (id uuid, user_id uuid, role text, scopes text[], is_platform_admin boolean) language plpgsql security definer
set search_path = public, pg_temp as $$
#variable_conflict use_column
begin
  update api_keys k set last_used_at = app.wall()
  where k.key_sha256 = p_key_sha256 and k.revoked_at is null
    and (k.last_used_at is null or k.last_used_at < app.wall() - interval '1 minute');
  return query
  select k.id, k.user_id,
    case when array_position(r.ranked, k.role) > array_position(r.ranked, m.role) then k.role else m.role end,
    k.scopes, p.is_platform_admin
  from api_keys k
  join users u on u.id = k.user_id and u.status = 'active'
  join members m on m.user_id = k.user_id and m.person_id = k.created_by
  join people p on p.id = k.created_by
  cross join (values (array['owner', 'manager', 'agent', 'viewer'])) as r (ranked)
  where k.key_sha256 = p_key_sha256 and k.revoked_at is null;
end $$;
comment on function app.api_key(text) is 'Whose key this is and what it may do; nothing once it is revoked or its maker has left.';
alter function app.api_key(text) owner to parley_definer;
grant execute on function app.api_key(text) to parley_web;

create or replace function app.invitation(p_token_sha256 text)
returns table (user_id uuid, email text, role text, company text, expires_at timestamptz, known_person boolean)
language sql stable security definer
set search_path = public, pg_temp as $$
  select i.user_id, i.email, i.role, u.company, i.expires_at,
    i.email is not null and exists (select from people p where p.email = i.email)
  from invitations i join users u on u.id = i.user_id
  where i.token_sha256 = p_token_sha256 and i.accepted_at is null and i.revoked_at is null
    and i.expires_at > app.wall() and u.status = 'active'
$$;
comment on function app.invitation(text) is 'What a link invites to; nothing once it is used, withdrawn or expired.';
alter function app.invitation(text) owner to parley_definer;
grant execute on function app.invitation(text) to parley_web;

-- p_person_id names who has proven a password; a new person is made only when there is none of that address.
create or replace function app.accept_invitation(p_token_sha256 text, p_person_id uuid, p_email text, p_name text, p_password_hash text)
returns table (user_id uuid, person_id uuid) language plpgsql security definer
set search_path = public, pg_temp as $$
#variable_conflict use_column
declare
  v invitations;
  v_person_id uuid := p_person_id;
begin
  update invitations i set accepted_at = app.wall()
  where i.token_sha256 = p_token_sha256 and i.accepted_at is null and i.revoked_at is null and i.expires_at > app.wall()
  returning * into v;
  if not found then
    return;
  end if;
  if v_person_id is null then
    insert into people (email, name, password_hash, password_changed_at)
    values (p_email, p_name, p_password_hash, app.wall())
    returning id into v_person_id;
  end if;
  insert into members (user_id, person_id, role, invited_by) values (v.user_id, v_person_id, v.role, v.created_by)
  on conflict (user_id, person_id) do nothing;
  return query select v.user_id, v_person_id;
end $$;
comment on function app.accept_invitation(text, uuid, text, text, text) is 'Uses a link up: the person is a member. A person already in keeps their role; an existing password is never changed.';
alter function app.accept_invitation(text, uuid, text, text, text) owner to parley_definer;
grant execute on function app.accept_invitation(text, uuid, text, text, text) to parley_web;

create or replace function app.team()
returns table (id uuid, person_id uuid, email text, name text, role text, joined_at timestamptz, last_seen_at timestamptz)
language sql stable security definer
set search_path = public, pg_temp as $$
  select m.id, p.id, p.email, p.name, m.role, m.created_at, m.last_seen_at
  from members m join people p on p.id = m.person_id
  where m.user_id = app.user_id()
  order by m.created_at, m.id
$$;
comment on function app.team() is 'The people of the transaction''s tenant.';
alter function app.team() owner to parley_definer;
grant execute on function app.team() to parley_web, parley_worker;

create or replace function app.names_of(p_person_ids uuid[]) returns table (id uuid, name text) language sql stable security definer
set search_path = public, pg_temp as $$
  select p.id, p.name from people p where p.id = any (p_person_ids)
$$;
comment on function app.names_of(uuid[]) is 'Names for ids that a tenant''s own rows carry (who made, who changed), also of people who have left.';
alter function app.names_of(uuid[]) owner to parley_definer;
grant execute on function app.names_of(uuid[]) to parley_web, parley_worker;
