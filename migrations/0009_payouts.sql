-- When a venue's reserve is released, and who has to approve what. A payout needs an approver unless the venue says otherwise.
alter table venues
  add column reserve_days integer not null default 7 check (reserve_days between 0 and 365),
  add column payout_approval_one amount not null default 0,
  add column payout_approval_two amount not null default 1000000,
  add column refund_approval_one amount not null default 9007199254740991,
  add column refund_approval_two amount not null default 9007199254740991,
  add constraint venues_payout_approval_check check (payout_approval_one <= payout_approval_two),
  add constraint venues_refund_approval_check check (refund_approval_one <= refund_approval_two);

-- Set once the reserve of a payment is the venue's, so that the next payout looks at what is still kept only.
alter table payments add column reserve_released_at timestamptz;
grant update (reserve_released_at) on payments to boxoffice_app;
create index payments_with_reserve on payments (tenant_id, venue_id, payment_id)
  where status = 'completed' and venue_reserve > 0 and reserve_released_at is null;

-- Money to venues. What is available is summed, and reserved, under the lock of the venue's row.
create table payouts (
  payout_seq bigint generated always as identity unique,
  tenant_id opaque_id not null,
  payout_id opaque_id not null,
  venue_id opaque_id not null,
  workflow_id workflow_ref not null,
  run_id workflow_ref not null,
  account text not null check (account ~ '^acct_[A-Za-z0-9]{1,60}$'),
  currency currency_code not null,
  amount amount not null check (amount > 0),
  -- What the account lacked; the rest lay there from a payout that came back.
  transfer_amount amount not null,
  approvals_needed integer not null check (approvals_needed between 0 and 2),
  -- Counts those of the venue in the currency. The closing balance is the opening one, plus what it lists, less the amount.
  statement integer not null check (statement >= 1),
  opening_balance signed_amount not null,
  closing_balance signed_amount not null,
  reason text not null check (length(reason) between 1 and 500),
  requested_by opaque_id not null,
  status text not null check (status in (
    'reserved', 'transferred', 'created', 'paid', 'returned', 'rejected', 'expired', 'cancelled'
  )),
  transfer_id text check (length(transfer_id) between 1 and 255),
  provider_payout_id text check (length(provider_payout_id) between 1 and 255),
  failure_code text,
  reserved_at timestamptz not null,
  transferred_at timestamptz,
  created_at timestamptz,
  paid_at timestamptz,
  ended_at timestamptz,
  -- Came back after it had been paid.
  returned_at timestamptz,
  primary key (tenant_id, payout_id),
  unique (tenant_id, venue_id, currency, statement),
  foreign key (tenant_id, venue_id) references venues (tenant_id, venue_id),
  check (transfer_amount <= amount),
  check ((transfer_id is null) = (transferred_at is null)),
  check (transfer_amount > 0 or transferred_at is null),
  check ((provider_payout_id is null) = (created_at is null)),
  check (created_at is null or transfer_amount = 0 or transferred_at is not null),
  check (paid_at is null or created_at is not null),
  check ((status in ('reserved', 'transferred', 'created')) = (ended_at is null)),
  check (status <> 'reserved' or (transferred_at is null and created_at is null)),
  check (status <> 'transferred' or (transferred_at is not null and created_at is null)),
  check (status <> 'created' or created_at is not null),
  check (case when paid_at is null then status <> 'paid' else status in ('paid', 'returned') end),
  check ((returned_at is not null) = (paid_at is not null and status = 'returned')),
  check ((status = 'returned') = (failure_code is not null))
);
create index payouts_of_venue on payouts (tenant_id, venue_id, payout_seq);
create index payouts_newest on payouts (tenant_id, payout_seq);
-- One transfer and one payout at the provider each.
create unique index payouts_by_transfer on payouts (transfer_id) where transfer_id is not null;
create unique index payouts_by_provider_payout on payouts (provider_payout_id) where provider_payout_id is not null;

-- Which statement lists an entry of a venue_payable account: one at most. The venue's newest is open until a payout closes it.
create table statement_entries (
  tenant_id opaque_id not null,
  entry_id bigint primary key references ledger_entries (id),
  venue_id opaque_id not null,
  currency currency_code not null,
  statement integer not null check (statement >= 1)
);
create index statement_entries_of_statement on statement_entries (tenant_id, venue_id, currency, statement);

select isolate_by_tenant('payouts'), isolate_by_tenant('statement_entries');
grant select, insert, update (
  workflow_id, run_id, status, transfer_id, provider_payout_id, failure_code, transferred_at, created_at, paid_at,
  ended_at, returned_at
) on payouts to boxoffice_app;
grant select, insert on statement_entries to boxoffice_app;

-- A webhook names a payout or an account, not a tenant: these find whose it is.
create policy routing on payouts for select to boxoffice_system using (true);
grant select (tenant_id, payout_id, venue_id, workflow_id, run_id, status, account, provider_payout_id)
  on payouts to boxoffice_system;
create policy routing on venues for select to boxoffice_system using (true);
grant select (tenant_id, venue_id, connected_account) on venues to boxoffice_system;
create index venues_of_account on venues (connected_account) where connected_account is not null;

-- Work may wait for a person while a venue's money is on its way.
alter table dead_letter_jobs drop constraint dead_letter_jobs_money_moved_check;
alter table dead_letter_jobs add constraint dead_letter_jobs_money_moved_check check (money_moved in (
  'none', 'held', 'captured', 'refunded', 'with_us', 'with_provider', 'in_transit', 'paid_out', 'unknown'
));
