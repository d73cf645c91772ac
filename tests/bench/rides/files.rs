//! Generated drivers, trips and charges in files.

use crate::{Outcome, input, load};
use etl_tests::generate::rides::Plan;
use std::ffi::OsString;
use std::path::{Path, PathBuf};

/// The folder of a plan's files.
pub fn made(plan: &Plan) -> Outcome<PathBuf> {
    let Plan { trips, seed, changed, orphans, bad, .. } = plan;
    input::made(&format!("rides_{trips}_{seed}_{changed}_{orphans}_{bad}"), |folder| plan.write_into(folder))
}

/// Words of a run that loads them.
pub fn words(folder: &Path) -> Vec<OsString> {
    load::words(
        "rides",
        folder,
        &[("drivers", "drivers.json"), ("trips", "trips.csv"), ("charges", "charges.csv")],
    )
}
