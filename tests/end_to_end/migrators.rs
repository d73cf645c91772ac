//! Several migrators at once and migrators killed in the middle: one history row a version, and the next one succeeds.

use etl_tests::cluster::{Cluster, programs};
use etl_tests::database::Database;
use etl_tests::generate::random::Random;
use etl_tests::inputs;
use etl_tests::loader::Loader;
use std::process::Command;
use std::time::Instant;

/// The schema as pg_dump sees it, and every history table's rows but for their times.
fn picture(database: &Database<'_>) -> (String, Vec<String>) {
    let dump = Command::new(programs().join("pg_dump"))
        .args(["--schema-only", "-d"])
        .arg(database.url())
        .output()
        .unwrap();
    assert!(dump.status.success(), "{}", String::from_utf8_lossy(&dump.stderr));
    let schema: Vec<String> = String::from_utf8(dump.stdout)
        .unwrap()
        .lines()
        // A random key that guards psql against hostile dumps.
        .filter(|line| !line.starts_with("\\restrict") && !line.starts_with("\\unrestrict"))
        .map(str::to_owned)
        .collect();
    let histories: Vec<String> = database
        .tables("etl")
        .into_iter()
        .filter(|table| table.ends_with("_history"))
        .flat_map(|table| {
            let rows = database
                .rows(&format!("select '{table}', version, name, checksum from {table} order by version"));
            assert!(!rows.is_empty(), "{table} is empty");
            rows
        })
        .collect();
    assert!(histories.len() >= 2, "{histories:?}");
    (schema.join("\n"), histories)
}

#[test]
fn four_at_once() {
    // The first round also races for the roles, which belong to the whole cluster.
    let cluster = Cluster::quick().unwrap();
    let mut reference = None;
    for round in 0..inputs::rounds(25, 100) {
        let database = cluster.database();
        let loader = Loader::at(&database);
        std::thread::scope(|scope| {
            let migrators: Vec<_> = (0..4).map(|_| scope.spawn(|| loader.run(["migrate"]))).collect();
            for migrator in migrators {
                migrator.join().unwrap().expect(0);
            }
        });
        let picture = picture(&database);
        assert_eq!(reference.get_or_insert_with(|| picture.clone()), &picture, "round {round}");
    }
}

#[test]
fn killed_in_the_middle() {
    let cluster = Cluster::quick().unwrap();
    let whole = cluster.database();
    let begun = Instant::now();
    Loader::at(&whole).run(["migrate"]).expect(0);
    let length = begun.elapsed();
    let reference = picture(&whole);
    let mut random = Random::of(41, "kill migrators", 0);
    let mut unfinished = 0;
    for round in 0..inputs::rounds(20, 100) {
        let database = cluster.database();
        let loader = Loader::at(&database);
        let mut child = loader.spawn(["migrate"]);
        std::thread::sleep(length.mul_f64(f64::from(u32::try_from(random.below(1_000)).unwrap()) / 1_000.0));
        let had_ended = child.try_wait().unwrap().is_some();
        unfinished += u32::from(!had_ended);
        child.kill().unwrap();
        child.wait().unwrap();
        loader.run(["migrate"]).expect(0);
        assert_eq!(reference, picture(&database), "round {round}");
        loader.run(["migrate", "--status"]).expect(0);
    }
    assert!(unfinished > 0, "every migrator was done before it was killed");
}

#[test]
fn a_second_migrate_says_so_and_changes_nothing() {
    let database = Cluster::shared().database();
    let loader = Loader::at(&database);
    loader.run(["migrate", "--dry-run"]).expect(0);
    assert_eq!(database.tables("mobilize"), Vec::<String>::new());
    loader.run(["migrate", "mobilize"]).expect(0);
    let before = picture(&database);
    let again = loader.run(["migrate", "mobilize"]).expect(0);
    let said = format!("{}{}", again.stdout, again.stderr);
    assert!(said.contains("already up to date"), "{said}");
    assert_eq!(before, picture(&database));
}
