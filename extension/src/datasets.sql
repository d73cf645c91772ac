-- Loading without the loader: documents given as text, framed and staged as the loader does it.
create function @extschema@.etl_load_documents(dataset text, sources text[], documents text[])
returns setof @extschema@.etl_counts
language plpgsql
volatile
parallel unsafe
set search_path = pg_catalog, pg_temp
as $function$
#variable_conflict use_variable
declare
    opened bigint;
    framed bigint;
begin
    if num_nulls(variadic documents) = cardinality(documents) then
        raise exception 'no document of % is given, and a missing source is not an empty one', dataset
            using errcode = 'null_value_not_allowed', hint = format('select * from etl_load_%s(''[...]'')', dataset);
    end if;
    if to_regclass('etl.runs') is null or to_regnamespace(quote_ident(dataset)) is null then
        raise exception 'the tables of % are not in database %', dataset, current_database()
            using errcode = 'undefined_table', hint = 'loader migrate ' || dataset;
    end if;
    -- The same lock as the loader's: one load of the dataset at a time.
    perform pg_advisory_xact_lock(hashtextextended('pg_etl ' || dataset, 0));

    insert into etl.runs (dataset) values (dataset)
    returning run_id into opened;

    execute format(
        'create unlogged table staging.run_%s (source smallint not null, line bigint not null, byte bigint not null, '
        'record text compression lz4, raw bytea, problem text, sqlstate text) with (toast_tuple_target = %s)', opened,
        current_setting('block_size')::integer - 32);
    for number in 1 .. cardinality(documents) loop
        continue when documents[number] is null;
        execute format(
            'insert into staging.run_%s select $2, line, byte, record, raw, problem, sqlstate '
            'from @extschema@.etl_frame_json($1)', opened)
        using documents[number], number::smallint;
        get diagnostics framed = row_count;

        insert into etl.run_sources (run_id, source, name, location, sha256, bytes, records)
        values (
            opened, number, sources[number], '(argument)',
            sha256(convert_to(documents[number], 'UTF8')), octet_length(documents[number]), framed
        );
    end loop;

    return query execute format('select * from @extschema@.%I($1)', 'etl_load_' || dataset) using opened;

    execute format('drop table staging.run_%s', opened);
    update etl.runs
    set status = 'done', finished_at = clock_timestamp()
    where run_id = opened;
end
$function$;

revoke execute on function @extschema@.etl_load_documents(text, text[], text[]) from public;
comment on function @extschema@.etl_load_documents(text, text[], text[]) is
    'Loads a dataset of the extension from JSON given as text, a document for each named source, null for a source that is left out.';
