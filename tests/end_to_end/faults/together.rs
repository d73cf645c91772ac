//! Eight loaders at once: each waits its turn, the result is that of a serial order, and a reader sees one state.

use etl_tests::accounting;
use etl_tests::cluster::Cluster;
use etl_tests::database::{Database, Dump, assert_same};
use etl_tests::generate::random::Random;
use etl_tests::inputs;
use etl_tests::loader::Loader;
use postgres::IsolationLevel;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

const LOADERS: usize = 8;

/// One number for all tables and the ledger: another state has another number.
fn fingerprint(database: &Database<'_>) -> String {
    let tables: Vec<String> = ["mobilize", "etl"]
        .iter()
        .flat_map(|schema| database.tables(schema))
        .map(|table| {
            format!(
                "select coalesce(sum(hashtextextended('{table}' || t::text, 0)), 0) as n from {table} as t"
            )
        })
        .collect();
    format!("select sum(n)::text from ({}) as t", tables.join(" union all "))
}

/// Tables whose rows are not what done runs inserted, and runs not done: nothing, in whatever snapshot.
fn torn(database: &Database<'_>) -> String {
    let tables: Vec<String> = database
        .tables("mobilize")
        .iter()
        .map(|table| {
            format!(
                "select '{table}' where (select count(*) from {table}) <> (
                    select coalesce(sum(inserted), 0) from etl.run_tables where target = '{table}')"
            )
        })
        .collect();
    format!("{} union all select 'running' from etl.runs where status <> 'done'", tables.join(" union all "))
}

/// Reads until told to stop: one old snapshot again and again, and a new one each time. Returns how often.
fn read(database: &Database<'_>, is_over: &AtomicBool) -> u32 {
    let mut old = database.client();
    let mut old = old
        .build_transaction()
        .isolation_level(IsolationLevel::RepeatableRead)
        .read_only(true)
        .start()
        .unwrap();
    let mut new = database.client();
    let (state, torn) = (fingerprint(database), torn(database));
    let first: String = old.query_one(&state, &[]).unwrap().get(0);
    let mut times = 0;
    loop {
        // The last reading is after the last commit.
        let is_last = is_over.load(Ordering::SeqCst);
        let again: String = old.query_one(&state, &[]).unwrap().get(0);
        assert_eq!(first, again, "a reader's snapshot changed under it");
        let halves: Vec<String> = new.query(&torn, &[]).unwrap().iter().map(|row| row.get(0)).collect();
        assert_eq!(halves, Vec::<String>::new(), "a reader saw half a run");
        times += 1;
        if is_last {
            let now: String = new.query_one(&state, &[]).unwrap().get(0);
            assert_ne!(first, now, "nothing was loaded while the reader read");
            return times;
        }
        std::thread::sleep(Duration::from_millis(20));
    }
}

/// Loads the files at once, with readers beside, and returns the tables and how many loaders had to wait.
fn at_once(database: &Database<'_>, files: &[String]) -> (Dump, usize) {
    let is_over = AtomicBool::new(false);
    let waited = std::thread::scope(|scope| {
        let reader = scope.spawn(|| read(database, &is_over));
        let loaders: Vec<_> = files
            .iter()
            .map(|file| {
                scope.spawn(move || {
                    let loader = Loader::at(database);
                    let path = loader.file("part.json", file);
                    loader.load([path])
                })
            })
            .collect();
        let ran: Vec<_> = loaders.into_iter().map(|loader| loader.join().unwrap()).collect();
        is_over.store(true, Ordering::SeqCst);
        let times = reader.join().unwrap();
        assert!(times > 1, "the reader read once: the test proved nothing");
        ran.into_iter()
            .map(|ran| ran.expect(0))
            .filter(|ran| ran.stderr.contains("waiting for another run"))
            .count()
    });
    assert_eq!(database.count("etl.runs where status = 'done'"), i64::try_from(files.len()).unwrap() + 1);
    accounting::check(database, "mobilize");
    (database.dump("mobilize"), waited)
}

/// A database with something in it, and a file of everything loaded into a copy of it: what must come of any order.
fn serial<'a>(cluster: &'a Cluster, records: &[String]) -> (Database<'a>, Dump) {
    let before = cluster.database();
    let loader = Loader::at(&before);
    let some = loader.file("some.json", inputs::array(&records[..records.len() / 4]));
    loader.load([some]).expect(0);
    let after = cluster.database_like(before.name());
    let all = loader.file("all.json", inputs::array(records));
    Loader::at(&after).load([all]).expect(0);
    (before, after.dump("mobilize"))
}

#[test]
fn one_file_by_eight_loaders() {
    let records = inputs::mobilize(800, 61).collect();
    let (before, expected) = serial(Cluster::shared(), &records);
    let files = vec![inputs::array(&records); LOADERS];
    let mut waited = 0;
    for round in 0..inputs::rounds(2, 50) {
        let database = Cluster::shared().database_like(before.name());
        let (found, waiting) = at_once(&database, &files);
        assert_same(&expected, &found, &format!("round {round}"));
        let writers = "select count(distinct run_id) from etl.run_tables where inserted + updated > 0";
        assert_eq!(database.number(writers), 2, "round {round}: the first run and one of the eight write");
        waited += waiting;
    }
    assert!(waited > 0, "no loader ever met another");
}

#[test]
fn overlapping_files_by_eight_loaders() {
    let records = inputs::mobilize(800, 62).collect();
    let (before, expected) = serial(Cluster::shared(), &records);
    let mut random = Random::of(62, "overlap", 0);
    let mut waited = 0;
    for round in 0..inputs::rounds(2, 50) {
        // Every record is in a file of its own choice and, by chance, in others.
        let mut parts: Vec<Vec<&String>> = vec![Vec::new(); LOADERS];
        for (number, record) in records.iter().enumerate() {
            for (file, part) in parts.iter_mut().enumerate() {
                if number % LOADERS == file || random.percent(30) {
                    part.push(record);
                }
            }
        }
        let files: Vec<String> = parts.iter().map(|part| inputs::array(part)).collect();
        let database = Cluster::shared().database_like(before.name());
        let (found, waiting) = at_once(&database, &files);
        assert_same(&expected, &found, &format!("round {round}"));
        waited += waiting;
    }
    assert!(waited > 0, "no loader ever met another");
}
