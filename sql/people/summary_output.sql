-- How many people were born in each country, as one JSON object?
-- Most births first. Written out, because json_object_agg puts blanks between names and numbers.
select
    concat(
        '{',
        string_agg(
            concat(to_json(born.country), ':', born.births),
            ','
            order by born.births desc, born.country collate "C"
        ),
        '}'
    )::json as summary_output
from (
    select
        cities.country,
        count(people.person_id) as births
    from people.cities
    left join people.people on people.place_of_birth = cities.birthplace
    group by cities.country
) as born;
