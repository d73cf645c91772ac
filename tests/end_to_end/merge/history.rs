//! Random schemas and runs, and what the model says of them in a form that can be compared.
use std::collections::BTreeSet;

use etl_core::merge::model::{Field, Outcome, Record, Table, Value, World};

/// Names that must be quoted, or that the engine's own aliases bear.
pub const NAMES: [&str; 6] = ["id", "t", "a\"b", "Order", "c", "problem"];

/// What a column holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// bigint
    Number,
    Text,
    /// A domain over bigint that takes nothing above 1. Staged as text it is read by its input function, which raises.
    Level,
}

/// A table of the history: the model's and how it is staged.
#[derive(Clone, Debug)]
pub struct Target {
    pub model: Table,
    pub kinds: Vec<Kind>,
    /// Whether numbers are staged as text, so that some cannot be read.
    pub staged_as_text: bool,
    /// Whether records may lack columns.
    pub partial: bool,
    /// Whether it is partitioned by its first column, without a partition for numbers above 1.
    pub partitioned: bool,
}

/// Fields of the records of one table in one run.
pub type Fields = Vec<Vec<Field>>;

/// What happens next.
#[derive(Clone, Debug)]
pub enum Step {
    /// A run brings records for each table.
    Run(Vec<Fields>),
    /// What was rejected is replayed, after all checks were dropped or as they are.
    Replay { is_loosened: bool },
}

#[derive(Clone, Debug)]
pub struct History {
    pub tables: Vec<Target>,
    pub steps: Vec<Step>,
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
    let rows = world.quarantine[target].iter().map(|it| {
        let (outcome, closed) = (format!("{:?}", it.outcome), it.closed.map(|it| format!("{it:?}")));
        (
            text(&it.record.fields),
            it.occurrence as i32,
            outcome.to_lowercase(),
            closed.map(|it| it.to_lowercase()),
        )
    });
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

mod random;
pub use random::histories;
