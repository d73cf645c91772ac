-- Which drivers have stopped driving: some trip before a day, but none in the 14 days before it?
-- A trip's time is its drop-off, else its pick-up, else its request. Trips at or after as_of are not looked at, so that
-- a day in the past can be asked about. Times are the source's clock, and so is as_of.
-- param as_of timestamp default localtimestamp
select
    drivers.driver_id,
    drivers.first_name,
    drivers.last_name,
    driven.last_trip_at
from (
    select
        moments.driver_id,
        max(moments.moment) as last_trip_at
    from (
        select
            trips.driver_id,
            coalesce(trips.dropoff_timestamp, trips.pickup_timestamp, trips.request_timestamp) as moment
        from rides.trips
    ) as moments
    where moments.moment < :as_of
    group by moments.driver_id
) as driven
join rides.drivers using (driver_id)
where driven.last_trip_at < :as_of - interval '14 days'
order by drivers.driver_id;
