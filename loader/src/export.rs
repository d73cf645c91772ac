//! `loader export`.

use crate::cli::{Context, ExportArgs};
use crate::error::{Error, Exit};

/// Runs `loader export`.
pub fn run(_args: ExportArgs, _context: &Context) -> Result<Exit, Error> {
    Err(Error::failed("loader export is not built yet"))
}
