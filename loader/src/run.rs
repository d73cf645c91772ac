//! `loader run`: the sources of a dataset into its tables, in one transaction.
mod attempt;
mod files;
pub mod interrupt;
mod jobs;
pub mod lock;
pub mod merge;
mod network;
mod rejects;
mod snapshots;
pub mod stage;
mod transfer;

use crate::cli::{Context, RunArgs};
use crate::database::{self, Database};
use crate::error::{Error, Exit};
use crate::migrate;
use crate::progress::Progress;
use crate::session;
use crate::summary::Outcome;
use attempt::{Attempt, End};
use interrupt::Interrupt;
use jobs::Job;
use network::Network;

/// Runs `loader run`: one dataset or several, each in a transaction of its own.
///
/// # Errors
/// The only dataset's error. Of several the errors are printed as they come, the others run, and the exit
/// code is the gravest.
pub fn run(args: RunArgs, context: &Context) -> Result<Exit, Error> {
    let plan = jobs::choose(&context.config, &args)?;
    let network = Network::open(&plan, &args, context)?;
    for note in &plan.skipped {
        context.note(note);
    }
    let mut database = database::connect(&context.settings)?;
    let may_change = !args.dry_run && !args.assert_noop;
    let datasets: Vec<String> = plan.jobs.iter().map(|job| job.dataset.name.clone()).collect();
    for note in migrate::ensure_ready(&mut database, &context.config, &datasets, may_change)? {
        context.note(note);
    }
    database.act_as("etl_loader")?;
    session::pin_for_loading(&mut database.client)?;
    let interrupt = listen(&database)?;

    let mut gravest = Exit::Done;
    let jobs = plan.jobs.len();
    for (position, mut job) in plan.jobs.into_iter().enumerate() {
        let is_last = position + 1 == jobs;
        let loaded =
            load(&mut database, &mut job, &args, context, &interrupt, network.as_ref(), position == 0);
        match loaded {
            Ok(exit) => gravest = graver(gravest, exit),
            Err(error) if jobs == 1 || database.client.is_closed() => return Err(error),
            Err(error) => {
                eprintln!("loader: {}: {error}", job.dataset.name);
                gravest = graver(gravest, error.exit());
            }
        }
        if let Some(signal) = interrupt.signal().filter(|_| !is_last) {
            interrupt.exit(signal);
        }
    }
    Ok(gravest)
}

/// Listens for signals; one cancels what the database is doing.
///
/// # Errors
/// When the system gives no signal handler or thread.
pub fn listen(database: &Database) -> Result<Interrupt, Error> {
    let (token, tls) = (database.client.cancel_token(), database.tls.clone());
    // Where the request does not get through, the connection's end does the same, a little later.
    Interrupt::listen(move || drop(token.cancel_query(tls.clone())))
        .map_err(|error| Error::failed("cannot listen for signals").caused_by(error))
}

/// Loads one dataset and prints its summary.
fn load(
    database: &mut Database,
    job: &mut Job<'_>,
    args: &RunArgs,
    context: &Context,
    interrupt: &Interrupt,
    network: Option<&Network>,
    is_first: bool,
) -> Result<Exit, Error> {
    let mut progress = Progress::new(context.settings.quiet).telling(&database.warnings);
    snapshots::leave_out_loaded(&mut database.client, job, &progress)?;
    if let Some(network) = network
        && !network.bring(database, job, args, interrupt, &mut progress)?
    {
        return Ok(Exit::Done);
    }
    let label = database.label.clone();
    let mut attempt = Attempt::new(job, args, &label, interrupt, progress);
    let result = attempt.transact(&mut database.client);
    let result = match result {
        Err(error) => attempt.settle_failure(database, &context.settings, error),
        ended => ended,
    };
    interrupt.settle(true);
    if let (Err(_), Some(signal)) = (&result, interrupt.signal()) {
        interrupt.exit(signal);
    }
    let (summary, end) = result?;
    if let (Outcome::Done, Some(network)) = (summary.outcome, network) {
        network.keep(job, &Progress::new(context.settings.quiet));
    }
    summary.print(args.format, is_first)?;
    match end {
        End::Exit(exit) => Ok(exit),
        End::Refused(error) => {
            if summary.outcome == Outcome::Failed {
                attempt.record(&mut database.client, &error);
            }
            Err(error)
        }
    }
}

/// A failure outweighs rejected records, and those outweigh success.
fn graver(one: Exit, other: Exit) -> Exit {
    let weight = |exit: Exit| match exit {
        Exit::Done => 0,
        Exit::Rejected => 1,
        _ => 2,
    };
    if weight(other) > weight(one) { other } else { one }
}
