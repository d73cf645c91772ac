//! The loader and a script written by hand, side by side: the same files, into the same tables, the same rows afterwards.

use crate::load::load;
use crate::results;
use crate::script::script;
use crate::setting::Bench;
use crate::sheet::Sheet;
use crate::{Outcome, script};
use std::ffi::OsString;
use std::path::Path;

/// A dataset with its files, and the script that loads the same.
pub struct Duel<'a> {
    /// Schema of its tables.
    pub dataset: &'a str,
    /// The script, in `tests/bench`.
    pub script: &'a str,
    /// The folder of the files, where the script runs.
    pub folder: &'a Path,
    /// The loader's words.
    pub words: &'a [OsString],
}

impl Duel<'_> {
    /// Measures the steps `first`, `again`, `by hand` and `by hand again`.
    pub fn measure(&self, bench: &Bench, sheet: &mut Sheet) -> Outcome<()> {
        for round in bench.rounds() {
            eprintln!("round {round}");
            let ours = bench.migrated();
            let by_hand = (!bench.settings.ours).then(|| bench.migrated());
            for (step, hand) in [("first", "by hand"), ("again", "by hand again")] {
                sheet.add(step, load(&ours, self.words)?);
                if let Some(by_hand) = &by_hand {
                    sheet.add(hand, script(by_hand, &script::path(self.script), self.folder, None)?);
                    results::same(
                        &results::rows(&ours, self.dataset),
                        &results::rows(by_hand, self.dataset),
                        self.script,
                    )?;
                }
            }
            results::wrote_nothing(&ours)?;
        }
        Ok(())
    }
}
