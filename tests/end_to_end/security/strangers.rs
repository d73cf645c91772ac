//! What was there before us: schemas and functions of a stranger under our names are refused, never used.

use super::{Canary, cluster, session};
use etl_tests::database::Database;
use etl_tests::loader::Loader;

/// A database in which a stranger may create schemas, and things in schema public.
fn with_stranger(name: &str) -> Database<'static> {
    let database = cluster().database();
    database.execute(&format!(
        "create role {name} login;
         grant create on database {database} to {name};
         grant create on schema public to {name}",
        database = database.name()
    ));
    database
}

#[test]
fn a_strangers_schema_is_refused() {
    let database = with_stranger("eve");
    let mut eve = session(&database, "eve");
    let loader = Loader::at(&database);
    let file = loader.file("a.json", "[]");
    for schema in ["etl", "staging", "mobilize"] {
        eve.batch_execute(&format!("create schema {schema}")).unwrap();
        for command in
            [&["migrate"][..], &["migrate", "--dry-run"], &["run", "mobilize", file.to_str().unwrap()]]
        {
            loader.run(command).expect(6).complains(&[
                &format!("schema {schema} belongs to eve"),
                "etl_owner",
                "drop schema",
            ]);
        }
        assert_eq!(
            database.count("pg_namespace where nspname in ('etl', 'staging', 'mobilize')"),
            1,
            "{schema}"
        );
        assert_eq!(database.count("pg_extension where extname = 'pg_etl'"), 0, "{schema}");
        eve.batch_execute(&format!("drop schema {schema}")).unwrap();
    }
    loader.run(["migrate"]).expect(0);
    database.execute("alter schema staging owner to eve");
    loader
        .run(["run", "mobilize", file.to_str().unwrap()])
        .expect(6)
        .complains(&["schema staging belongs to eve"]);
}

/// A ledger that says that everything was applied, with views and triggers for whoever believes it.
#[test]
fn a_forged_ledger_is_not_read() {
    let genuine = cluster().database();
    Loader::at(&genuine).run(["migrate"]).expect(0);
    let database = with_stranger("oscar");
    let canary = Canary::new(&database);
    let mut oscar = session(&database, "oscar");
    for set in ["etl", "mobilize"] {
        let history = genuine.rows(&format!(
            "select format('(%s, %L, %L, %L)', version, name, applied_on, checksum) from etl.{set}_history"
        ));
        oscar
            .batch_execute(&format!(
                "create schema if not exists etl;
                 create table etl.{set}_genuine (version integer, name text, applied_on text, checksum text);
                 insert into etl.{set}_genuine values {};
                 create view etl.{set}_history as
                     select version, name, applied_on, checksum from etl.{set}_genuine where canary.hit('history');
                 grant usage on schema etl to public;
                 grant select on all tables in schema etl to public",
                history.join(", ")
            ))
            .unwrap();
    }
    oscar
        .batch_execute(
            "create view etl.quarantine as select canary.hit('quarantine') as dataset;
             create view etl.runs as select canary.hit('runs') as dataset;
             create schema mobilize;
             create view mobilize.attendances as select 1 as event_id, canary.hit('attendances') as attended;
             grant usage on schema mobilize to public",
        )
        .unwrap();
    database.execute("create extension pg_etl");
    let loader = Loader::at(&database);
    let file = loader.file("a.json", "[]");
    for command in [
        &["run", "mobilize", file.to_str().unwrap()][..],
        &["migrate"],
        &["migrate", "--status"],
        &["migrate", "--dry-run"],
        &["query", "most_completed_event"],
        &["export", "mobilize", "--format", "csv", "--dir", "out"],
        &["quarantine", "list"],
        &["quarantine", "discard", "mobilize", "--reason", "x"],
        &["quarantine", "replay", "mobilize"],
        &["status"],
    ] {
        loader.run(command).expect(6).complains(&["schema etl belongs to oscar"]);
        canary.check(&command.join(" "));
    }
    let doctor = loader.run(["doctor"]).expect(1);
    assert!(doctor.stdout.contains("schema etl belongs to oscar"), "{}", doctor.stdout);
    canary.check("doctor");
}

#[test]
fn what_was_there_before_is_not_adopted() {
    for (number, hostile) in [
        "create function public.etl_merge(regclass, regclass, name, bigint) returns text language sql as 'select canary.hit(''f'')::text'",
        "create function public.etl_load_mobilize(text) returns text language sql as 'select canary.hit(''f'')::text'",
        "create function public.etl_load_mobilize(text, text, text) returns text language sql as 'select canary.hit(''f'')::text'",
        "create function public.etl_parse_event(text) returns text language sql as 'select canary.hit(''f'')::text'",
        "create type public.etl_attendance as (attendance_id bigint)",
        "create domain public.etl_event as text check (canary.hit('d'))",
        "create table public.etl_event (a integer)",
    ]
    .into_iter()
    .enumerate()
    {
        let name = format!("trudy{number}");
        let database = with_stranger(&name);
        let canary = Canary::new(&database);
        session(&database, &name).batch_execute(hostile).unwrap();
        let ran = Loader::at(&database).run(["migrate"]).expect(1);
        assert!(ran.stderr.contains("already exists"), "{hostile}: {}", ran.stderr);
        assert_eq!(database.count("pg_extension where extname = 'pg_etl'"), 0, "{hostile}");
        canary.check(hostile);
    }
}

/// Overloads, operators and types that are there when the extension and the tables are made.
#[test]
fn nothing_hostile_runs_while_migrating() {
    let database = with_stranger("peggy");
    let canary = Canary::new(&database);
    let mut peggy = session(&database, "peggy");
    peggy.batch_execute("create schema hostile; grant usage on schema hostile to public").unwrap();
    for object in super::hijack::hostile::in_schemas() {
        // What refers to types of the extension cannot be there before it.
        peggy.batch_execute(&object).unwrap_or_else(|error| panic!("{object}\n{error:?}"));
    }
    // The trick: what CREATE SCHEMA makes is found in it first.
    peggy
        .batch_execute(
            "create schema trick
                 create table runs (dataset text default 'x')
                 create view quarantine as select canary.hit('trick') as a
                 create index runs_dataset on runs (dataset)",
        )
        .unwrap();
    let name = database.name();
    database.execute(&format!("alter database {name} set search_path = hostile, trick, pg_catalog, public"));
    let loader = Loader::at(&database);
    loader.run(["migrate", "--dry-run"]).expect(0);
    loader.run(["migrate"]).expect(0);
    canary.check("loader migrate");
    // By hand, too: the extension's script has a path of its own.
    database.execute("drop extension pg_etl; create extension pg_etl schema public");
    canary.check("create extension");
    loader.run(["migrate"]).expect(0);
    let adopted = database.rows(
        "select pg_catalog.pg_describe_object(d.classid, d.objid, 0)
         from pg_catalog.pg_depend d
         join pg_catalog.pg_extension e on e.oid operator(pg_catalog.=) d.refobjid
         join pg_catalog.pg_proc p on p.oid operator(pg_catalog.=) d.objid
         where d.deptype operator(pg_catalog.=) 'e'::pg_catalog.\"char\" and pg_catalog.pg_get_userbyid(p.proowner) operator(pg_catalog.=) 'peggy'::pg_catalog.name",
    );
    assert_eq!(adopted, Vec::<String>::new());
    canary.check("looking");
}
