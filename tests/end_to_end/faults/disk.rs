//! A full disk, under the tables or under everything: the run fails with 53100, the server stays, and with space the next run succeeds.

use etl_tests::cluster::{Cluster, disk::SmallDisk};
use etl_tests::database::Database;
use etl_tests::inputs;
use etl_tests::loader::Loader;
use etl_tests::step::Step;

/// Runs with ever more space left, until one has enough. Returns how many failed.
fn run_with_little_space(
    step: &Step<'_>,
    database: &Database<'_>,
    disk: &SmallDisk,
    spaces: &[u64],
) -> usize {
    let mut failed = 0;
    for space in spaces {
        let context = format!("{space} KiB left");
        disk.fill(*space);
        let ran = Loader::at(database).run(step.arguments());
        disk.free();
        if ran.status.code() == Some(3) {
            assert!(
                step.is_new(database, &context),
                "{context}: the loader says that it is done\n{}",
                ran.stderr
            );
            return failed;
        }
        ran.expect(1).complains(&["53100", "free some space"]);
        assert!(!step.is_new(database, &context), "{context}: nothing was loaded, said the loader");
        assert_eq!(database.value("select 1"), "1", "the server is up");
        failed += 1;
    }
    failed
}

/// Moves the database to the small disk, to whose old files nobody may be connected.
fn move_to(cluster: &Cluster, database: &Database<'_>) {
    database.wait_for_quiet();
    let mut client =
        postgres::Client::connect(&cluster.url("postgres", "postgres"), postgres::NoTls).unwrap();
    client.batch_execute(&format!("alter database {} set tablespace small", database.name())).unwrap();
}

#[test]
fn no_space_is_1_and_leaves_the_old_state() {
    let cluster = Cluster::quick().unwrap();
    let Some(disk) = cluster.small_disk(96) else {
        return;
    };
    let step = Step::of(&cluster, 3_000, 121);

    // Staging, tables, ledger and temporary files.
    let database = step.database();
    move_to(&cluster, &database);
    let spaces: Vec<u64> = if inputs::rounds(0, 1) == 1 {
        (0..24).map(|number| number * 400).collect()
    } else {
        vec![0, 600, 2_500, 5_000]
    };
    let failed = run_with_little_space(&step, &database, &disk, &spaces);
    println!("the whole database on the disk: {failed} of {} runs failed for want of space", spaces.len());
    assert!(failed > 1, "the disk was never full: the test proved nothing");
    step.check_next_run(&database, "with space again");

    // The tables only: all can be staged and classified, and not written.
    let database = step.database();
    for table in database.tables("mobilize") {
        database.execute(&format!("alter table {table} set tablespace small"));
    }
    let failed = run_with_little_space(&step, &database, &disk, &[0, 64]);
    assert_eq!(failed, 2, "the tables found space on a full disk");
    step.check_next_run(&database, "with space again");
    cluster.check_files(&database);
    cluster.check_soundness();
}
