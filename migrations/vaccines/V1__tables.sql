-- Vaccine doses allocated to jurisdictions of the United States, the population of counties, and people per dose of each state.
create schema vaccines;
comment on schema vaccines is 'Vaccine doses allocated to jurisdictions of the United States, and how many people there are to a dose.';

create table vaccines.people_per_dose (
    state            text primary key,
    population       bigint not null,
    doses            bigint not null,
    people_per_dose  numeric,
    ratio            text,
    constraint people_per_dose_population check (population >= 0),
    constraint people_per_dose_doses check (doses >= 0)
);
comment on table vaccines.people_per_dose is 'The data product: one row a state, brought up to date by every load from allocations, populations and city_jurisdictions.';
comment on column vaccines.people_per_dose.state is 'Name of a state, the District of Columbia or Puerto Rico: all that have counties in populations.';
comment on column vaccines.people_per_dose.population is 'People, estimated for 2018: the sum over the state''s counties.';
comment on column vaccines.people_per_dose.doses is 'Doses allocated: first and second, of all vaccines and weeks loaded, with those of cities that get doses of their own.';
comment on column vaccines.people_per_dose.people_per_dose is 'Population divided by doses, rounded to six decimals; null where there are no doses.';
comment on column vaccines.people_per_dose.ratio is 'The same as text such as 1.21:1 or 5:1, rounded to two decimals, trailing zeros left out.';

create table vaccines.allocations (
    vaccine              text not null,
    jurisdiction         text not null,
    week_of_allocations  date not null,
    first_doses          bigint not null,
    second_doses         bigint not null,
    primary key (vaccine, jurisdiction, week_of_allocations),
    constraint allocations_jurisdiction check (jurisdiction <> ''),
    constraint allocations_first_doses check (first_doses >= 0),
    constraint allocations_second_doses check (second_doses >= 0)
);
comment on table vaccines.allocations is 'One row a vaccine, jurisdiction and week: the doses that could be ordered.';
comment on column vaccines.allocations.vaccine is 'Name of the source: moderna or pfizer.';
comment on column vaccines.allocations.jurisdiction is 'State, territory, federal entity, or city with doses of its own; names as the source has them.';
comment on column vaccines.allocations.week_of_allocations is 'Monday of the week.';
comment on column vaccines.allocations.first_doses is 'Doses allocated for first injections, in that week.';
comment on column vaccines.allocations.second_doses is 'Doses allocated for second injections, in that week.';

create table vaccines.populations (
    county_id        text primary key,
    fips             text,
    county           text,
    state            text not null,
    population_2018  bigint not null,
    constraint populations_state check (state <> ''),
    constraint populations_population_2018 check (population_2018 >= 0)
);
comment on table vaccines.populations is 'One row a county or what stands for one, as the Census Bureau lists them.';
comment on column vaccines.populations.county_id is 'The Census Bureau''s geographic identifier, such as 0500000US01001. Column Id of the source.';
comment on column vaccines.populations.fips is 'FIPS code of state and county as the source writes it, zeros in front left out. Column Id2 of the source.';
comment on column vaccines.populations.county is 'Name of the county without the word; damaged letters (U+FFFD) as the source has them.';
comment on column vaccines.populations.state is 'Name of the state.';
comment on column vaccines.populations.population_2018 is 'People, estimated for 1 July 2018.';

create table vaccines.city_jurisdictions (
    jurisdiction  text primary key,
    state         text not null
);
comment on table vaccines.city_jurisdictions is 'One row a city that gets doses of its own, beside those of its state. Not loaded: written by this migration.';
comment on column vaccines.city_jurisdictions.jurisdiction is 'Name in allocations.';
comment on column vaccines.city_jurisdictions.state is 'The state that its people, and so its doses, belong to; name in populations.';
insert into vaccines.city_jurisdictions (jurisdiction, state)
values
    ('Chicago', 'Illinois'),
    ('New York City', 'New York'),
    ('Philadelphia', 'Pennsylvania');

create index populations_state on vaccines.populations (state);

grant usage on schema vaccines to etl_loader, etl_reader;
grant select, insert, update on all tables in schema vaccines to etl_loader;
grant select on all tables in schema vaccines to etl_reader;
