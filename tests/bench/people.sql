-- What the benchmark compares with: the same files into the same tables, written by hand for this one feed. COPY into temporary tables, people numbered among
-- those alike in all four fields, `insert ... on conflict do nothing`: a row's key says all that is in it, so there is nothing to update. It takes its
-- input for clean and whole: one bad record ends it, and so does a birthplace that is no city.
-- psql -f people.sql, in the folder of places.csv and people.csv
\set ON_ERROR_STOP on
begin;

create temporary table staged_places (city text, county text, country text) on commit drop;
\copy staged_places (city, county, country) from 'places.csv' with (format csv, header)

create temporary table staged_people (
    line            bigint generated always as identity,
    given_name      text,
    family_name     text,
    date_of_birth   date,
    place_of_birth  text
) on commit drop;
\copy staged_people (given_name, family_name, date_of_birth, place_of_birth) from 'people.csv' with (format csv, header)
analyze staged_people;

insert into people.countries (country)
select distinct country
from staged_places
on conflict do nothing;

insert into people.counties (country, county)
select distinct country, county
from staged_places
on conflict do nothing;

-- A name that several cities share is no birthplace.
insert into people.cities (country, county, city, birthplace)
select country, county, city, case when count(*) over (partition by city) = 1 then city end
from (select distinct country, county, city from staged_places) as places
on conflict do nothing;

insert into people.people (person_id, given_name, family_name, date_of_birth, place_of_birth, occurrence)
select
    md5(json_build_array(given_name, family_name, date_of_birth, place_of_birth, occurrence)::text)::uuid,
    given_name,
    family_name,
    date_of_birth,
    place_of_birth,
    occurrence
from (
    select
        given_name, family_name, date_of_birth, place_of_birth,
        row_number() over (partition by given_name, family_name, date_of_birth, place_of_birth order by line)::integer as occurrence
    from staged_people
) as numbered
on conflict (person_id) do nothing;

commit;
