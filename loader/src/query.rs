//! `loader query`.

use crate::cli::{Context, QueryArgs};
use crate::error::{Error, Exit};

/// Runs `loader query`.
pub fn run(_args: QueryArgs, _context: &Context) -> Result<Exit, Error> {
    Err(Error::failed("loader query is not built yet"))
}
