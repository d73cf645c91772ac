//! Text into columns of any type, without losing the run to one bad value.

use super::demo::Demo;

/// Merges one text into a column of the type: the value it became, or the SQLSTATE it was rejected with.
fn read(demo: &Demo, type_name: &str, text: &str) -> String {
    demo.execute(&format!(
        "drop table if exists demo.t cascade; create table demo.t (id int primary key, v {type_name})"
    ));
    demo.execute("truncate etl.quarantine");
    demo.execute("truncate staged; insert into staged values ('0', null), ('1', null), ('2', null)");
    demo.execute(&format!("update staged set v = '{}' where id = '1'", text.replace('\'', "''")));
    let counts = demo.again();
    match counts.as_str() {
        "3 read, 3 inserted" => demo.values("select v::text from demo.t where id = 1").remove(0),
        "3 read, 2 inserted, 1 rejected" => {
            let said = demo.values("select sqlstate || ' ' || coalesce(field, '?') from etl.quarantine");
            assert!(said[0].ends_with(" v"), "{said:?}");
            said[0][..5].to_string()
        }
        other => panic!("{type_name} {text}: {other}"),
    }
}

#[test]
fn any_type_is_read_softly() {
    let demo = Demo::new(
        "create type demo.mood as enum ('sad', 'ok'); create domain demo.age as int check (value between 0 and 150);
         create domain demo.old as demo.age check (value > 60); create domain demo.price as numeric(6,2);
         create domain demo.tags as text[] check (cardinality(value) < 3); create domain demo.doc as jsonb check (value ? 'a');
         create type demo.pair as (a int, b text)",
        "demo.t",
        "id text, v text",
        None,
    );
    let cases = [
        ("text[]", "{a,b}", "{a,b}"),
        ("text[]", "{a", "22P02"),
        ("int[]", "{1,x}", "22P02"),
        ("varchar(3)[]", "{abcd}", "22001"),
        ("char(3)", "ab", "ab"),
        ("char(3)", "abcd", "22001"),
        ("demo.mood", "ok", "ok"),
        ("demo.mood", "angry", "22P02"),
        ("demo.age", "40", "40"),
        ("demo.age", "151", "23514"),
        ("demo.age", "4.0e1", "22P02"),
        ("demo.old", "61", "61"),
        ("demo.old", "60", "23514"),
        ("demo.price", "12.34", "12.34"),
        ("demo.price", "12.345", "22003"),
        ("demo.tags", "{a}", "{a}"),
        ("demo.tags", "{a,b,c}", "23514"),
        ("demo.doc", "{\"a\": 1}", "{\"a\": 1}"),
        ("demo.doc", "{\"b\": 1}", "23514"),
        ("demo.doc", "{", "22P02"),
        ("demo.pair", "(1,x)", "(1,x)"),
        ("demo.pair", "(x,1)", "22P02"),
        ("int4range", "[1,3)", "[1,3)"),
        ("int4range", "[3,1)", "22000"),
        ("inet", "10.0.0.1", "10.0.0.1/32"),
        ("inet", "10.0.0", "22P02"),
        ("bytea", "\\xff", "\\xff"),
        ("interval", "1 day", "1 day"),
        ("interval", "soon", "22007"),
        ("point", "(1,2)", "(1,2)"),
        ("jsonb", "{\"a\": 1}", "{\"a\": 1}"),
        ("bit(3)", "1010", "22026"),
    ];
    for (type_name, text, expected) in cases {
        assert_eq!(read(&demo, type_name, text), expected, "{type_name} {text}");
    }
}

#[test]
fn a_parked_row_of_any_type_comes_back_as_it_was() {
    let demo = Demo::new(
        "create type demo.mood as enum ('sad', 'ok'); create domain demo.doc as jsonb;
         create table demo.p (id int primary key);
         create table demo.t (id int primary key, p int references demo.p, a text[], d demo.doc, j json, m demo.mood, n numeric, f float8,
             t timestamptz, r int4range, b bytea, i interval, c char(4))",
        "demo.t",
        "like demo.t",
        None,
    );
    let row = r#"(1, 7, '{a,"b c",null}', '["x", {"y": null}]', '"s"', 'ok', '1.50', 'Infinity', 'infinity', '[1,3)', '\x00ff', '1 mon -2 days', 'ab')"#;
    assert_eq!(demo.merge(row), "1 read, 1 parked");
    demo.execute("insert into demo.p values (7); create temporary table before as select * from staged; truncate staged");
    assert_eq!(demo.again(), "0 read, 1 promoted");
    demo.execute("insert into staged select * from before");
    assert_eq!(demo.again(), "1 read, 1 unchanged");
}

#[test]
fn a_parked_row_whose_column_changed_its_type_is_explained() {
    let demo = Demo::new(
        "create table demo.p (id text primary key);
         create table demo.t (id int primary key, p text references demo.p, v text)",
        "demo.t",
        "id text, p text, v text",
        None,
    );
    assert_eq!(demo.merge("('1', 'a', 'x'), ('2', 'b', '5')"), "2 read, 2 parked");
    demo.execute("alter table demo.t alter v type int using v::int; insert into demo.p values ('a'), ('b')");
    assert_eq!(demo.merge("('3', null, '1')"), "1 read, 1 inserted, 1 promoted");
    let said = demo.values("select outcome, sqlstate, message from etl.quarantine where closed_run is null");
    assert_eq!(said, ["rejected|22P02|invalid input syntax for type integer: \"x\""]);
}

#[test]
fn a_domain_that_is_not_null() {
    let demo = Demo::new(
        "create domain demo.level as int not null check (value < 9); create domain demo.name as text not null;
         create table demo.t (id int primary key, l demo.level, n demo.name default 'none')",
        "demo.t",
        "id text, l text, n text, absent text[]",
        None,
    );
    let rows = "('1', '1', 'a', null), ('2', null, 'a', null), ('3', 'x', 'a', null), ('4', '9', 'a', null), ('5', '2', null, null), ('6', '3', null, '{n}')";
    assert_eq!(demo.merge(rows), "6 read, 2 inserted, 4 rejected");
    assert_eq!(demo.rows("id, l, n"), ["1|1|a", "6|3|none"]);
    assert_eq!(
        demo.values("select sqlstate, field from etl.quarantine order by quarantine_id"),
        ["23502|l", "22P02|l", "23514|l", "23502|n"]
    );
}

#[test]
fn thousands_of_bad_values_take_no_lock_each() {
    let demo = Demo::new(
        "create type demo.mood as enum ('sad', 'ok'); create table demo.t (id int primary key, a demo.mood, b demo.mood)",
        "demo.t",
        "id text, a text, b text",
        None,
    );
    demo.execute("insert into staged select i, 'ok', case when i % 2 = 0 then 'ok' else 'bad' end from generate_series(1, 4000) as i");
    assert_eq!(demo.again(), "4000 read, 2000 inserted, 2000 rejected");
    assert_eq!(demo.values("select distinct field from etl.quarantine"), ["b"]);
}
