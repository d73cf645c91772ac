-- How many people RSVP'd to event X?
-- rsvps counts sign-ups, one for each timeslot; people counts each person once; attended counts who came, even
-- where the sign-up was cancelled before. Masked sign-ups belong to no known event and are not counted.
-- param event_id bigint
select
    events.event_id,
    count(attendances.attendance_id) as rsvps,
    count(distinct attendances.user_id) as people,
    count(*) filter (where attendances.status <> 'CANCELLED') as not_cancelled,
    count(*) filter (where attendances.attended) as attended
from mobilize.events
left join mobilize.attendances using (event_id)
where events.event_id = :event_id
group by events.event_id;
