//! The specification of a merge: what becomes of every record, as a pure function over a small in-memory world.
//!
//! Written for reading, not for speed. The SQL that [`super::plan`] generates is tested against it.
use std::collections::{BTreeMap, BTreeSet};

mod candidate;

use candidate::{Candidate, Standing, pick};

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
    /// `left <= right`, both columns.
    Ordered(usize, usize),
}

/// A foreign key (MATCH SIMPLE): `columns` refer to the key of `table`, which may be the table itself.
#[derive(Clone, Debug)]
pub struct Parent {
    /// Referring columns, in the order of the parent's key.
    pub columns: Vec<usize>,
    /// Index of the table referred to, in [`World::tables`].
    pub table: usize,
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
    /// How a later run settled it: promoted or superseded; none while it is open.
    pub closed: Option<Outcome>,
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
        let waiting: Vec<usize> = (self.quarantine[target].iter().enumerate())
            .filter(|(_, it)| it.outcome == Outcome::Parked && it.closed.is_none())
            .map(|(index, _)| index)
            .collect();
        let retried: Vec<Record> =
            waiting.iter().map(|&index| self.quarantine[target][index].record.clone()).collect();
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
        let fates = self.settle(target, &candidates);

        let redelivered = self.quarantine(target, staged, &fates);
        for (&index, fate) in waiting.iter().zip(&fates[staged.len()..]) {
            let quarantined = &mut self.quarantine[target][index];
            match fate {
                Outcome::Promoted => quarantined.closed = Some(Outcome::Promoted),
                Outcome::Rejected => quarantined.outcome = Outcome::Rejected,
                // What came again and waits again is the same row, still open.
                Outcome::Superseded if !redelivered.contains(&index) => {
                    quarantined.closed = Some(Outcome::Superseded)
                }
                _ => {}
            }
        }
        let promoted = fates[staged.len()..].iter().filter(|fate| **fate == Outcome::Promoted).count();
        (fates[..staged.len()].to_vec(), promoted)
    }

    /// Keeps what did not get in: a row for each new identity. Returns the rows that stood there already.
    fn quarantine(&mut self, target: usize, staged: &[Record], fates: &[Outcome]) -> BTreeSet<usize> {
        let mut known = BTreeSet::new();
        let mut kept: Vec<(&Record, Outcome)> = (staged.iter().zip(fates))
            .filter(|(_, fate)| matches!(fate, Outcome::Parked | Outcome::Rejected))
            .map(|(record, fate)| (record, *fate))
            .collect();
        kept.sort_by_key(|(record, _)| record.position);
        for (index, (record, outcome)) in kept.iter().enumerate() {
            let twins = kept[..index].iter().filter(|(twin, _)| twin.fields == record.fields);
            let occurrence = twins.count() + 1;
            let rows = &mut self.quarantine[target];
            let same = |it: &Quarantined| it.record.fields == record.fields && it.occurrence == occurrence;
            match rows.iter().position(same) {
                Some(index) => {
                    rows[index].outcome = *outcome;
                    rows[index].closed = None;
                    known.insert(index);
                }
                None => rows.push(Quarantined {
                    record: (*record).clone(),
                    occurrence,
                    outcome: *outcome,
                    closed: None,
                }),
            }
        }
        known
    }

    /// Steps 1 and 2: sets the verdict of every candidate that cannot be accepted.
    fn judge(&self, target: usize, candidates: &mut [Candidate<'_>], standing: Standing) {
        let table = &self.tables[target];
        for candidate in candidates.iter_mut() {
            let present = self.rows[target].get(&pick(&candidate.given, &table.key));
            candidate.stand_on(present.filter(|_| standing == Standing::OnTarget));
            let is_excused = |column| standing == Standing::ByItself && candidate.absent.contains(&column);
            let is_missing = |column| candidate.row[column] == Value::Null && !is_excused(column);
            candidate.verdict = if candidate.is_unreadable()
                || table.not_null.iter().any(|&column| is_missing(column))
                || table.checks.iter().any(|check| !check.holds(&candidate.row))
            {
                Some(Outcome::Rejected)
            } else if table.parents.iter().any(|parent| {
                parent.table != target && !self.has_parent(parent, &candidate.row, &BTreeSet::new())
            }) {
                Some(Outcome::Parked)
            } else {
                None
            };
        }
        // References within the table: begin with all, park what refers to nobody, until nothing changes.
        loop {
            let arriving: BTreeSet<Vec<Value>> = candidates
                .iter()
                .filter(|candidate| candidate.verdict.is_none())
                .map(|candidate| pick(&candidate.row, &table.key))
                .collect();
            let orphans: Vec<usize> = (0..candidates.len())
                .filter(|&index| candidates[index].verdict.is_none())
                .filter(|&index| {
                    let within = table.parents.iter().filter(|parent| parent.table == target);
                    within.clone().any(|parent| !self.has_parent(parent, &candidates[index].row, &arriving))
                })
                .collect();
            if orphans.is_empty() {
                break;
            }
            for index in orphans {
                candidates[index].verdict = Some(Outcome::Parked);
            }
        }
    }

    /// MATCH SIMPLE: a reference with a null in it asks for nothing.
    fn has_parent(&self, parent: &Parent, row: &Row, arriving: &BTreeSet<Vec<Value>>) -> bool {
        let reference = pick(row, &parent.columns);
        reference.contains(&Value::Null)
            || self.rows[parent.table].contains_key(&reference)
            || arriving.contains(&reference)
    }

    /// Lacking columns take the value of the next-ranked acceptable record of the key that has it, or keep what is
    /// there where that is newer.
    fn fill(&self, target: usize, candidates: &mut [Candidate<'_>]) {
        let table = &self.tables[target];
        let mut fillings: Vec<(usize, usize, Value)> = Vec::new();
        for (index, candidate) in candidates.iter().enumerate() {
            let key = pick(&candidate.given, &table.key);
            let present = self.rows[target].get(&key);
            for &column in &candidate.absent {
                let donor = candidates
                    .iter()
                    .filter(|donor| donor.verdict.is_none() && !donor.absent.contains(&column))
                    .filter(|donor| pick(&donor.given, &table.key) == key)
                    .filter(|donor| donor.rank(table) < candidate.rank(table))
                    .max_by(|left, right| left.rank(table).cmp(&right.rank(table)));
                // What is older than the row that is there gives nothing to what is not.
                let is_stale = |donor: &Candidate<'_>| match (table.version, present) {
                    (Some(version), Some(row)) => {
                        donor.said[version] < row[version] && row[version] <= candidate.said[version]
                    }
                    _ => false,
                };
                if let Some(donor) = donor.filter(|donor| !is_stale(donor)) {
                    fillings.push((index, column, donor.said[column].clone()));
                }
            }
        }
        for (index, column, value) in fillings {
            candidates[index].given[column] = value;
            candidates[index].absent.remove(&column);
        }
    }

    /// Steps 3 and 4: the winner of every key, then every fate; writes the winners.
    fn settle(&mut self, target: usize, candidates: &[Candidate<'_>]) -> Vec<Outcome> {
        let table = &self.tables[target];
        let before = self.rows[target].clone();
        let mut winners: BTreeMap<Vec<Value>, usize> = BTreeMap::new();
        for (index, candidate) in candidates.iter().enumerate().filter(|(_, it)| it.verdict.is_none()) {
            let winner = winners.entry(pick(&candidate.row, &table.key)).or_insert(index);
            if candidate.rank(table) > candidates[*winner].rank(table) {
                *winner = index;
            }
        }
        for (key, &winner) in &winners {
            let candidate = &candidates[winner];
            if before.get(key).is_none_or(|row| candidate.beats(row, table)) {
                self.rows[target].insert(key.clone(), candidate.row.clone());
            }
        }
        (candidates.iter().enumerate())
            .map(|(index, candidate)| {
                let key = pick(&candidate.row, &table.key);
                let (old, new) = (before.get(&key), self.rows[target].get(&key));
                match candidate.verdict {
                    Some(Outcome::Parked) => {
                        // Waiting is pointless once the key is settled by something greater.
                        let overtaken = match table.version {
                            Some(_) => new.is_some_and(|row| !candidate.beats(row, table)),
                            None => winners.get(&key).is_some_and(|&winner| {
                                candidates[winner].rank(table) > candidate.rank(table)
                            }),
                        };
                        return if overtaken { Outcome::Superseded } else { Outcome::Parked };
                    }
                    Some(verdict) => return verdict,
                    None => {}
                }
                let is_winner = winners[&key] == index;
                if candidate.retried {
                    return match Some(&candidate.row) == new {
                        true => Outcome::Promoted,
                        false => Outcome::Superseded,
                    };
                }
                match old {
                    None if is_winner => Outcome::Inserted,
                    Some(_) if is_winner && old != new => Outcome::Updated,
                    _ if Some(&candidate.row) == old || Some(&candidate.row) == new => Outcome::Unchanged,
                    _ => Outcome::Superseded,
                }
            })
            .collect()
    }
}

impl Check {
    fn holds(&self, row: &Row) -> bool {
        match self {
            Check::AtLeast(column, bound) => match &row[*column] {
                Value::Int(value) => value >= bound,
                Value::Null | Value::Text(_) => true,
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
