//! What cannot be a target, refused by name before anything is read.

use super::demo::Demo;

fn refused(tables: &str, staged: &str) -> String {
    Demo::new(tables, "demo.t", staged, None).refusal()
}

#[test]
fn what_the_merge_cannot_promise_is_refused_by_name() {
    let staged = "id int, v int";
    let cases = [
        ("create view demo.t as select 1 as id, 2 as v", "0A000 demo.t cannot be a target: it is a view"),
        (
            "create materialized view demo.t as select 1 as id, 2 as v",
            "0A000 demo.t cannot be a target: it is a materialized view",
        ),
        (
            "create extension btree_gist schema demo; create table demo.t (id int primary key, v int, constraint one exclude using gist (v with operator(pg_catalog.=)))",
            "0A000 demo.t cannot be a target: constraint one is EXCLUDE",
        ),
        (
            "create table demo.t (id int primary key, v int); create table demo.child () inherits (demo.t)",
            "0A000 demo.t cannot be a target: table demo.child inherits from it",
        ),
        (
            "create table demo.t (id int primary key, v int, \"etl$v\" int)",
            "0A000 demo.t cannot be a target: the name of column \"etl$v\" begins with etl$",
        ),
        (
            "create table demo.t (id int primary key, v int generated always as (id + 1) stored)",
            "428C9 column \"v\" of demo.t is generated",
        ),
        (
            "create table demo.t (id int primary key, v int generated always as identity)",
            "428C9 column \"v\" of demo.t is generated always as identity",
        ),
        ("create table demo.t (id int, v int)", "42P10 the staged table has no whole key of demo.t"),
        (
            "create table demo.t (id int not null unique, v int not null unique)",
            "42P10 the staged table has several keys of demo.t",
        ),
        (
            "create table demo.t (id bigint primary key, v int)",
            "42804 staged column \"id\" is integer, the target's is bigint",
        ),
    ];
    for (tables, expected) in cases {
        assert_eq!(refused(tables, staged), expected, "{tables}");
    }
}

#[test]
fn row_security_that_applies_is_refused() {
    let demo = Demo::new(
        "create table demo.t (id int primary key); alter table demo.t enable row level security;
         create role demo_reader in role etl_loader; grant usage on schema demo to demo_reader; grant all on demo.t to demo_reader",
        "demo.t",
        "id int",
        None,
    );
    assert_eq!(demo.merge("(1)"), "1 read, 1 inserted");
    demo.execute("create schema own authorization demo_reader; set role demo_reader; create temporary table mine (id int)");
    let refused = demo.refusal_of("mine");
    demo.execute("reset role; drop owned by demo_reader; drop role demo_reader");
    assert_eq!(refused, "0A000 demo.t cannot be a target: row security applies to demo_reader");
}

#[test]
fn staging_under_the_merge_s_own_names_is_refused() {
    let demo = Demo::new("create table demo.t (id int primary key)", "demo.t", "id int", None);
    demo.execute("create temporary table etl_fates (id int)");
    assert_eq!(
        demo.refusal_of("etl_fates"),
        "42P07 a temporary table \"etl_fates\" is the merge's own, not one to stage in"
    );
    assert_eq!(demo.merge("(1)"), "1 read, 1 inserted", "what the session has under those names is dropped");
}

#[test]
fn columns_that_speak_of_the_record_have_types() {
    for (column, said) in [
        ("source text", "source is text, not smallint or integer or bigint"),
        ("absent text", "absent is text, not text[]"),
    ] {
        let demo = Demo::new(
            "create table demo.t (id int primary key)",
            "demo.t",
            &format!("id int, {column}"),
            None,
        );
        assert_eq!(demo.refusal(), format!("42804 staged column {said}"));
    }
}

#[test]
fn a_replay_of_nothing_known_is_refused() {
    let demo = Demo::new("create table demo.t (id int primary key)", "demo.t", "id int", None);
    demo.execute("create temporary table replayed as select 1 as id, 7::bigint as quarantine_id union all select 2, null");
    let said = "22023 quarantine_id of 2 staged rows names no open quarantined row of the target";
    assert_eq!(demo.refusal_of("replayed"), said);
}

#[test]
fn a_finished_run_takes_no_more() {
    let demo = Demo::new("create table demo.t (id int primary key)", "demo.t", "id int", None);
    assert_eq!(demo.merge("(1)"), "1 read, 1 inserted");
    let run = demo.values("select max(run_id) from etl.runs").remove(0);
    let error = demo.error(&format!("select etl_merge('staged', 'demo.t', null, {run})"));
    assert_eq!(error, format!("55000 run {run} is finished"));
}
