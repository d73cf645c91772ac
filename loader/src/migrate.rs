//! `loader migrate`.

use crate::cli::{Context, MigrateArgs};
use crate::config::Config;
use crate::database::Database;
use crate::error::{Error, Exit};

/// Runs `loader migrate`.
pub fn run(_args: MigrateArgs, _context: &Context) -> Result<Exit, Error> {
    Err(Error::failed("loader migrate is not built yet"))
}

/// Sees to it that the extension and the tables of `dataset` are there; notes to print.
pub fn ensure_ready(
    _db: &mut Database,
    _config: &Config,
    _dataset: &str,
) -> Result<Vec<String>, Error> {
    Err(Error::failed("loader migrate is not built yet"))
}
