-- What happened today, by hour, and what it cost: the first page asks by domain time, which ids do not follow.
create index calls_by_start on calls (user_id, created_at);
create index credit_entries_by_time on credit_entries (user_id, at) where kind = 'call';
