-- Webhooks come before their tenant is known: each one's key says whose it is. What arrived together is kept by one
-- statement and one commit, in the order of arrival. Keys are taken in one order, so that two processes that are sent
-- the same bytes never wait for each other in a circle. plpgsql, for it keeps its plan.
drop function if exists app.receive(text, bytea, bytea, bytea);
create or replace function app.receive(p_source text, p_key_sha256 bytea[], p_body_sha256 bytea[], p_body bytea[])
returns table (n int, result text) language plpgsql security definer
set search_path = public, pg_temp as $$
#variable_conflict use_column
declare
  v_now timestamptz := app.now();
  v_wall timestamptz := app.wall();
begin
  return query
  with sent as (
    select s.n::int, s.key_sha256, s.body_sha256, s.body
    from unnest(p_key_sha256, p_body_sha256, p_body) with ordinality as s (key_sha256, body_sha256, body, n)
  ),
  ours as (
    select s.n, s.body_sha256, s.body, k.user_id, k.agent_id,
      row_number() over (partition by k.agent_id, s.body_sha256 order by s.n) = 1 as is_first
    from sent s
    join agent_webhook_keys k on k.key_sha256 = s.key_sha256
    where k.retired_at is null or k.retired_at > v_wall - interval '7 days'
  ),
  fresh as (
    insert into webhook_keys (source, endpoint_id, sha256)
    select p_source, o.agent_id, o.body_sha256 from ours o where o.is_first order by o.agent_id, o.body_sha256
    on conflict do nothing
    returning endpoint_id, sha256
  ),
  accepted as (
    select o.* from ours o join fresh f on f.endpoint_id = o.agent_id and f.sha256 = o.body_sha256 where o.is_first
  ),
  event as (
    insert into webhook_events (user_id, source, endpoint_id, body, received_at, received_wall, next_at)
    select a.user_id, p_source, a.agent_id, a.body, v_now, v_wall, v_wall from accepted a order by a.n
  )
  select s.n,
    case when o.n is null then 'unknown_key' when a.n is null then 'duplicate' else 'accepted' end
  from sent s left join ours o on o.n = s.n left join accepted a on a.n = s.n
  order by s.n;
end $$;
comment on function app.receive(text, bytea[], bytea[], bytea[]) is 'Stores webhooks, each once; for each, by its place: accepted, duplicate or unknown_key.';
alter function app.receive(text, bytea[], bytea[], bytea[]) owner to parley_definer;
grant execute on function app.receive(text, bytea[], bytea[], bytea[]) to parley_web;

-- The bare path, for callers on the allow-list: the agent named in the body says whose it is.
create or replace function app.receive_for_agent(p_source text, p_bolna_agent_id text, p_body_sha256 bytea, p_body bytea)
returns table (result text, user_id uuid) language sql security definer
set search_path = public, pg_temp as $$
  with endpoint as (
    select a.user_id, a.id as agent_id from agents a where a.bolna_agent_id = p_bolna_agent_id
  ),
  fresh as (
    insert into webhook_keys (source, endpoint_id, sha256)
    select p_source, e.agent_id, p_body_sha256 from endpoint e
    on conflict do nothing
    returning endpoint_id
  ),
  event as (
    insert into webhook_events (user_id, source, endpoint_id, body)
    select e.user_id, p_source, e.agent_id, p_body from endpoint e join fresh f on f.endpoint_id = e.agent_id
    returning id
  )
  select
    case when not exists (select 1 from endpoint) then 'unknown_key'
         when exists (select 1 from event) then 'accepted'
         else 'duplicate' end,
    (select e.user_id from endpoint e)
$$;
comment on function app.receive_for_agent(text, text, bytea, bytea) is 'As receive, for the bare path: resolved by the provider''s agent id.';
alter function app.receive_for_agent(text, text, bytea, bytea) owner to parley_definer;
grant execute on function app.receive_for_agent(text, text, bytea, bytea) to parley_web;

-- What the drain has to do: each event is then folded in a transaction of its own.
create or replace function app.drain_batch(p_limit int)
returns table (id bigint, user_id uuid, agent_id uuid) language sql security definer
set search_path = public, pg_temp as $$
  select e.id, e.user_id, e.endpoint_id from webhook_events e
  where e.status in ('pending', 'parked') and e.next_at <= app.wall()
  order by e.next_at, e.id
  limit p_limit
$$;
comment on function app.drain_batch(int) is 'Webhook events that are due, oldest first, over all tenants.';
alter function app.drain_batch(int) owner to parley_definer;
grant execute on function app.drain_batch(int) to parley_worker;
