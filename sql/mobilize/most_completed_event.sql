-- Which event had the most completed attendances?
-- Completed means that the person came (attended is true). Events with equally many are all listed.
select
    events.event_id,
    events.title,
    ranked.completed
from (
    select
        attendances.event_id,
        count(*) as completed,
        rank() over (order by count(*) desc) as place
    from mobilize.attendances
    where attendances.attended
    group by attendances.event_id
) as ranked
join mobilize.events using (event_id)
where ranked.place = 1
order by events.event_id;
