//! What a failed run leaves: its row in the ledger; or, where the connection was lost while committing, what became of it.
use std::thread;
use std::time::{Duration, Instant};

use postgres::Client;

use super::{Attempt, End};
use crate::cli::Settings;
use crate::database::{self, Database};
use crate::error::{Error, Exit};
use crate::ledger::{self, Run};
use crate::quarantine::notes;
use crate::run::lock;
use crate::session;
use crate::summary::{Outcome, Summary};

/// How long a restarting server is waited for, to settle a commit in doubt and to write the failed run down: a crash of
/// another backend takes all sessions down for a second or two.
const RESTART: Duration = Duration::from_secs(10);

impl Attempt<'_> {
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
        let error = if database.client.is_closed() {
            match self.reconnected(settings) {
                Ok(fresh) => database.client = fresh,
                Err(_) => return Err(self.in_doubt(error)),
            }
            lost(error)
        } else {
            error
        };
        if let Some(exit) = self.committing {
            let arrived = lock::pass(&mut database.client, &run.dataset)
                .and_then(|()| ledger::is_done(&mut database.client, &run));
            match arrived {
                Ok(true) => return self.arrived(&mut database.client, &run, exit),
                Ok(false) => {}
                Err(_) => return Err(self.in_doubt(error)),
            }
        }
        self.record(&mut database.client, &error);
        Err(error)
    }

    /// The end of a run whose commit arrived before the connection was lost.
    fn arrived(&self, client: &mut Client, run: &Run, exit: Exit) -> Result<(Summary, End), Error> {
        self.progress
            .say("the connection was lost while committing; the ledger says that the commit arrived");
        let notes = notes::of_run(client, run, &self.delivery(), true)?;
        Ok((self.summary(run, Outcome::Done, notes), End::Exit(exit)))
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
                    if (error.sqlstate() == Some("57P03") || self.committing.is_some())
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
        match self.committing {
            Some(_) => error.hint(
                "the connection was lost while committing: see whether the run is there with: loader status",
            ),
            None => lost(error),
        }
    }
}

/// Says what a lost connection means, where the server gave no reason of its own.
fn lost(error: Error) -> Error {
    match error.sqlstate() {
        Some(_) => error,
        None => error.hint(
            "the connection was lost, and the server rolls back what was begun: see its log, then run it again",
        ),
    }
}
