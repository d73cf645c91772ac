-- The ledger: what was loaded, when, from where, and what became of every record.
grant usage on schema etl to etl_loader, etl_reader;

create schema staging;
comment on schema staging is 'One unlogged table a run, created and dropped in the run''s own transaction.';
grant usage, create on schema staging to etl_loader;

create table etl.runs (
    run_id          bigint generated always as identity primary key,
    dataset         text not null,
    version_column  text,
    status          text not null default 'running',
    started_at      timestamptz not null default clock_timestamp(),
    finished_at     timestamptz,
    run_by          text not null default session_user,
    error_sqlstate  text,
    error_message   text,
    constraint runs_status check (status in ('running', 'done', 'failed'))
);
comment on table etl.runs is 'One row a run: one load of one dataset, one transaction.';
comment on column etl.runs.run_id is 'Number of the run, as the loader prints it. Runs that were rolled back leave gaps.';
comment on column etl.runs.dataset is 'Dataset loaded, or the qualified target where etl_merge was called without a run.';
comment on column etl.runs.version_column is 'Version column that etl_merge was called with; null where a load function knows it, or there is none.';
comment on column etl.runs.status is 'done; failed (rolled back, written afterwards); running is visible only inside the run''s own transaction.';
comment on column etl.runs.started_at is 'When the run''s transaction began its work.';
comment on column etl.runs.finished_at is 'When the run''s work was done, just before commit.';
comment on column etl.runs.run_by is 'The session''s login role.';
comment on column etl.runs.error_sqlstate is 'SQLSTATE of what failed the run.';
comment on column etl.runs.error_message is 'What failed the run, without values of records.';
create index runs_dataset on etl.runs (dataset, run_id desc);

create table etl.run_sources (
    run_id    bigint not null references etl.runs,
    source    smallint not null,
    name      text not null,
    location  text not null,
    sha256    bytea not null,
    bytes     bigint not null,
    records   bigint not null,
    primary key (run_id, source),
    constraint run_sources_source check (source > 0)
);
comment on table etl.run_sources is 'One row a file, URL or text that a run read.';
comment on column etl.run_sources.source is 'Number of the source within its run, from 1, in load order.';
comment on column etl.run_sources.name is 'Name of the dataset''s source, such as attendances.';
comment on column etl.run_sources.location is 'Path or URL as it was given, - for standard input; without credentials.';
comment on column etl.run_sources.sha256 is 'SHA-256 of the source''s bytes as they were read, before decompression.';
comment on column etl.run_sources.bytes is 'Length of the source, bytes before decompression.';
comment on column etl.run_sources.records is 'Records framed in the source, damaged ones included.';

create table etl.run_tables (
    run_id      bigint not null references etl.runs,
    source      smallint not null,
    target      text not null,
    read        bigint not null,
    inserted    bigint not null,
    updated     bigint not null,
    unchanged   bigint not null,
    superseded  bigint not null,
    parked      bigint not null,
    rejected    bigint not null,
    promoted    bigint not null,
    primary key (run_id, source, target),
    constraint run_tables_accounting
        check (read = inserted + updated + unchanged + superseded + parked + rejected)
);
comment on table etl.run_tables is 'What became of the records of one source in one target: read is the sum of the six outcomes.';
comment on column etl.run_tables.source is 'Number of the source within the run; 0 stands for records that earlier runs had parked.';
comment on column etl.run_tables.target is 'The target, schema-qualified.';
comment on column etl.run_tables.read is 'Records of the source that concern the target.';
comment on column etl.run_tables.inserted is 'Records that became a new row.';
comment on column etl.run_tables.updated is 'Records that changed a row.';
comment on column etl.run_tables.unchanged is 'Records equal in all columns to the winner or to the row that was there.';
comment on column etl.run_tables.superseded is 'Records that lost to a greater one, of the run or already there.';
comment on column etl.run_tables.parked is 'Records whose parent has not arrived; kept in etl.quarantine and tried again.';
comment on column etl.run_tables.rejected is 'Records that could not be read or accepted; kept in etl.quarantine.';
comment on column etl.run_tables.promoted is 'Records parked by earlier runs that got in now; beside the sum.';

create table etl.quarantine (
    quarantine_id   bigint generated always as identity primary key,
    dataset         text not null,
    target          text not null,
    source_name     text not null,
    record_sha256   bytea not null,
    row_key         text not null default '',
    occurrence      integer not null,
    outcome         text not null,
    copies          bigint not null,
    first_run       bigint not null references etl.runs,
    last_run        bigint not null references etl.runs,
    source          smallint,
    line            bigint,
    byte            bigint,
    field           text,
    sqlstate        text not null,
    constraint_name text,
    message         text not null,
    record          text,
    raw             bytea,
    parsed          jsonb,
    parents         text[],
    closed_run      bigint references etl.runs,
    closed_as       text,
    closed_reason   text,
    constraint quarantine_identity
        unique (dataset, target, source_name, record_sha256, row_key, occurrence),
    constraint quarantine_outcome check (outcome in ('parked', 'rejected')),
    constraint quarantine_closed check (closed_as in ('promoted', 'superseded', 'replayed', 'discarded')),
    constraint quarantine_closed_whole check ((closed_run is null) = (closed_as is null))
);
comment on table etl.quarantine is 'Records that did not get in, and why. A row with closed_run is history.';
comment on column etl.quarantine.source_name is 'Name of the dataset''s source, such as attendances; part of the identity, the file''s name is not.';
comment on column etl.quarantine.record_sha256 is 'SHA-256 of the record''s bytes.';
comment on column etl.quarantine.row_key is 'Key of the row in the target as a JSON array of texts; empty where the record does not say it.';
comment on column etl.quarantine.occurrence is 'Which of several identical records of the source for the same row, from 1.';
comment on column etl.quarantine.outcome is 'parked: waits for a parent and is tried by every later run; rejected: cannot be accepted as it is.';
comment on column etl.quarantine.copies is 'Records of the source that carry this very row of the target; 1 but for parents that stand in many records.';
comment on column etl.quarantine.first_run is 'The run that met the record first.';
comment on column etl.quarantine.last_run is 'The run that last changed this row; a repeated load does not.';
comment on column etl.quarantine.source is 'Number of the source within first_run.';
comment on column etl.quarantine.line is 'Line of the source where the record begins, from 1.';
comment on column etl.quarantine.byte is 'Offset of the record''s first byte in the source, from 0, after decompression.';
comment on column etl.quarantine.field is 'Column of the target or JSON pointer into the record that the rule is about.';
comment on column etl.quarantine.sqlstate is 'SQLSTATE of the rule, such as 23503 for a parent that is not there.';
comment on column etl.quarantine.constraint_name is 'Constraint of the target that was not met.';
comment on column etl.quarantine.message is 'What was found and what the rule is.';
comment on column etl.quarantine.record is 'The record as it came; null where it is not text.';
comment on column etl.quarantine.raw is 'The record''s bytes where it is not text, at most 64 KiB.';
comment on column etl.quarantine.parsed is 'The row that the record would become: by column name the value as text; columns that it lacks or that cannot be read are left out.';
comment on column etl.quarantine.parents is 'Keys a parked record waits for, as schema.table(columns)=(values).';
comment on column etl.quarantine.closed_run is 'The run that settled the record; null while it is open.';
comment on column etl.quarantine.closed_as is 'promoted, superseded by a newer record, replayed after a fix, or discarded by hand.';
comment on column etl.quarantine.closed_reason is 'Why somebody discarded the record, in their words.';
create index quarantine_open on etl.quarantine (dataset, target, outcome) where closed_run is null;
create index quarantine_parents on etl.quarantine using gin (parents) where closed_run is null;
create index quarantine_row_key on etl.quarantine (dataset, target, row_key) where closed_run is null;
create index quarantine_first_run on etl.quarantine (first_run);

-- What a load adds, and the columns that a later one changes: what was loaded, from where and by whom stays as it was written.
grant select, insert on etl.runs, etl.run_sources, etl.run_tables, etl.quarantine to etl_loader;
grant update (status, finished_at) on etl.runs to etl_loader;
grant update (read, inserted, updated, unchanged, superseded, parked, rejected, promoted) on etl.run_tables to etl_loader;
grant update (outcome, last_run, field, sqlstate, constraint_name, message, parsed, parents, closed_run, closed_as, closed_reason)
    on etl.quarantine to etl_loader;
grant select on etl.runs, etl.run_sources, etl.run_tables, etl.quarantine to etl_reader;
