-- People and places: what a run has staged, into the four tables of schema people.
--
-- A place is read once and becomes a city, its county and its country. People come last: whether the name of a
-- birthplace is that of one city is known when all cities are there.
create function @extschema@.etl_load_people(run_id bigint)
returns setof @extschema@.etl_counts
language plpgsql
volatile
parallel unsafe
set search_path = pg_catalog, pg_temp
set client_min_messages = 'warning'
as $function$
declare
    missing text;
begin
    -- What the session has under these names is not ours, and not to be run.
    drop table if exists
        pg_temp.people_places, pg_temp.people_countries, pg_temp.people_counties, pg_temp.people_cities,
        pg_temp.people_records, pg_temp.people_replayed, pg_temp.people_people;

    perform @extschema@.etl_read(run_id, '{places}'::text[], 'people.cities'::text, '{
        "country": "country",
        "county": "county",
        "city": "city"
    }'::jsonb, 'people_places'::name);

    -- A place that cannot be read, or lacks a name, is rejected once: as a city.
    create temporary table people_countries on commit drop as
    select source, min(line) as line, min(byte) as byte, count(*) as copies, country
    from pg_temp.people_places
    where problem is null
        and country <> ''
    group by source, country;

    create temporary table people_counties on commit drop as
    select source, min(line) as line, min(byte) as byte, count(*) as copies, country, county
    from pg_temp.people_places
    where problem is null
        and country <> ''
        and county <> ''
    group by source, country, county;

    -- People refer to a city by its name alone. The first city of a name keeps it; cities that share one from the
    -- beginning go without.
    create temporary table people_cities on commit drop as
    with known as (
        select country, county, city
        from people.cities
        union
        select country, county, city
        from pg_temp.people_places
        where problem is null
            and '' not in (country, county, city)
    ),
    shared as (
        select city
        from known
        group by city
        having count(*) > 1
    )
    select
        place.*,
        case
            when there.city is not null then there.birthplace
            when shared.city is null then place.city
        end as birthplace
    from pg_temp.people_places as place
    left join people.cities as there
        on there.country = place.country
        and there.county = place.county
        and there.city = place.city
    left join shared on shared.city = place.city;

    return query select * from @extschema@.etl_merge('pg_temp.people_countries'::regclass, 'people.countries'::regclass, null::name, run_id);
    return query select * from @extschema@.etl_merge('pg_temp.people_counties'::regclass, 'people.counties'::regclass, null::name, run_id);
    return query select * from @extschema@.etl_merge('pg_temp.people_cities'::regclass, 'people.cities'::regclass, null::name, run_id);

    perform @extschema@.etl_read(run_id, '{people}'::text[], 'people.people'::text, '{
        "given_name": "given_name",
        "family_name": "family_name",
        "date_of_birth": "date_of_birth",
        "place_of_birth": "place_of_birth"
    }'::jsonb, 'people_records'::name);
    -- A column that a file lacks is not read, but a person is known by all four.
    select string_agg(wanted.name, ' and ')
    into missing
    from unnest('{date_of_birth,place_of_birth}'::text[]) as wanted (name)
    where not exists (
        select
        from pg_attribute
        where attrelid = 'pg_temp.people_records'::regclass
            and attname = wanted.name
            and not attisdropped
    );
    if missing is not null then
        raise exception '% has no %, and a person is known by it', (
            select string_agg(run_source.location, ', ' order by run_source.source)
            from etl.run_sources as run_source
            where run_source.run_id = etl_load_people.run_id
                and run_source.name = 'people'
        ), missing
            using errcode = 'undefined_column', hint = 'Name the column in the file''s first line; its fields may be empty.';
    end if;

    -- A replay brings each record as a source of its own: what could be read when it was rejected keeps its number.
    create temporary table people_replayed (source smallint, occurrence integer) on commit drop;
    if exists (
        select
        from pg_attribute
        where attrelid = to_regclass(format('staging.run_%s', run_id))
            and attname = 'quarantine_id'
    ) then
        execute format($sql$
            insert into pg_temp.people_replayed
            select run.source, case when kept.row_key <> '' then (kept.parsed ->> 'occurrence')::integer end
            from staging.run_%s as run
            join etl.quarantine as kept using (quarantine_id)
            $sql$, run_id);
    end if;

    -- People alike in all fields are numbered before any of them is rejected, so that a number never depends on what
    -- became of another. A birthplace that is the name of several cities is never guessed.
    create temporary table people_people on commit drop as
    with numbered as (
        select
            record.*,
            coalesce(
                replayed.occurrence,
                row_number() over (
                    partition by
                        case when replayed.source is null then record.source end,
                        record.problem is null,
                        record.given_name, record.family_name, record.date_of_birth, record.place_of_birth
                    order by record.line, record.byte, record.source
                )
            )::integer as occurrence
        from pg_temp.people_records as record
        left join pg_temp.people_replayed as replayed using (source)
    ),
    identified as (
        select
            case
                when problem is null
                    then md5(json_build_array(given_name, family_name, date_of_birth, place_of_birth, occurrence)::text)::uuid
            end as person_id,
            numbered.*
        from numbered
    ),
    ambiguous as (
        select city, string_agg(format('%s (%s)', county, country), ', ' order by county, country) as counties
        from people.cities
        group by city
        having count(*) > 1
    )
    select
        person.person_id,
        person.given_name,
        person.family_name,
        person.date_of_birth,
        person.place_of_birth,
        person.occurrence,
        person.source,
        person.line,
        person.byte,
        case
            when guess.city is not null then format('place_of_birth: "%s" is a city in several counties: %s', guess.city, guess.counties)
            else person.problem
        end as problem,
        case
            when guess.city is not null then '42702'
            else person.sqlstate
        end as sqlstate,
        case
            when guess.city is not null then 'place_of_birth'
            else person.field
        end as field
    from identified as person
    left join people.people as there on there.person_id = person.person_id
    left join ambiguous as guess
        on guess.city = person.place_of_birth
        and there.person_id is null
        and person.problem is null;

    return query select * from @extschema@.etl_merge('pg_temp.people_people'::regclass, 'people.people'::regclass, null::name, run_id);

    -- Dropped now, so that a transaction can load twice.
    drop table
        pg_temp.people_places, pg_temp.people_countries, pg_temp.people_counties, pg_temp.people_cities,
        pg_temp.people_records, pg_temp.people_replayed, pg_temp.people_people;
end
$function$;

revoke execute on function @extschema@.etl_load_people(bigint) from public;
comment on function @extschema@.etl_load_people(bigint) is
    'Loads what run run_id has staged in staging.run_<run_id> into the tables of schema people; one row a table, with its counts. The loader calls it.';
