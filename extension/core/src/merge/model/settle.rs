//! The winner of every key, and from that every fate.
use std::collections::BTreeMap;

use super::candidate::{Candidate, pick};
use super::{Outcome, Row, Table, Value, World};

/// The winner of each key.
pub(super) type Winners<'a> = BTreeMap<Vec<Value>, Candidate<'a>>;

/// The greatest acceptable candidate of every key.
pub(super) fn winners<'a>(candidates: &[Candidate<'a>], table: &Table) -> Winners<'a> {
    let mut winners: Winners<'a> = BTreeMap::new();
    for candidate in candidates.iter().filter(|it| it.verdict.is_none()) {
        let winner = winners.entry(pick(&candidate.row, &table.key)).or_insert_with(|| candidate.clone());
        if candidate.rank(table) > winner.rank(table) {
            *winner = candidate.clone();
        }
    }
    winners
}

impl World {
    /// The rows that winners would write, by key.
    pub(super) fn writes<'a>(&self, target: usize, winners: &Winners<'a>) -> Winners<'a> {
        let table = &self.tables[target];
        let writes = winners
            .iter()
            .filter(|(key, winner)| self.rows[target].get(*key).is_none_or(|row| winner.beats(row, table)));
        writes.map(|(key, winner)| (key.clone(), winner.clone())).collect()
    }

    /// Steps 4 and 5: writes the winners, and says every fate.
    pub(super) fn settle(
        &mut self,
        target: usize,
        candidates: &[Candidate<'_>],
        winners: &Winners<'_>,
    ) -> Vec<Outcome> {
        let before = self.rows[target].clone();
        for (key, winner) in self.writes(target, winners) {
            self.rows[target].insert(key, winner.row);
        }
        let table = &self.tables[target];
        candidates
            .iter()
            .map(|candidate| {
                let key = pick(&candidate.row, &table.key);
                let (old, new) = (before.get(&key), self.rows[target].get(&key));
                match candidate.verdict {
                    // Waiting is pointless once the key is settled by something newer.
                    Some(Outcome::Parked) if self.is_overtaken(target, candidate, winners) => {
                        Outcome::Superseded
                    }
                    Some(verdict) => verdict,
                    None => fate(candidate, &winners[&key], old, new),
                }
            })
            .collect()
    }
}

/// The fate of an acceptable candidate.
fn fate(candidate: &Candidate<'_>, winner: &Candidate<'_>, old: Option<&Row>, new: Option<&Row>) -> Outcome {
    let is_winner = std::ptr::eq(candidate.record, winner.record);
    if candidate.retried {
        return if Some(&candidate.row) == new { Outcome::Promoted } else { Outcome::Superseded };
    }
    match old {
        None if is_winner => Outcome::Inserted,
        Some(_) if is_winner && old != new => Outcome::Updated,
        _ if Some(&candidate.row) == old || Some(&candidate.row) == new => Outcome::Unchanged,
        _ => Outcome::Superseded,
    }
}
