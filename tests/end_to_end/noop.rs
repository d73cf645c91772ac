//! The same input again: nothing is written, nothing locked, no sequence used, hardly any WAL.

use etl_tests::accounting;
use etl_tests::cluster::Cluster;
use etl_tests::database::{Database, assert_same};
use etl_tests::generate::mobilize::Plan;
use etl_tests::inputs;
use etl_tests::loader::Loader;
use std::path::Path;

/// The whole run, ledger and catalogs included.
const WAL_LIMIT: i64 = 1024 * 1024;

fn write(loader: &Loader, name: &str, plan: Plan) -> std::path::PathBuf {
    let path = loader.folder().join(name);
    plan.write(std::fs::File::create(&path).unwrap()).unwrap();
    path
}

fn check_second_run(database: &Database<'_>, loader: &Loader, file: &Path, exit: i32) {
    // What a first run leaves for later: statistics, visibility, a checkpoint's full pages.
    database.execute("vacuum analyze");
    let tables = database.physical("mobilize");
    let quarantine = database.physical("etl").remove("etl.quarantine");
    let sequences = database.sequences();
    let wal = database.wal();
    loader.load([file]).expect(exit);
    let wal = database.wal() - wal;
    assert_same(&tables, &database.physical("mobilize"), "before and after");
    assert_eq!(quarantine, database.physical("etl").remove("etl.quarantine"));
    assert_eq!(sequences, database.sequences());
    assert!(wal <= WAL_LIMIT, "{wal} bytes of WAL for a run that changed nothing");
    let written = database.number(&format!(
        "select sum(inserted + updated + promoted) from etl.run_tables where run_id = {}",
        database.last_run()
    ));
    assert_eq!(written, 0);
    // Nothing is newly quarantined by the run either.
    assert_eq!(
        database.number(&format!(
            "select count(*) from etl.quarantine where {} in (first_run, last_run)",
            database.last_run()
        )),
        0
    );
    accounting::check(database, "mobilize");
}

#[test]
fn a_second_run_writes_nothing() {
    // A cluster of its own: WAL is the whole server's.
    let cluster = Cluster::quick().unwrap();
    let database = cluster.database();
    let loader = Loader::at(&database);
    let file = write(&loader, "clean.json", inputs::mobilize(3_000, 21));
    loader.load([&file]).expect(0);
    check_second_run(&database, &loader, &file, 0);
    let path = file.to_str().unwrap();
    loader.run(["run", "mobilize", path, "--assert-noop"]).expect(0);
}

#[test]
fn a_second_run_keeps_the_quarantine_as_it_is() {
    let cluster = Cluster::quick().unwrap();
    let database = cluster.database();
    let loader = Loader::at(&database);
    let plan = Plan { bad: 24, ..inputs::mobilize(1_000, 22) };
    let file = write(&loader, "bad.json", plan);
    loader.load([&file]).expect(3);
    assert!(database.count("etl.quarantine") > 0);
    // The same bad records again are no news: exit 0.
    check_second_run(&database, &loader, &file, 0);
}

#[test]
fn the_real_file_twice_writes_nothing() {
    let Some(file) = inputs::real("mobilize/attendances.json") else {
        return;
    };
    let cluster = Cluster::quick().unwrap();
    let database = cluster.database();
    let loader = Loader::at(&database);
    loader.load([&file]).expect(0);
    check_second_run(&database, &loader, &file, 0);
    loader.run(["run", "mobilize", file.to_str().unwrap(), "--assert-noop"]).expect(0);
}

#[test]
fn assert_noop_notices_one_change() {
    let database = Cluster::shared().database();
    let loader = Loader::at(&database);
    let records = inputs::mobilize(200, 23).collect();
    let most = loader.file("most.json", inputs::array(&records[..199]));
    let all = loader.file("all.json", inputs::array(&records));
    loader.load([&most]).expect(0);
    let before = database.dump("mobilize");
    let runs = database.count("etl.runs where status = 'done'");
    loader.run(["run", "mobilize", all.to_str().unwrap(), "--assert-noop"]).expect(1);
    assert_same(&before, &database.dump("mobilize"), "before and after");
    assert_eq!(runs, database.count("etl.runs where status = 'done'"));
}

#[test]
fn a_dry_run_changes_nothing_and_counts_all() {
    let database = Cluster::shared().database();
    let loader = Loader::at(&database);
    let records = inputs::mobilize(300, 24).collect();
    let half = loader.file("half.json", inputs::array(&records[..150]));
    let all = loader.file("all.json", inputs::array(&records));
    loader.load([&half]).expect(0);
    // The rows, not their (ctid, xmin, xmax): a foreign key's lock stays in xmax after a rollback, and means nothing.
    let (tables, ledger) = (database.dump("mobilize"), database.count("etl.runs"));
    let args = ["run", "mobilize", all.to_str().unwrap(), "--format", "json"];
    let dry = loader.run(args.into_iter().chain(["--dry-run"])).expect(0);
    assert_same(&tables, &database.dump("mobilize"), "before and after");
    assert_eq!(ledger, database.count("etl.runs"));
    assert_eq!(database.tables("staging"), Vec::<String>::new());
    // The real run then does what the dry one said.
    let real = loader.run(args).expect(0);
    let counts = |out: &str| {
        let mut value: serde_json::Value = serde_json::from_str(out).unwrap();
        strip(&mut value);
        value
    };
    assert_eq!(counts(&dry.stdout), counts(&real.stdout));
    assert_ne!(tables, database.dump("mobilize"));
}

/// Takes out what differs from run to run.
fn strip(value: &mut serde_json::Value) {
    match value {
        serde_json::Value::Object(members) => {
            members.retain(|key, _| {
                !["run", "run_id", "seconds", "dry_run", "status", "started_at", "finished_at"]
                    .contains(&key.as_str())
            });
            members.values_mut().for_each(strip);
        }
        serde_json::Value::Array(items) => items.iter_mut().for_each(strip),
        _ => {}
    }
}
