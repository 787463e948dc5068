-- What a day's reconciliation found to differ between the books, the card provider and the chain: one open row per kind and
-- object. A row closes by itself when a later run finds the difference gone, or by a person who gives a reason.
create table reconciliation_differences (
  id bigint generated always as identity primary key,
  tenant_id opaque_id not null,
  day date not null,
  kind text not null check (kind ~ '^[a-z_]{1,40}$'),
  object_id text not null check (length(object_id) between 1 and 255),
  -- Ids, amounts and states of both sides; null where a side has nothing. json, so that equal facts are equal text.
  ours json,
  theirs json,
  -- Whom a lost webhook would have told.
  remedy json,
  amount_minor amount,
  currency text check (currency ~ '^[A-Z]{3}$'),
  -- The run that saw it last.
  seen_by workflow_ref not null,
  found_at timestamptz not null,
  healed_at timestamptz,
  closed_at timestamptz,
  closed_by text check (length(closed_by) between 1 and 200),
  close_reason text check (length(close_reason) between 1 and 500),
  check (num_nulls(closed_at, closed_by, close_reason) in (0, 3)),
  check ((amount_minor is null) = (currency is null))
);
create unique index reconciliation_differences_open on reconciliation_differences (tenant_id, kind, object_id)
  where closed_at is null;
create index reconciliation_differences_of_object on reconciliation_differences (tenant_id, object_id);
create index reconciliation_differences_newest on reconciliation_differences (tenant_id, id);

-- The last reconciliation of each day.
create table reconciliation_days (
  tenant_id opaque_id not null,
  day date not null,
  run_id workflow_ref not null,
  status text not null check (status in ('running', 'clean', 'differs', 'cancelled')),
  compared json not null,
  differences integer not null check (differences >= 0),
  healed integer not null check (healed >= 0),
  started_at timestamptz not null,
  ended_at timestamptz,
  primary key (tenant_id, day),
  check ((status = 'running') = (ended_at is null))
);

select isolate_by_tenant('reconciliation_differences'), isolate_by_tenant('reconciliation_days');
grant select, insert, update (ours, theirs, remedy, amount_minor, currency, seen_by, healed_at, closed_at, closed_by,
  close_reason) on reconciliation_differences to boxoffice_app;
grant select, insert, update (run_id, status, compared, differences, healed, started_at, ended_at)
  on reconciliation_days to boxoffice_app;

-- The monitor counts what is open, and a token on the chain has to be somebody's.
create policy monitor on reconciliation_differences for select to boxoffice_system using (true);
grant select (tenant_id, kind, found_at, closed_at) on reconciliation_differences to boxoffice_system;
create policy reconciliation on mints for select to boxoffice_system using (true);
grant select (tenant_id, token_id) on mints to boxoffice_system;

-- A day of each.
create index payments_of_day on payments (tenant_id, created_at);
create index payments_ended on payments (tenant_id, ended_at) where ended_at is not null;
create index refunds_done on refunds (tenant_id, refunded_at) where refunded_at is not null;
create index refunds_of_provider on refunds (tenant_id, provider_refund_id) where provider_refund_id is not null;
create index mints_of_day on mints (tenant_id, updated_at);
create index ledger_transactions_of_day on ledger_transactions (tenant_id, occurred_at);
