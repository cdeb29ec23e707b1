-- A webhook names the provider's execution; without this the calls of its agent would be read one by one.
create index calls_by_execution on calls (user_id, bolna_execution_id) where bolna_execution_id is not null;
