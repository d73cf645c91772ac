//! Histories at random, by a grammar of tables, constraints, types and records.
use std::collections::BTreeMap;

use etl_core::merge::model::{Check, Field, Parent, Table, Unique, Value};
use proptest::prelude::*;

use super::{Fields, History, Kind, NAMES, Step, Target};

/// Table, columns, whether MATCH FULL, which of its keys.
type DrawnParent = (usize, Vec<usize>, bool, usize);

/// Columns, whether of their halves, predicate, whether nulls collide.
type DrawnUnique = (Vec<usize>, bool, Option<(usize, i64)>, bool);

/// What is drawn before it is known which of it fits together.
#[derive(Clone, Debug)]
struct Drawn {
    kinds: Vec<u8>,
    version: Option<usize>,
    required: Vec<bool>,
    checks: Vec<(u8, usize, usize)>,
    parents: Vec<DrawnParent>,
    uniques: Vec<DrawnUnique>,
    generated: Option<usize>,
    staged_as_text: bool,
    partial: bool,
    partitioned: bool,
}

fn drawn(tables: usize, width: usize) -> impl Strategy<Value = Drawn> {
    let columns = || proptest::collection::vec(0..width, 1..3);
    let parent = (0..tables, columns(), prop::bool::weighted(0.3), 0..4usize);
    let unique = (
        columns(),
        prop::bool::weighted(0.25),
        proptest::option::weighted(0.25, (0..width, 0..2i64)),
        prop::bool::weighted(0.2),
    );
    let rest = (
        prop::bool::weighted(0.5),
        prop::bool::weighted(0.3),
        prop::bool::weighted(0.15),
        proptest::option::weighted(0.25, 0..width),
    );
    (
        proptest::collection::vec(0..10u8, width),
        proptest::option::of(0..width),
        proptest::collection::vec(prop::bool::weighted(0.15), width),
        proptest::collection::vec((0..3u8, 0..width, 0..width), 0..2),
        proptest::collection::vec(parent, 0..3),
        proptest::collection::vec(unique, 0..3),
        rest,
    )
        .prop_map(|(kinds, version, required, checks, parents, uniques, rest)| {
            let (staged_as_text, partial, partitioned, generated) = rest;
            Drawn {
                kinds,
                version,
                required,
                checks,
                parents,
                uniques,
                generated,
                staged_as_text,
                partial,
                partitioned,
            }
        })
}

/// The table at the end of those made so far; foreign keys go to them or to itself.
fn target(made: &[Target], own_key: usize, drawn: &Drawn) -> Target {
    let width = drawn.kinds.len();
    let place = made.len();
    let generated: BTreeMap<usize, usize> = drawn
        .generated
        .filter(|&origin| width - 1 > own_key && origin < width - 1)
        .map(|origin| (width - 1, origin))
        .into_iter()
        .collect();
    let version = drawn.version.filter(|it| *it >= own_key && !generated.contains_key(it));
    let mut kinds: Vec<Kind> = (0..width)
        .map(|column| match drawn.kinds[column] {
            _ if column < own_key || generated.contains_key(&column) => Kind::Number,
            0..=2 => Kind::Text,
            3 if drawn.staged_as_text && version != Some(column) => Kind::Level,
            _ => Kind::Number,
        })
        .collect();
    // What a generated column is made of is a number.
    for &origin in generated.values() {
        kinds[origin] = Kind::Number;
    }
    let partitioned = drawn.partitioned;
    let mut uniques: Vec<Unique> = Vec::new();
    for (columns, is_halved, predicate, nulls_collide) in &drawn.uniques {
        let mut columns = columns.clone();
        columns.dedup();
        // An index of a partitioned table has to have the column that it is partitioned by.
        if partitioned && !columns.contains(&0) {
            columns.insert(0, 0);
        }
        let is_halved = *is_halved && !partitioned && columns.iter().all(|&it| kinds[it] == Kind::Number);
        let predicate = predicate.filter(|(column, _)| kinds[*column] == Kind::Number);
        uniques.push(Unique { columns, is_halved, predicate, nulls_collide: *nulls_collide });
    }
    let key: Vec<usize> = (0..own_key).collect();
    let mut parents: Vec<Parent> = Vec::new();
    for (table, columns, is_full, which) in &drawn.parents {
        let table = *table % (place + 1);
        // What can be referred to: the key, and unique columns without predicate or expression.
        let plain = |key: &[usize], uniques: &[Unique], kinds: &[Kind]| -> Vec<Vec<usize>> {
            let uniques = uniques.iter().filter(|it| {
                it.predicate.is_none()
                    && !it.is_halved
                    && it.columns.iter().all(|&it| kinds[it] == Kind::Number)
            });
            std::iter::once(key.to_vec()).chain(uniques.map(|it| it.columns.clone())).collect()
        };
        let choices = match made.get(table) {
            Some(parent) => plain(&parent.model.key, &parent.model.uniques, &parent.kinds),
            None => plain(&key, &uniques, &kinds),
        };
        let referred = choices[which % choices.len()].clone();
        let mut columns = columns.clone();
        columns.truncate(referred.len());
        let is_distinct = columns.len() < 2 || columns[0] != columns[1];
        // A column that is generated may refer, but what is referred to must not be chosen twice.
        if columns.len() == referred.len()
            && is_distinct
            && columns.iter().all(|&it| kinds[it] == Kind::Number)
        {
            parents.push(Parent { columns, table, referred, is_full: *is_full });
        }
    }
    let numeric = |column: usize| kinds[column] == Kind::Number;
    let mut checks: Vec<Check> = drawn
        .checks
        .iter()
        .filter(|(_, left, right)| numeric(*left) && numeric(*right) && left != right)
        .map(|&(kind, left, right)| match kind {
            0 => Check::AtLeast(left, -1 + i64::try_from(right % 2).unwrap_or(0)),
            1 => Check::Ordered(left, right),
            _ => Check::Quotient(left, right),
        })
        .collect();
    if partitioned {
        checks.push(Check::Below(0, 2));
    }
    let not_null = (0..width).filter(|&column| column < own_key || drawn.required[column]).collect();
    let model = Table { width, key, version, not_null, checks, parents, uniques, generated };
    Target { model, kinds, staged_as_text: drawn.staged_as_text, partial: drawn.partial, partitioned }
}

fn field(table: &Target, column: usize) -> BoxedStrategy<Field> {
    if table.model.generated.contains_key(&column) {
        return Just(Field::Given(Value::Null)).boxed();
    }
    let is_key = table.model.key.contains(&column);
    let value = match table.kinds[column] {
        Kind::Text => prop_oneof![Just("a"), Just("B"), Just("é"), Just("")]
            .prop_map(|it| Value::Text(it.into()))
            .boxed(),
        Kind::Number => (-1..3i64).prop_map(Value::Int).boxed(),
        Kind::Level => (-1..2i64).prop_map(Value::Int).boxed(),
    };
    let null = if is_key { 1 } else { 8 };
    // Choices of weight zero are left out altogether: shrinking would try them.
    let mut choices =
        vec![(60, value.prop_map(Field::Given).boxed()), (null, Just(Field::Given(Value::Null)).boxed())];
    if table.kinds[column] == Kind::Level {
        choices.push((10, Just(Field::Unreadable("2".into())).boxed()));
    }
    if table.kinds[column] != Kind::Text && table.staged_as_text {
        choices.push((2, Just(Field::Unreadable("1.5".into())).boxed()));
    }
    if table.partial && !is_key {
        choices.push((12, Just(Field::Absent).boxed()));
    }
    proptest::strategy::Union::new_weighted(choices).boxed()
}

fn records(table: &Target) -> impl Strategy<Value = Fields> + use<> {
    let fields: Vec<_> = (0..table.model.width).map(|column| field(table, column)).collect();
    proptest::collection::vec(fields, 0..9)
}

/// One to three tables and up to six steps.
pub fn histories() -> impl Strategy<Value = History> {
    let table = (1..3usize).prop_flat_map(|own_key| {
        (own_key + 2..=NAMES.len()).prop_flat_map(move |width| (Just(own_key), drawn(3, width)))
    });
    proptest::collection::vec(table, 1..4)
        .prop_map(|all| {
            let mut made: Vec<Target> = Vec::new();
            for (own_key, drawn) in &all {
                made.push(target(&made, *own_key, drawn));
            }
            made
        })
        .prop_flat_map(|tables| {
            let run: Vec<_> = tables.iter().map(records).collect();
            let step = prop_oneof![
                5 => run.prop_map(Step::Run),
                1 => prop::bool::weighted(0.4).prop_map(|is_loosened| Step::Replay { is_loosened }),
            ];
            (Just(tables), proptest::collection::vec(step, 1..7))
        })
        .prop_map(|(tables, steps)| History { tables, steps })
}
