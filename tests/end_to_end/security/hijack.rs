//! Hijacks: objects of a hostile role that wait under the names which loads use. None of their bodies may run, whoever
//! loads, and the counts are those of an undisturbed load.

pub mod hostile;

use super::{Canary, cluster, member, rows, session};
use etl_tests::database::Database;
use etl_tests::generate::mobilize::{List, Plan};
use etl_tests::inputs;
use etl_tests::loader::Loader;

/// The path of somebody who was talked into it: the hostile schema goes before the catalog.
const HOSTILE_PATH: &str = "set search_path = hostile, pg_catalog, public, pg_temp";

/// A database with the dataset, tables of a user's own, a hostile role with schemas of its own and a canary.
struct Scene {
    database: Database<'static>,
    mallory: String,
    document: String,
    events: String,
    people: String,
}

impl Scene {
    fn new() -> Self {
        let database = cluster().database();
        Loader::at(&database).run(["migrate"]).expect(0);
        let mallory = member(&database, "etl_loader");
        database.execute(&format!(
            "create schema hostile authorization {mallory};
             grant usage on schema hostile to public;
             grant create on schema public to {mallory};
             create schema shop;
             create table shop.events (event_id bigint primary key);
             create table shop.rsvps (
                 rsvp_id   bigint primary key,
                 event_id  bigint not null references shop.events,
                 led_by    bigint references shop.rsvps,
                 modified  integer,
                 status    text not null check (status <> '' and length(status) < 10),
                 price     numeric(6,2) default 0,
                 tags      text[],
                 at        timestamptz default now()
             );
             insert into shop.events values (1), (2);
             insert into shop.rsvps values (1, 1, null, 1, 'OLD', 1, '{{}}', '2020-01-01Z'), (2, 1, null, 9, 'KEEP', 1, null, null);
             grant usage on schema shop to etl_loader;
             grant select, insert, update on all tables in schema shop to etl_loader;"
        ));
        let plan = Plan { bad: 6, ..inputs::mobilize(20, 301) };
        let list = |list| inputs::array(&plan.list(list, 1));
        let (events, people) = (list(List::Events), list(List::People));
        Self { database, mallory, document: inputs::array(&plan.collect()), events, people }
    }

    /// Everything that a load does, with and without text to convert, defaults to take, parents to wait for: its counts.
    fn load(&self) -> String {
        let columns = "target, read, inserted, updated, unchanged, superseded, parked, rejected, promoted";
        let merged = columns.replace("target", "relation");
        let merge = format!(
            "select {merged} from public.etl_merge('pg_temp.given'::pg_catalog.regclass, \
             'shop.rsvps'::pg_catalog.regclass, 'modified'::pg_catalog.name);"
        );
        format!(
            "create temporary table given (rsvp_id pg_catalog.text, event_id pg_catalog.text, led_by pg_catalog.text,
                 modified pg_catalog.text, status pg_catalog.text, price pg_catalog.text, absent pg_catalog.text[], line bigint);
             insert into pg_temp.given values
                 ('1', '1', '2', '5', 'NEW', '2.50', null, 1), ('2', '1', null, '3', 'LESS', '1', null, 2),
                 ('3', '9', null, '1', 'WAITS', '1', null, 3), ('4', '1', '5', '1', 'A', null, '{{price}}', 4),
                 ('5', '1', '4', '1', 'B', '1', null, 5), ('6', '1', '7', '1', 'ORPHAN', '1', null, 6),
                 ('x', '1', null, '1', 'BAD', '1', null, 7), ('8', '1', null, '1', '', '1', null, 8),
                 ('9', '1', null, '1', 'C', '1.234', null, 9), ('1', '1', '2', '4', 'OLDER', '2.50', '{{price}}', 10);
             {merge}
             delete from pg_temp.given where line > 3;
             insert into shop.events values (9);
             {merge}
             drop table pg_temp.given;
             select {columns} from public.etl_load_mobilize($pg_etl${document}$pg_etl$::pg_catalog.text);
             select {columns} from public.etl_load_mobilize($pg_etl${document}$pg_etl$::pg_catalog.text, \
                 $pg_etl${events}$pg_etl$::pg_catalog.text, $pg_etl${people}$pg_etl$::pg_catalog.text);",
            document = self.document,
            events = self.events,
            people = self.people,
        )
    }

    /// Loads as `user` in a transaction of its own, after these statements; returns the counts, or the SQLSTATE.
    fn attempt(&self, user: &str, before: &str) -> Result<Vec<String>, String> {
        let mut client = session(&self.database, user);
        let code =
            |error: postgres::Error| error.code().map_or(error.to_string(), |code| code.code().to_owned());
        client.batch_execute("begin").unwrap();
        client.batch_execute(before).unwrap_or_else(|error| panic!("{before}\n{error:?}"));
        let counts = rows(&mut client, &self.load()).map_err(code);
        let _ = client.batch_execute("rollback");
        counts
    }
}

#[test]
fn nothing_hostile_runs_in_a_load() {
    let scene = Scene::new();
    let canary = Canary::new(&scene.database);
    // The owner's tables refer to nothing hostile; the parent's new row is the loader's own to insert.
    let expected = scene.attempt("postgres", "").unwrap();
    assert!(expected.len() > 10 && expected[0] != expected[1], "{expected:?}");
    let users = ["postgres", &scene.mallory];
    for user in users {
        assert_eq!(scene.attempt(user, ""), Ok(expected.clone()), "{user}, undisturbed");
    }

    // What stands in schemas is there for all that follows.
    let mut mallory = session(&scene.database, &scene.mallory);
    let objects = hostile::in_schemas();
    for object in &objects {
        mallory.batch_execute(object).unwrap_or_else(|error| panic!("{object}\n{error:?}"));
    }
    let (temporary, views) = (hostile::temporary(), hostile::temporary_views());
    let refused = hostile::views_in_the_way();
    let attempts = objects.len() + temporary.len() + views.len() + refused.len();
    assert!(attempts >= 200, "only {attempts} hostile objects");
    for user in users {
        for (what, before) in [
            ("in schemas", String::new()),
            ("in schemas, first in the path", HOSTILE_PATH.to_owned()),
            ("temporary objects", format!("{}; {HOSTILE_PATH}", temporary.join("; "))),
            ("temporary views", format!("{}; {HOSTILE_PATH}", views.join("; "))),
        ] {
            assert_eq!(scene.attempt(user, &before), Ok(expected.clone()), "{user}, {what}");
            canary.check(&format!("{user}, {what}"));
        }
        for view in &refused {
            let before = format!("{view}; {HOSTILE_PATH}");
            assert_eq!(scene.attempt(user, &before).unwrap_err(), "42809", "{user}: {view}");
            canary.check(&format!("{user}: {view}"));
        }
    }
}

/// Settings that change how SQL is read, how values are written, or what the catalog says of names.
const SETTINGS: &[&str] = &[
    "quote_all_identifiers = on",
    "standard_conforming_strings = off",
    "backslash_quote = off",
    "escape_string_warning = on",
    "transform_null_equals = on",
    "array_nulls = off",
    "bytea_output = 'escape'",
    "extra_float_digits = -15",
    "datestyle = 'German, DMY'",
    "intervalstyle = 'sql_standard'",
    "timezone = 'Asia/Kathmandu'",
    "default_transaction_deferrable = on",
    "row_security = off",
    "check_function_bodies = off",
    "default_toast_compression = 'pglz'",
    "plan_cache_mode = 'force_generic_plan'",
];

#[test]
fn settings_of_the_session_change_nothing() {
    let scene = Scene::new();
    let expected = scene.attempt("postgres", "").unwrap();
    // All at once; in the long form each alone, too.
    let mut attempts = vec![SETTINGS.join("; set ")];
    if inputs::rounds(0, 1) == 1 {
        attempts.extend(SETTINGS.iter().map(|setting| (*setting).to_owned()));
    }
    for settings in attempts {
        let counts = scene.attempt(&scene.mallory, &format!("set {settings}"));
        assert_eq!(counts, Ok(expected.clone()), "{settings}");
    }
}

#[test]
fn a_tie_stops_the_load() {
    let scene = Scene::new();
    let canary = Canary::new(&scene.database);
    for signature in hostile::TIES {
        let mut mallory = session(&scene.database, &scene.mallory);
        mallory.batch_execute(&hostile::function("public", signature, "setof record")).unwrap();
        for user in ["postgres", &scene.mallory] {
            assert_eq!(scene.attempt(user, "").unwrap_err(), "42725", "{user}: {signature}");
            canary.check(signature);
        }
        mallory
            .batch_execute(&format!("drop function public.{}", signature.replace(" default 1", "")))
            .unwrap();
    }
}

#[test]
fn the_canary_is_heard() {
    let scene = Scene::new();
    let canary = Canary::new(&scene.database);
    let mut mallory = session(&scene.database, &scene.mallory);
    for object in hostile::in_schemas() {
        mallory.batch_execute(&object).unwrap();
    }
    canary.check("before");
    // What a function without a path of its own would do.
    mallory.batch_execute(&format!("begin; {HOSTILE_PATH}; select 1::bigint = 1::bigint; rollback")).unwrap();
    assert_eq!(scene.database.value("select is_called from canary.hits"), "t");
}

#[test]
fn nothing_hostile_runs_in_the_loader() {
    let scene = Scene::new();
    let canary = Canary::new(&scene.database);
    let mut mallory = session(&scene.database, &scene.mallory);
    for object in hostile::in_schemas() {
        mallory.batch_execute(&object).unwrap();
    }
    let (database, name) = (&scene.database, scene.database.name());
    database.execute(&format!("alter database {name} set search_path = hostile, pg_catalog, public"));
    for user in ["postgres", &scene.mallory] {
        let loader = Loader::new().env("DATABASE_URL", database.cluster().url(user, name));
        let file = loader.file("input.json", &scene.document);
        let file = file.to_str().unwrap();
        let out = loader.folder().join("out");
        for (exits, command) in [
            (&[0, 3][..], &["run", "mobilize", file][..]),
            (&[0], &["run", "mobilize", file, "--assert-noop"]),
            (&[0], &["query", "most_completed_event"]),
            (&[0], &["query", "event_rsvps", "event_id=250000", "--format", "json"]),
            (&[0], &["export", "mobilize", "--format", "csv", "--dir", out.to_str().unwrap()]),
            (&[0], &["export", "mobilize", "--format", "json", "--dir", out.to_str().unwrap()]),
            (&[0], &["status"]),
            (&[0], &["quarantine", "list"]),
            (&[0], &["quarantine", "show", "1"]),
            (&[0], &["quarantine", "export", "mobilize", "--format", "json", "--dir", out.to_str().unwrap()]),
            (&[0, 3], &["quarantine", "replay", "mobilize"]),
            (&[0], &["quarantine", "discard", "mobilize", "--reason", "x"]),
            (&[0, 1], &["doctor"]),
            (&[0], &["migrate", "--status"]),
            (&[0], &["migrate", "--dry-run"]),
        ] {
            let ran = loader.run(command);
            let code = ran.status.code().unwrap();
            assert!(
                exits.contains(&code),
                "{user}: {command:?}: exit {code}\n{}\n{}",
                ran.stdout,
                ran.stderr
            );
            canary.check(&format!("{user}: {command:?}"));
        }
    }
}

#[test]
fn staging_of_somebody_else_is_not_read() {
    let scene = Scene::new();
    let canary = Canary::new(&scene.database);
    let mut mallory = session(&scene.database, &scene.mallory);
    let run: i64 = mallory
        .query_one("insert into etl.runs (dataset) values ('mobilize') returning run_id", &[])
        .unwrap()
        .get(0);
    let functions = scene.database.rows(
        "select oid::regproc from pg_proc where proname like 'etl\\_load\\_%' and proargtypes = '20'::oidvector",
    );
    assert!(!functions.is_empty());
    let columns =
        "source smallint, line bigint, byte bigint, record text, raw bytea, problem text, sqlstate text";
    for trap in [
        format!(
            "create view staging.run_{run} as select 1::smallint as source, 1::bigint as line, 0::bigint as byte, \
             '{{}}'::text as record, null::bytea as raw, null::text as problem, null::text as sqlstate \
             where canary.hit('view')"
        ),
        format!(
            "create table staging.run_{run} ({columns}); grant select on staging.run_{run} to public; \
             insert into staging.run_{run} values (1, 1, 0, '{{}}', null, null, null); \
             create policy trap on staging.run_{run} using (canary.hit('policy')); \
             alter table staging.run_{run} enable row level security; \
             alter table staging.run_{run} force row level security"
        ),
    ] {
        mallory.batch_execute(&trap).unwrap();
        for user in ["postgres".to_owned(), member(&scene.database, "etl_loader")] {
            for function in &functions {
                let mut victim = session(&scene.database, &user);
                let called = rows(&mut victim, &format!("select * from {function}({run}::bigint)"));
                let code = called.unwrap_err().code().map(|code| code.code().to_owned());
                assert_eq!(code.as_deref(), Some("42P01"), "{user}: {function}: {trap}");
                canary.check(&trap);
            }
        }
        let kind = if trap.starts_with("create view") { "view" } else { "table" };
        mallory.batch_execute(&format!("drop {kind} staging.run_{run}")).unwrap();
    }
}
