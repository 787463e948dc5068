-- One row per attempt that was let in. Fee policy and shares are those of the claim: a later change of the venue's policy
-- must not change what a purchase in flight was agreed to cost.
create table payments (
  payment_id bigint generated always as identity unique,
  tenant_id opaque_id not null,
  payment_key opaque_id not null,
  workflow_id workflow_ref not null,
  run_id workflow_ref not null,
  venue_id opaque_id not null,
  event_id opaque_id not null,
  user_id opaque_id not null,
  order_id opaque_id not null,
  wallet wallet_address not null,
  email_ref opaque_id not null,
  currency currency_code not null,
  amount amount not null,
  fee_basis_points integer not null check (fee_basis_points between 0 and 10000),
  fee_fixed amount not null,
  reserve_basis_points integer not null check (reserve_basis_points between 0 and 10000),
  platform_fee amount not null,
  venue_reserve amount not null,
  venue_payable amount not null,
  status text not null check (status in ('live', 'completed', 'declined', 'expired', 'cancelled', 'unfulfilled')),
  intent_id text,
  charge_id text,
  balance_transaction_id text,
  provider_fee amount,
  available_on timestamptz,
  transaction_hash chain_hash,
  created_at timestamptz not null,
  ended_at timestamptz,
  primary key (tenant_id, payment_key),
  foreign key (tenant_id, venue_id) references venues (tenant_id, venue_id),
  foreign key (tenant_id, event_id) references events (tenant_id, event_id),
  check (platform_fee::numeric + venue_reserve + venue_payable = amount),
  check ((status = 'live') = (ended_at is null)),
  check ((status = 'completed') = (transaction_hash is not null)),
  check ((status = 'completed' and amount > 0) = (intent_id is not null)),
  check (num_nulls(intent_id, charge_id, balance_transaction_id, provider_fee, available_on) in (0, 5))
);
create index payments_of_event on payments (tenant_id, event_id, payment_id);
create index payments_of_order on payments (tenant_id, order_id, payment_id);
create index payments_newest on payments (tenant_id, payment_id);

create table payment_lines (
  tenant_id opaque_id not null,
  payment_key opaque_id not null,
  position integer not null check (position >= 1),
  kind text not null check (kind in ('ticket', 'fee', 'tax', 'discount')),
  ticket_id opaque_id,
  amount signed_amount not null,
  primary key (tenant_id, payment_key, position),
  foreign key (tenant_id, payment_key) references payments (tenant_id, payment_key),
  check (kind <> 'ticket' or ticket_id is not null),
  check (case when kind = 'discount' then amount <= 0 else amount >= 0 end)
);

create table payment_tickets (
  tenant_id opaque_id not null,
  payment_key opaque_id not null,
  position integer not null check (position >= 1),
  ticket_id opaque_id not null,
  seat_id opaque_id,
  price amount not null,
  primary key (tenant_id, payment_key, ticket_id),
  foreign key (tenant_id, payment_key) references payments (tenant_id, payment_key)
);
create index payment_tickets_of_ticket on payment_tickets (tenant_id, ticket_id);

select isolate_by_tenant('payments'), isolate_by_tenant('payment_lines'), isolate_by_tenant('payment_tickets');
grant select, insert, update (
  workflow_id, run_id, status, intent_id, charge_id, balance_transaction_id, provider_fee, available_on, transaction_hash,
  ended_at
) on payments to boxoffice_app;
grant select, insert on payment_lines, payment_tickets to boxoffice_app;

-- A webhook names an intent, not a tenant: this finds whose it is.
create policy routing on payments for select to boxoffice_system using (true);
grant select (tenant_id, payment_key, workflow_id, run_id, status, intent_id) on payments to boxoffice_system;
create index payments_of_intent on payments (intent_id) where intent_id is not null;
