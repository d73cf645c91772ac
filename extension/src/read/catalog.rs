//! What reading asks the ledger and the catalog.
use etl_core::read::Source;
use pgrx::prelude::*;

use crate::error::{Outcome, misuse};
use crate::merge::statements::Statements;

/// The sources of a run by name; in a replay each staged record is a source of its own, and the quarantine knows its name.
const SOURCES: &str = "
    select coalesce(jsonb_agg(jsonb_build_object(
        'source', s.source,
        'name', s.name,
        'location', s.location,
        'header', s.header
    ) order by s.source), '[]')::text
    from etl.run_sources as s
    where s.run_id = $1
        and s.name = any ($2)";

/// Marks sources as read.
const MARK_READ: &str = "
    update etl.run_sources
    set is_read = true
    where run_id = $1
        and source = any ($2)
        and not is_read";

/// Takes columns that are read now from those that nobody has read.
const NOTE_READ: &str = "
    update etl.run_sources
    set unread = array(
        select name
        from unnest(unread) with ordinality as u (name, position)
        where not name = any ($3)
        order by position
    )
    where run_id = $1
        and source = $2
        and unread && $3";

impl Statements<'_, '_> {
    /// The dataset of a run.
    pub(super) fn dataset(&mut self, run_id: i64) -> Outcome<String> {
        let has_ledger = self.holds("select to_regclass('etl.runs') is not null")?;
        let found = match has_ledger {
            true => self.value("select dataset from etl.runs where run_id = $1", &[run_id.into()])?,
            false => None,
        };
        found.ok_or_else(|| {
            misuse(
                PgSqlErrorCode::ERRCODE_NO_DATA,
                format!("run {run_id} is not in etl.runs"),
                "loader run DATASET FILE opens a run and calls the dataset's load function.",
            )
        })
    }

    /// The table of that name.
    pub(super) fn target_named(&mut self, name: &str, dataset: &str) -> Outcome<pg_sys::Oid> {
        let found = self.value("select to_regclass($1)::oid", &[name.into()])?;
        found.ok_or_else(|| {
            misuse(
                PgSqlErrorCode::ERRCODE_UNDEFINED_TABLE,
                format!("table {name} is not in this database"),
                format!("loader migrate {dataset}"),
            )
        })
    }

    /// The sources of those names that the run has staged.
    pub(super) fn sources(&mut self, run_id: i64, names: Vec<String>) -> Outcome<Vec<Source>> {
        let json: Option<String> = match self.is_replay(run_id)? {
            true => self.value(
                &format!(
                    "select coalesce(jsonb_agg(distinct jsonb_build_object('source', s.source, 'name', q.source_name, \
                     'location', q.source_name, 'header', r.header)), '[]')::text \
                     from staging.run_{run_id} as s join etl.quarantine as q using (quarantine_id) \
                     left join etl.run_sources as r on r.run_id = q.first_run and r.source = q.source \
                     where q.source_name = any ($1)"
                ),
                &[names.into()],
            )?,
            false => self.value(SOURCES, &[run_id.into(), names.into()])?,
        };
        serde_json::from_str(json.as_deref().unwrap_or("[]")).map_err(|error| {
            misuse(
                PgSqlErrorCode::ERRCODE_INTERNAL_ERROR,
                format!("the ledger describes the sources of run {run_id} as {error}"),
                "The extension's library and the ledger's tables differ: loader migrate",
            )
        })
    }

    /// Whether the sources have records that could be framed.
    pub(super) fn has_records(&mut self, run_id: i64, sources: &[Source]) -> Outcome<bool> {
        let numbers: Vec<i16> = sources.iter().map(|source| source.source).collect();
        let found = format!(
            "select exists (select from staging.run_{run_id} where source = any ($1) and problem is null)"
        );
        Ok(self.value(&found, &[numbers.into()])? == Some(true))
    }

    /// Marks sources as read.
    pub(super) fn mark_read(&mut self, run_id: i64, sources: Vec<i16>) -> Outcome<()> {
        self.query(MARK_READ, &[run_id.into(), sources.into()]).map(drop)
    }

    /// Notes that columns of a CSV source have been read.
    pub(super) fn note_read(&mut self, run_id: i64, source: i16, columns: Vec<String>) -> Outcome<()> {
        self.query(NOTE_READ, &[run_id.into(), source.into(), columns.into()]).map(drop)
    }
}
