-- etl_read and etl_merge in one, for a target whose rows need nothing in between.
create function @extschema@.etl_load(
    run_id bigint,
    sources text[],
    target text,
    fields jsonb,
    version name default null
)
returns setof @extschema@.etl_counts
language plpgsql
volatile
parallel unsafe
set search_path = pg_catalog, pg_temp
as $function$
begin
    perform @extschema@.etl_read(run_id, sources, target, fields, 'etl_rows'::name);
    return query select * from @extschema@.etl_merge('pg_temp.etl_rows'::regclass, target::regclass, version, run_id);
    -- Dropped now, so that a transaction can load twice.
    drop table pg_temp.etl_rows;
end
$function$;

revoke execute on function @extschema@.etl_load(bigint, text[], text, jsonb, name) from public;
comment on function @extschema@.etl_load(bigint, text[], text, jsonb, name) is
    'Reads what the run has staged from the named sources into rows of target, as fields maps them, and merges them: '
    'etl_read and etl_merge in one.';
