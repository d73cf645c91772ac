//! `loader stop`: stops the embedded cluster, wherever the settings point.

use crate::cli::Context;
use crate::embedded::{self, Stopped};
use crate::error::{Error, Exit};

/// Stops the embedded cluster; sessions in it are ended and their transactions rolled back. One that does not run is
/// no failure.
///
/// # Errors
/// The server does not stop (exit 1), or its place is not ours (exit 2).
pub fn run(context: &Context) -> Result<Exit, Error> {
    match embedded::stop()? {
        Stopped::Now(home) => context.note(format!("stopped embedded {}", home.display())),
        Stopped::Already(home) => context.note(format!("embedded {} is not running", home.display())),
    }
    Ok(Exit::Done)
}
