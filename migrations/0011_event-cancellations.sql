-- A cancelled event never sells again, whatever is put over it.
alter table events add column cancelled_at timestamptz;
alter table events add constraint events_cancelled_closed check (cancelled_at is null or not sales_open);

-- Everything of an event given back: one row per event, for ever.
create table event_cancellations (
  tenant_id opaque_id not null,
  event_id opaque_id not null,
  workflow_id workflow_ref not null,
  run_id workflow_ref not null,
  reason text not null check (length(reason) between 1 and 500),
  requested_by opaque_id not null,
  tickets text not null check (tickets in ('keep', 'burn')),
  status text not null check (status in ('live', 'completed', 'cancelled')),
  -- Counts and amounts as of the last look; final once it has ended.
  report json not null,
  started_at timestamptz not null,
  ended_at timestamptz,
  primary key (tenant_id, event_id),
  foreign key (tenant_id, event_id) references events (tenant_id, event_id),
  check ((status = 'live') = (ended_at is null))
);

-- Which refund gives a purchase back. Written before the refund is started, so that none is started twice or forgotten.
create table event_refunds (
  tenant_id opaque_id not null,
  event_id opaque_id not null,
  payment_key opaque_id not null,
  refund_id opaque_id not null,
  planned_at timestamptz not null,
  primary key (tenant_id, event_id, payment_key),
  foreign key (tenant_id, event_id) references event_cancellations (tenant_id, event_id),
  foreign key (tenant_id, payment_key) references payments (tenant_id, payment_key)
);

select isolate_by_tenant('event_cancellations'), isolate_by_tenant('event_refunds');
grant select, insert, update (workflow_id, run_id, status, report, ended_at) on event_cancellations to boxoffice_app;
grant select, insert on event_refunds to boxoffice_app;
