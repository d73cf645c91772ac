-- How many people were born in each country?
-- Most births first; a country in which nobody was born has 0.
select
    cities.country,
    count(people.person_id) as births
from people.cities
left join people.people on people.place_of_birth = cities.birthplace
group by cities.country
order by births desc, cities.country collate "C";
