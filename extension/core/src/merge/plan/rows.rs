//! Which rows a statement is about: all, or some, where user code raised over one of them.
//!
//! PostgreSQL 15 cannot ask whether an input function or a check would raise. So a statement that evaluates user code is
//! tried on all rows, and where it raises it is tried on halves, down to the row that is at fault.

/// The temporary table that numbers the rows of a relation: (n, place).
const TABLE: &str = "pg_temp.etl_places";

/// The rows a statement is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Rows {
    /// All of the relation.
    All,
    /// Those numbered from the first to the second, both included.
    Between(i64, i64),
}

impl Rows {
    /// `where ...` or nothing.
    pub(super) fn condition(self, alias: &str) -> String {
        match self {
            Rows::All => String::new(),
            Rows::Between(first, last) => format!(
                "\nwhere {alias}.ctid in (\n    select e.place\n    from {TABLE} as e\n    where e.n between {first} and {last}\n)"
            ),
        }
    }
}

/// Numbers the rows of a relation.
pub fn number(relation: &str) -> String {
    format!(
        "create temporary table etl_places on commit drop as\nselect row_number() over () as n, r.ctid as place\nfrom {relation} as r"
    )
}
