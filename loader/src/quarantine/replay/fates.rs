//! What a replay came to, record by record of the quarantine, not by the run's counts: those also hold what had been
//! parked and came along.
use postgres::{Row, Transaction};

use crate::error::Error;
use crate::ledger::Run;

/// Those that this run settled and those that are open; what others closed meanwhile was not replayed.
const FATES: &str = "
    select
        target,
        coalesce(closed_as, outcome) as fate,
        case when closed_run is null then sqlstate end as sqlstate,
        case when closed_run is null then coalesce(constraint_name, field) end as rule,
        sum(copies)::bigint as records
    from etl.quarantine
    where quarantine_id = any ($1)
        and (closed_run = $2 or closed_run is null)
    group by target, coalesce(closed_as, outcome), 3, 4
    order by target, coalesce(closed_as, outcome) <> 'replayed', fate, records desc, 3, 4";

/// What became of the records that were tried again.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct Replay {
    /// How many there were.
    pub records: i64,
    /// Records of one target with one fate and one reason.
    pub fates: Vec<Fate>,
}

/// Records of one target that came to the same.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct Fate {
    /// The target, schema-qualified.
    pub target: String,
    /// replayed, superseded, parked or rejected.
    pub fate: String,
    /// SQLSTATE of what is still wrong.
    pub sqlstate: Option<String>,
    /// The constraint, column or JSON pointer that is still wrong.
    pub rule: Option<String>,
    /// How many.
    pub records: i64,
}

/// Reads the fates from the quarantine.
///
/// # Errors
/// What the server reports.
pub fn of(transaction: &mut Transaction<'_>, run: &Run, ids: &[i64]) -> Result<Replay, Error> {
    let rows = transaction
        .query(FATES, &[&ids, &run.id])
        .map_err(|error| Error::database("read what became of the records", error))?;
    let fate = |row: &Row| Fate {
        target: row.get("target"),
        fate: row.get("fate"),
        sqlstate: row.get("sqlstate"),
        rule: row.get("rule"),
        records: row.get("records"),
    };
    let fates: Vec<Fate> = rows.iter().map(fate).collect();
    Ok(Replay { records: fates.iter().map(|fate| fate.records).sum(), fates })
}

impl Replay {
    /// Whether nothing was left to be tried.
    pub fn is_empty(&self) -> bool {
        self.fates.is_empty()
    }

    /// Whether some are still rejected.
    pub fn has_rejected(&self) -> bool {
        self.fates.iter().any(|fate| fate.fate == "rejected")
    }

    /// A sentence a fate, for under the table of counts.
    pub fn notes(&self, dataset: &str) -> Vec<String> {
        self.fates.iter().map(|fate| fate.sentence(dataset)).collect()
    }
}

impl Fate {
    fn sentence(&self, dataset: &str) -> String {
        let Fate { target, fate, records, .. } = self;
        let is_one = *records == 1;
        let subject = if is_one { "1 record".to_owned() } else { format!("{records} records") };
        let verb = if is_one { "is" } else { "are" };
        match fate.as_str() {
            "replayed" => format!("{subject} of {target} got in"),
            "superseded" => format!("{subject} of {target} {verb} superseded by what is there, and closed"),
            "parked" => {
                let verb = if is_one { "waits for its parent" } else { "wait for their parents" };
                format!(
                    "{subject} of {target} {verb} now: loader quarantine list {dataset} --target {target}"
                )
            }
            _ => {
                let reason: Vec<&str> =
                    [&self.sqlstate, &self.rule].into_iter().filter_map(Option::as_deref).collect();
                format!(
                    "{subject} of {target} {verb} still {fate} ({}): loader quarantine list {dataset} --target {target}",
                    reason.join(" ")
                )
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fate(fate: &str, records: i64) -> Fate {
        let is_open = fate == "rejected";
        Fate {
            target: "posts.votes".into(),
            fate: fate.into(),
            sqlstate: is_open.then(|| "23514".into()),
            rule: is_open.then(|| "votes_kind".into()),
            records,
        }
    }

    #[test]
    fn every_fate_is_a_sentence_and_only_rejected_ones_fail_the_replay() {
        let fates = vec![fate("replayed", 2), fate("superseded", 1), fate("parked", 1)];
        let mut replay = Replay { records: 4, fates };
        assert!(!replay.has_rejected());
        replay.fates.push(fate("rejected", 3));
        assert!(replay.has_rejected());
        insta::assert_snapshot!(replay.notes("posts").join("\n"), @r"
        2 records of posts.votes got in
        1 record of posts.votes is superseded by what is there, and closed
        1 record of posts.votes waits for its parent now: loader quarantine list posts --target posts.votes
        3 records of posts.votes are still rejected (23514 votes_kind): loader quarantine list posts --target posts.votes
        ");
    }
}
