//! What stands in a winner's way beside its own key: unique values, and references to what an update would change.
use std::collections::BTreeMap;

use super::candidate::{Candidate, pick};
use super::settle::winners;
use super::{Outcome, Row, Table, Unique, Value, World};

/// In whose gift it is whether a winner can have what it would hold; the first are settled before the next are looked at.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Phase {
    /// A row that stays holds it.
    Held,
    /// A key that came earlier takes it.
    Taken,
    /// The row that gives it up waits for another itself: a chain or a swap.
    Chained,
}

impl World {
    /// Refuses the winners that cannot have what they would hold; whether there were any. Who wins may change by it.
    pub(super) fn collide(&self, target: usize, candidates: &mut [Candidate<'_>]) -> bool {
        let table = &self.tables[target];
        let winners = winners(candidates, table);
        let writes = self.writes(target, &winners);
        let stays = |key: &Vec<Value>| !writes.contains_key(key);
        // For each winner the first phase it fails in, and what becomes of it.
        let mut conflicts: Vec<(Phase, Vec<Value>, Outcome)> = Vec::new();
        let mut taken: Vec<(Vec<Value>, Vec<Value>)> = Vec::new();
        let mut waits: BTreeMap<Vec<Value>, Vec<Vec<Value>>> = BTreeMap::new();
        for (key, winner) in &writes {
            // In the order of the rules: references first.
            if self.is_left_alone(target, &winner.row, &writes) {
                conflicts.push((Phase::Held, key.clone(), Outcome::Parked));
                continue;
            }
            for unique in &table.uniques {
                let Some(held) = unique.held(&winner.row) else { continue };
                for (holder, row) in &self.rows[target] {
                    if holder == key || unique.held(row).as_ref() != Some(&held) {
                        continue;
                    }
                    let moves =
                        writes.get(holder).is_some_and(|it| unique.held(&it.row).as_ref() != Some(&held));
                    match moves {
                        true => waits.entry(key.clone()).or_default().push(holder.clone()),
                        false => conflicts.push((Phase::Held, key.clone(), Outcome::Rejected)),
                    }
                }
                let rivals = writes.iter().filter(|(_, it)| unique.held(&it.row).as_ref() == Some(&held));
                let first =
                    rivals.map(|(rival, _)| rival).min_by_key(|rival| first_came(candidates, table, rival));
                if let Some(first) = first.filter(|first| *first != key) {
                    taken.push((key.clone(), first.clone()));
                }
            }
            if let Some(old) = self.rows[target].get(key)
                && self.is_referred_to(target, old, &winner.row, &stays)
            {
                conflicts.push((Phase::Held, key.clone(), Outcome::Rejected));
            }
        }
        // One who loses himself is in nobody's way any more: the next round tells.
        for (key, first) in &taken {
            if !taken.iter().any(|(loser, _)| loser == first) {
                conflicts.push((Phase::Taken, key.clone(), Outcome::Rejected));
            }
        }
        for (key, holders) in &waits {
            if holders.iter().any(|holder| waits.contains_key(holder)) {
                conflicts.push((Phase::Chained, key.clone(), Outcome::Rejected));
            }
        }
        let Some(first) = conflicts.iter().map(|(phase, ..)| *phase).min() else { return false };
        let mut refused = std::collections::BTreeSet::new();
        for (_, key, outcome) in conflicts.iter().filter(|(phase, ..)| *phase == first) {
            if !refused.insert(key.clone()) {
                continue;
            }
            let record = winners[key].record;
            for candidate in candidates.iter_mut().filter(|it| std::ptr::eq(it.record, record)) {
                candidate.verdict = Some(*outcome);
            }
        }
        true
    }

    /// Whether a row refers, within its table, to what neither a winner nor a row that stays holds.
    fn is_left_alone(&self, target: usize, row: &Row, writes: &BTreeMap<Vec<Value>, Candidate<'_>>) -> bool {
        let table = &self.tables[target];
        let within = table.parents.iter().filter(|parent| parent.table == target);
        within.filter(|parent| !parent.referred.iter().all(|column| table.key.contains(column))).any(
            |parent| {
                let reference = pick(row, &parent.columns);
                let kept = self.rows[target].iter().filter(|(key, _)| !writes.contains_key(*key));
                let held = kept.map(|(_, row)| row).chain(writes.values().map(|it| &it.row));
                !reference.contains(&Value::Null)
                    && !held.map(|row| pick(row, &parent.referred)).any(|it| it == reference)
            },
        )
    }

    /// Whether an update would change what a row refers to that is not written itself.
    fn is_referred_to(
        &self,
        target: usize,
        old: &Row,
        new: &Row,
        stays: &dyn Fn(&Vec<Value>) -> bool,
    ) -> bool {
        self.tables.iter().enumerate().any(|(child, table)| {
            table.parents.iter().filter(|parent| parent.table == target).any(|parent| {
                let referred = pick(old, &parent.referred);
                !referred.contains(&Value::Null)
                    && referred != pick(new, &parent.referred)
                    && self.rows[child].iter().any(|(key, row)| {
                        pick(row, &parent.columns) == referred && (child != target || stays(key))
                    })
            })
        })
    }
}

/// Where a key stands: where the first of its records stood that can win.
fn first_came(candidates: &[Candidate<'_>], table: &Table, key: &[Value]) -> Option<(u64, (i16, i64))> {
    let able = candidates.iter().filter(|it| it.verdict.is_none() && pick(&it.row, &table.key) == key);
    able.map(Candidate::came).min()
}

impl Unique {
    /// What the row holds in the index; none where it is not in it, or cannot collide.
    fn held(&self, row: &Row) -> Option<Vec<Value>> {
        if let Some((column, bound)) = self.predicate
            && !matches!(&row[column], Value::Int(value) if *value >= bound)
        {
            return None;
        }
        let half = |value: &Value| match value {
            Value::Int(number) if self.is_halved => Value::Int(number / 2),
            other => other.clone(),
        };
        let held: Vec<Value> = self.columns.iter().map(|&column| half(&row[column])).collect();
        (self.nulls_collide || !held.contains(&Value::Null)).then_some(held)
    }
}
