-- What has to exist before a purchase.
create table venues (
  tenant_id opaque_id not null,
  venue_id opaque_id not null,
  name text not null check (length(name) between 1 and 200),
  currency currency_code not null,
  connected_account text check (connected_account ~ '^acct_[A-Za-z0-9]{1,60}$'),
  fee_basis_points integer not null check (fee_basis_points between 0 and 10000),
  fee_fixed amount not null,
  reserve_basis_points integer not null check (reserve_basis_points between 0 and 10000),
  frozen boolean not null,
  payouts_enabled boolean not null,
  updated_at timestamptz not null default now(),
  primary key (tenant_id, venue_id)
);

create table events (
  tenant_id opaque_id not null,
  event_id opaque_id not null,
  venue_id opaque_id not null,
  name text not null check (length(name) between 1 and 200),
  ends_at timestamptz not null,
  sales_open boolean not null,
  updated_at timestamptz not null default now(),
  primary key (tenant_id, event_id),
  foreign key (tenant_id, venue_id) references venues (tenant_id, venue_id)
);
create index events_of_venue on events (tenant_id, venue_id);

-- What an emailRef stands for. The only table with personal data, so that erasing it touches nothing else.
create table personal_data (
  tenant_id opaque_id not null,
  ref opaque_id not null,
  kind text not null check (kind in ('email')),
  value text not null check (length(value) between 1 and 320),
  name text check (length(name) between 1 and 200),
  updated_at timestamptz not null default now(),
  primary key (tenant_id, ref)
);

select isolate_by_tenant('venues'), isolate_by_tenant('events'), isolate_by_tenant('personal_data');
grant select, insert, update on venues, events, personal_data to boxoffice_app;
