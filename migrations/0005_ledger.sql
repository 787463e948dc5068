-- Append-only double entry: debit +, credit −. What is wrong is refused here, whoever asks; a correction is a new
-- transaction. What each event posts: store/postings.ts and docs/architecture.md.
create table ledger_transactions (
  id bigint generated always as identity primary key,
  tenant_id opaque_id not null,
  operation workflow_ref not null,
  step text not null check (length(step) between 1 and 100),
  occurred_at timestamptz not null,
  recorded_at timestamptz not null default now(),
  created_xid xid8 not null default pg_current_xact_id(),
  unique (tenant_id, operation, step),
  unique (tenant_id, id)
);

create table ledger_entries (
  id bigint generated always as identity primary key,
  tenant_id opaque_id not null,
  transaction_id bigint not null,
  account text not null check (account in (
    'stripe_balance', 'connected_balance', 'in_transit', 'venue_payable', 'venue_reserve', 'venue_hold', 'venue_payout',
    'platform_fees', 'provider_fees', 'refunds_pending', 'disputed', 'dispute_fees', 'losses'
  )),
  venue_id opaque_id,
  currency currency_code not null,
  amount signed_amount not null check (amount <> 0),
  available_on timestamptz,
  foreign key (tenant_id, transaction_id) references ledger_transactions (tenant_id, id),
  foreign key (tenant_id, venue_id) references venues (tenant_id, venue_id),
  check (venue_id is not null
    or account not in ('connected_balance', 'in_transit', 'venue_payable', 'venue_reserve', 'venue_hold', 'venue_payout')),
  check (available_on is null or account in ('venue_payable', 'venue_reserve'))
);
create index ledger_entries_of_transaction on ledger_entries (transaction_id);
create index ledger_entries_of_account on ledger_entries (tenant_id, venue_id, account, currency);

-- Statement triggers: they fire even where row-level security hides every row, so nobody mistakes 0 rows for success.
create function ledger_is_append_only() returns trigger language plpgsql set search_path = '' as $$
begin
  raise exception '% on % is refused: the ledger is append-only; post a reversing transaction instead', tg_op, tg_table_name
    using errcode = 'restrict_violation';
end
$$;
create trigger append_only before update or delete or truncate on ledger_transactions
  for each statement execute function ledger_is_append_only();
create trigger append_only before update or delete or truncate on ledger_entries
  for each statement execute function ledger_is_append_only();
-- Also where triggers are switched off for the session (session_replication_role).
alter table ledger_transactions enable always trigger append_only;
alter table ledger_entries enable always trigger append_only;

-- The writer cannot choose when it wrote, or it could claim to be part of an older transaction.
create function ledger_stamp() returns trigger language plpgsql set search_path = '' as $$
begin
  new.recorded_at := pg_catalog.transaction_timestamp();
  new.created_xid := pg_catalog.pg_current_xact_id();
  return new;
end
$$;
create trigger stamp before insert on ledger_transactions for each row execute function ledger_stamp();

create function ledger_entry_belongs() returns trigger language plpgsql set search_path = '' as $$
begin
  if not exists (
    select from public.ledger_transactions t
    where t.tenant_id = new.tenant_id and t.id = new.transaction_id and t.created_xid = pg_catalog.pg_current_xact_id()
  ) then
    raise exception 'an entry for ledger transaction % is refused: entries are posted together with their transaction',
      new.transaction_id using errcode = 'restrict_violation';
  end if;
  return new;
end
$$;
create trigger belongs before insert on ledger_entries for each row execute function ledger_entry_belongs();

-- Checked when the database transaction commits. On entries too: a session may have set constraints immediate in between.
create function ledger_balances() returns trigger language plpgsql set search_path = '' as $$
declare
  checked bigint;
  entries bigint;
  unbalanced text;
begin
  if tg_table_name = 'ledger_entries' then checked := new.transaction_id; else checked := new.id; end if;
  select pg_catalog.count(*) into entries from public.ledger_entries e where e.transaction_id = checked;
  if entries < 2 then
    raise exception 'ledger transaction % has % entries: at least two are needed', checked, entries
      using errcode = 'check_violation';
  end if;
  select pg_catalog.string_agg(pg_catalog.format('%s by %s', s.currency, s.total), ', ') into unbalanced
  from (
    select e.currency, pg_catalog.sum(e.amount) as total from public.ledger_entries e
    where e.transaction_id = checked group by e.currency having pg_catalog.sum(e.amount) <> 0
  ) s;
  if unbalanced is not null then
    raise exception 'ledger transaction % does not sum to zero: %', checked, unbalanced using errcode = 'check_violation';
  end if;
  return null;
end
$$;
create constraint trigger balances after insert on ledger_transactions
  deferrable initially deferred for each row execute function ledger_balances();
create constraint trigger balances after insert on ledger_entries
  deferrable initially deferred for each row execute function ledger_balances();

select isolate_by_tenant('ledger_transactions'), isolate_by_tenant('ledger_entries');
grant select, insert on ledger_transactions, ledger_entries to boxoffice_app;

-- The proof that everything sums to zero is across tenants.
create policy proof on ledger_transactions for select to boxoffice_system using (true);
create policy proof on ledger_entries for select to boxoffice_system using (true);
grant select on ledger_transactions, ledger_entries to boxoffice_system;
