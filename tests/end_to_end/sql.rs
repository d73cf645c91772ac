//! The functions from psql, without the loader.

mod posts;

use etl_tests::accounting;
use etl_tests::cluster::Cluster;
use etl_tests::database::{Database, assert_same};
use etl_tests::inputs;
use etl_tests::loader::Loader;
use std::sync::atomic::{AtomicU32, Ordering};

fn migrated() -> Database<'static> {
    let database = Cluster::shared().database();
    Loader::at(&database).run(["migrate"]).expect(0);
    database
}

/// Runs a script as a login role that is a member of `role` and nothing else.
fn as_member(database: &Database<'_>, role: &str, script: &str) -> (bool, String, String) {
    static NUMBER: AtomicU32 = AtomicU32::new(0);
    let user = format!("member{}", NUMBER.fetch_add(1, Ordering::Relaxed));
    database.execute(&format!("create role {user} login in role {role}"));
    let out = std::process::Command::new("psql")
        .args(["-X", "-q", "-A", "-t", "-v", "ON_ERROR_STOP=1", "-v", "VERBOSITY=verbose", "-d"])
        .arg(database.cluster().url(&user, database.name()))
        .env_clear()
        .env("PATH", std::env::var_os("PATH").unwrap())
        .stdin(std::process::Stdio::piped())
        .stdout(std::process::Stdio::piped())
        .stderr(std::process::Stdio::piped())
        .spawn()
        .and_then(|mut child| {
            use std::io::Write as _;
            child.stdin.take().unwrap().write_all(script.as_bytes())?;
            child.wait_with_output()
        })
        .unwrap();
    (out.status.success(), String::from_utf8(out.stdout).unwrap(), String::from_utf8(out.stderr).unwrap())
}

fn call(document: &str) -> String {
    format!("select * from etl_load_mobilize($pg_etl${document}$pg_etl$);\n")
}

#[test]
fn an_array_loads_as_etl_loader() {
    let records = inputs::mobilize(200, 51).collect();
    let database = migrated();
    let (ok, out, err) = as_member(&database, "etl_loader", &call(&inputs::array(&records)));
    assert!(ok, "{err}");
    // The same nine columns as the loader's counts.
    let run = database.last_run();
    let returned: Vec<String> = {
        let mut lines: Vec<String> = out.lines().map(|line| line.replace('|', " ")).collect();
        lines.sort();
        lines
    };
    assert_eq!(returned, database.counts(run));
    accounting::check(&database, "mobilize");

    let other = Cluster::shared().database();
    let loader = Loader::at(&other);
    let file = loader.file("all.json", inputs::array(&records));
    loader.load([file]).expect(0);
    assert_same(&other.dump("mobilize"), &database.dump("mobilize"), "loader and psql");
    assert_eq!(other.counts(other.last_run()), database.counts(run));
}

#[test]
fn every_shape_is_the_same_to_sql() {
    let records = inputs::mobilize(40, 52).collect();
    let database = migrated();
    let (ok, _, err) = as_member(&database, "etl_loader", &call(&inputs::array(&records)));
    assert!(ok, "{err}");
    let before = database.physical("mobilize");
    let page = format!("{{\"count\":40,\"next\":null,\"data\":{}}}", inputs::array(&records));
    for shape in [records.join("\n"), page, records[0].clone()] {
        let (ok, _, err) = as_member(&database, "etl_loader", &call(&shape));
        assert!(ok, "{err}");
        assert_same(&before, &database.physical("mobilize"), "before and after");
    }
    accounting::check(&database, "mobilize");
}

#[test]
fn an_error_envelope_raises() {
    let database = migrated();
    let (ok, _, err) = as_member(
        &database,
        "etl_loader",
        &call("{\"data\":null,\"error\":{\"organization_id\":[\"A valid integer is required.\"]}}"),
    );
    assert!(!ok);
    assert!(err.contains("error"), "{err}");
    assert_eq!(database.count("etl.runs where status = 'done'"), 0);
}

#[test]
fn readers_may_not_load_and_loaders_may_not_delete() {
    let database = migrated();
    let (ok, _, err) = as_member(&database, "etl_reader", &call("[]"));
    assert!(!ok && err.contains("42501"), "{err}");
    for forbidden in [
        "delete from mobilize.people",
        "truncate mobilize.people",
        "drop table mobilize.people",
        "alter table mobilize.people add column x int",
        "create table mobilize.x (a int)",
        "create table etl.x (a int)",
        "delete from etl.runs",
        "create schema x",
        "set role etl_owner",
    ] {
        let (ok, _, err) = as_member(&database, "etl_loader", forbidden);
        assert!(!ok && err.contains("42501"), "{forbidden}: {err}");
    }
}

#[test]
fn missing_tables_name_the_next_command() {
    let database = Cluster::shared().database();
    database.execute("create extension pg_etl");
    let (ok, _, err) = database.psql("select * from etl_load_mobilize('[]')");
    assert!(!ok);
    assert!(err.contains("loader migrate mobilize"), "{err}");
}

#[test]
fn every_function_says_what_it_is() {
    let database = migrated();
    let unlabelled = database.rows(
        "select p.oid::regprocedure from pg_proc as p join pg_depend as d on d.objid = p.oid and d.deptype = 'e'
         join pg_extension as e on e.oid = d.refobjid and e.extname = 'pg_etl'
         where d.classid = 'pg_proc'::regclass and (obj_description(p.oid, 'pg_proc') is null or p.prosecdef or p.proname not like 'etl%')",
    );
    assert_eq!(unlabelled, Vec::<String>::new());
    let outside = database.rows(
        "select c.oid::regclass from pg_class as c join pg_depend as d on d.objid = c.oid and d.deptype = 'e'
         join pg_extension as e on e.oid = d.refobjid and e.extname = 'pg_etl' where d.classid = 'pg_class'::regclass",
    );
    assert_eq!(outside, Vec::<String>::new(), "an extension's tables vanish from pg_dump");
}
