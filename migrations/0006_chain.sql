-- A ticket's mints. A reserved or minted row is the ticket's one live mint; burned ones count towards the next generation;
-- a released one was never on the chain, so its token id is free again.
create table mints (
  mint_id bigint generated always as identity primary key,
  tenant_id opaque_id not null,
  ticket_id opaque_id not null,
  generation integer not null check (generation >= 0),
  token_id numeric(78, 0) not null check (token_id >= 0 and token_id < 2::numeric ^ 256),
  wallet wallet_address not null,
  venue_id opaque_id not null,
  event_id opaque_id not null,
  workflow_id workflow_ref not null,
  run_id workflow_ref not null,
  status text not null check (status in ('reserved', 'minted', 'burned', 'released')),
  transaction_hash chain_hash,
  block_number bigint check (block_number >= 0),
  burn_transaction_hash chain_hash,
  reserved_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  foreign key (tenant_id, venue_id) references venues (tenant_id, venue_id),
  foreign key (tenant_id, event_id) references events (tenant_id, event_id),
  check (status <> 'minted' or (transaction_hash is not null and block_number is not null)),
  check ((status = 'burned') = (burn_transaction_hash is not null))
);
create unique index mints_live on mints (tenant_id, ticket_id) where status in ('reserved', 'minted');
create unique index mints_token on mints (token_id) where status <> 'released';
create index mints_of_ticket on mints (tenant_id, ticket_id);
create index mints_of_workflow on mints (tenant_id, workflow_id);

-- The issuer's next nonce, shared by all tenants. Its row lock is what keeps nonces without gap or duplicate.
create table chain_accounts (
  tenant_id opaque_id not null check (tenant_id = 'platform'),
  chain_id bigint not null check (chain_id > 0),
  address wallet_address not null check (address = lower(address)),
  next_nonce bigint not null check (next_nonce >= 0),
  primary key (chain_id, address)
);

-- Signed bytes, stored before they are broadcast; what is sent again is always these.
create table chain_transactions (
  tenant_id opaque_id not null,
  workflow_id workflow_ref not null,
  step text not null check (length(step) between 1 and 100),
  chain_id bigint not null,
  issuer wallet_address not null,
  nonce bigint not null check (nonce >= 0),
  hash chain_hash not null unique,
  raw text not null check (raw ~ '^0x([0-9a-f]{2})+$'),
  status text not null default 'signed' check (status in ('signed', 'included', 'reverted')),
  block_number bigint check (block_number >= 0),
  signed_at timestamptz not null default now(),
  primary key (tenant_id, workflow_id, step),
  unique (chain_id, issuer, nonce),
  foreign key (chain_id, issuer) references chain_accounts (chain_id, address),
  check ((status = 'signed') = (block_number is null))
);

select isolate_by_tenant('mints'), isolate_by_tenant('chain_transactions'), isolate_by_tenant('chain_accounts');
-- Every tenant signs with the one issuer, so its row of tenant `platform` is there for each of them.
create policy issuer on chain_accounts to boxoffice_app
  using (tenant_id = 'platform' and current_setting('app.tenant_id', true) <> '')
  with check (tenant_id = 'platform' and current_setting('app.tenant_id', true) <> '');
grant select, insert, update (status, transaction_hash, block_number, burn_transaction_hash, updated_at)
  on mints to boxoffice_app;
grant select, insert, update (next_nonce) on chain_accounts to boxoffice_app;
grant select, insert, update (status, block_number) on chain_transactions to boxoffice_app;
