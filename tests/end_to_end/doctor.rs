//! `loader doctor`: every line of it, in good times and bad.
use etl_tests::cluster::Cluster;
use etl_tests::database::Database;
use etl_tests::generate::mobilize::Plan;
use etl_tests::inputs;
use etl_tests::loader::Loader;

/// What is said of one check, each finding as `state found: next`.
fn findings(loader: &Loader, check: &str, exit: i32) -> Vec<String> {
    let printed = loader.run(["doctor", "--format", "json"]).expect(exit).stdout;
    let findings: Vec<serde_json::Value> = serde_json::from_str(&printed).unwrap();
    let text = |value: &serde_json::Value| value.as_str().map(str::to_owned);
    findings
        .iter()
        .filter(|finding| finding["check"] == check)
        .map(|finding| {
            let next = text(&finding["next"]).map_or(String::new(), |next| format!(": {next}"));
            format!("{} {}{next}", text(&finding["state"]).unwrap(), text(&finding["found"]).unwrap())
        })
        .collect()
}

#[track_caller]
fn says(findings: &[String], words: &[&str]) {
    assert!(
        findings.iter().any(|finding| words.iter().all(|word| finding.contains(word))),
        "{words:?}: {findings:?}"
    );
}

fn loaded(seed: u64) -> (Database<'static>, Loader) {
    let database = Cluster::shared().database();
    let loader = Loader::at(&database);
    let path = loader.file("a.json", inputs::array(&inputs::mobilize(20, seed).collect()));
    loader.load([path]).expect(0);
    (database, loader)
}

#[test]
fn a_new_database_has_notes_and_stays_empty() {
    let database = Cluster::shared().database();
    let loader = Loader::at(&database);
    says(&findings(&loader, "extension", 0), &["note", "not created", "loader migrate"]);
    let migrations = findings(&loader, "migrations", 0);
    says(&migrations, &["note etl: V1__ledger, V2__csv_header, V3__transfers pending: loader migrate"]);
    says(&migrations, &["mobilize: V1__tables, V2__lists pending: loader migrate mobilize"]);
    assert_eq!(
        database.number("select count(*) from pg_namespace where nspname in ('etl', 'staging', 'mobilize')"),
        0
    );
    // The ledger's tables without the extension, and the other way round.
    database.execute("create extension pg_etl");
    says(&findings(&loader, "extension", 0), &["ok pg_etl"]);
}

#[test]
fn after_a_load_all_is_well() {
    let (database, loader) = loaded(130);
    let before = (database.physical("etl"), database.physical("mobilize"));
    let said = loader.run(["doctor"]).expect(0).stdout;
    // Datasets that nobody has loaded here are noted, no more.
    let is_other = |line: &str| line.starts_with("note     migrations") && !line.contains("mobilize");
    for line in said.lines().filter(|line| !is_other(line)) {
        assert!(line.starts_with("ok "), "{said}");
    }
    for check in [
        "connection",
        "clients",
        "extension",
        "migrations",
        "roles",
        "grants",
        "functions",
        "locks",
        "runs",
        "staging",
        "quarantine",
        "disk",
    ] {
        assert!(said.lines().any(|line| line.split_whitespace().nth(1) == Some(check)), "{check}: {said}");
    }
    assert_eq!(before, (database.physical("etl"), database.physical("mobilize")));
    loader.run(["doctor", "--format", "csv"]).expect(0);
}

#[test]
fn no_connection_is_a_line_and_exit_4() {
    let url = "postgresql://nobody:canary-password@/none?host=/tmp/no_such_socket";
    let loader = Loader::new().env("DATABASE_URL", url);
    let ran = loader.run(["doctor"]).expect(4);
    assert!(
        ran.stdout.starts_with("problem  connection  cannot connect to nobody@/tmp/no_such_socket"),
        "{}",
        ran.stdout
    );
    assert_eq!(ran.stdout.lines().count(), 1, "{}", ran.stdout);
    assert!(!format!("{}{}", ran.stdout, ran.stderr).contains("canary-password"));
}

#[test]
fn what_keeps_loads_from_working_is_a_problem() {
    let (database, loader) = loaded(131);
    database.execute("revoke update on mobilize.people from etl_loader");
    says(
        &findings(&loader, "grants", 1),
        &["problem", "mobilize.people", "grant select, insert, update on mobilize.people to etl_loader"],
    );
    database.execute("grant update on mobilize.people to etl_loader");
    database.execute("grant execute on function etl_merge(regclass, regclass, name, bigint) to public");
    says(&findings(&loader, "functions", 0), &["note", "from public", "loader migrate"]);
    database.execute("revoke execute on function etl_merge(regclass, regclass, name, bigint) from public");
    database.execute("update etl.mobilize_history set checksum = '1' where version = 1");
    says(
        &findings(&loader, "migrations", 1),
        &["problem mobilize: V1__tables was edited", "loader migrate --status"],
    );
    says(&findings(&loader, "migrations", 1), &["ok etl is at V"]);
    database.execute("insert into etl.runs (dataset) values ('mobilize')");
    let run = database.last_run();
    says(&findings(&loader, "runs", 1), &["problem", &format!("run {run} of mobilize"), "status = 'failed'"]);
}

#[test]
fn a_schema_of_somebody_elses_is_not_read() {
    let (database, loader) = loaded(136);
    database.execute("create role doctor_trap; alter schema staging owner to doctor_trap");
    says(
        &findings(&loader, "owners", 1),
        &["problem schema staging belongs to doctor_trap", "drop schema staging"],
    );
    assert_eq!(findings(&loader, "quarantine", 1), Vec::<String>::new());
    database.execute("alter schema staging owner to etl_owner; drop role doctor_trap");
}

#[test]
fn what_is_left_behind_is_named() {
    let (database, loader) = loaded(132);
    database.execute("create table staging.run_99 (record text)");
    says(&findings(&loader, "staging", 0), &["note staging.run_99", "drop table staging.run_99"]);
    let plan = Plan { bad: 6, ..inputs::mobilize(30, 133) };
    let path = loader.file("b.json", inputs::array(&plan.collect()));
    loader.load([&path]).expect(3);
    let parked = database.number(
        "select sum(copies) from etl.quarantine where target = 'mobilize.attendances' and outcome = 'parked'",
    );
    says(
        &findings(&loader, "quarantine", 0),
        &["note mobilize.attendances", &format!("{parked} parked"), "--target mobilize.attendances"],
    );
    let broken = loader.file("c.json", "[{\"id\":");
    loader.load([broken]).expect(1);
    let run = database.last_run();
    says(
        &findings(&loader, "runs", 0),
        &[&format!("note run {run}, the last one of mobilize, failed"), "loader status"],
    );
}

#[test]
fn who_holds_a_lock_and_who_waits_is_named() {
    let (database, loader) = loaded(134);
    let lock = "select pg_advisory_xact_lock(hashtextextended('pg_etl mobilize', 0))";
    let mut holder = database.client();
    let mut holding = holder.transaction().unwrap();
    holding.batch_execute(lock).unwrap();
    let pid: i32 = holding.query_one("select pg_backend_pid()", &[]).unwrap().get(0);
    says(
        &findings(&loader, "locks", 0),
        &[&format!("note process {pid} (postgres, since "), "loads mobilize"],
    );
    let path = loader.folder().join("a.json");
    let mut waiting = loader.spawn(["run".as_ref(), "mobilize".as_ref(), path.as_os_str()]);
    let begun = std::time::Instant::now();
    let said = loop {
        let said = findings(&loader, "locks", 0);
        if said.len() > 1 || begun.elapsed().as_secs() > 20 {
            break said;
        }
    };
    says(&said, &["pg_etl loader", "waits to load mobilize"]);
    says(&said, &[&format!("pg_terminate_backend({pid})")]);
    holding.rollback().unwrap();
    assert_eq!(waiting.wait().unwrap().code(), Some(0));
}

#[test]
fn what_a_role_may_do_is_said() {
    let (database, loader) = loaded(135);
    for (role, member, exit, words) in [
        ("doctor_loads", "in role etl_loader", 0, "ok"),
        ("doctor_reads", "in role etl_reader", 0, "note doctor_reads may read and not load"),
        ("doctor_none", "", 1, "problem doctor_none may neither load nor read"),
    ] {
        database.execute(&format!("create role {role} login {member}"));
        let url = database.cluster().url(role, database.name());
        let loader = loader.clone().env("DATABASE_URL", url);
        says(&findings(&loader, "roles", exit), &[words]);
    }
}

#[test]
fn a_database_that_is_not_in_utf8_is_a_problem() {
    let cluster = Cluster::shared();
    let database = cluster.database();
    database.execute(
        "create database doctor_ascii encoding 'SQL_ASCII' lc_collate 'C' lc_ctype 'C' template template0",
    );
    let loader = Loader::new().env("DATABASE_URL", cluster.url("postgres", "doctor_ascii"));
    says(&findings(&loader, "connection", 1), &["problem", "SQL_ASCII", "createdb --encoding UTF8"]);
    database.execute("drop database doctor_ascii with (force)");
}
