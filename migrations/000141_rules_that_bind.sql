-- Some countries' caps are rules, not habits: a workspace may be stricter, never laxer. The window they speak of is a week.
alter table calling_rules add column caps_bind boolean not null default false;
comment on column calling_rules.caps_bind is 'dials_max and answered_max are the country''s own: a workspace''s cap counts only where it is stricter, over seven days at least. Otherwise they are what holds as long as the workspace sets none.';
update calling_rules set caps_bind = true, version = version + 1
where rule_set = 'by-country' and country in ('GB', 'AE', 'DE', 'FR');

-- Public holidays on which nobody may be called, or is by custom. What moves, moves with Easter.
with year (year, easter) as (
  values (2026, date '2026-04-05'), (2027, date '2027-03-28'), (2028, date '2028-04-16')
),
fixed (country, month, day) as (
  values
    ('FR', 1, 1), ('FR', 5, 1), ('FR', 5, 8), ('FR', 7, 14), ('FR', 8, 15), ('FR', 11, 1), ('FR', 11, 11), ('FR', 12, 25),
    ('DE', 1, 1), ('DE', 5, 1), ('DE', 10, 3), ('DE', 12, 25), ('DE', 12, 26),
    ('AU', 1, 1), ('AU', 1, 26), ('AU', 4, 25), ('AU', 12, 25), ('AU', 12, 26)
),
-- days after Easter Sunday: Good Friday -2, Easter Monday 1, Ascension 39, Whit Monday 50
moving (country, days) as (
  values ('FR', 1), ('FR', 39), ('FR', 50), ('DE', -2), ('DE', 1), ('DE', 39), ('DE', 50), ('AU', -2), ('AU', 1)
),
holiday (country, day) as (
  select f.country, make_date(y.year, f.month, f.day) from fixed f cross join year y
  union
  select m.country, y.easter + m.days from moving m cross join year y
)
update calling_rules r
set holidays = h.days, version = r.version + 1,
  note = r.note || case r.country
    when 'DE' then ' Nationwide public holidays are left out by custom.'
    else ' Not on national public holidays.' end
from (select country, array_agg(day order by day) as days from holiday group by country) h
where r.rule_set = 'by-country' and r.country = h.country;
