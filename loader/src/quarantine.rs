//! `loader quarantine`.

use crate::cli::{Context, QuarantineArgs};
use crate::error::{Error, Exit};

/// Runs `loader quarantine`.
pub fn run(_args: QuarantineArgs, _context: &Context) -> Result<Exit, Error> {
    Err(Error::failed("loader quarantine is not built yet"))
}
