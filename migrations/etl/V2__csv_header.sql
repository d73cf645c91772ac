-- What a CSV source's first line says, and what of it nobody reads.
alter table etl.run_sources
    add column header text[],
    add column unread text[];
comment on column etl.run_sources.header is 'Column names of a CSV source, as its first line has them; null for JSON.';
comment on column etl.run_sources.unread is 'Columns of a CSV source that the load function did not read.';

grant update (unread) on etl.run_sources to etl_loader;
