//! What each role may do, and a matrix of acts that it may not: one line an act.

mod acts;

use super::{cluster, member, rows, session};
use acts::{ACTS, Who};
use etl_tests::accounting;
use etl_tests::database::Database;
use etl_tests::generate::mobilize::Plan;
use etl_tests::inputs;
use etl_tests::loader::Loader;
use std::collections::BTreeMap;

/// A migrated database with rows in its tables and in its quarantine.
fn loaded() -> (Database<'static>, String) {
    let database = cluster().database();
    Loader::at(&database).run(["migrate"]).expect(0);
    let plan = Plan { bad: 6, ..inputs::mobilize(40, 401) };
    let document = inputs::array(&plan.collect());
    database.execute(&format!("select etl_load_mobilize($pg_etl${document}$pg_etl$::text)"));
    (database, document)
}

#[test]
fn what_a_role_may_not_is_refused() {
    let (database, _) = loaded();
    // The default since PostgreSQL 15.
    database.execute("revoke create on schema public from public");
    // Another loader's staging, and a session of the administrator's.
    let other = member(&database, "etl_loader");
    session(&database, &other).batch_execute("create table staging.run_of_another (record text)").unwrap();
    let _administrator = database.client();
    database.execute("create role stranger login");
    let users = BTreeMap::from([
        (Who::Owner, member(&database, "etl_owner")),
        (Who::Loader, member(&database, "etl_loader")),
        (Who::Reader, member(&database, "etl_reader")),
        (Who::Stranger, "stranger".to_owned()),
    ]);
    let before = (database.dump("mobilize"), database.dump("etl"));
    let mut allowed = Vec::new();
    for (who, act, expected) in ACTS {
        let mut client = session(&database, &users[who]);
        // Each by itself: some acts are refused inside a transaction whoever tries.
        let code = match client.simple_query(act) {
            Ok(_) => "nothing".to_owned(),
            Err(error) => error.code().map_or_else(|| error.to_string(), |code| code.code().to_owned()),
        };
        if code != *expected {
            allowed.push(format!("{who:?}: {act}: {expected} expected, {code} found"));
        }
    }
    assert!(allowed.is_empty(), "of {} acts\n{}", ACTS.len(), allowed.join("\n"));
    assert!(ACTS.len() >= 100, "only {} acts", ACTS.len());
    assert_eq!(before, (database.dump("mobilize"), database.dump("etl")));
}

#[test]
fn what_a_role_is_for_works() {
    let (database, document) = loaded();
    let at = |user: &str| Loader::new().env("DATABASE_URL", database.cluster().url(user, database.name()));

    let loader = at(&member(&database, "etl_loader"));
    let more = Plan { bad: 12, ..inputs::mobilize(60, 402) };
    let file = loader.file("more.json", inputs::array(&more.collect()));
    let file = file.to_str().unwrap();
    loader.run(["run", "mobilize", file, "--dry-run"]).expect(3);
    loader.run(["run", "mobilize", file, "--max-rejects", "1"]).expect(1);
    loader.run(["run", "mobilize", file]).expect(3);
    loader.run(["run", "mobilize", file, "--assert-noop"]).expect(0);
    loader.run(["status"]).expect(0);
    loader.run(["quarantine", "list"]).expect(0);
    assert_eq!(database.count("etl.runs where status = 'failed'"), 1, "a failed run is in the ledger");

    let reader = at(&member(&database, "etl_reader"));
    let out = reader.folder().join("out");
    for command in [
        &["query", "most_completed_event"][..],
        &["query", "event_rsvps", "event_id=250000"],
        &["export", "mobilize", "--format", "csv", "--dir", out.to_str().unwrap()],
        &["status"],
        &["quarantine", "list"],
        &["quarantine", "show", "1"],
        &["migrate", "--status"],
    ] {
        reader.run(command).expect(0);
    }
    reader.run(["run", "mobilize", file]).expect(1).complains(&["42501", "etl_loader"]);

    at(&member(&database, "etl_owner")).run(["migrate"]).expect(0);

    // Without the loader, into the dataset and into a table of one's own.
    let user = member(&database, "etl_loader");
    database.execute(&format!("create schema own authorization {user}"));
    let mut client = session(&database, &user);
    let merged = rows(
        &mut client,
        &format!(
            "select count(*) from etl_load_mobilize($pg_etl${document}$pg_etl$::text);
             create table own.t (id bigint primary key, v text not null);
             create temporary table staged as select * from (values ('1', 'a'), ('2', null)) as v (id, v);
             select read, inserted, rejected from etl_merge('staged', 'own.t')"
        ),
    );
    assert_eq!(merged.unwrap(), ["7", "2|1|1"]);
    accounting::check(&database, "mobilize");
}
