-- Whether credit runs low is asked after every call: the last top-up has to be found without reading all the calls after it.
create index credit_top_ups on credit_entries (user_id, id desc) where amount > 0;
