-- What the rows of each loaded capture came to, so that a later look sees whether they are still the same.
create table audit.capture_contents (
    snapshot_id bigint primary key,
    row_count bigint not null check (row_count >= 0),
    digest text,
    digest_version text,
    gone bigint not null default 0 check (gone between 0 and row_count),
    run_id text not null,
    read_at timestamptz not null default now(),
    check ((digest is null) = (digest_version is null))
);

comment on table audit.capture_contents is
'What the rows of each loaded capture came to. Each sync looks at the newest captures again: other rows make their windows due.';
comment on column audit.capture_contents.snapshot_id is 'the capture';
comment on column audit.capture_contents.row_count is 'how many rows it had when its window was loaded';
comment on column audit.capture_contents.digest is
'a digest over the contract''s columns of all rows, whatever their order, as the source''s server computed it; null where none was taken';
comment on column audit.capture_contents.digest_version is
'how the digest is made, and by which major version of PostgreSQL: others are not compared';
comment on column audit.capture_contents.gone is 'how many of the rows a later look did not find any more: evidence lost';
comment on column audit.capture_contents.run_id is 'the run that loaded them';
comment on column audit.capture_contents.read_at is 'when';
