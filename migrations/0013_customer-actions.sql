-- 3-D Secure: what a customer needs to act, for as long as their purchase waits for them. Here and nowhere else: the client
-- secret is in no history, attribute, memo or log. It has no check of its own: a violated one quotes the row.
create table customer_actions (
  tenant_id opaque_id not null,
  payment_key opaque_id not null,
  workflow_id workflow_ref not null,
  intent_id text not null,
  client_secret text not null,
  expires_at timestamptz not null,
  primary key (tenant_id, payment_key),
  foreign key (tenant_id, payment_key) references payments (tenant_id, payment_key)
);
create index customer_actions_expiring on customer_actions (expires_at);

select isolate_by_tenant('customer_actions');
grant select, insert, update, delete on customer_actions to boxoffice_app;

-- Whatever stopped the purchase from deleting it (a workflow that was terminated), cleanup finds it by its time.
create policy cleanup on customer_actions to boxoffice_system using (expires_at <= now());
grant select (tenant_id, payment_key, expires_at), delete on customer_actions to boxoffice_system;
