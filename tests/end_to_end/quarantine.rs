//! What can be done with records that did not get in: found, written to files, closed.
mod discard;
mod export;
mod list;
mod replay;

use etl_tests::cluster::Cluster;
use etl_tests::database::Database;
use etl_tests::generate::mobilize::Plan;
use etl_tests::inputs;
use etl_tests::loader::Loader;

/// A database in which every kind of bad record of mobilize is in quarantine, and the input.
fn with_bad_records(seed: u64) -> (Database<'static>, Loader, Vec<String>) {
    let database = Cluster::shared().database();
    let loader = Loader::at(&database);
    let records = Plan { bad: 6, ..inputs::mobilize(30, seed) }.collect();
    let path = loader.file("bad.json", inputs::array(&records));
    loader.load([path]).expect(3);
    (database, loader, records)
}

/// The first column of what `quarantine list` prints as CSV: the numbers of the records.
fn listed(loader: &Loader, filters: &[&str]) -> Vec<String> {
    let words = ["quarantine", "list", "--format", "csv", "--limit", "1000"];
    let printed = loader.run(words.iter().chain(filters)).expect(0).stdout;
    printed.lines().skip(1).filter_map(|line| line.split(',').next()).map(str::to_owned).collect()
}
