-- Identity that outlives history: one row per (tenant, kind, key). `expires_at` is null for money: kept for ever.
-- Results are json, not jsonb: jsonb refuses some texts (\u0000) that a person may send, and an end must always be storable.
create table idempotency_keys (
  tenant_id opaque_id not null,
  kind text not null check (kind in ('payment', 'mint', 'email')),
  key text not null check (length(key) between 1 and 200),
  fingerprint text not null check (fingerprint ~ '^[0-9a-f]{64}$'),
  workflow_id workflow_ref not null,
  run_id workflow_ref not null,
  status text not null check (status in ('live', 'settled')),
  queue_name text not null,
  job_type text not null,
  result json,
  claimed_at timestamptz not null,
  processed_at timestamptz,
  expires_at timestamptz,
  primary key (tenant_id, kind, key),
  check ((status = 'settled') = (result is not null and processed_at is not null)),
  check (kind <> 'payment' or expires_at is null)
);
create index idempotency_keys_expiring on idempotency_keys (expires_at) where expires_at is not null;

-- Orders and tickets that an attempt holds while it is live or captured. Released rows stay as history.
create table holds (
  hold_id bigint generated always as identity primary key,
  tenant_id opaque_id not null,
  kind text not null check (kind in ('order', 'ticket')),
  id opaque_id not null,
  payment_key opaque_id not null,
  taken_at timestamptz not null,
  released_at timestamptz
);
create unique index holds_live on holds (tenant_id, kind, id) where released_at is null;
create index holds_of_payment on holds (tenant_id, payment_key);

-- Calls that change state at a provider, counted per step before each one leaves. A fence ends them for good.
create table sent_calls (
  tenant_id opaque_id not null,
  workflow_id workflow_ref not null,
  step text not null check (length(step) between 1 and 100),
  sent integer not null check (sent >= 0),
  generation integer not null default 0 check (generation >= 0),
  first_sent_at timestamptz,
  last_sent_at timestamptz,
  fenced_at timestamptz,
  primary key (tenant_id, workflow_id, step),
  check ((sent = 0) = (first_sent_at is null) and (first_sent_at is null) = (last_sent_at is null))
);

-- What waits for a person or was given up. One open row per step.
create table dead_letter_jobs (
  id bigint generated always as identity primary key,
  tenant_id opaque_id not null,
  queue_name text not null,
  job_type text not null,
  job_data json not null,
  error text not null,
  attempts integer not null check (attempts >= 0),
  original_job_id text generated always as (workflow_id) stored,
  workflow_id workflow_ref not null,
  run_id workflow_ref not null,
  step text not null check (length(step) between 1 and 100),
  money_moved text not null check (money_moved in ('none', 'held', 'captured', 'unknown')),
  failed_at timestamptz not null default now(),
  resolved_at timestamptz,
  outcome text,
  check ((resolved_at is null) = (outcome is null))
);
create unique index dead_letter_jobs_open on dead_letter_jobs (tenant_id, workflow_id, step) where resolved_at is null;

-- Verified webhooks: any order, any number of times. Without processed_at a redelivery is worked on again.
create table webhook_events (
  tenant_id opaque_id not null,
  provider text not null check (provider in ('stripe')),
  event_id text not null check (length(event_id) between 1 and 255),
  type text not null check (length(type) between 1 and 255),
  livemode boolean not null,
  payload json not null,
  received_at timestamptz not null,
  processed_at timestamptz,
  primary key (tenant_id, provider, event_id)
);
create index webhook_events_open on webhook_events (received_at) where processed_at is null;

select
  isolate_by_tenant('idempotency_keys'), isolate_by_tenant('holds'), isolate_by_tenant('sent_calls'),
  isolate_by_tenant('dead_letter_jobs'), isolate_by_tenant('webhook_events');
grant select, insert, update on idempotency_keys, sent_calls, dead_letter_jobs, webhook_events to boxoffice_app;
grant select, insert, update (released_at) on holds to boxoffice_app;

-- Cleanup sees and deletes what has expired, and nothing else; the monitor counts what is open.
create policy cleanup on idempotency_keys to boxoffice_system using (status = 'settled' and expires_at <= now());
grant select (tenant_id, kind, key, status, expires_at), delete on idempotency_keys to boxoffice_system;
create policy monitor on dead_letter_jobs for select to boxoffice_system using (true);
grant select (tenant_id, queue_name, job_type, step, money_moved, failed_at, resolved_at)
  on dead_letter_jobs to boxoffice_system;
create policy monitor on webhook_events for select to boxoffice_system using (true);
grant select (tenant_id, provider, event_id, type, received_at, processed_at) on webhook_events to boxoffice_system;
