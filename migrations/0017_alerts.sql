-- One row for each incident, kept up to date by the monitor: what it knows by itself is written here after the fact,
-- because alerts have to leave while the database is away. contracts/incidents.ts says what the columns mean.
create table alert_history (
  id bigint generated always as identity primary key,
  tenant_id opaque_id not null check (tenant_id = 'platform'),
  alert_id opaque_id not null,
  severity text not null check (severity in ('info', 'warning', 'critical')),
  alert_type opaque_id not null,
  -- A queue, a lane, or `platform`.
  subject opaque_id not null,
  message text not null check (length(message) between 1 and 500),
  queue_name text generated always as (nullif(subject::text, 'platform')) stored,
  -- Measured when it was found; how bad it is now is last_value.
  metric_value double precision not null,
  threshold_value double precision not null,
  last_value double precision not null,
  since timestamptz,
  reopened integer not null check (reopened >= 0),
  notices integer not null check (notices >= 0),
  noticed_at timestamptz,
  escalated boolean not null,
  acknowledged boolean not null default false,
  acknowledged_by text check (length(acknowledged_by) between 1 and 200),
  acknowledged_at timestamptz,
  created_at timestamptz not null,
  ended_at timestamptz,
  -- By the monitor; what comes late from an earlier look changes nothing.
  looked_at timestamptz not null,
  unique (tenant_id, alert_id),
  check (acknowledged = (acknowledged_by is not null) and acknowledged = (acknowledged_at is not null))
);
-- However often a monitor starts anew: an incident that goes on has one row.
create unique index alert_history_open on alert_history (tenant_id, alert_type, subject) where ended_at is null;
create index alert_history_expiring on alert_history (ended_at) where ended_at is not null;

-- Who set what on the monitor, and why. Append-only.
create table monitor_changes (
  id bigint generated always as identity primary key,
  tenant_id opaque_id not null check (tenant_id = 'platform'),
  change_id opaque_id not null,
  -- What was asked for; null takes a setting back.
  settings jsonb not null,
  -- What people have set altogether, after it.
  overrides jsonb not null,
  actor text not null check (length(actor) between 1 and 200),
  reason text not null check (length(reason) between 1 and 500),
  changed_at timestamptz not null,
  unique (tenant_id, change_id)
);

select isolate_by_tenant('alert_history'), isolate_by_tenant('monitor_changes');
grant select, insert, update (last_value, reopened, notices, noticed_at, escalated, acknowledged, acknowledged_by,
  acknowledged_at, ended_at, looked_at) on alert_history to boxoffice_app;
grant select, insert on monitor_changes to boxoffice_app;

-- Alerts are kept for 7 days after their end.
create policy cleanup on alert_history to boxoffice_system using (ended_at <= now() - interval '7 days');
grant select (tenant_id, alert_id, ended_at), delete on alert_history to boxoffice_system;
