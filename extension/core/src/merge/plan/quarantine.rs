//! The quarantine: a row for each new identity that did not get in, and the closing of what waited.
use super::kept::TABLE;
use super::{Plan, fates};

impl Plan<'_> {
    /// Tells the optimiser what is known, and makes it quick to find.
    pub fn index_kept(&self) -> [String; 2] {
        [format!("create index on {TABLE} (known_id)"), format!("analyze {TABLE} (known_id, quarantine_id)")]
    }

    /// Adds a row for each identity that the quarantine does not know; closed where a newer one has settled its key.
    pub fn quarantine(&self) -> String {
        let run = self.options.run_id;
        format!(
            "insert into etl.quarantine (\n    dataset, target, source_name, record_sha256, row_key, occurrence, outcome, copies, \
             first_run, last_run,\n    source, line, byte, field, sqlstate, constraint_name, message, record, raw, parsed, parents,\n    \
             closed_run, closed_as\n)\n\
             select\n    k.dataset, k.target, k.source_name, k.record_sha256, k.row_key, k.occurrence, k.outcome, k.copies, {run}, {run},\n    \
             k.source, k.line, k.byte, k.field, k.sqlstate, k.constraint_name,\n    \
             {MESSAGE}, k.record, k.raw, k.parsed, k.parents,\n    \
             case when k.is_overtaken then {run} end,\n    case when k.is_overtaken then 'superseded' end\n\
             from {TABLE} as k\nwhere k.known_id is null\norder by k.source, k.line, k.byte, k.place"
        )
    }

    /// Says anew why a known record does not get in, where that changed; opens it again where it was settled once.
    /// What was discarded by hand stays so, and so does what a newer record has overtaken. Of a record that was tried
    /// again and came again too, what came again has the say.
    pub fn restate(&self) -> String {
        let same = ["outcome", "field", "sqlstate", "constraint_name", "parsed", "parents"];
        let sets = same.map(|name| format!("{name} = k.{name}"));
        format!(
            "update etl.quarantine as q\nset\n    closed_run = null,\n    closed_as = null,\n    last_run = {},\n    \
             message = {MESSAGE},\n    {}\nfrom (\n    select distinct on (known_id) *\n    from {TABLE}\n    \
             where known_id is not null\n    order by known_id, quarantine_id nulls first\n) as k\nwhere q.quarantine_id = k.known_id\n    and not k.stays",
            self.options.run_id,
            sets.join(",\n    ")
        )
    }

    /// Closes what was tried again and is settled. What came again in this run and does not get in stays open.
    pub fn close(&self, has_kept: bool) -> String {
        let came_again = match has_kept {
            true => format!(
                "\n    and not exists (\n        select\n        from {TABLE} as k\n        where k.known_id = q.quarantine_id\n            \
                 and (k.quarantine_id is not null or f.outcome = 'superseded')\n    )"
            ),
            false => String::new(),
        };
        format!(
            "update etl.quarantine as q\nset\n    last_run = {run},\n    closed_run = {run},\n    \
             closed_as = case when f.outcome = 'promoted' and q.outcome = 'rejected' then 'replayed' else f.outcome end\nfrom (\n    \
             select \"etl$quarantine_id\" as quarantine_id, min(outcome) as outcome\n    from {fates} as e\n    \
             where outcome in ('promoted', 'superseded') and \"etl$quarantine_id\" is not null\n    group by 1\n) as f\n\
             where f.quarantine_id = q.quarantine_id{came_again}",
            run = self.options.run_id,
            fates = fates::TABLE,
        )
    }

    /// What came again in this run and is not overtaken, as a condition on `q`.
    pub(super) fn came_again(&self) -> String {
        format!(
            "exists (\n        select\n        from {TABLE} as k\n        where k.known_id = q.quarantine_id\n            \
             and k.quarantine_id is null\n            and not k.is_overtaken\n    )"
        )
    }
}

/// What a record waits for, where no rule says it better.
const MESSAGE: &str = "coalesce(k.message, 'waits for ' || nullif(array_to_string(k.parents, ', '), ''), 'a parent within the table changes in this run')";
