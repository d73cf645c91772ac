-- CSV sources: the columns they have, and those that nothing has read.
alter table etl.run_sources
    add column header text[],
    add column unread text[];
comment on column etl.run_sources.header is 'Names of a CSV source''s columns, as its first line has them, without the blanks around them; null for JSON and for an empty source.';
comment on column etl.run_sources.unread is 'Columns of the header that no load function has read; what etl_read maps is taken away.';
grant update (unread) on etl.run_sources to etl_loader;
