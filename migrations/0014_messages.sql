-- Where text messages go is personal data as well.
alter table personal_data drop constraint personal_data_kind_check;
alter table personal_data add constraint personal_data_kind_check check (kind in ('email', 'phone'));

-- Links and codes that a message shows and nothing else may: no workflow's history, no log. Read until they expire.
create table message_contents (
  tenant_id opaque_id not null,
  ref opaque_id not null,
  link text check (length(link) between 1 and 2008),
  code text check (length(code) between 4 and 12),
  created_at timestamptz not null default now(),
  expires_at timestamptz not null,
  primary key (tenant_id, ref),
  check (link is not null or code is not null)
);
create index message_contents_expiring on message_contents (expires_at);
select isolate_by_tenant('message_contents');
grant select, insert on message_contents to boxoffice_app;

-- Cleanup sees and deletes what has expired, and nothing of its content.
create policy cleanup on message_contents to boxoffice_system using (expires_at <= now());
grant select (tenant_id, ref, expires_at), delete on message_contents to boxoffice_system;
