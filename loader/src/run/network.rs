//! What the sources of a call need that come over a network, made once for all its datasets.
use super::interrupt::Interrupt;
use super::jobs::{Job, Plan};
use super::transfer;
use crate::cli::{Context, RunArgs};
use crate::copies::Copies;
use crate::database::Database;
use crate::error::Error;
use crate::http::Settings;
use crate::ledger;
use crate::progress::Progress;

/// How servers are asked, and where copies are.
pub struct Network {
    settings: Settings,
    copies: Copies,
    keeps_copies: bool,
}

impl Network {
    /// Nothing where no source is a URL.
    ///
    /// # Errors
    /// Those of the options, and of the folder of copies.
    pub fn open(plan: &Plan<'_>, args: &RunArgs, context: &Context) -> Result<Option<Self>, Error> {
        if plan.jobs.iter().flat_map(|job| &job.files).all(|file| file.url.is_none()) {
            return Ok(None);
        }
        let keeps_copies = context.config.keep_copies;
        let settings = args.http.settings(&args.allow_host)?;
        Ok(Some(Network { settings, copies: Copies::open(keeps_copies)?, keeps_copies }))
    }

    /// Transfers what the job has URLs for; false where there is nothing to load. A failure is written to the ledger.
    ///
    /// # Errors
    /// A URL does not give what is expected of it. A signal ends the process here.
    pub fn bring(
        &self,
        database: &mut Database,
        job: &mut Job<'_>,
        args: &RunArgs,
        interrupt: &Interrupt,
        progress: &mut Progress,
    ) -> Result<bool, Error> {
        interrupt.settle(false);
        // A dry run and an assertion ask about the tables, not about the source, and are no history.
        let asks = args.dry_run || args.assert_noop;
        let way = transfer::Way {
            settings: &self.settings,
            copies: &self.copies,
            interrupt,
            refetches: args.refetch,
            may_skip: !self.keeps_copies && !asks,
        };
        let brought = transfer::bring(&mut database.client, job, &way, progress);
        if let (Err(_), Some(signal)) = (&brought, interrupt.signal()) {
            interrupt.exit(signal);
        }
        if let (Err(error), false) = (&brought, asks)
            && let Err(second) = ledger::fail_unopened(&mut database.client, &job.dataset.name, error)
        {
            progress.say(&format!("the failed run is not in the ledger: {second}"));
        }
        brought
    }

    /// Keeps what was transferred for a run that is committed.
    pub fn keep(&self, job: &Job<'_>, progress: &Progress) {
        transfer::keep(job, &self.copies, progress);
    }
}
