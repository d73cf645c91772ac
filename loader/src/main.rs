//! The loader: lands files in constrained PostgreSQL tables.
#![forbid(unsafe_code)]

use std::process::ExitCode;

use crate::cli::{Cli, Context};
use crate::error::{Error, Exit};

mod caution;
mod cli;
mod config;
mod copies;
mod copy;
mod database;
mod doctor;
mod embedded;
mod error;
mod export;
mod fetch;
mod http;
mod init;
mod ledger;
mod migrate;
mod output;
mod private;
mod progress;
mod psql;
mod quarantine;
mod query;
mod run;
mod session;
mod shipped;
mod snapshot;
mod source;
mod status;
mod stop;
mod summary;
mod warnings;

fn main() -> ExitCode {
    match cli::parse().and_then(execute) {
        Ok(exit) => exit.into(),
        Err(error) if error.is_broken_pipe() => Exit::Done.into(),
        Err(error) => {
            eprintln!("loader: {error}");
            error.exit().into()
        }
    }
}

fn execute(cli: Cli) -> Result<Exit, Error> {
    let context = Context::new(cli.globals)?;
    cli::dispatch(cli.command, &context)
}
