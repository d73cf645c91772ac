//! A record under judgement: what it says, what was filled in, how it ranks.
use std::collections::BTreeSet;

use super::{Field, Outcome, Record, Row, Table, Value};

/// What a candidate is judged by where it lacks a column.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Standing {
    /// By what it says alone, to see whether it may give to others: what it lacks counts as null and is excused.
    ByItself,
    /// As the row would stand: what it lacks is taken from the row that is there.
    OnTarget,
}

/// A record under judgement, with the row as it would stand.
#[derive(Clone)]
pub(super) struct Candidate<'a> {
    pub(super) record: &'a Record,
    pub(super) retried: bool,
    /// Columns still lacking after filling.
    pub(super) absent: BTreeSet<usize>,
    /// What the record says; null where it says nothing or nothing readable. It is ranked by this.
    pub(super) said: Row,
    /// The same with lacking columns filled from other records.
    pub(super) given: Row,
    /// The row as it would stand, lacking columns taken from the row that is there.
    pub(super) row: Row,
    pub(super) verdict: Option<Outcome>,
}

/// Greater wins: version, then content, then what came first; or, without a version, what came last. Staged records
/// go before retried ones that are their equals.
pub(super) type Rank = (Value, Row, (bool, std::cmp::Reverse<(u64, (i16, i64))>), (u64, (i16, i64)));

impl<'a> Candidate<'a> {
    pub(super) fn new(record: &'a Record, retried: bool, table: &Table) -> Self {
        let said: Row = record
            .fields
            .iter()
            .map(|field| match field {
                Field::Given(value) => value.clone(),
                Field::Absent | Field::Unreadable(_) => Value::Null,
            })
            .collect();
        let said = computed(said, table);
        let absent = (record.fields.iter().enumerate())
            // A record without a version is of none: it does not take over another's.
            .filter(|(column, field)| **field == Field::Absent && table.version != Some(*column))
            .map(|(column, _)| column)
            .collect();
        Candidate { record, retried, absent, row: said.clone(), given: said.clone(), said, verdict: None }
    }

    pub(super) fn is_unreadable(&self) -> bool {
        self.record.fields.iter().any(|field| matches!(field, Field::Unreadable(_)))
    }

    /// The row as it would stand: lacking columns keep what is there, or are null where nothing is.
    pub(super) fn stand_on(&mut self, present: Option<&Row>, table: &Table) {
        self.row = self.given.clone();
        for &column in &self.absent {
            self.row[column] = present.map_or(Value::Null, |row| row[column].clone());
        }
        self.row = computed(std::mem::take(&mut self.row), table);
    }

    /// Run, source and line: the order in which records came.
    pub(super) fn came(&self) -> (u64, (i16, i64)) {
        (self.record.run, self.record.position)
    }

    pub(super) fn rank(&self, table: &Table) -> Rank {
        rank(&self.said, self.record, self.retried, table)
    }

    pub(super) fn beats(&self, present: &Row, table: &Table) -> bool {
        match table.version {
            Some(version) => {
                (&self.row[version], content(&self.row, table)) > (&present[version], content(present, table))
            }
            None => self.row != *present,
        }
    }
}

fn rank(row: &Row, record: &Record, retried: bool, table: &Table) -> Rank {
    let came = (record.run, record.position);
    match table.version {
        Some(version) => {
            (row[version].clone(), content(row, table), (!retried, std::cmp::Reverse(came)), (0, (0, 0)))
        }
        None => (Value::Null, Row::new(), (false, std::cmp::Reverse((0, (0, 0)))), came),
    }
}

/// What a row says itself: all but its generated columns.
fn content(row: &Row, table: &Table) -> Row {
    let columns = (0..row.len()).filter(|column| !table.generated.contains_key(column));
    columns.map(|column| row[column].clone()).collect()
}

/// The row with its generated columns computed.
fn computed(mut row: Row, table: &Table) -> Row {
    for (&column, &origin) in &table.generated {
        row[column] = match row[origin] {
            Value::Int(number) => Value::Int(number + 1),
            _ => Value::Null,
        };
    }
    row
}

/// The values of some columns.
pub(super) fn pick(row: &Row, columns: &[usize]) -> Vec<Value> {
    columns.iter().map(|&column| row[column].clone()).collect()
}
