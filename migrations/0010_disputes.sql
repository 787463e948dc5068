-- Money that a bank has taken back, or asks about. `withdrawn` is what it has now; like a refund it is gone from the
-- payment until the dispute is won. Written under the lock of the payment's row.
create table disputes (
  dispute_seq bigint generated always as identity unique,
  tenant_id opaque_id not null,
  -- The provider's.
  dispute_id opaque_id not null,
  payment_key opaque_id not null,
  workflow_id workflow_ref not null,
  charge_id text not null check (length(charge_id) between 1 and 255),
  amount amount not null,
  currency currency_code not null,
  -- The provider's words.
  status text not null check (length(status) between 1 and 100),
  reason text not null check (length(reason) between 1 and 100),
  -- Whether the provider would refund the charge while this stands.
  refundable boolean not null,
  evidence_due_by timestamptz,
  withdrawn amount not null,
  -- The platform's fee within `withdrawn`; the rest is held of the venue's.
  fee_share amount not null,
  -- What the provider keeps for it: less than nothing when it gave back more than it took.
  fee signed_amount not null,
  outcome text check (outcome in ('won', 'lost', 'withdrawn')),
  opened_at timestamptz not null,
  ended_at timestamptz,
  primary key (tenant_id, dispute_id),
  foreign key (tenant_id, payment_key) references payments (tenant_id, payment_key),
  check (fee_share <= withdrawn),
  check ((outcome is null) = (ended_at is null)),
  check (outcome is null or (outcome = 'lost') = (withdrawn > 0))
);
create index disputes_of_payment on disputes (tenant_id, payment_key, dispute_seq);

select isolate_by_tenant('disputes');
grant select, insert, update (
  workflow_id, amount, status, reason, refundable, evidence_due_by, withdrawn, fee_share, fee, outcome, ended_at
) on disputes to boxoffice_app;

-- A dispute names a charge, not a tenant: this finds whose it is.
grant select (charge_id) on payments to boxoffice_system;
create index payments_of_charge on payments (charge_id) where charge_id is not null;

-- A ticket whose money was lost is not transferred or burned without a person.
alter table mints add column locked_at timestamptz;
grant update (locked_at) on mints to boxoffice_app;

-- `returned`: it had succeeded, and the provider took it back later.
alter table refunds drop constraint refunds_status_check;
alter table refunds add constraint refunds_status_check
  check (status in ('reserved', 'refunded', 'completed', 'failed', 'rejected', 'cancelled', 'returned'));
do $$
declare
  old text;
begin
  select conname into strict old from pg_constraint
  where conrelid = 'refunds'::regclass and contype = 'c' and pg_get_constraintdef(oid) like '%failure_code IS NOT NULL%';
  execute format('alter table refunds drop constraint %I', old);
end
$$;
alter table refunds
  add constraint refunds_failure_named check ((status in ('failed', 'returned')) = (failure_code is not null)),
  add constraint refunds_returned_after_done check (status <> 'returned' or refunded_at is not null);
