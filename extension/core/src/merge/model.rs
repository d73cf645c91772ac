//! The specification of a merge: what becomes of every record, as a pure function over a small in-memory world.
//!
//! Written for reading, not for speed. The SQL that [`super::plan`] generates is tested against it.
use std::collections::{BTreeMap, BTreeSet};

mod candidate;
mod collide;
mod judge;
mod settle;

use candidate::{Candidate, Standing, pick};
use settle::{Winners, winners};

/// A value of a column. `Null` sorts lowest, as everywhere in the ranking; text compares by bytes (`collate "C"`).
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Value {
    /// SQL null.
    Null,
    /// A `bigint`.
    Int(i64),
    /// A `text`.
    Text(String),
}

/// One field of a staged record.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Field {
    /// The record says what the column is to hold.
    Given(Value),
    /// The record comes from a partial source and lacks the column.
    Absent,
    /// Text that is no value of the column's type.
    Unreadable(String),
}

/// A CHECK constraint of the model's little language; null passes, as in SQL.
#[derive(Clone, Debug)]
pub enum Check {
    /// `column >= bound`.
    AtLeast(usize, i64),
    /// `column < bound`: what a partitioned table takes.
    Below(usize, i64),
    /// `left <= right`, both columns.
    Ordered(usize, usize),
    /// `left / right >= 0`, both columns: raises where the right one is zero.
    Quotient(usize, usize),
}

/// A foreign key: `columns` refer to columns of `table`, which may be the table itself.
#[derive(Clone, Debug)]
pub struct Parent {
    /// Referring columns.
    pub columns: Vec<usize>,
    /// Index of the table referred to, in [`World::tables`].
    pub table: usize,
    /// Columns referred to, in the same order.
    pub referred: Vec<usize>,
    /// MATCH FULL: either all referring columns are null or none.
    pub is_full: bool,
}

/// A unique index beside the key.
#[derive(Clone, Debug)]
pub struct Unique {
    /// What must differ.
    pub columns: Vec<usize>,
    /// Whether it is the half of each number that must differ (an expression index), rounded towards zero.
    pub is_halved: bool,
    /// Only rows with `column >= bound` are in it (a partial index).
    pub predicate: Option<(usize, i64)>,
    /// NULLS NOT DISTINCT: two nulls collide.
    pub nulls_collide: bool,
}

/// What the model knows of a target.
#[derive(Clone, Debug, Default)]
pub struct Table {
    /// Number of columns; all of them are staged.
    pub width: usize,
    /// Columns of the primary key.
    pub key: Vec<usize>,
    /// The version column: greater wins. Without one the later record wins.
    pub version: Option<usize>,
    /// Columns that are NOT NULL, the key's included.
    pub not_null: Vec<usize>,
    /// CHECK constraints, in the order of their names.
    pub checks: Vec<Check>,
    /// Foreign keys, in the order of their names.
    pub parents: Vec<Parent>,
    /// Unique indexes beside the key, in the order of their names.
    pub uniques: Vec<Unique>,
    /// Generated columns: each is another column plus one.
    pub generated: BTreeMap<usize, usize>,
}

/// A row of a target.
pub type Row = Vec<Value>;

/// A record on its way into a target.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Record {
    /// Run that first brought it; a retried record keeps it.
    pub run: u64,
    /// Source within the run and line within the source: the order in which records came.
    pub position: (i16, i64),
    /// The columns, in the table's order.
    pub fields: Vec<Field>,
}

/// What became of a record.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Outcome {
    /// It became a new row.
    Inserted,
    /// It changed a row.
    Updated,
    /// It equals the winner or the row that was there.
    Unchanged,
    /// It lost to a greater record or row.
    Superseded,
    /// A parent has not arrived.
    Parked,
    /// It cannot be read or accepted.
    Rejected,
    /// Parked by an earlier run, it is in the table now.
    Promoted,
}

/// Targets, their rows and what waits: everything a merge reads and changes.
#[derive(Clone, Debug, Default)]
pub struct World {
    /// The targets.
    pub tables: Vec<Table>,
    /// Rows of each target by key.
    pub rows: Vec<BTreeMap<Vec<Value>, Row>>,
    /// Records of each target that did not get in.
    pub quarantine: Vec<Vec<Quarantined>>,
}

/// A record in quarantine. Its identity is what it says and which of several equal ones it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Quarantined {
    /// The record, with the run and position that first brought it.
    pub record: Record,
    /// Which of several equal records of its first run, from 1.
    pub occurrence: usize,
    /// Parked or rejected.
    pub outcome: Outcome,
    /// How it was settled; none while it is open.
    pub closed: Option<Closed>,
}

/// How a quarantined record was settled.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Closed {
    /// Its parent came, and it got in.
    Promoted,
    /// It got in when it was replayed.
    Replayed,
    /// A newer version, or without versions a later record, settled its key.
    Superseded,
}

impl World {
    /// A world of empty tables.
    pub fn new(tables: Vec<Table>) -> Self {
        let rows = vec![BTreeMap::new(); tables.len()];
        let quarantine = vec![Vec::new(); tables.len()];
        World { tables, rows, quarantine }
    }

    /// Merges the staged records of one run into a target and returns the fate of each, in their order, and how many
    /// that earlier runs had parked were promoted.
    pub fn merge(&mut self, target: usize, staged: &[Record]) -> (Vec<Outcome>, usize) {
        let open = (0..self.quarantine[target].len()).filter(|&index| self.is_ready(target, index));
        let waiting: Vec<usize> = open.collect();
        self.merge_with(target, staged, &waiting)
    }

    /// Tries the open rejected records of a target again, nothing else; returns how many got in.
    pub fn replay(&mut self, target: usize) -> usize {
        let rejected = (self.quarantine[target].iter().enumerate())
            .filter(|(_, it)| it.outcome == Outcome::Rejected && it.closed.is_none());
        let rejected: Vec<usize> = rejected.map(|(index, _)| index).collect();
        self.merge_with(target, &[], &rejected).1
    }

    fn merge_with(&mut self, target: usize, staged: &[Record], tried: &[usize]) -> (Vec<Outcome>, usize) {
        let retried: Vec<Record> =
            tried.iter().map(|&index| self.quarantine[target][index].record.clone()).collect();
        let table = self.tables[target].clone();
        let mut candidates: Vec<Candidate<'_>> = (staged.iter())
            .map(|record| Candidate::new(record, false, &table))
            .chain(retried.iter().map(|record| Candidate::new(record, true, &table)))
            .collect();

        if candidates.iter().any(|candidate| !candidate.absent.is_empty()) {
            self.judge(target, &mut candidates, Standing::ByItself);
            self.fill(target, &mut candidates);
        }
        self.judge(target, &mut candidates, Standing::OnTarget);
        while self.collide(target, &mut candidates) {
            self.settle_references(target, &mut candidates);
        }
        let winners = winners(&candidates, &table);
        let fates = self.settle(target, &candidates, &winners);

        let (seen, came_again) = self.quarantine(target, &candidates[..staged.len()], &fates, &winners);
        for (&index, fate) in tried.iter().zip(&fates[staged.len()..]) {
            let quarantined = &mut self.quarantine[target][index];
            match fate {
                Outcome::Promoted if quarantined.outcome == Outcome::Rejected => {
                    quarantined.closed = Some(Closed::Replayed);
                }
                Outcome::Promoted => quarantined.closed = Some(Closed::Promoted),
                // What came again and does not get in is the same row, still open.
                Outcome::Superseded if !came_again.contains(&index) => {
                    quarantined.closed = Some(Closed::Superseded);
                }
                // Of a record that came again, too, what came again has the say.
                Outcome::Parked | Outcome::Rejected if !seen.contains(&index) => quarantined.outcome = *fate,
                _ => {}
            }
        }
        self.overtake(target, &winners, &came_again);
        let promoted = fates[staged.len()..].iter().filter(|fate| **fate == Outcome::Promoted).count();
        (fates[..staged.len()].to_vec(), promoted)
    }

    /// Whether a quarantined record waits, and every parent it names in another table is there.
    fn is_ready(&self, target: usize, index: usize) -> bool {
        let quarantined = &self.quarantine[target][index];
        let record = Candidate::new(&quarantined.record, true, &self.tables[target]);
        quarantined.outcome == Outcome::Parked
            && quarantined.closed.is_none()
            && (self.tables[target].parents.iter())
                // A generated column is not staged, so nothing is known of it before it is computed.
                .filter(|parent| {
                    !parent.columns.iter().any(|it| self.tables[target].generated.contains_key(it))
                })
                .all(|parent| parent.table == target || self.has_parent(parent, &record.said))
    }

    /// Keeps what did not get in: a row for each new identity. Returns the rows that came again, and those that came
    /// now and may still win.
    fn quarantine(
        &mut self,
        target: usize,
        staged: &[Candidate<'_>],
        fates: &[Outcome],
        winners: &Winners<'_>,
    ) -> (BTreeSet<usize>, BTreeSet<usize>) {
        let (mut seen, mut known) = (BTreeSet::new(), BTreeSet::new());
        let mut kept: Vec<(&Candidate<'_>, Outcome)> = (staged.iter().zip(fates))
            .filter(|(_, fate)| matches!(fate, Outcome::Parked | Outcome::Rejected))
            .map(|(candidate, fate)| (candidate, *fate))
            .collect();
        kept.sort_by_key(|(candidate, _)| candidate.record.position);
        for (index, (candidate, outcome)) in kept.iter().enumerate() {
            let record = candidate.record;
            let twins = kept[..index].iter().filter(|(twin, _)| twin.record.fields == record.fields);
            let occurrence = twins.count() + 1;
            let is_rejected = *outcome == Outcome::Rejected;
            let is_overtaken = is_rejected && self.is_overtaken(target, candidate, winners);
            let is_settled = is_rejected && self.is_settled(target, candidate, winners);
            let rows = &mut self.quarantine[target];
            let same = |it: &Quarantined| it.record.fields == record.fields && it.occurrence == occurrence;
            match rows.iter().position(same) {
                Some(index) => {
                    seen.insert(index);
                    let stays = match rows[index].closed {
                        None => false,
                        Some(Closed::Superseded) => is_settled,
                        Some(_) => is_overtaken,
                    };
                    if !stays {
                        rows[index].outcome = *outcome;
                        rows[index].closed = None;
                    }
                    if !is_overtaken {
                        known.insert(index);
                    }
                }
                None => {
                    rows.push(Quarantined {
                        record: record.clone(),
                        occurrence,
                        outcome: *outcome,
                        closed: is_overtaken.then_some(Closed::Superseded),
                    });
                    known.insert(rows.len() - 1);
                }
            }
        }
        (seen, known)
    }

    /// Closes what waits in vain because this run settled its key.
    fn overtake(&mut self, target: usize, winners: &Winners<'_>, came_again: &BTreeSet<usize>) {
        let table = self.tables[target].clone();
        for index in (0..self.quarantine[target].len()).filter(|index| !came_again.contains(index)) {
            let quarantined = &self.quarantine[target][index];
            let candidate = Candidate::new(&quarantined.record, true, &table);
            let is_settled = winners.contains_key(&pick(&candidate.said, &table.key));
            let gives_way = match quarantined.outcome {
                Outcome::Rejected => self.is_settled(target, &candidate, winners),
                _ => self.is_overtaken(target, &candidate, winners),
            };
            if quarantined.closed.is_none() && is_settled && gives_way {
                self.quarantine[target][index].closed = Some(Closed::Superseded);
            }
        }
    }

    /// Whether a record's key is settled by a version as new as its own or newer, or without versions by a later record.
    fn is_settled(&self, target: usize, candidate: &Candidate<'_>, winners: &Winners<'_>) -> bool {
        let table = &self.tables[target];
        let row = self.rows[target].get(&pick(&candidate.said, &table.key));
        match table.version {
            Some(version) => row.is_some_and(|row| row[version] >= candidate.said[version]),
            None => self.is_overtaken(target, candidate, winners),
        }
    }

    /// Whether a record's key is settled by a newer version, or without versions by a record that came later.
    fn is_overtaken(&self, target: usize, candidate: &Candidate<'_>, winners: &Winners<'_>) -> bool {
        let table = &self.tables[target];
        let key = pick(&candidate.said, &table.key);
        match table.version {
            Some(version) => {
                self.rows[target].get(&key).is_some_and(|row| row[version] > candidate.said[version])
            }
            None => winners.get(&key).is_some_and(|winner| winner.came() > candidate.came()),
        }
    }
}

impl Check {
    /// Whether the row may stand; null passes, raising does not.
    fn holds(&self, row: &Row) -> bool {
        match self {
            Check::AtLeast(column, bound) => match &row[*column] {
                Value::Int(value) => value >= bound,
                Value::Null | Value::Text(_) => true,
            },
            Check::Below(column, bound) => match &row[*column] {
                Value::Int(value) => value < bound,
                Value::Null | Value::Text(_) => true,
            },
            Check::Quotient(left, right) => match (&row[*left], &row[*right]) {
                (Value::Int(_), Value::Int(0)) => false,
                (Value::Int(left), Value::Int(right)) => left / right >= 0,
                _ => true,
            },
            Check::Ordered(left, right) => match (&row[*left], &row[*right]) {
                (Value::Int(left), Value::Int(right)) => left <= right,
                _ => true,
            },
        }
    }
}

#[cfg(test)]
mod tests;
