//! What a record is judged by before it competes: alone, then by its parents; and what fills its gaps.
use std::collections::BTreeSet;

use super::candidate::{Candidate, Standing, pick};
use super::{Outcome, Parent, Row, Value, World};

impl World {
    /// Steps 1 and 2: sets the verdict of every candidate that cannot be accepted.
    pub(super) fn judge(&self, target: usize, candidates: &mut [Candidate<'_>], standing: Standing) {
        let table = &self.tables[target];
        for candidate in candidates.iter_mut() {
            let present = self.rows[target].get(&pick(&candidate.given, &table.key));
            candidate.stand_on(present.filter(|_| standing == Standing::OnTarget), table);
            let is_excused = |column: usize| {
                let origin = table.generated.get(&column).copied().unwrap_or(column);
                standing == Standing::ByItself && candidate.absent.contains(&origin)
            };
            let is_missing = |column| candidate.row[column] == Value::Null && !is_excused(column);
            let is_half = |parent: &Parent| {
                let nulls =
                    parent.columns.iter().filter(|&&column| candidate.row[column] == Value::Null).count();
                parent.is_full
                    && !parent.columns.iter().any(|&column| is_excused(column))
                    && nulls != 0
                    && nulls != parent.columns.len()
            };
            candidate.verdict = if candidate.is_unreadable()
                || table.not_null.iter().any(|&column| is_missing(column))
                || table.parents.iter().any(is_half)
                || table.checks.iter().any(|check| !check.holds(&candidate.row))
            {
                Some(Outcome::Rejected)
            } else if table
                .parents
                .iter()
                .any(|parent| parent.table != target && !self.has_parent(parent, &candidate.row))
            {
                Some(Outcome::Parked)
            } else {
                None
            };
        }
        self.settle_references(target, candidates);
    }

    /// References within the table: begin with all, park what refers to nobody, until nothing changes.
    pub(super) fn settle_references(&self, target: usize, candidates: &mut [Candidate<'_>]) {
        let within: Vec<&Parent> =
            self.tables[target].parents.iter().filter(|parent| parent.table == target).collect();
        loop {
            let arriving = |parent: &Parent| -> BTreeSet<Vec<Value>> {
                let accepted = candidates.iter().filter(|candidate| candidate.verdict.is_none());
                accepted.map(|candidate| pick(&candidate.row, &parent.referred)).collect()
            };
            let orphans: Vec<usize> = (0..candidates.len())
                .filter(|&index| candidates[index].verdict.is_none())
                .filter(|&index| {
                    let row = &candidates[index].row;
                    within.iter().any(|parent| {
                        !self.has_parent(parent, row)
                            && !arriving(parent).contains(&pick(row, &parent.columns))
                    })
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

    /// A reference with a null in it asks for nothing.
    pub(super) fn has_parent(&self, parent: &Parent, row: &Row) -> bool {
        let reference = pick(row, &parent.columns);
        reference.contains(&Value::Null)
            || self.rows[parent.table].values().any(|row| pick(row, &parent.referred) == reference)
    }

    /// Lacking columns take the value of the next-ranked acceptable record of the key that has it, or keep what is
    /// there where that is newer.
    pub(super) fn fill(&self, target: usize, candidates: &mut [Candidate<'_>]) {
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
}
