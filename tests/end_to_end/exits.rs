//! Every exit code, as documented in `loader --help`.

use etl_tests::accounting;
use etl_tests::cluster::Cluster;
use etl_tests::generate::mobilize::Plan;
use etl_tests::inputs;
use etl_tests::loader::Loader;
use std::process::Command;
use std::time::{Duration, Instant};

#[test]
fn usage_and_configuration_are_2() {
    let loader = Loader::new();
    loader.run(["no-such-command"]).expect(2);
    loader.run(["run", "mobilize", "--max-rejects", "many"]).expect(2);
    let database = Cluster::shared().database();
    let at = Loader::at(&database);
    let file = at.file("a.json", "[]");
    at.run(["run", "nothing", file.to_str().unwrap()]).expect(2).complains(&["nothing", "mobilize"]);
    loader.file("loader.toml", "embedded = false\n[dataset.mobilize]\n");
    loader.run(["status"]).expect(2).complains(&["DATABASE_URL"]);
    let misnamed = "[[dataset.mobilize.sources]]\nname = \"atendances\"\nformat = \"json\"\n";
    loader.file("loader.toml", misnamed);
    loader.run(["status"]).expect(2).complains(&["atendances", "its sources are attendances"]);
    loader.file("loader.toml", "embedded = maybe\n");
    loader.run(["status"]).expect(2).complains(&["loader.toml"]);
    loader.run(["--config", "missing.toml", "status"]).expect(2).complains(&["missing.toml"]);
}

#[test]
fn a_file_that_is_not_there_is_named() {
    let database = Cluster::shared().database();
    let ran = Loader::at(&database).load(["missing.json"]).complains(&["missing.json"]);
    assert!(matches!(ran.status.code(), Some(1 | 2)), "{:?}", ran.status);
}

#[test]
fn no_connection_is_4() {
    let loader = Loader::new()
        .env("DATABASE_URL", "postgresql://nobody:canary-password@/none?host=/tmp/no_such_socket");
    let ran = loader.run(["status"]).expect(4);
    assert!(!ran.stderr.contains("canary-password"), "{}", ran.stderr);
}

#[test]
fn a_lock_timeout_is_5() {
    let database = Cluster::shared().database();
    let loader = Loader::at(&database);
    let file = loader.file("a.json", inputs::array(&inputs::mobilize(50, 81).collect()));
    loader.run(["migrate"]).expect(0);
    let mut other = database.client();
    let mut other = other.transaction().unwrap();
    other.batch_execute("select pg_advisory_xact_lock(hashtextextended('pg_etl mobilize', 0))").unwrap();
    let path = file.to_str().unwrap();
    let begun = Instant::now();
    loader.run(["run", "mobilize", path, "--lock-timeout", "1s"]).expect(5);
    assert!(begun.elapsed() < Duration::from_secs(5), "{:?}", begun.elapsed());
    assert_eq!(database.count("mobilize.attendances"), 0);
    other.rollback().unwrap();
    loader.load([path]).expect(0);
    accounting::check(&database, "mobilize");
}

#[test]
fn a_second_run_waits_for_the_first() {
    let database = Cluster::shared().database();
    let loader = Loader::at(&database);
    let records = inputs::mobilize(600, 82).collect();
    let file = loader.file("a.json", inputs::array(&records));
    loader.run(["migrate"]).expect(0);
    std::thread::scope(|scope| {
        let runs: Vec<_> = (0..4).map(|_| scope.spawn(|| loader.load([&file]))).collect();
        for run in runs {
            run.join().unwrap().expect(0);
        }
    });
    // One of them inserted everything, the others nothing.
    let inserted = database.rows(
        "select sum(inserted) > 0, sum(updated), count(distinct run_id) from etl.run_tables group by run_id having sum(inserted) > 0",
    );
    assert_eq!(inserted, ["t|0|1"]);
    assert_eq!(database.count("etl.runs where status = 'done'"), 4);
    accounting::check(&database, "mobilize");
}

#[test]
fn a_changed_migration_is_6() {
    let database = Cluster::shared().database();
    let loader = Loader::at(&database);
    loader.run(["migrate"]).expect(0);
    let before = database.tables("mobilize");
    database.execute("update etl.mobilize_history set checksum = '1' where version = 1");
    loader.run(["migrate"]).expect(6);
    let file = loader.file("a.json", "[]");
    loader.load([file]).expect(6);
    assert_eq!(before, database.tables("mobilize"));
}

#[test]
fn a_newer_database_is_6() {
    let database = Cluster::shared().database();
    let loader = Loader::at(&database);
    loader.run(["migrate"]).expect(0);
    database.execute(
        "insert into etl.mobilize_history (version, name, applied_on, checksum) select 99, 'later', applied_on, '1' from etl.mobilize_history limit 1",
    );
    loader.run(["migrate"]).expect(6);
}

#[test]
fn rejects_are_3_unless_budgeted() {
    let database = Cluster::shared().database();
    let loader = Loader::at(&database);
    let plan = Plan { bad: 6, ..inputs::mobilize(100, 83) };
    let file = loader.file("a.json", inputs::array(&plan.collect()));
    let path = file.to_str().unwrap();
    let run = |budget: &[&str]| loader.run(["run", "mobilize", path].iter().chain(budget));
    // Too many: rolled back, and still told.
    let failed = run(&["--max-rejects", "1"]).expect(1);
    let said = format!("{}{}", failed.stdout, failed.stderr);
    assert!(said.contains("22P02"), "counts by SQLSTATE are printed: {said}");
    assert_eq!(database.count("mobilize.attendances"), 0);
    assert_eq!(database.count("etl.quarantine"), 0);
    run(&["--max-rejects", "0.1%"]).expect(1);
    assert_eq!(database.count("mobilize.attendances"), 0);
    run(&["--dry-run"]).expect(3);
    run(&["--max-rejects", "50%"]).expect(0);
    accounting::check(&database, "mobilize");

    let other = Cluster::shared().database();
    let loader = Loader::at(&other);
    let file = loader.file("a.json", inputs::array(&plan.collect()));
    loader.load([file]).expect(3);
    accounting::check(&other, "mobilize");
}

#[test]
fn too_many_rejects_are_told_and_kept() {
    let plan = Plan { bad: 60, ..inputs::mobilize(200, 85) };
    let input = inputs::array(&plan.collect());
    let kept = Cluster::shared().database();
    let loader = Loader::at(&kept);
    let file = loader.file("a.json", &input);
    loader.load([file]).expect(3);
    let groups = kept.rows(
        "select format('%s  %s', sum(copies), concat_ws(' ', target, sqlstate, constraint_name))
         from etl.quarantine where outcome = 'rejected' group by target, sqlstate, constraint_name",
    );
    // A record that two tables reject is one record.
    let rejected = kept.number("select count(distinct line) from etl.quarantine where outcome = 'rejected'");
    assert!(groups.len() > 3 && rejected > 30, "{groups:?}");
    assert!(rejected < kept.number("select sum(copies) from etl.quarantine where outcome = 'rejected'"));

    let database = Cluster::shared().database();
    let loader = Loader::at(&database);
    let file = loader.file("a.json", &input);
    // Of 260 records, 5% are 13.
    let words = ["run", "mobilize", file.to_str().unwrap(), "--max-rejects"];
    let failed = loader.run(words.iter().chain(&["5%"])).expect(1);
    assert!(failed.stdout.contains("failed, rolled back"), "{}", failed.stdout);
    let ledger = database.value("select error_message from etl.runs where status = 'failed'");
    for told in [&failed.stderr, &ledger] {
        assert!(
            told.contains(&format!("{rejected} records of 260 were rejected, and --max-rejects allows 13")),
            "{told}"
        );
        for group in &groups {
            assert!(told.lines().any(|line| line.trim() == *group), "{group}: {told}");
        }
        let examples: Vec<&str> =
            told.lines().filter(|line| line.trim_start().starts_with("at a.json line ")).collect();
        assert_eq!(examples.len(), 20, "{told}");
        assert!(examples[0].contains(": mobilize."), "{told}");
        assert!(!told.contains("example.org") && !told.contains("soon"), "no values of records: {told}");
    }
    assert_eq!(database.count("mobilize.attendances") + database.count("etl.quarantine"), 0);
    let just_enough = rejected.to_string();
    loader.run(words.iter().chain(&[just_enough.as_str()])).expect(0);
    accounting::check(&database, "mobilize");
}

#[test]
fn what_the_server_says_is_repeated_without_values() {
    let database = Cluster::shared().database();
    let loader = Loader::at(&database);
    loader.run(["migrate"]).expect(0);
    database.execute(
        "create function public.refuse() returns trigger language plpgsql as $$
         begin
             raise exception 'no people today'
                 using errcode = '23514', detail = 'Failing row contains (ana@example.org).',
                     schema = 'mobilize', table = 'people', constraint = 'closed_on_sundays', hint = 'come back tomorrow';
         end $$;
         create constraint trigger refuse after insert on mobilize.people deferrable initially deferred
             for each row execute function public.refuse()",
    );
    let file = loader.file("a.json", inputs::array(&inputs::mobilize(10, 86).collect()));
    let failed = loader.load([file]).expect(1).complains(&[
        "no people today (23514)",
        "table mobilize.people, constraint closed_on_sundays",
        "come back tomorrow",
    ]);
    assert!(!failed.stderr.contains("example.org"), "{}", failed.stderr);
    let kept = database.rows("select error_sqlstate, error_message from etl.runs");
    assert!(kept[0].starts_with("23514|") && kept[0].contains("closed_on_sundays"), "{kept:?}");
    assert!(!kept[0].contains("example.org") && !kept[0].contains("no people"), "{kept:?}");
}

#[test]
fn an_interruption_says_what_was_committed_before() {
    let database = Cluster::shared().database();
    let loader = Loader::at(&database);
    loader.file("a.json", inputs::array(&inputs::mobilize(10, 87).collect()));
    // A second dataset, whose load takes its time.
    std::fs::create_dir(loader.folder().join("slow")).unwrap();
    loader.file(
        "slow/V1__tables.sql",
        "create schema slow authorization etl_owner; create table slow.t (id integer primary key);",
    );
    loader.file(
        "slow.sql",
        "create or replace function slow.etl_load_slow(run_id bigint)
         returns table (target text, read bigint, inserted bigint, updated bigint, unchanged bigint, superseded bigint,
             parked bigint, rejected bigint, promoted bigint)
         language plpgsql as $$ begin perform pg_catalog.pg_sleep(60); end $$;
         alter function slow.etl_load_slow(bigint) owner to etl_owner;",
    );
    loader.file(
        "loader.toml",
        "[[dataset.mobilize.sources]]\nname = \"attendances\"\nformat = \"json\"\npath = \"a.json\"\n\
         [dataset.slow]\nmigrations = \"slow\"\nload = \"slow.sql\"\n\
         [[dataset.slow.sources]]\nname = \"things\"\nformat = \"json\"\npath = \"a.json\"\n",
    );
    let sleeping =
        "select count(*) from pg_stat_activity where query like '%etl_load_slow%' and wait_event = 'PgSleep'
                    and datname = current_database()";
    let said = std::thread::scope(|scope| {
        let ran = scope.spawn(|| loader.run(["run"]));
        let deadline = Instant::now() + Duration::from_secs(30);
        while database.number(sleeping) == 0 && !ran.is_finished() {
            assert!(Instant::now() < deadline, "the second dataset was never loaded");
            std::thread::sleep(Duration::from_millis(20));
        }
        // Its own process, found by the folder that is its alone.
        let folder = loader.folder().canonicalize().unwrap();
        let ours = std::fs::read_dir("/proc")
            .unwrap()
            .flatten()
            .find(|entry| std::fs::read_link(entry.path().join("cwd")).is_ok_and(|cwd| cwd == folder));
        let pid = ours.map(|entry| entry.file_name().into_string().unwrap()).unwrap_or_default();
        let _ = Command::new("kill").args(["-s", "INT", &pid]).status();
        ran.join().unwrap()
    });
    said.expect(130).complains(&["after run 1 of mobilize had been committed", "nothing else was loaded"]);
    assert!(database.count("mobilize.attendances") > 0);
}

#[test]
fn signals_are_130_and_143_and_leave_nothing() {
    let database = Cluster::shared().database();
    let loader = Loader::at(&database);
    loader.run(["migrate"]).expect(0);
    let file = loader.file("a.json", inputs::array(&inputs::mobilize(50, 84).collect()));
    for (signal, exit) in [("INT", 130), ("TERM", 143)] {
        // While it waits for another run: the lock is ours.
        let mut holder = database.client();
        let mut other = holder.transaction().unwrap();
        other.batch_execute("select pg_advisory_xact_lock(hashtextextended('pg_etl mobilize', 0))").unwrap();
        let mut child = loader.spawn(["run".as_ref(), "mobilize".as_ref(), file.as_os_str()]);
        let deadline = Instant::now() + Duration::from_secs(10);
        while database.number("select count(*) from pg_locks where locktype = 'advisory' and not granted and database = (select oid from pg_database where datname = current_database())") == 0 {
            assert!(Instant::now() < deadline, "the loader never waited for the lock");
            std::thread::sleep(Duration::from_millis(20));
        }
        let begun = Instant::now();
        let sent = Command::new("kill").args(["-s", signal, &child.id().to_string()]).status().unwrap();
        assert!(sent.success());
        let status = child.wait().unwrap();
        assert_eq!(status.code(), Some(exit), "{signal}: {status:?}");
        assert!(begun.elapsed() < Duration::from_secs(2), "{signal}: {:?}", begun.elapsed());
        other.rollback().unwrap();
        drop(holder);
        database.wait_for_quiet();
        assert_eq!(database.count("mobilize.attendances"), 0);
    }
    loader.load([file]).expect(0);
    accounting::check(&database, "mobilize");
}
