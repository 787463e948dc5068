-- Roles are the cluster's, not the database's: two databases may be migrated at the same moment, and both may create them.
do $$
declare
  wanted text;
begin
  foreach wanted in array array['boxoffice_app', 'boxoffice_system'] loop
    if not exists (select from pg_roles where rolname = wanted) then
      begin
        execute format('create role %I nologin', wanted);
      exception
        when duplicate_object or unique_violation then null; -- somebody else was faster
      end;
    end if;
  end loop;
end
$$;

grant usage on schema public to boxoffice_app, boxoffice_system;

-- An opaque id; the pattern is contracts/ids.ts.
create domain opaque_id as text
  constraint opaque_id_pattern check (value ~ '^[A-Za-z0-9_-]{1,64}$');

-- contracts/money.ts has the same list; a test compares them.
create domain currency_code as text
  constraint currency_code_known check (value in (
    'AED', 'AUD', 'BHD', 'BRL', 'CAD', 'CHF', 'CLP', 'CZK', 'DKK', 'EUR', 'GBP', 'HKD', 'HUF', 'ILS', 'INR', 'JOD',
    'JPY', 'KRW', 'KWD', 'MXN', 'NOK', 'NZD', 'OMR', 'PLN', 'RON', 'SEK', 'SGD', 'THB', 'TND', 'TRY', 'USD', 'VND', 'XAF',
    'ZAR'
  ));

-- Minor units within what a JSON integer carries exactly (2^53-1).
create domain signed_amount as bigint
  constraint signed_amount_exact check (value between -9007199254740991 and 9007199254740991);
create domain amount as bigint
  constraint amount_exact check (value between 0 and 9007199254740991);

create domain wallet_address as text
  constraint wallet_address_pattern check (value ~ '^0x[0-9a-fA-F]{40}$');
create domain chain_hash as text
  constraint chain_hash_pattern check (value ~ '^0x[0-9a-f]{64}$');

create domain workflow_ref as text
  constraint workflow_ref_length check (length(value) between 1 and 255);

-- Every table calls this. An unset tenant compares with null or '', which no tenant is called: nothing is seen or written.
create function isolate_by_tenant(target regclass) returns void
language plpgsql as $$
begin
  execute format('alter table %s enable row level security', target);
  execute format('alter table %s force row level security', target);
  execute format(
    'create policy tenant on %s to boxoffice_app using (tenant_id = current_setting(''app.tenant_id'', true)) '
    'with check (tenant_id = current_setting(''app.tenant_id'', true))', target);
end
$$;
revoke execute on function isolate_by_tenant(regclass) from public;
