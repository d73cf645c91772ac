//! `loader status`.

use crate::cli::{Context, StatusArgs};
use crate::error::{Error, Exit};

/// Runs `loader status`.
pub fn run(_args: StatusArgs, _context: &Context) -> Result<Exit, Error> {
    Err(Error::failed("loader status is not built yet"))
}
