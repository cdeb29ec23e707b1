-- Text search stands outside row-level security, whose policies would forbid the trigram index: the tenant is part of
-- the question here. A text that looks like a number is searched by its digits; of several words each must occur.
create or replace function app.search_contacts(p_text text) returns setof uuid language plpgsql stable security definer
set search_path = public, pg_temp as $$
declare
  v_words text[];
  v_longest text;
begin
  if p_text ~ '^[+0-9 ().-]+$' and p_text ~ '[0-9]{3}' then
    v_words := array[regexp_replace(p_text, '[^0-9]', '', 'g')];
  else
    v_words := array(select w from regexp_split_to_table(lower(trim(p_text)), '\s+') w where w <> '');
  end if;
  select w into v_longest from unnest(v_words) w order by length(w) desc limit 1;
  if v_longest is null then
    return query select c.id from contacts c where c.user_id = app.user_id();
    return;
  end if;
  if length(v_longest) < 3 then
    -- too short for trigrams: names that begin so
    return query
      select c.id from contacts c
      where c.user_id = app.user_id() and c.sort_name >= v_longest and c.sort_name < v_longest || chr(1114111);
    return;
  end if;
  -- a condition for each word, so that the index can meet them all
  return query execute
    'select c.id from contacts c where c.user_id = app.user_id()'
      || (select string_agg(format(' and c.search like $1[%s]', n), '') from generate_subscripts(v_words, 1) n)
    using array(select app.like_part(w) from unnest(v_words) with ordinality as word (w, n) order by n);
end $$;
comment on function app.search_contacts(text) is 'Contacts of the transaction''s tenant whose name, e-mail, company or number contains every word of the text.';
alter function app.search_contacts(text) owner to parley_definer;
grant execute on function app.search_contacts(text) to parley_web, parley_worker;

create or replace function app.like_part(p_word text) returns text language sql immutable as $$
  select '%' || replace(replace(replace(p_word, '\', '\\'), '%', '\%'), '_', '\_') || '%'
$$;
comment on function app.like_part(text) is 'A pattern that finds the word anywhere, taken literally.';
grant execute on function app.like_part(text) to parley_web, parley_worker, parley_definer;
