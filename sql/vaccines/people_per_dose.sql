-- How many people are there to a dose in each state?
-- Doses of all vaccines and weeks loaded, first and second; a state without doses has no ratio.
select
    people_per_dose.state,
    people_per_dose.population,
    people_per_dose.doses,
    people_per_dose.people_per_dose,
    people_per_dose.ratio
from vaccines.people_per_dose
order by people_per_dose.state collate "C";
