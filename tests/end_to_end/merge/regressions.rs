//! Histories that the model and PostgreSQL once disagreed on, shrunk, each with what it broke.

use std::collections::BTreeMap;

use etl_core::merge::model::{Check, Field, Parent, Table, Unique, Value};
use etl_tests::cluster::Cluster;

use super::history::{Fields, History, Kind, Step, Target};
use super::play;
use super::server::Server;

/// Fields, one record a line: a number, `null`, `absent`, `?` before what cannot be read, else a text.
fn records(lines: &str) -> Fields {
    let field = |word: &str| match word {
        "null" => Field::Given(Value::Null),
        "absent" => Field::Absent,
        unreadable if unreadable.starts_with('?') => Field::Unreadable(unreadable[1..].into()),
        word => Field::Given(word.parse().map_or_else(|_| Value::Text(word.into()), Value::Int)),
    };
    let lines = lines.lines().map(str::trim).filter(|line| !line.is_empty());
    lines.map(|line| line.split_whitespace().map(field).collect()).collect()
}

/// A table of numbers whose first column is the key.
fn table(model: Table) -> Target {
    let kinds = vec![Kind::Number; model.width];
    let model = Table {
        key: vec![0],
        not_null: if model.not_null.is_empty() { vec![0] } else { model.not_null.clone() },
        ..model
    };
    Target { model, kinds, staged_as_text: false, partial: false, partitioned: false }
}

fn reference(column: usize, table: usize, referred: usize) -> Parent {
    Parent { columns: vec![column], table, referred: vec![referred], is_full: false }
}

fn unique(columns: &[usize]) -> Unique {
    Unique { columns: columns.to_vec(), is_halved: false, predicate: None, nulls_collide: false }
}

fn agree(tables: Vec<Target>, runs: &[&[&str]]) {
    let steps = runs.iter().map(|run| Step::Run(run.iter().map(|lines| records(lines)).collect())).collect();
    let database = Cluster::shared().database();
    let mut server = Server::new(&database);
    play(&mut server, &History { tables, steps });
}

#[test]
fn a_null_that_changes_is_not_referred_to() {
    let model = Table {
        width: 3,
        parents: vec![reference(2, 0, 2)],
        uniques: vec![unique(&[2])],
        ..Table::default()
    };
    let run = ["-1 -1 null\n 0 2 null\n 1 0 2\n 2 2 1", "0 -1 1\n 2 -1 0"];
    agree(vec![Target { partial: true, ..table(model) }], &[&run[..1], &run[1..]]);
}

#[test]
fn half_a_reference_is_excused_only_in_the_record_that_lacks_the_rest() {
    let parent = Parent { columns: vec![2, 0], table: 0, referred: vec![0, 1], is_full: true };
    let model = Table { width: 3, parents: vec![parent], not_null: vec![0, 1], ..Table::default() };
    let mut target = Target { partial: true, ..table(model) };
    target.model.key = vec![0, 1];
    agree(vec![target], &[&["0 2 2"], &["0 2 absent\n 0 2 null\n 2 0 absent"]]);
}

#[test]
fn a_generated_column_is_excused_only_where_the_record_lacks_something() {
    let model =
        Table { width: 3, not_null: vec![0, 2], generated: BTreeMap::from([(2, 1)]), ..Table::default() };
    agree(
        vec![Target { partial: true, ..table(model) }],
        &[&["2 0 null"], &["2 null null\n 2 absent null\n 3 absent null"]],
    );
}

#[test]
fn an_orphan_that_would_also_collide_stays_an_orphan() {
    let model = Table {
        width: 4,
        parents: vec![reference(0, 0, 3)],
        uniques: vec![unique(&[2]), unique(&[3])],
        ..Table::default()
    };
    agree(
        vec![table(model)],
        &[
            &["2 0 7 1\n 1 0 8 2"],
            &["-1 0 8 0\n -1 2 8 0\n 1 2 7 0\n 2 0 8 0\n -1 1 7 2"],
            &["1 0 8 -1\n 0 1 8 null"],
        ],
    );
}

#[test]
fn a_record_that_is_tried_again_and_comes_again_has_one_fate() {
    let mut nulls_collide = unique(&[1]);
    nulls_collide.nulls_collide = true;
    let parents = vec![reference(1, 0, 0), reference(2, 0, 1)];
    let model = Table { width: 3, parents, uniques: vec![nulls_collide], ..Table::default() };
    agree(vec![table(model)], &[&["2 2 2\n 0 0 2"], &["-1 0 0\n 1 0 2\n 2 -1 0"]]);
}

#[test]
fn a_check_that_raises_beside_an_unreadable_field() {
    let model = Table { width: 3, checks: vec![Check::Quotient(1, 2)], ..Table::default() };
    let target = Target { staged_as_text: true, ..table(model) };
    agree(vec![target], &[&["1 1 0\n 2 ?x 0\n 3 1 1\n 4 -1 1\n 5 0 0"]]);
}
