//! One run of one dataset: its transaction from the lock to the commit, and its ledger row if it fails.
mod settle;

use std::time::Instant;

use postgres::{Client, Transaction};

use super::interrupt::Interrupt;
use super::jobs::Job;
use super::{lock, merge, rejects, stage};
use crate::cli::RunArgs;
use crate::error::{Error, Exit};
use crate::ledger::{self, Counts, Run, SourceRead};
use crate::progress::Progress;
use crate::quarantine::notes::{self, Delivery};
use crate::summary::{Outcome, Summary};

/// How a run ends whose work was done.
pub enum End {
    /// With this exit code.
    Exit(Exit),
    /// Rolled back with its counts known: too many rejects, or `--assert-noop` found changes.
    Refused(Error),
}

/// A run under way, and what is known of it so far.
pub struct Attempt<'a> {
    job: &'a Job<'a>,
    args: &'a RunArgs,
    label: &'a str,
    interrupt: &'a Interrupt,
    progress: Progress,
    began: Instant,
    run: Option<Run>,
    sources: Vec<SourceRead>,
    counts: Vec<Counts>,
    /// Set once the commit is sent: the exit code that it means.
    committing: Option<Exit>,
}

impl<'a> Attempt<'a> {
    /// A run that has not begun.
    pub fn new(
        job: &'a Job<'a>,
        args: &'a RunArgs,
        label: &'a str,
        interrupt: &'a Interrupt,
        progress: Progress,
    ) -> Self {
        Attempt {
            job,
            args,
            label,
            interrupt,
            progress,
            began: Instant::now(),
            run: None,
            sources: Vec::new(),
            counts: Vec::new(),
            committing: None,
        }
    }

    /// The whole transaction. Dropped without a commit it is rolled back.
    ///
    /// # Errors
    /// Whatever fails the run: nothing of it is left.
    pub fn transact(&mut self, client: &mut Client) -> Result<(Summary, End), Error> {
        self.interrupt.settle(false);
        let mut transaction = ledger::begin(client)?;
        lock::take(&mut transaction, &self.job.dataset.name, self.args.lock_timeout, &self.progress)?;
        self.began = Instant::now();
        let run = ledger::open(&mut transaction, &self.job.dataset.name)?;
        self.run = Some(run.clone());
        let function = merge::find(&mut transaction, &run.dataset)?;
        self.stage(&mut transaction, &run)?;
        self.progress.merging(self.records());
        self.counts = merge::call(&mut transaction, &function, &run, &self.progress)?;
        self.refuse_passed_over(&mut transaction, &run)?;
        for unread in ledger::unread(&mut transaction, &run)? {
            self.progress.say(&stage::unread_note(&unread));
        }
        stage::drop_table(&mut transaction, &run)?;
        ledger::finish(&mut transaction, &run)?;
        self.progress.clear();
        self.interrupt.check()?;
        self.decide(transaction, &run)
    }

    /// A source that no statement of the load function names would be lost without a word.
    fn refuse_passed_over(&self, transaction: &mut Transaction<'_>, run: &Run) -> Result<(), Error> {
        let read: i64 = self.counts.iter().map(|counts| counts.read).sum();
        // A load function may read staging by itself, and then counts by itself, or not at all.
        if self.counts.is_empty() || read.unsigned_abs() >= self.records() {
            return Ok(());
        }
        match ledger::passed_over(transaction, run)?.first() {
            None => Ok(()),
            Some((location, name, records)) => Err(Error::failed(format!(
                "{location}: none of its {records} records was read: etl_load_{} reads no source \"{name}\"",
                run.dataset
            ))
            .hint(format!(
                "name it in the load file, as in etl_load(run_id, '{{{name}}}'::text[], ...), then: loader migrate {}",
                run.dataset
            ))),
        }
    }

    fn stage(&mut self, transaction: &mut Transaction<'_>, run: &Run) -> Result<(), Error> {
        stage::create(transaction, run)?;
        for (number, file) in (1..).zip(&self.job.files) {
            let limit = self.args.record_limit;
            let source =
                stage::fill(transaction, run, number, file, limit, &mut self.progress, self.interrupt)?;
            self.sources.push(source.clone());
            ledger::add_source(transaction, run, &source)?;
        }
        stage::analyze(transaction, run, self.records())
    }

    /// Commits or rolls back, as the options and the counts have it.
    fn decide(&mut self, mut transaction: Transaction<'_>, run: &Run) -> Result<(Summary, End), Error> {
        let rejected = rejects::newly(&mut transaction, run)?;
        let (outcome, end) = self.verdict(&mut transaction, run, rejected)?;
        let is_kept = outcome == Outcome::Done;
        let notes = notes::of_run(&mut transaction, run, &self.delivery(), is_kept)?;
        if is_kept {
            self.committing = match end {
                End::Exit(exit) => Some(exit),
                End::Refused(_) => None,
            };
            self.interrupt.settle(true);
            transaction.commit().map_err(|error| Error::database("commit the run", error))?;
            self.interrupt.committed(run);
        } else {
            transaction.rollback().map_err(|error| Error::database("roll the run back", error))?;
        }
        Ok((self.summary(run, outcome, notes), end))
    }

    fn verdict(
        &self,
        transaction: &mut Transaction<'_>,
        run: &Run,
        rejected: u64,
    ) -> Result<(Outcome, End), Error> {
        let exit = if rejected > 0 && self.args.max_rejects.is_none() { Exit::Rejected } else { Exit::Done };
        let budget = self.args.max_rejects.map(|limit| limit.budget(self.records()));
        if let Some(budget) = budget.filter(|budget| rejected > *budget) {
            let error = rejects::too_many(transaction, run, &self.sources, rejected, budget);
            return Ok((Outcome::Failed, End::Refused(error)));
        }
        if self.args.assert_noop {
            return Ok(match changes(transaction, run, &self.counts)? {
                None => (Outcome::Asserted, End::Exit(Exit::Done)),
                Some(changes) => {
                    let error =
                        Error::failed(format!("--assert-noop: the run would change {changes}; rolled back"));
                    (Outcome::Asserted, End::Refused(error))
                }
            });
        }
        let outcome = if self.args.dry_run { Outcome::DryRun } else { Outcome::Done };
        Ok((outcome, End::Exit(exit)))
    }

    fn records(&self) -> u64 {
        self.sources.iter().map(|source| source.records).sum()
    }

    /// What this run brought and did not bring.
    fn delivery(&self) -> Delivery<'_> {
        let is_absent = |source: &&str| !self.job.files.iter().any(|file| file.source == *source);
        let sources = self.job.dataset.sources.iter().map(|source| source.name.as_str());
        Delivery::of(&self.counts, sources.filter(is_absent).collect())
    }

    fn summary(&self, run: &Run, outcome: Outcome, notes: Vec<String>) -> Summary {
        Summary {
            run_id: run.id,
            dataset: run.dataset.clone(),
            sources: self.sources.clone(),
            label: self.label.to_owned(),
            seconds: self.began.elapsed().as_secs_f64(),
            outcome,
            counts: self.counts.clone(),
            notes,
            replay: None,
        }
    }
}

/// What the run would change, in words; none if nothing.
fn changes(transaction: &mut Transaction<'_>, run: &Run, counts: &[Counts]) -> Result<Option<String>, Error> {
    let statement = "
        select
            count(*) filter (where first_run = $1),
            count(*) filter (where first_run <> $1 and closed_run = $1),
            count(*) filter (where first_run <> $1 and last_run = $1 and closed_run is null)
        from etl.quarantine
        where first_run = $1 or last_run = $1 or closed_run = $1";
    let row = transaction
        .query_one(statement, &[&run.id])
        .map_err(|error| Error::database("look for newly quarantined records", error))?;
    let sum = |value: fn(&Counts) -> i64| counts.iter().map(value).sum::<i64>();
    let found = [
        (sum(|counts| counts.inserted), "inserted"),
        (sum(|counts| counts.updated), "updated"),
        (sum(|counts| counts.promoted), "promoted"),
        (row.get(0), "newly quarantined"),
        (row.get(1), "closed in quarantine"),
        (row.get(2), "reopened or changed in quarantine"),
    ];
    let words: Vec<String> = found
        .iter()
        .filter(|(count, _)| *count != 0)
        .map(|(count, word)| format!("{count} {word}"))
        .collect();
    Ok((!words.is_empty()).then(|| words.join(", ")))
}
