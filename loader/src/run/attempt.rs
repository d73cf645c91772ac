//! One run of one dataset: its transaction from the lock to the commit, and its ledger row if it fails.
use std::thread;
use std::time::{Duration, Instant};

use postgres::{Client, IsolationLevel, Transaction};

use super::interrupt::Interrupt;
use super::jobs::Job;
use super::{lock, merge, rejects, stage};
use crate::cli::{RunArgs, Settings};
use crate::database::{self, Database};
use crate::error::{Error, Exit};
use crate::ledger::{self, Counts, Run, SourceRead};
use crate::progress::Progress;
use crate::quarantine::notes;
use crate::session;
use crate::summary::{Outcome, Summary};

/// How long a restarting server is waited for, to settle a commit in doubt and to write the failed run down: a crash of
/// another backend takes all sessions down for a second or two.
const RESTART: Duration = Duration::from_secs(10);

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
    is_committing: bool,
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
            is_committing: false,
        }
    }

    /// The whole transaction. Dropped without a commit it is rolled back.
    ///
    /// # Errors
    /// Whatever fails the run: nothing of it is left.
    pub fn transact(&mut self, client: &mut Client) -> Result<(Summary, End), Error> {
        self.interrupt.settle(false);
        let mut transaction = client
            .build_transaction()
            // Each statement must see what was committed while this run waited for the lock.
            .isolation_level(IsolationLevel::ReadCommitted)
            .read_only(false)
            .start()
            .map_err(|error| Error::database("begin the run's transaction", error))?;
        lock::take(&mut transaction, &self.job.dataset.name, self.args.lock_timeout, &self.progress)?;
        self.began = Instant::now();
        let run = ledger::open(&mut transaction, &self.job.dataset.name)?;
        self.run = Some(run.clone());
        let function = merge::find(&mut transaction, &run.dataset)?;
        self.stage(&mut transaction, &run)?;
        self.progress.merging(self.records());
        self.counts = merge::call(&mut transaction, &function, &run, &self.progress)?;
        stage::drop_table(&mut transaction, &run)?;
        ledger::finish(&mut transaction, &run)?;
        self.progress.clear();
        self.interrupt.check()?;
        self.decide(transaction, &run)
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
        Ok(())
    }

    /// Commits or rolls back, as the options and the counts have it.
    fn decide(&mut self, mut transaction: Transaction<'_>, run: &Run) -> Result<(Summary, End), Error> {
        let rejected = rejects::newly(&mut transaction, run)?;
        let (outcome, end) = self.verdict(&mut transaction, run, rejected)?;
        let is_kept = outcome == Outcome::Done;
        let notes = notes::of_run(&mut transaction, run, self.kept_out(), is_kept)?;
        if is_kept {
            self.is_committing = true;
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

    /// Writes the failed run's ledger row, best effort, or finds that the commit had arrived before the
    /// connection was lost.
    ///
    /// # Errors
    /// The run's own error.
    pub fn settle_failure(
        &mut self,
        database: &mut Database,
        settings: &Settings,
        error: Error,
    ) -> Result<(Summary, End), Error> {
        self.progress.clear();
        let Some(run) = self.run.clone() else {
            return Err(error);
        };
        if database.client.is_closed() {
            match self.reconnected(settings) {
                Ok(fresh) => database.client = fresh,
                Err(_) => return Err(self.in_doubt(error)),
            }
        }
        let arrived = self.is_committing
            && lock::pass(&mut database.client, &run.dataset).is_ok()
            && ledger::is_done(&mut database.client, &run).unwrap_or(false);
        if arrived {
            self.progress
                .say("the connection was lost while committing; the ledger says that the commit arrived");
            let notes = notes::of_run(&mut database.client, &run, self.kept_out(), true)?;
            return Ok((self.summary(&run, Outcome::Done, notes), End::Exit(Exit::Done)));
        }
        self.record(&mut database.client, &error);
        Err(error)
    }

    /// Writes the failed run's ledger row. The run has failed already: that its row cannot be written is
    /// said, and changes nothing.
    pub fn record(&self, client: &mut Client, error: &Error) {
        let Some(run) = &self.run else { return };
        // Dry runs and assertions ask a question; only loads are history.
        if self.args.dry_run || self.args.assert_noop {
            return;
        }
        // What an interrupted run was doing says less than that it was interrupted (57014, query_canceled).
        let written = match self.interrupt.check() {
            Ok(()) => ledger::fail(client, run, &self.sources, error.sqlstate(), &error.without_values()),
            Err(signal) => ledger::fail(client, run, &self.sources, Some("57014"), &signal.to_string()),
        };
        if let Err(second) = written {
            self.progress.say(&format!("the failed run is not in the ledger: {second}"));
        }
    }

    /// A new session in place of a lost one. A server that says that it is restarting is waited for a while; one that
    /// does not answer only where it may have the commit.
    fn reconnected(&self, settings: &Settings) -> Result<Client, Error> {
        let deadline = Instant::now() + RESTART;
        let mut database = loop {
            match database::connect(settings) {
                Err(error)
                    if (error.sqlstate() == Some("57P03") || self.is_committing)
                        && self.interrupt.signal().is_none()
                        && Instant::now() < deadline =>
                {
                    thread::sleep(Duration::from_millis(200));
                }
                answer => break answer?,
            }
        };
        database.act_as("etl_loader")?;
        session::pin_for_loading(&mut database.client)?;
        Ok(database.client)
    }

    fn in_doubt(&self, error: Error) -> Error {
        match self.is_committing {
            true => error.hint(
                "the connection was lost while committing: see whether the run is there with: loader status",
            ),
            false => error,
        }
    }

    fn records(&self) -> u64 {
        self.sources.iter().map(|source| source.records).sum()
    }

    /// Records of this run that are parked or rejected, newly or again.
    fn kept_out(&self) -> i64 {
        self.counts.iter().map(|counts| counts.parked + counts.rejected).sum()
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
