-- Vaccines: what a run has staged, into allocations and populations, and people per dose computed from all that is there.
create function @extschema@.etl_load_vaccines(run_id bigint)
returns setof @extschema@.etl_counts
language plpgsql
volatile
parallel unsafe
set search_path = pg_catalog, pg_temp
set client_min_messages = 'warning'
as $function$
declare
    cut_off text;
begin
    -- What the session has under these names is not ours, and not to be run.
    drop table if exists pg_temp.vaccines_allocations, pg_temp.vaccines_people_per_dose;

    perform @extschema@.etl_read(run_id, '{moderna,pfizer}'::text[], 'vaccines.allocations'::text, '{
        "vaccine": {"source": true},
        "jurisdiction": "jurisdiction",
        "week_of_allocations": {"from": "week_of_allocations", "format": "%Y-%m-%dT%H:%M:%S%.f"},
        "first_doses": "_1st_dose_allocations",
        "second_doses": "_2nd_dose_allocations"
    }'::jsonb, 'vaccines_allocations'::name);

    -- Open-data servers end a page after 1,000 rows, newest first, and do not say so.
    for cut_off in
        with week as (
            select source, week_of_allocations, array_agg(distinct jurisdiction) as jurisdictions
            from pg_temp.vaccines_allocations
            where problem is null
                and jurisdiction <> ''
            group by source, week_of_allocations
        ),
        oldest as (
            select source, min(week_of_allocations) as week_of_allocations
            from week
            group by source
        ),
        missing as (
            select
                oldest.source,
                oldest.week_of_allocations,
                string_agg(distinct later.jurisdiction, ', ') as jurisdictions
            from oldest
            join week as first using (source, week_of_allocations)
            join pg_temp.vaccines_allocations as later using (source)
            where later.problem is null
                and later.jurisdiction <> ''
                and later.jurisdiction <> all (first.jurisdictions)
            group by oldest.source, oldest.week_of_allocations
        )
        select
            format('%s was probably cut off by a page limit: ', run_source.location)
            || concat_ws(
                ', and ',
                case when run_source.records = 1000 then 'it has exactly 1,000 rows' end,
                'its oldest week, ' || missing.week_of_allocations || ', lacks ' || missing.jurisdictions
            )
        from etl.run_sources as run_source
        left join missing using (source)
        where run_source.run_id = etl_load_vaccines.run_id
            and (run_source.records = 1000 or missing.source is not null)
        order by run_source.source
    loop
        raise warning '%', cut_off;
    end loop;

    return query select * from @extschema@.etl_merge('pg_temp.vaccines_allocations'::regclass, 'vaccines.allocations'::regclass, null::name, run_id);
    return query select * from @extschema@.etl_load(run_id, '{population}'::text[], 'vaccines.populations'::text, '{
        "county_id": "Id",
        "fips": "Id2",
        "county": "County",
        "state": "State",
        "population_2018": "Population Estimate 2018"
    }'::jsonb, null::name);

    -- From the tables, not from what came: whichever source a run brings, the product fits all of them. No source, for
    -- the rows are of none: so a replay brings them up to date, too.
    create temporary table vaccines_people_per_dose on commit drop as
    with people as (
        select state, sum(population_2018)::bigint as population
        from vaccines.populations
        group by state
    ),
    dose as (
        select
            coalesce(city.state, allocation.jurisdiction) as state,
            sum(allocation.first_doses + allocation.second_doses)::bigint as doses
        from vaccines.allocations as allocation
        left join vaccines.city_jurisdictions as city using (jurisdiction)
        group by coalesce(city.state, allocation.jurisdiction)
    )
    select
        null::smallint as source,
        people.state,
        people.population,
        coalesce(dose.doses, 0) as doses,
        round(people.population / nullif(dose.doses, 0)::numeric, 6) as people_per_dose,
        trim_scale(round(people.population / nullif(dose.doses, 0)::numeric, 2)) || ':1' as ratio
    from people
    left join dose using (state);

    return query select * from @extschema@.etl_merge('pg_temp.vaccines_people_per_dose'::regclass, 'vaccines.people_per_dose'::regclass, null::name, run_id);

    -- Dropped now, so that a transaction can load twice.
    drop table pg_temp.vaccines_allocations, pg_temp.vaccines_people_per_dose;
end
$function$;

revoke execute on function @extschema@.etl_load_vaccines(bigint) from public;
comment on function @extschema@.etl_load_vaccines(bigint) is
    'Loads what run run_id has staged in staging.run_<run_id> into the tables of schema vaccines; one row a table, with its counts. The loader calls it.';
