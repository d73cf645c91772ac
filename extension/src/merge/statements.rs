//! The statements of one merge over SPI: whole statements, no row loops (memory stays until commit, pgrx#2211).
use etl_core::merge::name::Ident;
use etl_core::merge::plan::{Made, Raised, Replay};
use etl_core::merge::table::{Staged, Target};
use pgrx::datum::DatumWithOid;
use pgrx::prelude::*;
use pgrx::spi::{SpiClient, SpiTupleTable};
use serde::de::DeserializeOwned;

use super::counts::Counts;
use crate::error::{Outcome, from_spi, misuse};

/// The temporary tables of a merge.
pub(super) const TABLES: [&str; 19] = [
    "etl_compared",
    "etl_contending",
    "etl_changed",
    "etl_unchanged",
    "etl_candidates",
    "etl_ready",
    "etl_places",
    "etl_faults",
    "etl_contested",
    "etl_judgements",
    "etl_writes",
    "etl_refused",
    "etl_waits",
    "etl_contenders",
    "etl_losers",
    "etl_overtaken",
    "etl_fates",
    "etl_tally",
    "etl_kept",
];

/// From so many rows on a wrong estimate costs more than the statistics, which are written to the catalog.
const WORTH_STATISTICS: usize = 300;

/// Executes statements in the caller's transaction.
pub(crate) struct Statements<'a, 'conn> {
    client: &'a mut SpiClient<'conn>,
}

/// What the fates came to.
pub(super) struct Decided {
    /// All of them.
    pub candidates: usize,
    /// Rows to be added.
    pub inserts: usize,
    pub updates: usize,
    /// Candidates that did not get in.
    pub kept: usize,
    /// Records of earlier runs that are settled now.
    pub settled: usize,
}

impl<'a, 'conn> Statements<'a, 'conn> {
    pub(crate) fn new(client: &'a mut SpiClient<'conn>) -> Self {
        Statements { client }
    }

    /// Executes a statement and says how many rows it processed.
    pub(crate) fn execute(&mut self, statement: &str) -> Outcome<usize> {
        Ok(self.query(statement, &[])?.len())
    }

    /// Makes a temporary table and says how many rows it has. Of few the optimiser needs no statistics.
    pub(super) fn make(&mut self, made: &Made) -> Outcome<usize> {
        let rows = self.execute(&made.table)?;
        if rows >= WORTH_STATISTICS {
            self.execute(&made.statistics)?;
        }
        Ok(rows)
    }

    pub(crate) fn query(
        &mut self,
        statement: &str,
        arguments: &[DatumWithOid<'_>],
    ) -> Outcome<SpiTupleTable<'conn>> {
        self.client.update(statement, None, arguments).map_err(from_spi)
    }

    /// Whether a query that says yes or no says yes.
    pub(crate) fn holds(&mut self, query: &str) -> Outcome<bool> {
        Ok(self.value(query, &[])? == Some(true))
    }

    /// What a query counts.
    pub(crate) fn number_of(&mut self, query: &str) -> Outcome<i64> {
        Ok(self.value(query, &[])?.unwrap_or(0))
    }

    /// The first column of the first row.
    pub(crate) fn value<T: FromDatum + IntoDatum>(
        &mut self,
        statement: &str,
        arguments: &[DatumWithOid<'_>],
    ) -> Outcome<Option<T>> {
        let rows = self.query(statement, arguments)?;
        if rows.is_empty() { Ok(None) } else { rows.first().get_one().map_err(from_spi) }
    }

    /// Executes a statement that evaluates code of types and tables, and says what that raised over some value.
    ///
    /// # Errors
    /// What no value can be to blame for: a cancelled query, a full disk, a privilege that lacks.
    pub(super) fn attempt(&mut self, schema: &Ident, statement: &str) -> Outcome<Option<Raised>> {
        let call = format!("select {schema}.etl_attempt($1)");
        let raised: Option<Vec<Option<String>>> = self.value(&call, &[statement.into()])?;
        Ok(raised.map(|mut said| {
            let mut next = || if said.is_empty() { None } else { said.remove(0) };
            let (sqlstate, message) = (next().unwrap_or_default(), next().unwrap_or_default());
            Raised { sqlstate, message, constraint: next(), field: None }
        }))
    }

    /// Numbers the rows of a relation in `pg_temp.etl_places` and says how many there are.
    pub(super) fn number(&mut self, relation: &str) -> Outcome<i64> {
        self.execute("drop table if exists pg_temp.etl_places")?;
        let count = self.execute(&etl_core::merge::plan::number(relation))?;
        self.execute("create index on pg_temp.etl_places (n)")?;
        self.execute("analyze pg_temp.etl_places")?;
        Ok(i64::try_from(count).unwrap_or(i64::MAX))
    }

    /// Reads a relation's description from the catalog.
    pub(crate) fn describe<T: DeserializeOwned>(
        &mut self,
        query: &str,
        oid: pg_sys::Oid,
        what: &str,
    ) -> Outcome<T> {
        let Some(json) = self.value::<String>(query, &[oid.into()])? else {
            return Err(misuse(
                PgSqlErrorCode::ERRCODE_WRONG_OBJECT_TYPE,
                format!("the {what} is not an ordinary table"),
                "Make one of it: create temporary table staged on commit drop as select ...",
            ));
        };
        serde_json::from_str(&json).map_err(|error| {
            misuse(
                PgSqlErrorCode::ERRCODE_INTERNAL_ERROR,
                format!("the catalog describes the {what} as {error}"),
                "The extension's library and its SQL differ: install both again.",
            )
        })
    }

    /// The run and its dataset. Without a run one is opened, whose dataset is the target's name.
    pub(super) fn open(
        &mut self,
        run_id: Option<i64>,
        target: &str,
        version: Option<&Ident>,
    ) -> Outcome<(i64, String)> {
        if self.value::<bool>("select to_regclass('etl.quarantine') is not null", &[])? != Some(true) {
            return Err(misuse(
                PgSqlErrorCode::ERRCODE_UNDEFINED_TABLE,
                "the ledger's tables (schema etl) are missing",
                "loader migrate",
            ));
        }
        if let Some(run_id) = run_id {
            let finished = "select exists (select from etl.runs where run_id = $1 and finished_at < transaction_timestamp())";
            if self.value(finished, &[run_id.into()])? == Some(true) {
                return Err(misuse(
                    PgSqlErrorCode::ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE,
                    format!("run {run_id} is finished"),
                    "Leave run_id out: etl_merge opens a run of its own.",
                ));
            }
            let dataset = self.value("select dataset from etl.runs where run_id = $1", &[run_id.into()])?;
            let dataset = dataset.ok_or_else(|| {
                misuse(
                    PgSqlErrorCode::ERRCODE_NO_DATA,
                    format!("run {run_id} is not in etl.runs"),
                    "Leave run_id out: etl_merge opens a run of its own.",
                )
            })?;
            return Ok((run_id, dataset));
        }
        self.query("select pg_advisory_xact_lock(hashtextextended('pg_etl ' || $1, 0))", &[target.into()])?;
        // A crashed server may hand out a number again whose failed run was written down since: then the next one is free.
        let opened = "insert into etl.runs (dataset, version_column, status, finished_at) \
                      values ($1, $2, 'done', clock_timestamp()) on conflict (run_id) do nothing returning run_id";
        let run_id = loop {
            let arguments = [target.into(), version.map(Ident::as_str).into()];
            if let Some(run_id) = self.value(opened, &arguments)? {
                break run_id;
            }
        };
        Ok((run_id, target.to_string()))
    }

    pub(crate) fn has_staging(&mut self, run_id: i64) -> Outcome<bool> {
        // A table of the caller's own: another's view of that name would run what its owner likes.
        let found = "select exists (select from pg_class where oid = to_regclass('staging.run_' || $1) \
                     and relkind = 'r' and pg_get_userbyid(relowner) = current_user)";
        Ok(self.value(found, &[run_id.into()])? == Some(true))
    }

    /// Whether the run tries quarantined records again: each staged record says which one it is.
    pub(crate) fn is_replay(&mut self, run_id: i64) -> Outcome<bool> {
        let found = "select exists (select from pg_attribute where attrelid = to_regclass('staging.run_' || $1) \
                     and attname = 'quarantine_id' and not attisdropped)";
        Ok(self.value(found, &[run_id.into()])? == Some(true))
    }

    /// How the run replays quarantined records, if it does.
    pub(super) fn replay(
        &mut self,
        staged: &Staged,
        target: &Target,
        run_id: i64,
    ) -> Outcome<Option<Replay>> {
        if staged.has_meta("quarantine_id", target) {
            return Ok(Some(Replay::ByColumn));
        }
        let is_replay = self.has_staging(run_id)? && self.is_replay(run_id)?;
        // Rows of no source were computed, not read: they follow from what the replay brought back.
        let is_computed = match staged.meta("source", target).filter(|_| is_replay) {
            Some(source) => self.holds(&format!(
                "select not exists (select from {} where {} is not null)",
                staged.name, source.name
            ))?,
            None => false,
        };
        let by_source = is_replay && !is_computed;
        Ok(by_source.then_some(Replay::BySource))
    }

    /// Whether earlier runs left open rows of this target in quarantine: any, and parked ones.
    pub(crate) fn has_open(&mut self, dataset: &str, target: &str) -> Outcome<(bool, bool)> {
        let mut found = |condition: &str| {
            let found = format!(
                "select exists (select from etl.quarantine where dataset = $1 and target = $2 and closed_run is null{condition})"
            );
            Ok(self.value(&found, &[dataset.into(), target.into()])? == Some(true))
        };
        Ok((found("")?, found(" and outcome = 'parked'")?))
    }

    pub(crate) fn extension_schema(&mut self) -> Outcome<String> {
        let found = "select n.nspname::text from pg_extension as e join pg_namespace as n on n.oid = e.extnamespace \
                     where e.extname = 'pg_etl'";
        Ok(self.value(found, &[])?.unwrap_or_else(|| "public".into()))
    }

    /// Columns that some staged record lacks.
    pub(super) fn lacking(&mut self, staged: &Staged, target: &Target) -> Outcome<Vec<Ident>> {
        let found = format!(
            "select array_agg(distinct lacked.name) from (select distinct s.{} as absent from {} as s) as s, unnest(s.absent) as lacked (name)",
            staged.meta("absent", target).map_or("absent".into(), |column| column.name.to_string()),
            staged.name,
        );
        let names: Vec<String> = self.value(&found, &[])?.unwrap_or_default();
        let names: Vec<Ident> = names.into_iter().map(Ident::new).collect();
        match names
            .iter()
            .find(|name| target.column(name).is_none() || staged.column(name.as_str()).is_none())
        {
            Some(unknown) => Err(misuse(
                PgSqlErrorCode::ERRCODE_UNDEFINED_COLUMN,
                format!(
                    "absent names {unknown}, which is not a column of both {} and the staged table",
                    target.label()
                ),
                "List in absent the target's columns that the record lacks.",
            )),
            None => Ok(names),
        }
    }

    /// Columns that some record which is tried again lacks, of those named.
    pub(super) fn lacking_of_ready(&mut self, names: Vec<String>) -> Outcome<Vec<Ident>> {
        let found = "select array_agg(distinct n) from pg_temp.etl_ready as r \
                     join etl.quarantine as q on q.quarantine_id = r.quarantine_id, unnest($1::text[]) as n \
                     where not q.parsed ? n";
        let lacking: Option<Vec<String>> = self.value(found, &[names.into()])?;
        Ok(lacking.unwrap_or_default().into_iter().map(Ident::new).collect())
    }

    /// A temporary table of this session.
    pub(crate) fn temporary(&mut self, name: &Ident) -> Outcome<pg_sys::Oid> {
        let found = self.value("select to_regclass($1)::oid", &[format!("pg_temp.{name}").into()])?;
        Ok(found.unwrap_or(pg_sys::InvalidOid))
    }

    /// Temporary tables of this merge; also what a caller left under their names.
    pub(crate) fn drop_leftovers(&mut self) -> Outcome<()> {
        self.execute(&format!(
            "drop table if exists {}",
            TABLES.map(|name| format!("pg_temp.{name}")).join(", ")
        ))?;
        Ok(())
    }

    /// Reads what the fates came to.
    pub(super) fn decided(&mut self, statement: &str) -> Outcome<Decided> {
        let counted = self.query(statement, &[])?;
        let row = counted.first();
        let number = |ordinal| -> Outcome<usize> {
            Ok(row.get::<i64>(ordinal).map_err(from_spi)?.unwrap_or(0).unsigned_abs() as usize)
        };
        Ok(Decided {
            candidates: number(1)?,
            inserts: number(2)?,
            updates: number(3)?,
            kept: number(4)?,
            settled: number(5)?,
        })
    }

    /// Writes the target and says how many rows were inserted and updated.
    pub(super) fn written(&mut self, statement: &str) -> Outcome<(usize, usize)> {
        let written = self.query(statement, &[])?;
        let row = written.first();
        let number = |ordinal| -> Outcome<usize> {
            Ok(row.get::<i64>(ordinal).map_err(from_spi)?.unwrap_or(0).unsigned_abs() as usize)
        };
        Ok((number(1)?, number(2)?))
    }

    /// Reads the one row of totals.
    pub(super) fn count(&mut self, statement: &str) -> Outcome<Counts> {
        let counted = self.query(statement, &[])?;
        let row = counted.first();
        let mut records = [0; 8];
        for (ordinal, count) in (2..).zip(records.iter_mut()) {
            *count = row.get(ordinal).map_err(from_spi)?.unwrap_or(0);
        }
        Ok(Counts { target: row.get(1).map_err(from_spi)?.unwrap_or_default(), records })
    }
}
