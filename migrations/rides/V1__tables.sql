-- Rides: drivers, their trips, and what was charged for them.
create schema rides;
comment on schema rides is 'Trips of a ride service, with their drivers and charges.';

create table rides.drivers (
    driver_id   bigint primary key,
    tlc_number  text,
    first_name  text,
    last_name   text
);
comment on table rides.drivers is 'One row a driver.';
comment on column rides.drivers.driver_id is 'Number of the driver. Column id of the source.';
comment on column rides.drivers.tlc_number is 'Licence number of the Taxi and Limousine Commission; text, zeros in front count. Personal data.';
comment on column rides.drivers.first_name is 'First name. Personal data.';
comment on column rides.drivers.last_name is 'Last name. Personal data.';

create table rides.trips (
    trip_id            bigint primary key,
    driver_id          bigint not null,
    request_timestamp  timestamp,
    pickup_timestamp   timestamp,
    dropoff_timestamp  timestamp,
    base_fare          numeric(12, 2),
    gratuity           numeric(12, 2)
);
comment on table rides.trips is 'One row a trip, from the request on: of a trip that was not completed there is no drop-off.';
comment on column rides.trips.trip_id is 'Number of the trip. Column id of the source.';
comment on column rides.trips.driver_id is 'Who drove.';
comment on column rides.trips.request_timestamp is 'When the ride was asked for; the source''s clock, no zone is known.';
comment on column rides.trips.pickup_timestamp is 'When the passenger got in; the same clock.';
comment on column rides.trips.dropoff_timestamp is 'When the passenger got out; the same clock. Null: the trip was not completed.';
comment on column rides.trips.base_fare is 'Fare without gratuity, whole units of the source''s currency (dollars) with two decimals; negative where it was paid back.';
comment on column rides.trips.gratuity is 'Gratuity, in the same unit.';

create table rides.charges (
    charge_id     bigint primary key,
    trip_id       bigint not null,
    amount_cents  bigint
);
comment on table rides.charges is 'One row a charge for a trip; a trip may have several.';
comment on column rides.charges.charge_id is 'Number of the charge. Column id of the source.';
comment on column rides.charges.trip_id is 'The trip that was charged for.';
comment on column rides.charges.amount_cents is 'Amount, hundredths of the source''s currency (cents); negative where it was paid back.';

alter table rides.trips
    add constraint trips_driver foreign key (driver_id) references rides.drivers;
alter table rides.charges
    add constraint charges_trip foreign key (trip_id) references rides.trips;

create index trips_driver on rides.trips (driver_id);
create index charges_trip on rides.charges (trip_id);

grant usage on schema rides to etl_loader, etl_reader;
grant select, insert, update on all tables in schema rides to etl_loader;
grant select on all tables in schema rides to etl_reader;
