//! Injection: names and values that look like SQL, in every place where a name or a value can stand. Nothing of them runs,
//! no statement is misread, the catalog is as before, and values come out as they went in, byte for byte.

pub mod strings;

use super::{Canary, member, session};
use etl_tests::accounting;
use etl_tests::cluster::Cluster;
use etl_tests::database::Database;
use etl_tests::inputs;
use etl_tests::loader::Loader;
use serde_json::{Value, json};
use std::os::unix::ffi::OsStrExt as _;

/// Everything with a name: what an injected statement would have changed.
const CATALOG: &str = "
    select 'relation', relnamespace::regnamespace::text, relname, relkind::text, relowner::regrole::text, relacl::text
    from pg_class where relpersistence <> 't' and relnamespace not in (select oid from pg_namespace where nspname like 'pg\\_t%')
    union all
    select 'column', attrelid::regclass::text, attname, atttypid::regtype::text, attnotnull::text, attacl::text
    from pg_attribute join pg_class on pg_class.oid = attrelid
    where relpersistence <> 't' and relnamespace not in (select oid from pg_namespace where nspname like 'pg\\_t%')
    union all
    select 'function', pronamespace::regnamespace::text, oid::regprocedure::text, md5(prosrc), proconfig::text, proacl::text
    from pg_proc
    union all
    select 'constraint', conrelid::regclass::text, conname, contype::text, pg_get_constraintdef(oid), null from pg_constraint
    union all
    select 'schema', nspname, nspowner::regrole::text, nspacl::text, null, null from pg_namespace where nspname not like 'pg\\_t%'
    union all
    select 'trigger', tgrelid::regclass::text, tgname, tgenabled::text, null, null from pg_trigger
    union all
    select 'role', rolname, rolsuper::text, rolcreaterole::text, rolcanlogin::text, null from pg_roles
    order by 1, 2, 3, 4, 5, 6";

/// A server of its own, so that its log is these tests' alone; the strings of this round; what the catalog held before.
struct Scene<'a> {
    database: Database<'a>,
    /// A loader.
    user: String,
    strings: Vec<String>,
    catalog: Vec<String>,
}

impl<'a> Scene<'a> {
    fn new(cluster: &'a Cluster, usually: u32, full: u32) -> Self {
        let database = cluster.database();
        Loader::at(&database).run(["migrate"]).expect(0);
        let mut strings = strings::all();
        assert!(strings.len() >= 575, "only {} strings", strings.len());
        let wanted = inputs::rounds(usually, full) as usize;
        // Spread over all kinds, the payloads among them.
        let step = strings.len().div_ceil(wanted.min(strings.len()));
        strings = strings.into_iter().step_by(step).collect();
        Canary::new(&database);
        let user = member(&database, "etl_loader");
        let catalog = database.rows(CATALOG);
        Self { database, user, strings, catalog }
    }

    /// Nothing ran, nothing was misread, nothing has changed.
    fn check(&self) {
        Canary(&self.database).check("injection");
        let log = self.database.cluster().log();
        let misread: Vec<&str> = log.lines().filter(|line| line.contains("ERROR:  42601")).collect();
        assert!(misread.is_empty(), "statements were misread:\n{}", misread.join("\n"));
        assert_eq!(self.catalog, self.database.rows(CATALOG), "the catalog has changed");
        assert!(!std::path::Path::new("/tmp/canary").exists());
    }
}

fn quoted(name: &str) -> String {
    format!("\"{}\"", name.replace('"', "\"\""))
}

/// As much of a name as PostgreSQL keeps.
fn cut(name: &str, bytes: usize) -> &str {
    let mut end = name.len().min(bytes);
    while !name.is_char_boundary(end) {
        end -= 1;
    }
    &name[..end]
}

#[test]
fn names_and_values_go_through_a_merge() {
    let cluster = Cluster::quick().unwrap();
    let scene = Scene::new(&cluster, 60, u32::MAX);
    let mut client = scene.database.client();
    for string in &scene.strings {
        let mut transaction = client.transaction().unwrap();
        merge(&mut transaction, string)
            .unwrap_or_else(|error| panic!("{string:?}: {error}: {:?}", error.as_db_error()));
        transaction.rollback().unwrap();
    }
    drop(client);
    scene.check();
}

/// Schema, tables, columns, constraints, version, staged table, dataset's label and key values all of this name.
fn merge(transaction: &mut postgres::Transaction<'_>, string: &str) -> Result<(), postgres::Error> {
    let name = quoted(cut(string, 63));
    // The prefix pg_ is the server's own, and some names are taken.
    let is_free = !string.starts_with("pg_") && !["public", "etl", "staging"].contains(&string);
    let schema = if is_free { name.clone() } else { quoted(&format!("x{string}")) };
    // Temporary tables of these names are the merge's own to drop.
    let given = if string.starts_with("etl_") { quoted(&format!("x{string}")) } else { name.clone() };
    let [parent, version, check] = ["p", "v", "k"].map(|end| quoted(&format!("{}{end}", cut(string, 62))));
    transaction.batch_execute(&format!(
        "create schema {schema};
         create table {schema}.{parent} ({name} text primary key);
         create table {schema}.{name} (
             {name} text primary key,
             {version} bigint,
             {parent} text constraint {name} references {schema}.{parent},
             {check} text constraint {check} check ({check} <> '')
         );
         create temporary table {given} ({name} text, {version} text, {parent} text, {check} text);"
    ))?;
    transaction.execute(&format!("insert into {schema}.{parent} values ($1)"), &[&string])?;
    let stage = format!("insert into pg_temp.{given} values ($1, $2, $3, $4)");
    for (key, at, of, text) in [
        (string, "1", Some(string), string),
        ("other", "1", None, ""),
        ("third", "1", Some("absent'\"\\"), string),
        ("fourth", string, None, string),
    ] {
        transaction.execute(&stage, &[&key, &at, &of, &text])?;
    }
    let (staged, target) = (format!("pg_temp.{given}"), format!("{schema}.{name}"));
    let run: i64 = transaction
        .query_one("insert into etl.runs (dataset) values ($1) returning run_id", &[&string])?
        .get(0);
    let merge = "select inserted, updated, unchanged, parked, rejected
                 from public.etl_merge($1::pg_catalog.text::pg_catalog.regclass, $2::pg_catalog.text::pg_catalog.regclass,
                     $3::pg_catalog.text::pg_catalog.name, $4)";
    let version_name = format!("{}v", cut(string, 62));
    let mut expected = [1_i64, 0, 0, 1, 2];
    // A string that is a number is a version.
    let is_version = string.parse::<i64>().is_ok();
    if is_version {
        expected = [2, 0, 0, 1, 1];
    }
    for run in [Some(run), None] {
        let row = transaction.query_one(merge, &[&staged, &target, &version_name, &run])?;
        let counts: Vec<i64> = (0..5).map(|column| row.get(column)).collect();
        assert_eq!(counts, expected, "{string:?}, run {run:?}");
        expected = if is_version { [0, 0, 2, 1, 1] } else { [0, 0, 1, 1, 2] };
    }
    let kept = transaction.query_one(
        &format!("select {name}, {parent}, {check} from {target} where {name} = $1"),
        &[&string],
    )?;
    for column in 0..3 {
        assert_eq!(kept.get::<_, &str>(column), string, "the value is not as it was");
    }
    let named: Vec<(String, String)> = transaction
        .query("select constraint_name, parsed ->> $2 from etl.quarantine where dataset = $1 and constraint_name is not null order by quarantine_id",
            &[&string, &format!("{}k", cut(string, 62))])?
        .iter()
        .map(|row| (row.get(0), row.get::<_, Option<String>>(1).unwrap_or_default()))
        .collect();
    assert_eq!(named[0].0, format!("{}k", cut(string, 62)));
    assert_eq!(named[1], (cut(string, 63).to_owned(), string.to_owned()));
    Ok(())
}

#[test]
fn keys_values_and_file_names_go_through_the_loader() {
    let cluster = Cluster::quick().unwrap();
    let scene = Scene::new(&cluster, 1, 1);
    let loader = Loader::new().env("DATABASE_URL", cluster.url(&scene.user, scene.database.name()));

    // Keys and values: all strings in one file, whatever the round.
    let all = strings::all();
    let base = base_record();
    let records: Vec<String> =
        (1_i64..).zip(&all).map(|(number, string)| record(&base, number, string)).collect();
    loader.load([loader.file("values.json", inputs::array(&records))]).expect(0);
    let mut client = session(&scene.database, "postgres");
    let kept = client
        .query(
            "select a.attendance_id, p.given_name, a.feedback, f.text_value
                from mobilize.attendances a join mobilize.people p using (user_id)
                join mobilize.attendance_custom_fields f using (attendance_id) order by 1",
            &[],
        )
        .unwrap();
    assert_eq!(kept.len(), all.len());
    for (row, string) in kept.iter().zip(&all) {
        for column in 1..4 {
            assert_eq!(row.get::<_, Option<&str>>(column), Some(string.as_str()), "column {column}");
        }
    }

    // File names, many in a run.
    let names: Vec<String> =
        all.iter().filter(|string| !string.contains('/')).map(|string| format!("{string}.json")).collect();
    for names in names.chunks(100) {
        let paths: Vec<_> = names.iter().map(|name| loader.file(name, "[]")).collect();
        loader.load(paths.iter().map(|path| format!("attendances={}", path.display()))).expect(0);
        let located = client
            .query("select location from etl.run_sources where run_id = (select max(run_id) from etl.runs) order by source", &[])
            .unwrap();
        let located: Vec<&str> = located.iter().map(|row| row.get(0)).collect();
        assert_eq!(located, paths.iter().map(|path| path.to_str().unwrap()).collect::<Vec<_>>());
    }
    accounting::check(&scene.database, "mobilize");
    scene.check();
}

/// A plain attendance to put strings into.
fn base_record() -> Value {
    let records = inputs::mobilize(20, 501).collect();
    records
        .iter()
        .map(|record| serde_json::from_str::<Value>(record).unwrap())
        .find(|record| record["id"].is_i64() && record["event"]["id"].is_i64())
        .unwrap()
}

fn record(base: &Value, number: i64, string: &str) -> String {
    let mut record = base.clone();
    record["id"] = json!(number);
    record["person"]["user_id"] = json!(number);
    record["person"]["given_name"] = json!(string);
    record["feedback"] = json!(string);
    record["custom_signup_field_values"] = json!([{"custom_field_id": 1, "custom_field_name": string, "text_value": string, "boolean_value": null}]);
    // Keys nobody knows are passed over, whatever they are; a known one would be a value.
    let key = format!("{string} ");
    record[key.as_str()] = json!({string: [string]});
    record["person"][key.as_str()] = json!(string);
    record.to_string()
}

#[test]
fn bytes_that_are_no_text_are_kept_as_bytes() {
    let cluster = Cluster::quick().unwrap();
    let scene = Scene::new(&cluster, 1, 1);
    let loader = Loader::at(&scene.database);
    for (before, after) in
        [(&b"{\"id\": 1, \"feedback\": \""[..], &b"\"}"[..]), (b"{\"id\": 1, \"", b"\": 1}")]
    {
        let lines: Vec<Vec<u8>> =
            strings::NOT_UTF8.iter().map(|bytes| [before, bytes, after].concat()).collect();
        loader.load([loader.file("input.jsonl", lines.join(&b'\n'))]).expect(3);
        let kept = scene.database.rows(&format!(
            "select sqlstate, encode(raw, 'hex') from etl.quarantine where first_run = {} and target = 'mobilize.attendances' order by line",
            scene.database.last_run()
        ));
        let hex = |line: &Vec<u8>| line.iter().map(|byte| format!("{byte:02x}")).collect::<String>();
        let expected: Vec<String> = lines.iter().map(|line| format!("22021|{}", hex(line))).collect();
        assert_eq!(kept, expected);
    }
    // As a file's name: found or refused, and the loader goes on.
    for bytes in strings::NOT_UTF8.iter().take(3) {
        let path = loader.folder().join(std::ffi::OsStr::from_bytes(bytes));
        std::fs::write(&path, "[]").unwrap();
        let ran = loader.load([&path]);
        assert!(matches!(ran.status.code(), Some(0..=2)), "{path:?}: {:?}\n{}", ran.status, ran.stderr);
    }
    accounting::check(&scene.database, "mobilize");
    scene.check();
}

#[test]
fn filters_and_parameters_are_values() {
    let cluster = Cluster::quick().unwrap();
    let scene = Scene::new(&cluster, 8, 100);
    let loader = Loader::at(&scene.database);
    for string in &scene.strings {
        let target = format!("--target={string}");
        let listed = loader.run(["quarantine", "list", &target]);
        // No run ever loaded a table of the name.
        assert!(matches!(listed.status.code(), Some(0 | 2)), "{string:?}: {}", listed.stderr);
        let event = format!("event_id={string}");
        // A number asks about an event; all else is no number.
        loader.run(["query", "event_rsvps", &event]).expect(if string.trim().parse::<i64>().is_ok() {
            0
        } else {
            2
        });
        let ran = loader.run(["run", "--", string]);
        assert_eq!(ran.status.code(), Some(2), "{string:?}: {}", ran.stderr);
    }
    // The log holds 22P02 for each, and no more.
    scene.check();
}
