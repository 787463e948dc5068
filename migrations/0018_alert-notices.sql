-- What became of each notice of an incident, channel by channel; where it went stands in no table. Written as far as the
-- database answers: a notice leaves without it.
create table alert_notices (
  id bigint generated always as identity primary key,
  tenant_id opaque_id not null check (tenant_id = 'platform'),
  alert_id opaque_id not null,
  -- Of the incident's notices, 1 for the first.
  number integer not null check (number >= 1),
  kind text not null check (kind in ('first', 'repeat', 'escalation')),
  channel text not null check (channel in ('email', 'sms', 'voice')),
  outcome text not null check (outcome in ('delivered', 'given up', 'no recipient', 'not needed')),
  -- The provider's: a Message-ID, or a sid.
  reference text check (length(reference) between 1 and 500),
  -- Why it was given up: the provider's code.
  code text check (length(code) between 1 and 100),
  sent_at timestamptz not null default now(),
  unique (tenant_id, alert_id, number, channel)
);
create index alert_notices_expiring on alert_notices (sent_at);

select isolate_by_tenant('alert_notices');
grant select, insert on alert_notices to boxoffice_app;

-- Kept for 30 days, as samples are.
create policy cleanup on alert_notices to boxoffice_system using (sent_at <= now() - interval '30 days');
grant select (tenant_id, alert_id, sent_at), delete on alert_notices to boxoffice_system;
