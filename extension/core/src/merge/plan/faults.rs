//! Faults: rows over which user code raised, found by halving, and what it said.
use super::super::name::Literal;
use super::Plan;

/// What user code raised over one row.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Raised {
    /// Its code.
    pub sqlstate: String,
    /// What it said.
    pub message: String,
    /// The constraint it named, if any.
    pub constraint: Option<String>,
    /// The column that was read, if one was.
    pub field: Option<String>,
}

/// The temporary table of faults, where there is one.
const TABLE: &str = "pg_temp.etl_faults";

/// Whether the row in scope is at fault.
pub(super) const HAS_ONE: &str = "exists (select from pg_temp.etl_faults as e where e.place = \"etl$row\")";

impl Plan<'_> {
    /// Whether a judgement evaluates code that may raise: checks, generated columns, expressions of indexes.
    pub fn judging_may_raise(&self) -> bool {
        !self.target.checks.is_empty()
            || self.target.partitions.is_some()
            || self.target.columns.iter().any(|column| column.generated.is_some())
            || !self.computed().is_empty()
    }

    /// Makes the table of faults. From now on what is in it is not computed with.
    pub fn expect_faults(&mut self) -> &'static str {
        self.has_faults = true;
        "create temporary table etl_faults (place tid, sqlstate text, constraint_name text, message text) on commit drop"
    }

    /// The table of faults is dropped.
    pub fn forget_faults(&mut self) {
        self.has_faults = false;
    }

    /// Adds a candidate to the faults.
    pub fn add_fault(&self, number: i64, raised: &Raised) -> String {
        format!(
            "insert into {TABLE}\nselect p.place, {}, {}, {}\nfrom pg_temp.etl_places as p\nwhere p.n = {number}",
            Literal::new(&raised.sqlstate),
            raised.constraint.as_ref().map_or("null".into(), |name| Literal::new(name).to_string()),
            Literal::new(&raised.message),
        )
    }

    /// Values that nothing else of a judgement evaluates: generated columns, expressions and predicates of indexes.
    pub(super) fn computed(&self) -> Vec<String> {
        let generated = self.target.columns.iter().filter(|column| column.generated.is_some());
        let expressions = self.uniques().flat_map(|unique| {
            let values = unique.values.iter().filter(|value| value.column.is_none());
            values
                .map(|value| unique.within(&value.expression))
                .chain(unique.predicate.as_ref().map(|predicate| format!("({predicate})")))
        });
        generated.map(|column| column.name.to_string()).chain(expressions).collect()
    }
}
