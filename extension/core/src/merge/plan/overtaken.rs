//! Overtaken: quarantined rows whose key is settled by a newer version, or without versions by a later record.
//!
//! They could never win any more, so they are closed as superseded: in the run that settles their key, whether they are
//! tried again in it or not. A rejected one also gives way to a later run's record of the same version: that is how it was
//! corrected.
use super::fates::{at_least, came_at, newer};
use super::{Plan, fates, judgements};

impl Plan<'_> {
    /// Closes the open rows whose key this run settled; but for what came again and goes before it.
    pub fn overtake(&self, has_kept: bool) -> String {
        let (settled, is_greater) = match self.version().and_then(|name| self.target.column(name)) {
            Some(version) => {
                let text = format!("(q.parsed ->> {})", super::Literal::new(version.name.as_str()));
                // The column may have had another type when the row was quarantined.
                let said = match crate::value::is_readable(&version.type_name) {
                    true => format!(
                        "case when {} is null then {text}::{} end",
                        self.fault(&text, &version.type_name),
                        version.type_name
                    ),
                    false => super::reading::by_input(version, &text),
                };
                let is_greater = format!(
                    "case when q.outcome = 'rejected' then {} else {} end",
                    at_least("s.version", &said),
                    newer("s.version", &said)
                );
                (format!("t.{} as version", version.name), is_greater)
            }
            None => (
                "j.\"etl$run\" as run, j.\"etl$source\" as source, coalesce(j.\"etl$line\", 0) as line, \
                 coalesce(j.\"etl$byte\", 0) as byte"
                    .into(),
                "(s.run, s.source, s.line, s.byte) > \
                 (q.first_run, coalesce(q.source, 0), coalesce(q.line, 0), coalesce(q.byte, 0))"
                    .into(),
            ),
        };
        let came_again = match has_kept {
            true => format!("\n    and not {}", self.came_again()),
            false => String::new(),
        };
        // Materialised, so that what is settled is found first: all that waits is many times as much.
        format!(
            "with settled as materialized (\n    select {row_key} as row_key, {settled}\n    from {winners} as j\n    \
             join {target} as t on {t_j}\n),\n\
             overtaken as materialized (\n    select q.*\n    from settled as s\n    join etl.quarantine as q on q.row_key = s.row_key\n    \
             where {open}\n        and q.first_run <> {run}\n        and {is_greater}\n)\n\
             update etl.quarantine as o\nset\n    last_run = {run},\n    closed_run = {run},\n    closed_as = 'superseded'\n\
             from overtaken as q\nwhere o.quarantine_id = q.quarantine_id{came_again}",
            row_key = self.row_key("j"),
            winners = self.winners(),
            target = self.target.name,
            t_j = self.same_key("t", "j"),
            run = self.options.run_id,
            open = self.is_open("q"),
        )
    }

    /// The rejected records of this run whose key is settled by what does not go after them, and whether that is newer.
    /// For use after the target is written.
    pub(super) fn overtaken_at_once(&self) -> String {
        let (settling, is_settled, is_greater) = match self.version() {
            Some(version) => (
                format!("join {} as t on {}", self.target.name, self.same_key("t", "j")),
                at_least(&format!("t.{version}"), &format!("j.{version}")),
                newer(&format!("t.{version}"), &format!("j.{version}")),
            ),
            None => (
                format!("join {} as w on {}", self.winners(), self.same_key("w", "j")),
                format!("row({}) > row({})", came_at("w"), came_at("j")),
                "true".into(),
            ),
        };
        format!(
            "select j.\"etl$row\" as place, {is_greater} as is_newer\n    from {} as j\n    join {} as f on f.\"etl$row\" = j.\"etl$row\"\n    {settling}\n    \
             where f.outcome = 'rejected'\n        and {is_settled}",
            judgements::TABLE,
            fates::TABLE,
        )
    }
}
