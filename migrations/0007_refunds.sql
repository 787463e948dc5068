-- Money on its way back. What may still go back of a payment is its amount less its live refunds (reserved, refunded,
-- completed), summed under the lock of the payment's row.
create table refunds (
  refund_seq bigint generated always as identity unique,
  tenant_id opaque_id not null,
  refund_id opaque_id not null,
  payment_key opaque_id not null,
  workflow_id workflow_ref not null,
  run_id workflow_ref not null,
  amount amount not null check (amount > 0),
  -- The platform's fee that goes back with it; the rest is the venue's.
  fee_share amount not null,
  currency currency_code not null,
  tickets text not null check (tickets in ('keep', 'burn')),
  -- text[], not opaque_id[]: drivers do not know arrays of domains.
  ticket_ids text[] not null,
  burn_ticket_ids text[] not null,
  burned_ticket_ids text[] not null default '{}',
  reason text not null check (length(reason) between 1 and 500),
  requested_by opaque_id not null,
  status text not null check (status in ('reserved', 'refunded', 'completed', 'failed', 'rejected', 'cancelled')),
  provider_refund_id text check (length(provider_refund_id) between 1 and 255),
  failure_code text,
  reserved_at timestamptz not null,
  refunded_at timestamptz,
  ended_at timestamptz,
  primary key (tenant_id, refund_id),
  foreign key (tenant_id, payment_key) references payments (tenant_id, payment_key),
  check (fee_share <= amount),
  check (tickets = 'burn' or burn_ticket_ids = '{}'),
  check (burned_ticket_ids <@ burn_ticket_ids),
  check ((provider_refund_id is null) = (refunded_at is null)),
  check (status not in ('refunded', 'completed') or refunded_at is not null),
  check (status <> 'reserved' or refunded_at is null),
  check ((status in ('reserved', 'refunded')) = (ended_at is null)),
  check ((status = 'failed') = (failure_code is not null))
);
create index refunds_of_payment on refunds (tenant_id, payment_key, refund_seq);
create index refunds_newest on refunds (tenant_id, refund_seq);

select isolate_by_tenant('refunds');
grant select, insert, update (
  workflow_id, run_id, status, provider_refund_id, failure_code, burned_ticket_ids, refunded_at, ended_at
) on refunds to boxoffice_app;

alter table idempotency_keys drop constraint idempotency_keys_kind_check;
alter table idempotency_keys
  add constraint idempotency_keys_kind_check check (kind in ('payment', 'refund', 'mint', 'email')),
  add constraint idempotency_keys_refund_kept check (kind <> 'refund' or expires_at is null);

-- Work may wait for a person while the money is already on its way back.
alter table dead_letter_jobs drop constraint dead_letter_jobs_money_moved_check;
alter table dead_letter_jobs add constraint dead_letter_jobs_money_moved_check
  check (money_moved in ('none', 'held', 'captured', 'refunded', 'unknown'));
