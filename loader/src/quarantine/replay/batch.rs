//! One replay: its transaction from the lock to the commit, and its ledger row if it fails.
use std::time::Instant;

use postgres::Transaction;

use super::fates::{self, Replay};
use super::rows;
use crate::cli::QuarantineReplayArgs;
use crate::database::Database;
use crate::error::Error;
use crate::ledger::{self, Counts, Run};
use crate::progress::Progress;
use crate::run::interrupt::Interrupt;
use crate::run::{lock, merge, stage};
use crate::summary::{Outcome, Summary};

/// A record each under a source number of its own. Where it has no text, its bytes travel with what was wrong with them.
const STAGE: &str = "
    select
        quarantine.number,
        coalesce(quarantine.line, quarantine.number),
        coalesce(quarantine.byte, quarantine.number),
        quarantine.record,
        case when quarantine.record is null then quarantine.raw end,
        case when quarantine.record is null then quarantine.message end,
        case when quarantine.record is null then quarantine.sqlstate end,
        quarantine.quarantine_id
    from (
        select *, row_number() over (order by first_run, source, line, byte, quarantine_id)::smallint as number
        from etl.quarantine
        where quarantine_id = any ($1)
            and outcome = 'rejected'
            and closed_run is null
    ) as quarantine";

/// Records of one dataset that are tried again in one run.
pub struct Batch<'a> {
    dataset: &'a str,
    ids: &'a [i64],
    args: &'a QuarantineReplayArgs,
    interrupt: &'a Interrupt,
    progress: Progress,
    began: Instant,
    run: Option<Run>,
    is_committing: bool,
}

impl<'a> Batch<'a> {
    /// A replay that has not begun.
    pub fn new(
        dataset: &'a str,
        ids: &'a [i64],
        args: &'a QuarantineReplayArgs,
        interrupt: &'a Interrupt,
        progress: Progress,
    ) -> Self {
        let began = Instant::now();
        Batch { dataset, ids, args, interrupt, progress, began, run: None, is_committing: false }
    }

    /// The whole replay; none where somebody else has settled the records meanwhile.
    ///
    /// # Errors
    /// Whatever fails the run: nothing of it is left but its row in the ledger.
    pub fn replay(&mut self, database: &mut Database) -> Result<Option<Summary>, Error> {
        let result = self.transact(database);
        self.progress.clear();
        let error = match result {
            Ok(summary) => return Ok(summary),
            Err(error) => error,
        };
        if database.client.is_closed() && self.is_committing {
            return Err(error.hint(
                "the connection was lost while committing: see whether the run is there with: loader status",
            ));
        }
        if let Some(run) = self.run.as_ref().filter(|_| !self.args.dry_run) {
            // A signal says more than the canceled statement it left (57014, query_canceled).
            let written = match self.interrupt.check() {
                Ok(()) => {
                    ledger::fail(&mut database.client, run, &[], error.sqlstate(), &error.without_values())
                }
                Err(signal) => {
                    ledger::fail(&mut database.client, run, &[], Some("57014"), &signal.to_string())
                }
            };
            if let Err(second) = written {
                self.progress.say(&format!("the failed run is not in the ledger: {second}"));
            }
        }
        Err(error)
    }

    fn transact(&mut self, database: &mut Database) -> Result<Option<Summary>, Error> {
        self.interrupt.settle(false);
        let label = database.label.clone();
        let mut transaction = ledger::begin(&mut database.client)?;
        lock::take(&mut transaction, self.dataset, self.args.lock_timeout, &self.progress)?;
        self.began = Instant::now();
        let run = ledger::open(&mut transaction, self.dataset)?;
        self.run = Some(run.clone());
        // The name of a dataset has no dot: this is the target of merges without a run.
        let counts = match self.dataset.contains('.') {
            true => rows::merge(&mut transaction, &run, self.ids, &mut self.progress)?.into_iter().collect(),
            false => self.merge_records(&mut transaction, &run)?,
        };
        ledger::finish(&mut transaction, &run)?;
        self.progress.clear();
        self.interrupt.check()?;
        let replay = fates::of(&mut transaction, &run, self.ids)?;
        if replay.is_empty() {
            transaction.rollback().map_err(|error| Error::database("roll the replay back", error))?;
            self.progress.say("somebody else has settled these records meanwhile");
            return Ok(None);
        }
        if self.args.dry_run {
            transaction.rollback().map_err(|error| Error::database("roll the replay back", error))?;
        } else {
            self.is_committing = true;
            self.interrupt.settle(true);
            transaction.commit().map_err(|error| Error::database("commit the replay", error))?;
            self.interrupt.committed(&run);
        }
        Ok(Some(self.summary(&run, label, counts, replay)))
    }

    fn merge_records(&mut self, transaction: &mut Transaction<'_>, run: &Run) -> Result<Vec<Counts>, Error> {
        let failed = |error| Error::database("stage the quarantined records", error);
        let function = merge::find(transaction, self.dataset)?;
        let staging = stage::table(run);
        stage::create(transaction, run)?;
        transaction
            .batch_execute(&format!("alter table {staging} add column quarantine_id bigint"))
            .map_err(failed)?;
        let columns = "source, line, byte, record, raw, problem, sqlstate, quarantine_id";
        let staged = transaction
            .execute(&format!("insert into {staging} ({columns}){STAGE}"), &[&self.ids])
            .map_err(failed)?;
        self.progress.merging(staged);
        let counts = merge::call(transaction, &function, run, &self.progress)?;
        stage::drop_table(transaction, run)?;
        Ok(counts)
    }

    fn summary(&self, run: &Run, label: String, counts: Vec<Counts>, replay: Replay) -> Summary {
        let is_kept = !self.args.dry_run;
        Summary {
            run_id: run.id,
            dataset: run.dataset.clone(),
            sources: Vec::new(),
            label,
            seconds: self.began.elapsed().as_secs_f64(),
            outcome: if is_kept { Outcome::Done } else { Outcome::DryRun },
            counts,
            notes: replay.notes(&run.dataset),
            replay: Some(replay),
        }
    }
}
