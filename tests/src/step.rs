//! Two states of mobilize's tables and the run that leads from the one to the other: whatever strikes the run, a database is in one of the two.

use crate::accounting;
use crate::cluster::Cluster;
use crate::database::{Database, Dump, assert_same};
use crate::generate::mobilize::Plan;
use crate::generate::random::Random;
use crate::inputs;
use crate::loader::{Loader, Ran, Running};
use std::ffi::OsStr;
use std::path::PathBuf;
use std::time::{Duration, Instant};

/// What done runs left in the ledger and in the quarantine, without times, and with runs numbered by their order: numbers of failed runs leave gaps.
const LEDGER: &str = "
    with done as (
        select run_id, row_number() over (order by run_id) as nth
        from etl.runs
        where status = 'done'
    )
    select concat_ws(' ', 'source', nth, source, name, location, encode(sha256, 'hex'), bytes, records)
    from etl.run_sources
    join done using (run_id)
    union all
    select concat_ws(' ', 'table', nth, source, target, read, inserted, updated, unchanged, superseded, parked, rejected, promoted)
    from etl.run_tables
    join done using (run_id)
    union all
    select concat_ws(' ', 'kept', f.nth, l.nth, c.nth, target, encode(record_sha256, 'hex'), occurrence, outcome, copies, sqlstate, closed_as)
    from etl.quarantine as q
    left join done as f on f.run_id = q.first_run
    left join done as l on l.run_id = q.last_run
    left join done as c on c.run_id = q.closed_run
    union all
    select 'left running: ' || run_id from etl.runs where status = 'running'
    union all
    select 'counted though it failed: ' || run_id
    from etl.run_tables
    where run_id not in (select run_id from done)
    union all
    select 'left in staging: ' || tablename from pg_tables where schemaname = 'staging'
    order by 1";

/// A first run's state, and a second run to be struck.
#[derive(Debug)]
pub struct Step<'a> {
    before: Database<'a>,
    file: PathBuf,
    old: Dump,
    new: Dump,
    /// How long the second run takes when nothing strikes it.
    pub length: Duration,
    /// Home of the files.
    _loader: Loader,
}

/// All tables of the dataset, and the ledger.
fn state(database: &Database<'_>) -> Dump {
    let mut state = database.dump("mobilize");
    state.insert("the ledger".into(), database.rows(LEDGER).join("\n"));
    state
}

impl<'a> Step<'a> {
    /// From the first third of these many generated records to all of them, some bad ones among them.
    ///
    /// # Panics
    /// When an undisturbed run fails.
    #[must_use]
    pub fn of(cluster: &'a Cluster, records: u64, seed: u64) -> Self {
        let plan = Plan { bad: 24, ..inputs::mobilize(records, seed) };
        let records = plan.collect();
        let before = cluster.database();
        let loader = Loader::at(&before);
        let first = loader.file("first.json", inputs::array(&records[..records.len() / 3]));
        let file = loader.file("all.json", inputs::array(&records));
        loader.run([OsStr::new("migrate"), OsStr::new("mobilize")]).expect(0);
        let first = loader.load([first]);
        assert!(matches!(first.status.code(), Some(0 | 3)), "{}", first.stderr);
        let old = state(&before);

        let after = cluster.database_like(before.name());
        let begun = Instant::now();
        Loader::at(&after).load([&file]).expect(3);
        let length = begun.elapsed();
        let new = state(&after);
        assert_ne!(old, new);
        Self { before, file, old, new, length, _loader: loader }
    }

    /// A database in the old state.
    #[must_use]
    pub fn database(&self) -> Database<'a> {
        self.before.cluster().database_like(self.before.name())
    }

    /// Arguments of the second run.
    #[must_use]
    pub fn arguments(&self) -> [&OsStr; 3] {
        ["run".as_ref(), "mobilize".as_ref(), self.file.as_os_str()]
    }

    /// Begins the second run.
    #[must_use]
    pub fn begin(&self, loader: &Loader) -> Running {
        loader.begin(self.arguments())
    }

    /// A moment within the second run, or a little after its end.
    #[must_use]
    pub fn moment(&self, random: &mut Random) -> Duration {
        let thousandths = u32::try_from(random.below(1_100)).unwrap_or_default();
        self.length.mul_f64(f64::from(thousandths) / 1_000.0)
    }

    /// Whether a database is in the new state; if not, it is in the old one.
    ///
    /// # Panics
    /// When it is in neither.
    #[must_use]
    pub fn is_new(&self, database: &Database<'_>, context: &str) -> bool {
        let now = state(database);
        if now == self.old {
            return false;
        }
        assert_same(&self.new, &now, &format!("{context}: not the old state, and not the new one"));
        true
    }

    /// Checks that the next run succeeds, waits for nobody, and ends in the new state.
    ///
    /// # Panics
    /// When it does not.
    pub fn check_next_run(&self, database: &Database<'_>, context: &str) {
        let was_new = self.is_new(database, context);
        let ran: Ran = Loader::at(database).run(self.arguments()).expect(if was_new { 0 } else { 3 });
        assert!(!ran.stderr.contains("waiting for"), "{context}: the next run had to wait: {}", ran.stderr);
        let (mut expected, mut found) = (self.new.clone(), state(database));
        if was_new {
            // One more done run, that wrote nothing.
            expected.remove("the ledger");
            found.remove("the ledger");
        }
        assert_same(&expected, &found, &format!("{context}, next run"));
        accounting::check(database, "mobilize");
    }
}
