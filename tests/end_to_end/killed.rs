//! kill -9 of the loader, of its backend, of the whole server, at random moments: every table is old or every table is new, and the next run succeeds.

use etl_tests::accounting;
use etl_tests::cluster::Cluster;
use etl_tests::database::{Database, assert_same};
use etl_tests::generate::random::Random;
use etl_tests::inputs;
use etl_tests::loader::Loader;
use etl_tests::step::Step;
use std::time::{Duration, Instant};

/// What the rounds of one test came to.
#[derive(Debug, Default)]
struct Tally {
    olds: u32,
    news: u32,
    /// From the fault until its traces were gone: locks, or the whole service.
    delays: Vec<Duration>,
}

impl Tally {
    fn count(&mut self, is_new: bool) {
        let counter = if is_new { &mut self.news } else { &mut self.olds };
        *counter += 1;
    }

    /// The delay that nine of ten do not exceed, and the longest one.
    fn delays(&mut self) -> (Duration, Duration) {
        self.delays.sort();
        let last = self.delays.len() - 1;
        (self.delays[last * 9 / 10], self.delays[last])
    }
}

/// Waits until nobody holds or awaits an advisory lock of the database, and returns how long that took.
fn wait_for_locks(cluster: &Cluster, database: &Database<'_>) -> Duration {
    let begun = Instant::now();
    let mut client =
        postgres::Client::connect(&cluster.url("postgres", "postgres"), postgres::NoTls).unwrap();
    let held = "select count(*) from pg_locks join pg_database as d on d.oid = database where locktype = 'advisory' and datname = $1";
    while client.query_one(held, &[&database.name()]).unwrap().get::<_, i64>(0) > 0 {
        assert!(begun.elapsed() < Duration::from_secs(10), "the killed loader's lock stays");
        std::thread::sleep(Duration::from_millis(5));
    }
    begun.elapsed()
}

#[test]
fn the_loader_is_killed() {
    let cluster = Cluster::quick().unwrap();
    let step = Step::of(&cluster, 4_000, 31);
    let mut random = Random::of(31, "kill", 0);
    let mut tally = Tally::default();
    for round in 0..inputs::rounds(16, 100) {
        let database = step.database();
        let loader = step.begin(&Loader::at(&database));
        // Some moments are after the end: then the run was simply done.
        let moment = step.moment(&mut random);
        std::thread::sleep(moment);
        loader.signal("KILL");
        drop(loader.end());
        tally.delays.push(wait_for_locks(&cluster, &database));
        let context = format!("round {round}, killed after {moment:?}");
        // Its backend may be in the commit, or may not have seen yet that nobody listens.
        database.wait_for_quiet();
        tally.count(step.is_new(&database, &context));
        step.check_next_run(&database, &context);
    }
    let (most, longest) = tally.delays();
    println!("{} old, {} new; locks gone after {most:?}, at most {longest:?}", tally.olds, tally.news);
    assert!(tally.olds > 0, "every run was done before it was killed: the test proved nothing");
    // A promise of one second, on a machine that does nothing else.
    assert!(most <= Duration::from_secs(1), "one in ten locks stayed longer than {most:?}");
}

/// The loader's own session, once it has one.
fn backend(cluster: &Cluster, database: &Database<'_>) -> Option<i64> {
    let mut client =
        postgres::Client::connect(&cluster.url("postgres", "postgres"), postgres::NoTls).unwrap();
    let session =
        "select pid::bigint from pg_stat_activity where datname = $1 and application_name = 'pg_etl loader'";
    client.query_opt(session, &[&database.name()]).unwrap().map(|row| row.get(0))
}

#[test]
fn its_backend_is_killed() {
    let cluster = Cluster::quick().unwrap();
    let step = Step::of(&cluster, 3_000, 33);
    let mut random = Random::of(33, "kill backends", 0);
    let mut tally = Tally::default();
    let rounds = inputs::rounds(5, 30);
    for round in 0..rounds * 20 {
        let database = step.database();
        let loader = step.begin(&Loader::at(&database));
        let moment = step.moment(&mut random);
        std::thread::sleep(moment);
        let context = format!("round {round}, backend killed after {moment:?}");
        let Some(delay) = backend(&cluster, &database).and_then(|pid| cluster.kill_backend(pid)) else {
            // Not there yet, or gone already: this moment proves nothing.
            drop(loader.end());
            continue;
        };
        tally.delays.push(delay);
        let ran = loader.end();
        let is_new = step.is_new(&database, &context);
        match ran.status.code() {
            Some(1) => assert!(
                ran.stderr.starts_with("loader: ") || ran.stderr.contains("\nloader: "),
                "{context}: {}",
                ran.stderr
            ),
            Some(4) => assert!(ran.stderr.contains("cannot connect"), "{context}: {}", ran.stderr),
            // The commit had arrived, and the loader found out.
            Some(3) => assert!(is_new, "{context}: the loader says that it is done\n{}", ran.stderr),
            other => panic!("{context}: exit {other:?}\n{}", ran.stderr),
        }
        assert!(!ran.stderr.contains("panicked"), "{context}: {}", ran.stderr);
        tally.count(is_new);
        step.check_next_run(&database, &context);
        if tally.olds + tally.news == rounds {
            break;
        }
    }
    assert_eq!(tally.olds + tally.news, rounds, "too few moments hit the loader's session");
    let (_, longest) = tally.delays();
    println!("{} old, {} new; service back after {longest:?} at most", tally.olds, tally.news);
    assert!(tally.olds > 0, "every run was done before its backend was killed: the test proved nothing");
}

#[test]
fn the_server_is_stopped_at_once() {
    let cluster = Cluster::quick().unwrap();
    let step = Step::of(&cluster, 3_000, 34);
    let mut random = Random::of(34, "stop servers", 0);
    let mut tally = Tally::default();
    for round in 0..inputs::rounds(4, 20) {
        let database = step.database();
        let loader = step.begin(&Loader::at(&database));
        let moment = step.moment(&mut random);
        std::thread::sleep(moment);
        cluster.stop_immediately().unwrap();
        let begun = Instant::now();
        cluster.start_again().unwrap();
        tally.delays.push(begun.elapsed());
        let ran = loader.end();
        let context = format!("round {round}, stopped after {moment:?}");
        assert!(matches!(ran.status.code(), Some(1 | 3 | 4)), "{context}: {:?}\n{}", ran.status, ran.stderr);
        let is_new = step.is_new(&database, &context);
        assert!(
            is_new || ran.status.code() != Some(3),
            "{context}: the loader says that it is done\n{}",
            ran.stderr
        );
        tally.count(is_new);
        cluster.check_files(&database);
        step.check_next_run(&database, &context);
        cluster.check_files(&database);
    }
    let (_, longest) = tally.delays();
    println!("{} old, {} new; recovered after {longest:?} at most", tally.olds, tally.news);
    assert!(tally.olds > 0, "every run was done before the server stopped: the test proved nothing");
}

#[test]
fn a_lost_connection_rolls_back() {
    let database = Cluster::shared().database();
    let loader = Loader::at(&database);
    let records = inputs::mobilize(8_000, 32).collect();
    let first = loader.file("first.json", inputs::array(&records[..100]));
    let all = loader.file("all.json", inputs::array(&records));
    loader.load([&first]).expect(0);
    let old = database.dump("mobilize");
    let killer = std::thread::scope(|scope| {
        let loading = scope.spawn(|| loader.load([&all]));
        let mut ended = 0;
        let deadline = Instant::now() + Duration::from_secs(30);
        // Waits for the staging COPY, then ends its backend.
        while ended == 0 && Instant::now() < deadline && !loading.is_finished() {
            ended = database.number(
                "select count(*) from (select pg_terminate_backend(pid) from pg_stat_activity
                 where datname = current_database() and pid <> pg_backend_pid() and query ilike 'copy %') as ended",
            );
        }
        assert_eq!(ended, 1, "no COPY was seen");
        loading.join().unwrap()
    });
    killer.expect(1);
    assert_same(&old, &database.dump("mobilize"), "after the connection was lost");
    loader.load([&all]).expect(0);
    accounting::check(&database, "mobilize");
}
