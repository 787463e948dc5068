-- What people set on the providers' lanes. Lanes are nobody's: every row is the tenant's `platform`, and the application
-- sees them only in a transaction of that tenant. contracts/lane-control.ts says what the columns mean.
create table lane_settings (
  tenant_id opaque_id not null check (tenant_id = 'platform'),
  lane opaque_id not null,
  -- Its row lock gives each change a revision of its own.
  revision bigint not null check (revision >= 0),
  stopped boolean not null,
  percent integer not null check (percent between 1 and 100),
  adaptive boolean not null,
  -- Calls a second, and calls in flight; null: as configured.
  per_second double precision check (per_second > 0 and per_second < 'infinity'),
  concurrent integer check (concurrent >= 1),
  primary key (tenant_id, lane)
);

-- Who changed what, and why. Append-only.
create table lane_changes (
  id bigint generated always as identity primary key,
  tenant_id opaque_id not null check (tenant_id = 'platform'),
  lane opaque_id not null,
  revision bigint not null check (revision >= 1),
  action text not null
    check (action in ('limits', 'brown-out', 'adaptive', 'weights', 'stop', 'resume', 'reset')),
  change jsonb not null,
  settings jsonb not null,
  actor text not null check (length(actor) between 1 and 200),
  reason text not null check (length(reason) between 1 and 500),
  -- Taken under the lock of the settings, so it rises with the revision.
  changed_at timestamptz not null default clock_timestamp(),
  unique (tenant_id, lane, revision)
);

-- Samples of the lanes, by the limiter's own clock where a moment is its own.
create table rate_limit_metrics (
  id bigint generated always as identity primary key,
  tenant_id opaque_id not null check (tenant_id = 'platform'),
  lane opaque_id not null,
  in_flight integer not null check (in_flight >= 0),
  last_second integer not null check (last_second >= 0),
  granted bigint not null check (granted >= 0),
  waiting integer not null check (waiting >= 0),
  -- Calls a second; null: unpaced.
  effective_per_second double precision check (effective_per_second >= 0),
  configured_per_second double precision check (configured_per_second >= 0),
  -- Null: open.
  blocked_until timestamptz,
  stopped boolean not null,
  captured_at timestamptz not null default now()
);
create index rate_limit_metrics_of_lane on rate_limit_metrics (tenant_id, lane, captured_at);
create index rate_limit_metrics_expiring on rate_limit_metrics (captured_at);

select isolate_by_tenant('lane_settings'), isolate_by_tenant('lane_changes'), isolate_by_tenant('rate_limit_metrics');
grant select, insert, update (revision, stopped, percent, adaptive, per_second, concurrent)
  on lane_settings to boxoffice_app;
grant select, insert on lane_changes, rate_limit_metrics to boxoffice_app;

-- Samples are kept for 30 days.
create policy cleanup on rate_limit_metrics to boxoffice_system using (captured_at <= now() - interval '30 days');
grant select (tenant_id, lane, captured_at), delete on rate_limit_metrics to boxoffice_system;
