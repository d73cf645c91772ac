//! Sources that are URLs: what is right is loaded as from a file, what is wrong is named and loads nothing.

/// The same URL again: what has not changed is not transferred.
mod again;
/// Real and generated datasets, all of whose files come from URLs.
mod datasets;
/// Everything that a server can do wrong.
mod faults;
/// `loader fetch` from a good API: whole, again, what has changed.
mod fetch;
/// What a fetch leaves.
mod fetched;
/// `loader fetch` from an API that is not good.
mod mischief;
/// Where redirects may lead, and what is told there.
mod redirects;
/// `loader fetch` killed in the middle.
mod resumed;
/// Keys and passwords, and where they must not be.
mod secrets;
/// When a failed try is followed by another.
mod tries;
/// Certificates.
mod trust;

use etl_tests::accounting;
use etl_tests::cluster::Cluster;
use etl_tests::database::{Database, Dump, assert_same};
use etl_tests::generate::rides::Plan;
use etl_tests::inputs;
use etl_tests::loader::{Loader, Ran};
use etl_tests::web::file::File;
use std::sync::OnceLock;

/// One source of a dataset, and what its tables are when it comes from a file.
struct Feed {
    dataset: &'static str,
    source: &'static str,
    is_json: bool,
    body: Vec<u8>,
    /// A file of another source that must be there first.
    before: Option<(&'static str, Vec<u8>)>,
    truth: Dump,
    /// A migrated database, to copy.
    empty: Database<'static>,
}

impl Feed {
    /// 3,000 trips, CSV.
    fn csv() -> &'static Self {
        static FEED: OnceLock<Feed> = OnceLock::new();
        FEED.get_or_init(|| {
            let plan = Plan { trips: 3_000, seed: 41, ..Plan::default() };
            let (mut drivers, mut trips) = (Vec::new(), Vec::new());
            plan.write_drivers(&mut drivers).unwrap();
            plan.write_trips(&mut trips).unwrap();
            Self::new("rides", "trips", false, trips, Some(("drivers=drivers.json", drivers)))
        })
    }

    /// 200 attendances, JSON.
    fn json() -> &'static Self {
        static FEED: OnceLock<Feed> = OnceLock::new();
        FEED.get_or_init(|| {
            let records = inputs::mobilize(200, 42).collect();
            Self::new("mobilize", "attendances", true, inputs::array(&records).into(), None)
        })
    }

    fn new(
        dataset: &'static str,
        source: &'static str,
        is_json: bool,
        body: Vec<u8>,
        before: Option<(&'static str, Vec<u8>)>,
    ) -> Self {
        let empty = Cluster::shared().database();
        Loader::at(&empty).run(["migrate", dataset]).expect(0);
        let mut feed = Self { dataset, source, is_json, body, before, truth: Dump::new(), empty };
        let database = feed.database();
        let loader = Loader::at(&database);
        loader.file("body", &feed.body);
        feed.run(&loader, "body", &[]).expect(0);
        feed.truth = database.dump(dataset);
        feed
    }

    /// A database with its tables, empty.
    fn database(&self) -> Database<'static> {
        Cluster::shared().database_like(self.empty.name())
    }

    /// The source as a good server offers it.
    fn file(&self) -> File {
        let file = if self.is_json { File::json } else { File::csv };
        file(self.body.clone())
    }

    fn words(&self, loader: &Loader, location: &str, options: &[&str]) -> Vec<String> {
        let mut words = vec!["run".to_owned(), self.dataset.to_owned()];
        if let Some((word, bytes)) = &self.before {
            loader.file("drivers.json", bytes);
            words.push((*word).to_owned());
        }
        words.push(format!("{}={location}", self.source));
        words.extend(options.iter().map(|option| (*option).to_owned()));
        words
    }

    /// Loads it from a place.
    fn run(&self, loader: &Loader, location: &str, options: &[&str]) -> Ran {
        loader.run(self.words(loader, location, options))
    }

    /// The tables are those of the file from the disk, and every record is accounted for.
    #[track_caller]
    fn check_loaded(&self, database: &Database<'_>, context: &str) {
        assert_same(&self.truth, &database.dump(self.dataset), context);
        accounting::check(database, self.dataset);
    }

    /// Nothing was loaded, and nothing counted.
    #[track_caller]
    fn check_untouched(&self, database: &Database<'_>, context: &str) {
        assert_same(&self.empty.dump(self.dataset), &database.dump(self.dataset), context);
        assert_eq!(database.count("etl.run_tables"), 0, "{context}: counts in the ledger");
        assert_eq!(database.count("etl.quarantine"), 0, "{context}: records in the quarantine");
        accounting::check(database, self.dataset);
    }
}
