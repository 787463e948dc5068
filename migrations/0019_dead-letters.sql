-- Dead letters under people's hands: who closed one and why, and who had a message sent again. What a letter came to stays
-- in `resolved_at` and `outcome`; `closed_by` says that a person, and not its workflow, was done with it.
alter table dead_letter_jobs
  add column closed_by text check (length(closed_by) between 1 and 200),
  add column close_reason text check (length(close_reason) between 1 and 500),
  -- Each time that a person had a message sent again: [{"by", "evidence", "at", "attempts"}], oldest first. Only added to.
  add column retries jsonb not null default '[]' check (jsonb_typeof(retries) = 'array'),
  add constraint dead_letter_jobs_closed check (
    (closed_by is null) = (close_reason is null) and (closed_by is null or resolved_at is not null)
  );

-- Pages of a tenant's letters, and the open ones among them.
create index dead_letter_jobs_of_tenant on dead_letter_jobs (tenant_id, id);
create index dead_letter_jobs_open_of_tenant on dead_letter_jobs (tenant_id, failed_at) where resolved_at is null;
