-- Which jurisdictions have doses, but no population that they could be divided by?
-- Territories and federal entities, and whatever name is in no list of states; their doses count for no state.
select
    allocations.jurisdiction,
    sum(allocations.first_doses + allocations.second_doses)::bigint as doses
from vaccines.allocations
left join vaccines.city_jurisdictions using (jurisdiction)
where not exists (
    select
    from vaccines.populations
    where populations.state = coalesce(city_jurisdictions.state, allocations.jurisdiction)
)
group by allocations.jurisdiction
order by allocations.jurisdiction collate "C";
