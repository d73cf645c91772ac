//! The statements of one merge over SPI: whole statements, no row loops (memory stays until commit, pgrx#2211).
use etl_core::merge::name::Ident;
use etl_core::merge::table::{Staged, Target};
use pgrx::datum::DatumWithOid;
use pgrx::prelude::*;
use pgrx::spi::{SpiClient, SpiTupleTable};
use serde::de::DeserializeOwned;

use super::Counts;
use crate::error::{Outcome, from_spi, misuse};

/// Executes statements in the caller's transaction.
pub(super) struct Statements<'a, 'conn> {
    client: &'a mut SpiClient<'conn>,
}

/// What the fates came to.
pub(super) struct Decided {
    pub inserts: usize,
    pub updates: usize,
    /// Candidates of this run for the quarantine.
    pub kept: usize,
    /// Records of earlier runs that wait no longer.
    pub settled: usize,
}

impl<'a, 'conn> Statements<'a, 'conn> {
    pub(super) fn new(client: &'a mut SpiClient<'conn>) -> Self {
        Statements { client }
    }

    /// Executes a statement and says how many rows it processed.
    pub(super) fn execute(&mut self, statement: &str) -> Outcome<usize> {
        Ok(self.query(statement, &[])?.len())
    }

    fn query(&mut self, statement: &str, arguments: &[DatumWithOid<'_>]) -> Outcome<SpiTupleTable<'conn>> {
        self.client.update(statement, None, arguments).map_err(from_spi)
    }

    /// Whether a query that says yes or no says yes.
    pub(super) fn holds(&mut self, query: &str) -> Outcome<bool> {
        Ok(self.value(query, &[])? == Some(true))
    }

    /// The first column of the first row.
    fn value<T: FromDatum + IntoDatum>(
        &mut self,
        statement: &str,
        arguments: &[DatumWithOid<'_>],
    ) -> Outcome<Option<T>> {
        let rows = self.query(statement, arguments)?;
        if rows.is_empty() { Ok(None) } else { rows.first().get_one().map_err(from_spi) }
    }

    /// Reads a relation's description from the catalog.
    pub(super) fn describe<T: DeserializeOwned>(
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
    pub(super) fn open(&mut self, run_id: Option<i64>, target: &str) -> Outcome<(i64, String)> {
        if self.value::<bool>("select to_regclass('etl.quarantine') is not null", &[])? != Some(true) {
            return Err(misuse(
                PgSqlErrorCode::ERRCODE_UNDEFINED_TABLE,
                "the ledger's tables (schema etl) are missing",
                "loader migrate",
            ));
        }
        if let Some(run_id) = run_id {
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
        let opened = self.value(
            "insert into etl.runs (dataset, status, finished_at) values ($1, 'done', clock_timestamp()) \
             returning run_id",
            &[target.into()],
        )?;
        let run_id = opened.ok_or_else(|| from_spi(pgrx::spi::Error::InvalidPosition))?;
        Ok((run_id, target.to_string()))
    }

    pub(super) fn has_staging(&mut self, run_id: i64) -> Outcome<bool> {
        // A table of the caller's own: another's view of that name would run what its owner likes.
        let found = "select exists (select from pg_class where oid = to_regclass('staging.run_' || $1) \
                     and relkind = 'r' and relowner = current_user::regrole)";
        Ok(self.value(found, &[run_id.into()])? == Some(true))
    }

    pub(super) fn has_waiting(&mut self, dataset: &str, target: &str) -> Outcome<bool> {
        let found = "select exists (select from etl.quarantine where dataset = $1 and target = $2 \
                     and outcome = 'parked' and closed_run is null)";
        Ok(self.value(found, &[dataset.into(), target.into()])? == Some(true))
    }

    pub(super) fn extension_schema(&mut self) -> Outcome<String> {
        let found = "select n.nspname::text from pg_extension as e join pg_namespace as n on n.oid = e.extnamespace \
                     where e.extname = 'pg_etl'";
        Ok(self.value(found, &[])?.unwrap_or_else(|| "public".into()))
    }

    /// Columns that some staged record lacks.
    pub(super) fn lacking(&mut self, staged: &Staged, target: &Target) -> Outcome<Vec<Ident>> {
        let found = format!(
            "select array_agg(distinct lacked.name) from {} as s, unnest(s.absent) as lacked (name)",
            staged.name
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

    /// Columns that some waiting record lacks, of those named.
    pub(super) fn lacking_of_waiting(
        &mut self,
        dataset: &str,
        target: &str,
        names: Vec<String>,
    ) -> Outcome<Vec<Ident>> {
        let found = "select array_agg(distinct n) from etl.quarantine as q, unnest($3::text[]) as n \
                     where q.dataset = $1 and q.target = $2 and q.outcome = 'parked' and q.closed_run is null \
                     and not q.parsed ? n";
        let lacking: Option<Vec<String>> =
            self.value(found, &[dataset.into(), target.into(), names.into()])?;
        Ok(lacking.unwrap_or_default().into_iter().map(Ident::new).collect())
    }

    /// Temporary tables of this merge; also what a caller left under their names.
    pub(super) fn drop_leftovers(&mut self) -> Outcome<()> {
        self.execute(
            "drop table if exists pg_temp.etl_candidates, pg_temp.etl_judgements, pg_temp.etl_fates, pg_temp.etl_kept",
        )?;
        Ok(())
    }

    pub(super) fn decided(&mut self) -> Outcome<Decided> {
        let counted = self.query(
            "select count(*) filter (where action = 'insert'), count(*) filter (where action = 'update'), \
             count(*) filter (where outcome in ('parked', 'rejected') and \"etl$quarantine_id\" is null), \
             count(*) filter (where outcome <> 'parked' and \"etl$quarantine_id\" is not null) \
             from pg_temp.etl_fates",
            &[],
        )?;
        let row = counted.first();
        let number = |ordinal| -> Outcome<usize> {
            Ok(row.get::<i64>(ordinal).map_err(from_spi)?.unwrap_or(0).unsigned_abs() as usize)
        };
        Ok(Decided { inserts: number(1)?, updates: number(2)?, kept: number(3)?, settled: number(4)? })
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
