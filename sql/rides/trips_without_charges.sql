-- Which completed trips were never charged?
-- Completed means that there is a drop-off. A charge of any amount is a charge.
select
    trips.trip_id,
    trips.driver_id,
    trips.dropoff_timestamp,
    trips.base_fare,
    trips.gratuity
from rides.trips
where trips.dropoff_timestamp is not null
    and not exists (
        select
        from rides.charges
        where charges.trip_id = trips.trip_id
    )
order by trips.trip_id;
