-- What the monitor saw, queue by queue and lane by lane; contracts/monitor.ts says what the numbers mean.
create table queue_metrics (
  id bigint generated always as identity primary key,
  tenant_id opaque_id not null check (tenant_id = 'platform'),
  queue_name opaque_id not null,
  waiting_count integer not null check (waiting_count >= 0),
  -- Of a lane: calls in flight.
  active_count integer not null check (active_count >= 0),
  -- Null for a lane, which has tasks and no jobs.
  waiting_for_person integer check (waiting_for_person >= 0),
  completed_count integer check (completed_count >= 0),
  failed_count integer check (failed_count >= 0),
  oldest_seconds double precision not null check (oldest_seconds >= 0 and oldest_seconds < 'infinity'),
  captured_at timestamptz not null,
  -- A sample that is recorded again, after a lost answer, is there once.
  unique (queue_name, captured_at)
);
create index queue_metrics_newest on queue_metrics (captured_at);

select isolate_by_tenant('queue_metrics');
grant select, insert on queue_metrics to boxoffice_app;

-- Samples are kept for 30 days.
create policy cleanup on queue_metrics to boxoffice_system using (captured_at <= now() - interval '30 days');
grant select (tenant_id, queue_name, captured_at), delete on queue_metrics to boxoffice_system;

-- Until when the money of a live purchase is held. Noted by whoever authorizes, for those who watch the clock; no decision
-- about the purchase depends on it.
alter table payments add column capture_before timestamptz;
grant update (capture_before) on payments to boxoffice_app;
create index payments_live on payments (tenant_id, payment_key) where status = 'live';

-- The monitor counts across tenants what waits, and reads nothing of what it is.
grant select (capture_before, venue_id) on payments to boxoffice_system;
create index dead_letter_jobs_newest on dead_letter_jobs (failed_at);
create index dead_letter_jobs_waiting on dead_letter_jobs (failed_at) where resolved_at is null;

create policy monitor on disputes for select to boxoffice_system using (true);
grant select (tenant_id, dispute_id, status, evidence_due_by, ended_at) on disputes to boxoffice_system;
create index disputes_open on disputes (evidence_due_by) where ended_at is null;

-- Approvals that nobody has given: the venue's limits, what is reserved, and how many people have said yes.
grant select (refund_approval_one, refund_approval_two) on venues to boxoffice_system;
create policy monitor on refunds for select to boxoffice_system using (true);
grant select (tenant_id, refund_id, payment_key, workflow_id, run_id, amount, status, reserved_at) on refunds
  to boxoffice_system;
create index refunds_reserved on refunds (reserved_at) where status = 'reserved';
grant select (approvals_needed, reserved_at) on payouts to boxoffice_system;
create index payouts_reserved on payouts (reserved_at) where status = 'reserved';
create policy monitor on decisions for select to boxoffice_system using (true);
grant select (tenant_id, workflow_id, run_id, kind, subject, refused_because) on decisions to boxoffice_system;

-- Since when a lane has been stopped by people or closed by its provider. For reading only: deleting stays cleanup's.
create policy monitor on lane_settings for select to boxoffice_system using (true);
grant select (tenant_id, lane, stopped) on lane_settings to boxoffice_system;
create policy monitor on lane_changes for select to boxoffice_system using (true);
grant select (tenant_id, lane, revision, action, changed_at) on lane_changes to boxoffice_system;
create policy monitor on rate_limit_metrics for select to boxoffice_system using (true);
grant select (in_flight, blocked_until) on rate_limit_metrics to boxoffice_system;
