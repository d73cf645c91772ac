//! One reading: what a run has staged from some sources, as rows of a target, all of them or what differs.
use etl_core::merge::name::{Ident, QualifiedName};
use etl_core::merge::plan::{self as merging, LeftOut, Options};
use etl_core::merge::table::Target;
use etl_core::read::{Fields, Plan, Source};
use pgrx::JsonB;
use pgrx::prelude::*;

use crate::error::{Outcome, from_plan, misuse};
use crate::merge::DESCRIBE_TARGET;
use crate::merge::statements::Statements;

/// What is to be read, described.
pub(super) struct Reading {
    pub target: pg_sys::Oid,
    run_id: i64,
    dataset: String,
    described: Target,
    /// The names of the sources, as the load file has them.
    names: Vec<String>,
    sources: Vec<Source>,
    fields: Fields,
}

impl Reading {
    pub(super) fn new(
        run: &mut Statements<'_, '_>,
        run_id: i64,
        sources: Vec<Option<String>>,
        target: &str,
        fields: &JsonB,
    ) -> Outcome<Self> {
        let dataset = run.dataset(run_id)?;
        let target = run.target_named(target, &dataset)?;
        let described: Target = run.describe(DESCRIBE_TARGET, target, "target")?;
        if !run.has_staging(run_id)? {
            return Err(misuse(
                PgSqlErrorCode::ERRCODE_UNDEFINED_TABLE,
                format!("run {run_id} has nothing staged: there is no table staging.run_{run_id}"),
                format!("loader run {dataset} FILE"),
            ));
        }
        let names: Vec<String> = sources.into_iter().flatten().collect();
        let sources: Vec<Source> = run.sources(run_id, names.clone())?;
        let fields = Fields::parse(&fields.0).map_err(from_plan)?;
        Ok(Reading { target, run_id, dataset, described, names, sources, fields })
    }

    /// Makes `pg_temp.<staged>` of all that was staged.
    pub(super) fn read(&self, run: &mut Statements<'_, '_>, staged: &Ident) -> Outcome<()> {
        let plan = self.plan()?;
        let rows = self.rows(run, &plan)?;
        // What the session has under this name is not ours, and not to be read.
        run.execute(&format!("drop table if exists pg_temp.{staged}"))?;
        let count = run.execute(&format!("create temporary table {staged} on commit drop as\n{rows}"))?;
        self.note(run, &plan, count)
    }

    /// The same of what does not equal the target's row already, if that can be told while it is read; says whether something may
    /// have been left out.
    pub(super) fn read_changed(
        &self,
        run: &mut Statements<'_, '_>,
        staged: &Ident,
        version: Option<&Ident>,
    ) -> Outcome<LeftOut> {
        let plan = self.plan()?;
        let Some(relation) = plan.comparable(staged) else {
            return self.read(run, staged).map(|()| LeftOut::Nothing);
        };
        let options = Options { version: version.cloned(), run_id: self.run_id, ..Options::default() };
        let merge = merging::Plan::new(&self.described, &relation, &options).map_err(from_plan)?;
        let is_asked = match merge.may_leave_out() {
            Some(may) => !run.is_replay(self.run_id)? && run.holds(&may)?,
            None => false,
        };
        if !is_asked || run.has_open(&self.dataset, &self.described.label())?.0 {
            return self.read(run, staged).map(|()| LeftOut::Nothing);
        }
        run.execute(&format!("drop table if exists pg_temp.{staged}"))?;
        let rows = self.rows(run, &plan)?;
        let count = run.execute(&merge.compared(&rows))?;
        run.execute(&merge.tally_compared())?;
        let [differing, equal] = merge.differing();
        match (run.number_of(&differing)?, run.number_of(&equal)?) {
            (0, _) => drop(run.execute(&merge.stage_none(staged))?),
            (_, 0) => drop(run.execute(&merge.stage_all(staged))?),
            (differing, _) => self.stage(run, &merge, staged, differing)?,
        }
        run.execute("drop table if exists pg_temp.etl_compared, pg_temp.etl_contending")?;
        self.note(run, &plan, count)?;
        Ok(LeftOut::Unstaged)
    }

    /// Stages what differs, and what contends with it.
    fn stage(
        &self,
        run: &mut Statements<'_, '_>,
        merge: &merging::Plan<'_>,
        staged: &Ident,
        differing: i64,
    ) -> Outcome<()> {
        run.execute(&merge.analyze_compared())?;
        let contending = run.execute(&merge.contending())?;
        let count = run.execute(&merge.stage_differing(staged))?;
        if count != differing.unsigned_abs() as usize + contending {
            return Err(misuse(
                PgSqlErrorCode::ERRCODE_TRIGGERED_DATA_CHANGE_VIOLATION,
                format!("rows of {} changed while records were compared with them", self.described.label()),
                "Another writer changed the target meanwhile: run the load again.",
            ));
        }
        run.execute(&merge.correct_tally(staged)).map(drop)
    }

    fn plan(&self) -> Outcome<Plan<'_>> {
        Plan::new(&self.described, &self.sources, &self.fields).map_err(from_plan)
    }

    fn rows(&self, run: &mut Statements<'_, '_>, plan: &Plan<'_>) -> Outcome<String> {
        let name = Ident::new(format!("run_{}", self.run_id));
        let staging = QualifiedName { schema: Ident::new("staging"), name };
        Ok(plan.rows(&staging, &run.extension_schema()?))
    }

    /// Notes in the ledger what was read.
    fn note(&self, run: &mut Statements<'_, '_>, plan: &Plan<'_>, rows: usize) -> Outcome<()> {
        run.mark_read(self.run_id, self.sources.iter().map(|source| source.source).collect())?;
        if rows == 0
            && let Some(array) = &self.fields.each
            && run.has_records(self.run_id, &self.sources)?
        {
            warning!(
                "no record of {} has elements in {array}: check the pointer with *",
                self.names.join(", ")
            );
        }
        for source in &self.sources {
            let read: Vec<String> = plan.read_of(source).map(str::to_owned).collect();
            if !read.is_empty() {
                run.note_read(self.run_id, source.source, read)?;
            }
        }
        Ok(())
    }
}
