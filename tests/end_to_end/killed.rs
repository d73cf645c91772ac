//! kill -9 of the loader at random moments: every table is old or every table is new, and the next run succeeds.

use etl_tests::accounting;
use etl_tests::cluster::Cluster;
use etl_tests::database::assert_same;
use etl_tests::generate::random::Random;
use etl_tests::inputs;
use etl_tests::loader::Loader;
use std::time::{Duration, Instant};

#[test]
fn tables_are_old_or_new() {
    let cluster = Cluster::quick().unwrap();
    let records = inputs::mobilize(5_000, 31).collect();
    let old_state = cluster.database();
    let loader = Loader::at(&old_state);
    let first = loader.file("first.json", inputs::array(&records[..1_500]));
    let all = loader.file("all.json", inputs::array(&records));
    loader.load([&first]).expect(0);
    let old = old_state.dump("mobilize");

    // How long a whole run takes, and what comes of it.
    let whole = cluster.database_like(old_state.name());
    let begun = Instant::now();
    Loader::at(&whole).load([&all]).expect(0);
    let length = begun.elapsed();
    let new = whole.dump("mobilize");
    assert_ne!(old, new);

    let mut random = Random::of(31, "kill", 0);
    let (mut olds, mut news) = (0, 0);
    for round in 0..inputs::rounds(20, 200) {
        let database = cluster.database_like(old_state.name());
        let loader = Loader::at(&database);
        let mut child = loader.spawn(["run".as_ref(), "mobilize".as_ref(), all.as_os_str()]);
        // Some moments after the end, too: then the run was simply done.
        let moment = length.mul_f64(f64::from(u32::try_from(random.below(1_300)).unwrap()) / 1_000.0);
        std::thread::sleep(moment);
        child.kill().unwrap();
        child.wait().unwrap();
        let gone = Instant::now();
        database.wait_for_quiet();
        assert!(
            gone.elapsed() < Duration::from_secs(5),
            "round {round}: the killed loader's backend stayed {:?}",
            gone.elapsed()
        );
        let now = database.dump("mobilize");
        let done = database.count("etl.runs where status = 'done'");
        if now == old {
            assert_eq!(done, 1, "round {round}: old tables, but the ledger says done");
            olds += 1;
        } else {
            assert_same(&new, &now, &format!("round {round}, killed after {moment:?}"));
            assert_eq!(done, 2, "round {round}: new tables, but the ledger knows nothing");
            news += 1;
        }
        assert_eq!(database.tables("staging"), Vec::<String>::new());
        loader.load([&all]).expect(0);
        assert_same(&new, &database.dump("mobilize"), &format!("round {round}, next run"));
        accounting::check(&database, "mobilize");
    }
    println!("{olds} old, {news} new");
    assert!(olds > 0, "every run was done before it was killed: the test proved nothing");
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
