-- What of a source nothing has read: the source itself, or columns of a CSV source.
alter table etl.run_sources
    add column header text[],
    add column unread text[],
    add column is_read boolean not null default false;
comment on column etl.run_sources.header is 'Names of a CSV source''s columns, as its first line has them, without the blanks around them; null for JSON, for an empty source, and in a failed run.';
comment on column etl.run_sources.unread is 'Columns of the header that no load function has read; what etl_read maps is taken away.';
comment on column etl.run_sources.is_read is 'Whether etl_read has read the source.';

grant update (unread, is_read) on etl.run_sources to etl_loader;
