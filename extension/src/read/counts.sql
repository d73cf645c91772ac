create type @extschema@.etl_counts as (
    target     text,
    read       bigint,
    inserted   bigint,
    updated    bigint,
    unchanged  bigint,
    superseded bigint,
    parked     bigint,
    rejected   bigint,
    promoted   bigint
);
comment on type @extschema@.etl_counts is
    'What became of the records of one target: read = inserted + updated + unchanged + superseded + parked + rejected.';
