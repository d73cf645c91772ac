-- What a source that was transferred over the network is asked for again by.
alter table etl.run_sources
    add column url_sha256 bytea,
    add column etag text,
    add column last_modified text;
comment on column etl.run_sources.url_sha256 is 'SHA-256 of the URL that the source was transferred from, without user and password; null for files.';
comment on column etl.run_sources.etag is 'ETag of the answer: the next run asks for the source only if it has another.';
comment on column etl.run_sources.last_modified is 'Last-Modified of the answer, as it was sent.';
