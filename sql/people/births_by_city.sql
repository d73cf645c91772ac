-- How many people were born in each city?
-- Most births first; a city in which nobody was born has 0.
select
    cities.country,
    cities.county,
    cities.city,
    count(people.person_id) as births
from people.cities
left join people.people on people.place_of_birth = cities.birthplace
group by cities.country, cities.county, cities.city
order by births desc, cities.country collate "C", cities.county collate "C", cities.city collate "C";
