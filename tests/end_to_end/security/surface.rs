//! What the catalog says of our functions: who may execute them, with which path, and what the planner may do with them.
//! Who owns them does not matter, because none runs with its owner's rights.

use super::{cluster, session};
use etl_tests::cluster::Cluster;
use etl_tests::database::Database;
use etl_tests::loader::Loader;

/// Every function of ours that breaks a rule, with the rule.
const VIOLATIONS: &str = "
    with ours as (
        -- Whatever is not known to read its arguments only counts as writing.
        select p.*, l.lanname, p.proname !~ '^etl_(parse|explode|frame|value)_' as is_writing
        from pg_proc as p
        join pg_language as l on l.oid = p.prolang
        where exists (
                select
                from pg_depend as d
                join pg_extension as e on e.oid = d.refobjid
                where d.classid = 'pg_proc'::regclass and d.objid = p.oid and d.deptype = 'e' and e.extname = 'pg_etl'
            )
            or p.proowner = 'etl_owner'::regrole
    ),
    violation (oid, rule) as (
        select oid, 'runs with its owner''s rights' from ours where prosecdef
        union all
        select oid, 'has no search_path of its own that ends in pg_temp' from ours
        where (lanname in ('plpgsql', 'sql') or is_writing)
            and not exists (select from unnest(proconfig) as setting where setting ~ '^search_path=.*, pg_temp$')
        union all
        select oid, 'is writing and may be executed by ' || coalesce(nullif(grantee, 0)::regrole::text, 'everybody')
        from ours, aclexplode(coalesce(proacl, acldefault('f', proowner)))
        where is_writing and grantee not in (proowner, 'etl_loader'::regrole)
        union all
        select oid, 'is not granted to etl_loader' from ours
        where is_writing and not has_function_privilege('etl_loader', oid, 'execute')
        union all
        select oid, 'writes, and is not labelled volatile and parallel unsafe' from ours
        where is_writing and (provolatile, proparallel) <> ('v', 'u')
        union all
        select oid, 'only reads its arguments, and is not labelled immutable, strict and parallel safe' from ours
        where not is_writing and (provolatile, proparallel, proisstrict) <> ('i', 's', true)
    )
    select oid::regprocedure, rule from violation order by 1, 2";

fn migrated() -> Database<'static> {
    let database = cluster().database();
    Loader::at(&database).run(["migrate"]).expect(0);
    database
}

#[test]
fn every_function_is_labelled_and_granted_as_it_should_be() {
    let database = migrated();
    assert_eq!(database.rows(VIOLATIONS), Vec::<String>::new());
    // Updates and a new start keep it so.
    database.execute("alter extension pg_etl update; drop extension pg_etl; create extension pg_etl");
    assert_eq!(database.rows(VIOLATIONS), Vec::<String>::new());
}

#[test]
fn a_violation_is_seen() {
    let database = migrated();
    for (breach, rule) in [
        ("alter function etl_load_mobilize(text) security definer", "owner's rights"),
        ("alter function etl_load_mobilize(text) reset search_path", "no search_path"),
        ("alter function etl_load_mobilize(text) set search_path = pg_temp, public", "no search_path"),
        ("alter function etl_merge(regclass, regclass, name, bigint) reset search_path", "no search_path"),
        ("grant execute on function etl_load_mobilize(bigint) to public", "executed by everybody"),
        ("grant execute on function etl_load_mobilize(bigint) to etl_reader", "executed by etl_reader"),
        ("revoke execute on function etl_load_mobilize(bigint) from etl_loader", "not granted"),
        ("alter function etl_merge(regclass, regclass, name, bigint) parallel safe", "parallel unsafe"),
        ("alter function etl_value_fault(text, text) volatile", "immutable"),
    ] {
        let found = database.rows(&format!("begin; {breach}; {VIOLATIONS}"));
        assert!(found.len() == 1 && found[0].contains(rule), "{breach}: {found:?}");
    }
}

/// An administrator creates the extension, and somebody else migrates: what they may not do is said in SQL.
#[test]
fn the_extension_may_come_first() {
    let cluster = Cluster::quick().unwrap();
    let database = cluster.database();
    let name = database.name();
    database.execute(&format!(
        "create extension pg_etl; create role ana login createrole; alter database {name} owner to ana"
    ));
    let called = session(&database, "ana").simple_query("select * from etl_load_mobilize('[]')");
    assert_eq!(called.unwrap_err().code().unwrap().code(), "42501");

    let loader = Loader::new().env("DATABASE_URL", cluster.url("ana", name));
    let ran = loader.run(["migrate"]).expect(1);
    let typed: Vec<&str> = ran.stderr.lines().map(str::trim).filter(|line| line.ends_with(';')).collect();
    assert!(
        typed.iter().any(|line| line.starts_with("grant execute on function public.etl_merge(")),
        "{}",
        ran.stderr
    );
    database.execute(&typed.join("\n"));
    loader.run(["migrate"]).expect(0);
    assert_eq!(database.rows(VIOLATIONS), Vec::<String>::new());
    loader.run(["migrate"]).expect(0);

    // What somebody took away is missed before a run, and given back by whoever may.
    database
        .execute("revoke execute on function etl_merge(regclass, regclass, name, bigint) from etl_loader");
    let file = loader.file("a.json", "[]");
    loader.load([&file]).expect(1).complains(&["grant execute on function public.etl_merge("]);
    Loader::at(&database).load([&file]).expect(0);
    assert_eq!(database.rows(VIOLATIONS), Vec::<String>::new());
}

/// A load function of the user's own is the loaders' too.
#[test]
fn a_load_file_of_ones_own_is_granted() {
    let database = cluster().database();
    let loader = Loader::at(&database);
    std::fs::create_dir(loader.folder().join("toys")).unwrap();
    loader.file("toys/V1__tables.sql", "create schema toys; create table toys.toys (id bigint primary key);");
    loader.file(
        "load.sql",
        "create or replace function toys.etl_load_toys(run_id bigint) returns bigint language sql volatile parallel unsafe \
         set search_path = pg_catalog, pg_temp as 'select 1::bigint' -- no semicolon",
    );
    loader.file("loader.toml", "[dataset.toys]\nmigrations = \"toys\"\nload = \"load.sql\"\n");
    for _ in 0..2 {
        loader.run(["migrate", "toys"]).expect(0);
        assert_eq!(database.rows(VIOLATIONS), Vec::<String>::new());
    }
}
