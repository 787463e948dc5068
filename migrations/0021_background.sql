-- What services want counted. Ids, names and numbers: the contracts let nothing else in, so that no person is in here. The
-- fingerprint is of the request: a key is one event's for as long as the event is kept.
create table analytics_events (
  tenant_id opaque_id not null,
  event_key opaque_id not null,
  type text not null check (length(type) <= 64 and type ~ '^[a-z][a-z0-9]*([._-][a-z0-9]+)*$'),
  venue_id opaque_id,
  occurred_at timestamptz not null,
  properties jsonb not null check (jsonb_typeof(properties) = 'object' and octet_length(properties::text) <= 8192),
  fingerprint text not null check (fingerprint ~ '^[0-9a-f]{64}$'),
  recorded_at timestamptz not null default now(),
  primary key (tenant_id, event_key)
);

-- The UTC day that a transaction of the ledger is reported in: the day on which it happened, unless that day's books were
-- closed (contracts/report.ts: two hours after its end) when it was recorded. So a day that is closed stays as it is, and
-- nothing is left out of all days.
create function booked_day(occurred_at timestamptz, recorded_at timestamptz) returns date
language sql immutable parallel safe
return case
  when recorded_at < (date_trunc('day', occurred_at at time zone 'UTC') + interval '26 hours') at time zone 'UTC'
    then (occurred_at at time zone 'UTC')::date
  else (recorded_at at time zone 'UTC')::date
end;

-- A report looks at what happened or was recorded since its day began, and not at all that ever was.
create index ledger_transactions_occurred on ledger_transactions (tenant_id, occurred_at);
create index ledger_transactions_recorded on ledger_transactions (tenant_id, recorded_at);

-- A venue's money of a day, as it was reported; sha256 is the CSV's.
create table reports (
  tenant_id opaque_id not null,
  venue_id opaque_id not null,
  day date not null,
  report json not null,
  csv text not null,
  sha256 text not null check (sha256 ~ '^[0-9a-f]{64}$'),
  created_at timestamptz not null default now(),
  primary key (tenant_id, venue_id, day),
  foreign key (tenant_id, venue_id) references venues (tenant_id, venue_id)
);
create index reports_by_day on reports (tenant_id, day, venue_id);

select isolate_by_tenant('analytics_events'), isolate_by_tenant('reports');
grant select, insert on analytics_events, reports to boxoffice_app;

-- The daily round looks for venues whose report is missing; which venues there are, it may see already (0009).
create policy round on reports for select to boxoffice_system using (true);
grant select (tenant_id, venue_id, day) on reports to boxoffice_system;

-- Claims of jobs that move no money expire. Cleanup names their kinds, so that money's would stay even with a time on them.
alter table idempotency_keys drop constraint idempotency_keys_kind_check;
alter table idempotency_keys drop constraint idempotency_keys_money_kept;
alter table idempotency_keys
  add constraint idempotency_keys_kind_check check (kind in (
    'payment', 'refund', 'refund-return', 'payout', 'payout-return', 'dispute', 'event-cancellation', 'mint', 'transfer',
    'burn', 'email', 'sms', 'analytics', 'report'
  )),
  add constraint idempotency_keys_money_kept
    check (kind in ('email', 'sms', 'analytics', 'report') or expires_at is null);
drop policy cleanup on idempotency_keys;
create policy cleanup on idempotency_keys to boxoffice_system
  using (kind in ('email', 'sms', 'analytics', 'report') and status = 'settled' and expires_at <= now());

-- A provider repeats an event for days. One that was not processed stays, however old.
create policy cleanup on webhook_events for delete to boxoffice_system
  using (processed_at <= now() - interval '90 days');
grant delete on webhook_events to boxoffice_system;
create index webhook_events_expiring on webhook_events (processed_at) where processed_at is not null;
