//! Constraints of every kind, of a stranger's tables.

use super::demo::Demo;

#[test]
fn a_check_that_raises_rejects_its_record() {
    let demo = Demo::new(
        "create table demo.t (id int primary key, part int, whole int, constraint share check (part / whole < 10))",
        "demo.t",
        "id int, part int, whole int",
        None,
    );
    let rows = "select i, i, i % 100 from generate_series(1, 1000) as i";
    demo.execute(&format!("insert into staged {rows}"));
    // 10 are divided by zero; of the others i / (i % 100) is below 10 where i % 100 is great enough.
    let good: i64 = demo.values(&format!(
        "select count(*) from ({rows}) as r (i, p, w) where w <> 0 and p / nullif(w, 0) < 10"
    ))[0]
        .parse()
        .unwrap();
    let demo_counts = demo.merge("(0, 0, 0)").replace(" read", "");
    assert_eq!(demo_counts, "1, 1 rejected");
    assert_eq!(demo.quarantine(), ["rejected 22012: division by zero"]);
    demo.execute(&format!("truncate staged; insert into staged {rows}"));
    let rejected = 1000 - good;
    assert_eq!(demo.again(), format!("1000 read, {good} inserted, {rejected} rejected"));
    let codes = demo.values("select sqlstate, count(*) from etl.quarantine group by 1 order by 1");
    assert_eq!(codes, ["22012|11".to_string(), format!("23514|{}", rejected - 10)]);
}

#[test]
fn a_function_of_the_table_s_owner_may_raise() {
    let demo = Demo::new(
        "create function demo.known(text) returns boolean language plpgsql immutable as
             $$ begin if $1 = 'b' then raise exception 'b is banned' using errcode = '22023', constraint = 'ban'; end if; return $1 <> 'c'; end $$;
         create table demo.t (id int primary key, v text constraint known check (demo.known(v)))",
        "demo.t",
        "id int, v text",
        None,
    );
    assert_eq!(demo.merge("(1, 'a'), (2, 'b'), (3, 'c')"), "3 read, 1 inserted, 2 rejected");
    assert_eq!(
        demo.quarantine(),
        ["rejected 22023 ban: b is banned", "rejected 23514 known: check known does not hold: demo.known(v)"]
    );
}

#[test]
fn generated_and_identity_columns() {
    let demo = Demo::new(
        "create table demo.t (
             id int primary key, net int, gross int not null generated always as (100 / net) stored constraint pos check (gross > 0),
             n int generated always as identity, constraint per_gross unique (gross))",
        "demo.t",
        "id text, net text",
        None,
    );
    assert_eq!(
        demo.merge("('1', '10'), ('2', '0'), ('3', null), ('4', '-5'), ('5', '10')"),
        "5 read, 1 inserted, 4 rejected"
    );
    assert_eq!(demo.rows("id, gross, n"), ["1|10|1"]);
    let expected = [
        "rejected 22012: division by zero",
        "rejected 23502 gross: gross is missing or null, the column is not null",
        "rejected 23514 pos: check pos does not hold: (gross > 0)",
        "rejected 23505 per_gross: the value is taken by demo.t (id)=(1)",
    ];
    assert_eq!(demo.quarantine(), expected);
}

#[test]
fn partial_and_expression_indexes_and_nulls() {
    let demo = Demo::new(
        "create table demo.t (id int primary key, email text, is_live boolean, code int, part int);
         create unique index live_email on demo.t (lower(email)) where is_live;
         create unique index code on demo.t (code, part) nulls not distinct;
         insert into demo.t values (9, 'A@x', true, 1, null)",
        "demo.t",
        "id int, email text, is_live boolean, code int, part int",
        None,
    );
    let rows = "(1, 'a@X', false, 2, 1), (2, 'a@X', true, 2, 2), (3, 'b@x', true, 1, null), (4, 'c@x', true, 3, null), (5, null, true, 3, null), (6, null, true, 4, 1)";
    assert_eq!(demo.merge(rows), "6 read, 3 inserted, 3 rejected");
    let expected = [
        "rejected 23505 live_email: the value is held by demo.t (id)=(9)",
        "rejected 23505 code: the value is held by demo.t (id)=(9)",
        "rejected 23505 code: the value is taken by demo.t (id)=(4)",
    ];
    assert_eq!(demo.quarantine(), expected);
}

#[test]
fn match_full_and_composite_references() {
    let demo = Demo::new(
        "create table demo.p (a int, b text collate \"C\", primary key (a, b)); insert into demo.p values (1, 'x');
         create table demo.t (id int primary key, a int, b text, constraint pair foreign key (a, b) references demo.p match full)",
        "demo.t",
        "id int, a int, b text",
        None,
    );
    assert_eq!(
        demo.merge("(1, 1, 'x'), (2, null, null), (3, 1, null), (4, 1, 'y')"),
        "4 read, 2 inserted, 1 parked, 1 rejected"
    );
    let expected = [
        "rejected 23503 pair: some of (a, b) are null: match full wants all or none",
        "parked 23503 pair: waits for demo.p(a,b)=(1,y)",
    ];
    assert_eq!(demo.quarantine(), expected);
}

#[test]
fn what_others_refer_to_stays() {
    let demo = Demo::new(
        "create table demo.t (id int primary key, code text unique, up text constraint up references demo.t (code));
         create table demo.k (code text constraint k_code references demo.t (code));
         insert into demo.t values (1, 'a', null), (2, 'b', null), (3, 'c', 'b'); insert into demo.k values ('a')",
        "demo.t",
        "id int, code text, up text",
        None,
    );
    // 1 is referred to by demo.k; 2 by 3, which stays as it is; a new row refers to what is given up.
    assert_eq!(demo.merge("(1, 'z', null), (2, 'y', null)"), "2 read, 2 rejected");
    assert_eq!(demo.merge("(2, 'y', null), (3, 'c', 'y'), (4, 'd', 'b')"), "3 read, 2 updated, 1 parked");
    assert_eq!(demo.rows("id, code, up"), ["1|a|", "2|y|", "3|c|y"]);
    let expected = [
        "rejected 23503 k_code: (code) cannot change: rows of demo.k refer to it",
        "rejected 23503 up: (code) cannot change: rows of demo.t refer to it",
        "parked 23503 up: waits for demo.t(code)=(b)",
    ];
    assert_eq!(demo.quarantine(), [expected[0], &format!("{}, superseded", expected[1]), expected[2]]);
}

#[test]
fn partitions_and_rows_that_none_takes() {
    let demo = Demo::new(
        "create table demo.t (id int, day date, v text, primary key (id, day)) partition by range (day);
         create table demo.t_20 partition of demo.t for values from ('2020-01-01') to ('2021-01-01');
         create table demo.t_21 partition of demo.t for values from ('2021-01-01') to ('2022-01-01') partition by hash (id);
         create table demo.t_21_0 partition of demo.t_21 for values with (modulus 2, remainder 0)",
        "demo.t",
        "id text, day text, v text",
        None,
    );
    let rows = "('1','2020-05-01','a'), ('1','2021-05-01','a'), ('2','2021-05-01','a'), ('3','2021-05-01','a'), ('4','2021-05-01','a'), ('1','2030-05-01','a')";
    let first = demo.merge(rows);
    // Of 2021 one hash partition is there; PostgreSQL itself says which rows it takes.
    let taken = demo.values(
        "select count(*) from generate_series(1, 4) as i where satisfies_hash_partition('demo.t_21'::regclass, 2, 0, i::int)",
    );
    let inserted: i64 = taken[0].parse::<i64>().unwrap() + 1;
    assert_eq!(first, format!("6 read, {inserted} inserted, {} rejected", 6 - inserted));
    let said = demo.values("select distinct sqlstate, message from etl.quarantine");
    assert_eq!(said, ["23514|no partition takes the row"]);
    assert_eq!(demo.merge(rows), first.replace("inserted", "unchanged"));
}

#[test]
fn types_of_other_schemas_and_other_collations() {
    let demo = Demo::new(
        "create extension citext schema demo;
         create table demo.p (code demo.citext primary key); insert into demo.p values ('Ab');
         create table demo.t (email demo.citext primary key, code demo.citext references demo.p, note text collate \"C\" constraint note unique)",
        "demo.t",
        "email text, code text, note text",
        None,
    );
    assert_eq!(
        demo.merge("('A@x', 'aB', 'n'), ('a@X', 'AB', 'm'), ('b@x', 'ac', 'o')"),
        "3 read, 1 inserted, 1 superseded, 1 parked"
    );
    assert_eq!(demo.merge("('A@X', 'ab', 'm')"), "1 read, 1 unchanged");
    assert_eq!(demo.merge("('c@x', 'ab', 'm')"), "1 read, 1 rejected");
}

#[test]
fn hostile_identifiers_and_deferrable_constraints() {
    let demo = Demo::new(
        r#"create schema "De mo"; create table "De mo"."t""; drop table x; --" (
             "etl" int primary key, "select" int constraint "u'n" unique deferrable initially deferred,
             "c" int constraint "f'k" references "De mo"."t""; drop table x; --" deferrable initially deferred, "a'b" text check ("a'b" <> 'x''y'))"#,
        r#""De mo"."t""; drop table x; --""#,
        r#""etl" text, "select" text, "c" text, "a'b" text"#,
        None,
    );
    assert_eq!(
        demo.merge("('1','1',null,'v'), ('2','1','1','v'), ('3','3','9','v'), ('4','4','1','x''y')"),
        "4 read, 1 inserted, 1 parked, 2 rejected"
    );
    assert_eq!(demo.values("select sqlstate from etl.quarantine order by 1"), ["23503", "23505", "23514"]);
}

#[test]
fn a_key_stands_where_the_first_of_its_records_stood() {
    // The newest of key 1 comes last, but key 1 came before key 5: it has the value, and a repetition writes nothing.
    let demo = Demo::new(
        "create table demo.t (id int primary key, v text unique, n int)",
        "demo.t",
        "line bigint, id text, v text, n text",
        Some("n"),
    );
    let rows = "(1, '1', 'a', '1'), (2, '5', 'a', '1'), (3, '1', 'a', '3')";
    assert_eq!(demo.merge(rows), "3 read, 1 inserted, 1 superseded, 1 rejected");
    assert_eq!(demo.rows("id, v, n"), ["1|a|3"]);
    assert_eq!(demo.merge(rows), "3 read, 1 unchanged, 1 superseded, 1 rejected");
}

#[test]
fn an_expression_of_a_partial_index_is_not_asked_of_rows_outside_it() {
    let demo = Demo::new(
        "create table demo.t (id int primary key, kind text, v text); create unique index numbers on demo.t ((v::int)) where kind = 'n'",
        "demo.t",
        "id int, kind text, v text",
        None,
    );
    assert_eq!(
        demo.merge("(1, 't', 'abc'), (2, 'n', '7'), (3, 'n', '07'), (4, 'n', 'x')"),
        "4 read, 2 inserted, 2 rejected"
    );
    assert_eq!(demo.values("select sqlstate from etl.quarantine order by 1"), ["22P02", "23505"]);
}

#[test]
fn a_partition_answers_for_its_own_bounds() {
    let demo = Demo::new(
        "create table demo.whole (id int primary key) partition by range (id); create table demo.t partition of demo.whole for values from (0) to (10)",
        "demo.t",
        "id int",
        None,
    );
    assert_eq!(demo.merge("(1), (11)"), "2 read, 1 inserted, 1 rejected");
}

#[test]
fn a_parent_is_looked_for_in_the_table_itself_only() {
    let demo = Demo::new(
        "create table demo.p (id int primary key); create table demo.p2 () inherits (demo.p); insert into demo.p2 values (1);
         create table demo.t (id int primary key, p int references demo.p)",
        "demo.t",
        "id int, p int",
        None,
    );
    assert_eq!(demo.merge("(1, 1)"), "1 read, 1 parked");
}

#[test]
fn a_default_that_is_the_time_is_judged_and_a_sequence_is_not_used_up() {
    let demo = Demo::new(
        "create table demo.t (id int primary key, ends timestamptz, made timestamptz default now(), word text default '(none)', n serial,
             check (ends > made), check (word <> '(none)' or id < 3))",
        "demo.t",
        "id int, ends timestamptz",
        None,
    );
    assert_eq!(
        demo.merge("(1, '2000-01-01'), (2, '2100-01-01'), (3, '2100-01-01')"),
        "3 read, 1 inserted, 2 rejected"
    );
    assert_eq!(demo.rows("id, word, n"), ["2|(none)|1"]);
}

#[test]
fn raising_code_of_any_class_rejects_its_record() {
    let demo = Demo::new(
        "create function demo.odd(int) returns boolean language plpgsql as $$ begin
             case $1 when 1 then raise exception 'mine' using errcode = 'MY001'; when 2 then assert false, 'never'; when 3 then return true; end case;
             return true; end $$;
         create table demo.t (id int primary key check (demo.odd(id)))",
        "demo.t",
        "id int",
        None,
    );
    assert_eq!(demo.merge("(1), (2), (3), (4)"), "4 read, 1 inserted, 3 rejected");
    assert_eq!(demo.values("select sqlstate from etl.quarantine order by 1"), ["20000", "MY001", "P0004"]);
}
