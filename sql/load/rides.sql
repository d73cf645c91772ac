-- Rides: what a run has staged, into the three tables of schema rides. Trips need their driver, charges their trip.
create function @extschema@.etl_load_rides(run_id bigint)
returns setof @extschema@.etl_counts
language plpgsql
volatile
parallel unsafe
set search_path = pg_catalog, pg_temp
as $function$
begin
    return query select * from @extschema@.etl_load(run_id, '{drivers}'::text[], 'rides.drivers'::text, '{
        "driver_id": "id",
        "tlc_number": "tlc_number",
        "first_name": "first_name",
        "last_name": "last_name"
    }'::jsonb, null::name);
    return query select * from @extschema@.etl_load(run_id, '{trips}'::text[], 'rides.trips'::text, '{
        "trip_id": "id",
        "driver_id": "driver_id",
        "request_timestamp": "request_timestamp",
        "pickup_timestamp": "pickup_timestamp",
        "dropoff_timestamp": "dropoff_timestamp",
        "base_fare": "base_fare",
        "gratuity": "gratuity"
    }'::jsonb, null::name);
    return query select * from @extschema@.etl_load(run_id, '{charges}'::text[], 'rides.charges'::text, '{
        "charge_id": "id",
        "trip_id": "trip_id",
        "amount_cents": "amount_cents"
    }'::jsonb, null::name);
end
$function$;

revoke execute on function @extschema@.etl_load_rides(bigint) from public;
comment on function @extschema@.etl_load_rides(bigint) is
    'Loads what run run_id has staged in staging.run_<run_id> into the tables of schema rides; one row a table, with its counts. The loader calls it.';
