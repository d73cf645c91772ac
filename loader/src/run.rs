//! `loader run`.

use crate::cli::{Context, RunArgs};
use crate::error::{Error, Exit};

/// Runs `loader run`.
pub fn run(_args: RunArgs, _context: &Context) -> Result<Exit, Error> {
    Err(Error::failed("loader run is not built yet"))
}
