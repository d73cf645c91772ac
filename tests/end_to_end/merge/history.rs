//! Random schemas and runs, and what the model says of them in a form that can be compared.
use std::collections::BTreeSet;

use etl_core::merge::model::{Check, Field, Outcome, Parent, Record, Table, Value, World};
use proptest::prelude::*;

/// Names that must be quoted, or that the engine's own aliases bear.
pub const NAMES: [&str; 6] = ["id", "t", "a\"b", "Order", "c", "problem"];

/// A table of the history: the model's and how it is staged.
#[derive(Clone, Debug)]
pub struct Target {
    pub model: Table,
    /// For each column whether it is text; else bigint.
    pub is_text: Vec<bool>,
    /// Whether numbers are staged as text, so that some cannot be read.
    pub staged_as_text: bool,
    /// Whether records may lack columns.
    pub partial: bool,
}

/// Fields of the records of one table in one run.
pub type Fields = Vec<Vec<Field>>;

#[derive(Clone, Debug)]
pub struct History {
    pub tables: Vec<Target>,
    /// For each run the records of each table.
    pub runs: Vec<Vec<Fields>>,
}

/// The counts of one merge.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    pub read: i64,
    pub inserted: i64,
    pub updated: i64,
    pub unchanged: i64,
    pub superseded: i64,
    pub parked: i64,
    pub rejected: i64,
    pub promoted: i64,
}

pub fn counts(fates: &[Outcome], promoted: usize) -> Counts {
    let count = |wanted| fates.iter().filter(|fate| **fate == wanted).count() as i64;
    Counts {
        read: fates.len() as i64,
        inserted: count(Outcome::Inserted),
        updated: count(Outcome::Updated),
        unchanged: count(Outcome::Unchanged),
        superseded: count(Outcome::Superseded),
        parked: count(Outcome::Parked),
        rejected: count(Outcome::Rejected),
        promoted: promoted as i64,
    }
}

/// A value as PostgreSQL prints it; none is null.
pub fn printed(value: &Value) -> Option<String> {
    match value {
        Value::Null => None,
        Value::Int(number) => Some(number.to_string()),
        Value::Text(text) => Some(text.clone()),
    }
}

pub fn rows(world: &World, target: usize) -> BTreeSet<Vec<Option<String>>> {
    world.rows[target].values().map(|row| row.iter().map(printed).collect()).collect()
}

/// (record, occurrence, outcome, how it was closed)
pub type Quarantine = BTreeSet<(String, i32, String, Option<String>)>;

pub fn quarantine(world: &World, target: usize) -> Quarantine {
    let named = |outcome: Outcome| format!("{outcome:?}").to_lowercase();
    let rows = world.quarantine[target]
        .iter()
        .map(|it| (text(&it.record.fields), it.occurrence as i32, named(it.outcome), it.closed.map(named)));
    rows.collect()
}

/// The record as text: its identity.
pub fn text(fields: &[Field]) -> String {
    format!("{fields:?}")
}

impl History {
    pub fn world(&self) -> World {
        World::new(self.tables.iter().map(|table| table.model.clone()).collect())
    }

    /// The records of a table in a run, numbered by line; every third comes from a second source.
    pub fn staged(&self, number: usize, run: &[Fields], target: usize) -> Vec<Record> {
        let records = run[target].iter().enumerate().map(|(index, fields)| Record {
            run: number as u64 + 1,
            position: (if index % 3 == 2 { 2 } else { 1 }, index as i64 + 1),
            fields: fields.clone(),
        });
        records.collect()
    }
}

fn check(width: usize) -> impl Strategy<Value = Check> {
    prop_oneof![
        (0..width, -1..2i64).prop_map(|(column, bound)| Check::AtLeast(column, bound)),
        (0..width, 0..width).prop_map(|(left, right)| Check::Ordered(left, right)),
    ]
}

/// The table at `place`; foreign keys go to tables before it or to itself.
fn target(place: usize, key_widths: Vec<usize>) -> impl Strategy<Value = Target> {
    let own_key = key_widths[place];
    (own_key + 2..=NAMES.len()).prop_flat_map(move |width| {
        let key_widths = key_widths.clone();
        let types = proptest::collection::vec(prop::bool::weighted(0.3), width);
        let parents = proptest::collection::vec((0..=place, proptest::collection::vec(0..width, 2)), 0..3);
        let rest = (
            types,
            proptest::option::of(own_key..width),
            proptest::collection::vec(prop::bool::weighted(0.2), width),
            proptest::collection::vec(check(width), 0..3),
            parents,
            any::<bool>(),
            prop::bool::weighted(0.4),
        );
        rest.prop_map(move |(mut is_text, version, required, checks, parents, staged_as_text, partial)| {
            is_text[..own_key].fill(false);
            let parents: Vec<Parent> = parents
                .into_iter()
                .map(|(table, mut columns)| {
                    columns.truncate(key_widths[table]);
                    Parent { table, columns }
                })
                // A foreign key names each column once, and only numbers refer.
                .filter(|it| it.columns.len() < 2 || it.columns[0] != it.columns[1])
                .filter(|it| it.columns.len() == key_widths[it.table])
                .collect();
            for column in parents.iter().flat_map(|parent| &parent.columns) {
                is_text[*column] = false;
            }
            let numeric = |column: usize| !is_text[column];
            let checks = checks
                .into_iter()
                .filter(|check| match check {
                    Check::AtLeast(column, _) => numeric(*column),
                    Check::Ordered(left, right) => numeric(*left) && numeric(*right) && left != right,
                })
                .collect();
            let not_null = (0..width).filter(|&column| column < own_key || required[column]).collect();
            let key = (0..own_key).collect();
            let model = Table { width, key, version, not_null, checks, parents };
            Target { model, is_text, staged_as_text, partial }
        })
    })
}

fn field(is_text: bool, is_key: bool, readable: bool, partial: bool) -> BoxedStrategy<Field> {
    let value = match is_text {
        true => prop_oneof![Just("a"), Just("B"), Just("é"), Just("")]
            .prop_map(|it| Value::Text(it.into()))
            .boxed(),
        false => (-1..3i64).prop_map(Value::Int).boxed(),
    };
    let null = if is_key { 1 } else { 8 };
    // Choices of weight zero are left out altogether: shrinking would try them.
    let mut choices =
        vec![(60, value.prop_map(Field::Given).boxed()), (null, Just(Field::Given(Value::Null)).boxed())];
    if !is_text && !readable {
        choices.push((2, Just(Field::Unreadable("1.5".into())).boxed()));
    }
    if partial && !is_key {
        choices.push((12, Just(Field::Absent).boxed()));
    }
    proptest::strategy::Union::new_weighted(choices).boxed()
}

fn records(table: &Target) -> impl Strategy<Value = Fields> + use<> {
    let fields: Vec<_> = (0..table.model.width)
        .map(|column| {
            let is_key = table.model.key.contains(&column);
            field(table.is_text[column], is_key, !table.staged_as_text, table.partial)
        })
        .collect();
    proptest::collection::vec(fields, 0..9)
}

pub fn histories() -> impl Strategy<Value = History> {
    proptest::collection::vec(1..3usize, 1..4)
        .prop_flat_map(|key_widths| {
            let tables: Vec<_> =
                (0..key_widths.len()).map(|place| target(place, key_widths.clone())).collect();
            tables
        })
        .prop_flat_map(|tables| {
            let run: Vec<_> = tables.iter().map(records).collect();
            (Just(tables), proptest::collection::vec(run, 1..6))
        })
        .prop_map(|(tables, runs)| History { tables, runs })
}
