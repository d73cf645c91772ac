-- What the benchmark compares with: the same files into the same tables, written by hand for this one feed. COPY into typed temporary tables, the last line
-- of each key by `distinct on`, `insert ... on conflict ... do update ... where ... is distinct from`. It takes its input for clean and whole: one bad
-- record ends it, and so does one whose parent is missing.
-- psql -f rides.sql, in the folder of drivers.json, trips.csv and charges.csv
\set ON_ERROR_STOP on
\set drivers `cat drivers.json`
begin;

create temporary table staged_trips (
    line               bigint generated always as identity,
    trip_id            bigint,
    driver_id          bigint,
    request_timestamp  timestamp,
    pickup_timestamp   timestamp,
    dropoff_timestamp  timestamp,
    base_fare          numeric(12, 2),
    gratuity           numeric(12, 2)
) on commit drop;
\copy staged_trips (trip_id, driver_id, request_timestamp, pickup_timestamp, dropoff_timestamp, base_fare, gratuity) from 'trips.csv' with (format csv, header)

create temporary table staged_charges (
    line          bigint generated always as identity,
    charge_id     bigint,
    trip_id       bigint,
    amount_cents  bigint
) on commit drop;
\copy staged_charges (charge_id, trip_id, amount_cents) from 'charges.csv' with (format csv, header)
analyze staged_trips, staged_charges;

insert into rides.drivers as t (driver_id, tlc_number, first_name, last_name)
select distinct on (id) id, tlc_number, first_name, last_name
from rows from (
    jsonb_to_recordset(:'drivers'::jsonb) as (id bigint, tlc_number text, first_name text, last_name text)
) with ordinality as s (id, tlc_number, first_name, last_name, line)
order by id, line desc
on conflict (driver_id) do update
set (tlc_number, first_name, last_name) = (excluded.tlc_number, excluded.first_name, excluded.last_name)
where t.* is distinct from excluded.*;

insert into rides.trips as t (trip_id, driver_id, request_timestamp, pickup_timestamp, dropoff_timestamp, base_fare, gratuity)
select distinct on (trip_id) trip_id, driver_id, request_timestamp, pickup_timestamp, dropoff_timestamp, base_fare, gratuity
from staged_trips
order by trip_id, line desc
on conflict (trip_id) do update
set (driver_id, request_timestamp, pickup_timestamp, dropoff_timestamp, base_fare, gratuity)
  = (excluded.driver_id, excluded.request_timestamp, excluded.pickup_timestamp, excluded.dropoff_timestamp, excluded.base_fare, excluded.gratuity)
where t.* is distinct from excluded.*;

insert into rides.charges as t (charge_id, trip_id, amount_cents)
select distinct on (charge_id) charge_id, trip_id, amount_cents
from staged_charges
order by charge_id, line desc
on conflict (charge_id) do update
set (trip_id, amount_cents) = (excluded.trip_id, excluded.amount_cents)
where t.* is distinct from excluded.*;

commit;
