-- What people decided about money, accepted or not: who, about which run, on what proof. Append-only.
create table decisions (
  id bigint generated always as identity primary key,
  tenant_id opaque_id not null,
  workflow_id workflow_ref not null,
  run_id workflow_ref not null,
  -- The message that carried it: the same one, taken again after a lost answer, is the same decision.
  message_id text not null check (length(message_id) between 1 and 200),
  kind text not null check (kind in ('approve', 'reject', 'resolve')),
  -- What of `kind`: for resolve retry, mark_succeeded, mark_failed or compensate; else the kind itself.
  choice text not null check (length(choice) between 1 and 40),
  step text check (length(step) between 1 and 100),
  -- Whom the message names, and whom its proof does; the latter is null where no proof could be read.
  actor text not null check (length(actor) between 1 and 200),
  subject text check (length(subject) between 1 and 200),
  evidence text not null check (length(evidence) between 1 and 2000),
  -- Of the proof; null where none could be read.
  proof_id text check (length(proof_id) between 1 and 200),
  refused_because text check (length(refused_because) between 1 and 100),
  decided_at timestamptz not null,
  check (refused_because is not null or (subject is not null and proof_id is not null)),
  unique (tenant_id, workflow_id, message_id)
);
-- A proof decides once.
create unique index decisions_by_proof on decisions (tenant_id, proof_id) where refused_because is null;
create index decisions_of_workflow on decisions (tenant_id, workflow_id, id);
select isolate_by_tenant('decisions');
grant select, insert on decisions to boxoffice_app;

-- Every operation that has an identity of its own.
alter table idempotency_keys drop constraint idempotency_keys_kind_check;
alter table idempotency_keys drop constraint idempotency_keys_refund_kept;
alter table idempotency_keys
  add constraint idempotency_keys_kind_check check (kind in (
    'payment', 'refund', 'refund-return', 'payout', 'payout-return', 'dispute', 'event-cancellation', 'mint', 'transfer',
    'burn', 'email', 'sms'
  )),
  add constraint idempotency_keys_money_kept check (kind in ('email', 'sms') or expires_at is null);
