-- A stuck transaction is replaced under its nonce, with higher fees: a step may have several versions, of which the chain
-- takes one. The others are `replaced` once one of them is in a block.
alter table chain_transactions
  drop constraint chain_transactions_pkey,
  drop constraint chain_transactions_chain_id_issuer_nonce_key,
  drop constraint chain_transactions_status_check,
  drop constraint chain_transactions_check,
  add column version integer not null default 1 check (version between 1 and 20);
alter table chain_transactions
  add primary key (tenant_id, workflow_id, step, version),
  -- A nonce belongs to one step: another step's first version cannot take it.
  add unique (chain_id, issuer, nonce, version),
  add constraint chain_transactions_status_check check (status in ('signed', 'included', 'reverted', 'replaced')),
  add constraint chain_transactions_block_check check ((status in ('signed', 'replaced')) = (block_number is null));

-- The queue of the issuer's nonces is every tenant's: whoever waits in it may send what stands before, whosever it is.
create policy queue on chain_transactions for select to boxoffice_system using (true);
grant select on chain_transactions to boxoffice_system;

-- Tickets on their way to another wallet, or out of the world, because somebody asked for just that.
create table ticket_moves (
  move_id bigint generated always as identity primary key,
  tenant_id opaque_id not null,
  kind text not null check (kind in ('transfer', 'burn')),
  workflow_id workflow_ref not null,
  run_id workflow_ref not null,
  ticket_id opaque_id not null,
  mint_id bigint not null references mints (mint_id),
  from_wallet wallet_address not null,
  to_wallet wallet_address,
  reason text not null check (length(reason) between 1 and 500),
  requested_by opaque_id not null,
  status text not null check (status in ('reserved', 'done', 'given_up')),
  transaction_hash chain_hash,
  reserved_at timestamptz not null,
  ended_at timestamptz,
  unique (tenant_id, workflow_id),
  check ((kind = 'transfer') = (to_wallet is not null)),
  check ((status = 'reserved') = (ended_at is null)),
  check ((status = 'done') = (transaction_hash is not null))
);
-- One at a time for each ticket.
create unique index ticket_moves_open on ticket_moves (tenant_id, ticket_id) where status = 'reserved';
create index ticket_moves_of_ticket on ticket_moves (tenant_id, ticket_id, move_id);

select isolate_by_tenant('ticket_moves');
grant select, insert, update (run_id, status, transaction_hash, ended_at) on ticket_moves to boxoffice_app;

-- The wallet that we know follows the transfers that we made.
grant update (wallet) on mints to boxoffice_app;
-- Set while nobody may move the ticket: its payment was lost to a dispute.
alter table mints add column if not exists locked_at timestamptz;
