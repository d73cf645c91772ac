-- How many people were born in each county?
-- Most births first; a county in which nobody was born has 0.
select
    cities.country,
    cities.county,
    count(people.person_id) as births
from people.cities
left join people.people on people.place_of_birth = cities.birthplace
group by cities.country, cities.county
order by births desc, cities.country collate "C", cities.county collate "C";
