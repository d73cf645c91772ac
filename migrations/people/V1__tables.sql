-- People and the places they were born in: a country has counties, a county has cities.
create schema people;
comment on schema people is 'People with their birthplaces, and the cities, counties and countries these are in.';

create table people.people (
    person_id       uuid primary key,
    given_name      text not null,
    family_name     text not null,
    date_of_birth   date,
    place_of_birth  text,
    occurrence      integer not null,
    constraint people_given_name check (given_name <> ''),
    constraint people_family_name check (family_name <> ''),
    constraint people_occurrence check (occurrence > 0)
);
comment on table people.people is 'One row a person. The source has no key, so the person is what is known: the four fields, and which of several people alike in them.';
comment on column people.people.person_id is 'MD5 of the JSON array [given_name, family_name, date_of_birth, place_of_birth, occurrence], as a UUID: the same in every database.';
comment on column people.people.given_name is 'First name, as it was written. Personal data.';
comment on column people.people.family_name is 'Last name, as it was written. Personal data.';
comment on column people.people.date_of_birth is 'Day of birth, Gregorian calendar; null where nobody knows. Personal data.';
comment on column people.people.place_of_birth is 'The city of birth, by the name that people use: cities.birthplace; null where nobody knows. Personal data.';
comment on column people.people.occurrence is 'Which of several people alike in the four fields, from 1 within a source.';

create table people.cities (
    country     text not null,
    county      text not null,
    city        text not null,
    birthplace  text,
    primary key (country, county, city),
    constraint cities_country check (country <> ''),
    constraint cities_county check (county <> ''),
    constraint cities_city check (city <> ''),
    constraint cities_birthplace unique (birthplace)
);
comment on table people.cities is 'One row a city, town or village.';
comment on column people.cities.country is 'The country that its county is in.';
comment on column people.cities.county is 'The county that it is in.';
comment on column people.cities.city is 'Its name; cities of several counties may share one.';
comment on column people.cities.birthplace is 'Its name once more where people.place_of_birth means this city by it; null where the name stood for several cities when this one came.';

create table people.counties (
    country  text not null,
    county   text not null,
    primary key (country, county),
    constraint counties_country check (country <> ''),
    constraint counties_county check (county <> '')
);
comment on table people.counties is 'One row a county.';
comment on column people.counties.country is 'The country that it is in.';
comment on column people.counties.county is 'Its name; counties of several countries may share one.';

create table people.countries (
    country  text primary key,
    constraint countries_country check (country <> '')
);
comment on table people.countries is 'One row a country.';
comment on column people.countries.country is 'Its name.';

alter table people.counties
    add constraint counties_of_country foreign key (country) references people.countries;
alter table people.cities
    add constraint cities_of_county foreign key (country, county) references people.counties;
alter table people.people
    add constraint people_born_in foreign key (place_of_birth) references people.cities (birthplace);

create index cities_city on people.cities (city);
create index people_place_of_birth on people.people (place_of_birth);

grant usage on schema people to etl_loader, etl_reader;
grant select, insert, update on all tables in schema people to etl_loader;
grant select on all tables in schema people to etl_reader;
