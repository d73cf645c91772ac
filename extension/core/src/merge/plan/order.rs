//! The order of a key's records, said once: who wins and who gives to whom must never drift apart.
use super::super::table::Column;
use super::{Plan, ranked};

/// Which end of the order comes first.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum First {
    Greatest,
    Least,
}

impl Plan<'_> {
    /// `order by` over one key's records: version and content, then staged before retried, then what came first; or,
    /// without a version, what came last. `columns` are those whose content is known, `retried` says whether a record is.
    pub(super) fn order(&self, alias: &str, columns: &[&Column], retried: &str, first: First) -> String {
        let came = ["run", "source", "line", "byte", "row"].map(|name| format!("{alias}.\"etl${name}\""));
        // Each with whether more of it is greater.
        let terms: Vec<(String, bool)> = match self.version().and_then(|name| self.target.column(name)) {
            Some(version) => std::iter::once(version)
                .chain(columns.iter().copied())
                .map(|column| (ranked(column, alias), true))
                .chain([(retried.to_owned(), false)])
                .chain(came.map(|place| (place, false)))
                .collect(),
            None => came.map(|place| (place, true)).to_vec(),
        };
        let terms = terms.iter().map(|(term, more_is_greater)| match (first, more_is_greater) {
            (First::Greatest, true) => format!("{term} desc nulls last"),
            (First::Greatest, false) => term.clone(),
            (First::Least, true) => format!("{term} nulls first"),
            (First::Least, false) => format!("{term} desc"),
        });
        terms.collect::<Vec<_>>().join(", ")
    }
}
