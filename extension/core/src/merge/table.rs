//! A target and a staged relation as the catalog describes them: what the planner knows, and all it knows.
//!
//! The extension reads both from `pg_catalog` in one query each (`extension/src/merge/*.sql`), as JSON of these types.
use serde::Deserialize;

use super::name::{Ident, QualifiedName};

/// A constrained table.
#[derive(Clone, Debug, Deserialize)]
pub struct Target {
    /// Its name.
    pub name: QualifiedName,
    /// Its columns in catalog order.
    pub columns: Vec<Column>,
    /// Primary key and NOT NULL unique constraints, the primary key first.
    pub keys: Vec<Key>,
    /// CHECK constraints in the order of their names.
    pub checks: Vec<Check>,
    /// Foreign keys in the order of their names.
    pub parents: Vec<Parent>,
    /// What the merge cannot promise anything about, in words; empty for an ordinary table.
    pub refusals: Vec<String>,
}

/// A column of a target.
#[derive(Clone, Debug, Deserialize)]
pub struct Column {
    /// Its name.
    pub name: Ident,
    /// Its type with modifiers as `format_type` spells it, such as `numeric(12,2)`.
    pub type_name: String,
    /// Whether it is NOT NULL.
    pub not_null: bool,
    /// Its default as an expression; null has none. Identity columns count as having one.
    pub default: Option<String>,
    /// Whether its type sorts by itself; others are ranked by their text.
    pub sortable: bool,
    /// Whether its type has equality; others are compared by their text.
    pub comparable: bool,
    /// Whether its type has a collation, which the ranking replaces by `"C"`.
    pub collatable: bool,
}

/// A key: the columns that tell one row from another.
#[derive(Clone, Debug, Deserialize)]
pub struct Key {
    /// The constraint.
    pub name: Ident,
    /// Whether it is the primary key.
    pub primary: bool,
    /// Its columns in order.
    pub columns: Vec<Ident>,
}

/// A CHECK constraint.
#[derive(Clone, Debug, Deserialize)]
pub struct Check {
    /// The constraint.
    pub name: Ident,
    /// The expression over bare column names, deparsed under `search_path = pg_catalog, pg_temp`.
    pub expression: String,
}

/// A foreign key of the target.
#[derive(Clone, Debug, Deserialize)]
pub struct Parent {
    /// The constraint.
    pub constraint: Ident,
    /// Referring columns, in the constraint's order.
    pub columns: Vec<Ident>,
    /// The table referred to.
    pub table: QualifiedName,
    /// Columns referred to, in the constraint's order.
    pub referred: Vec<Ident>,
    /// Whether it is the target itself.
    pub itself: bool,
}

/// The relation that holds the records of one target.
#[derive(Clone, Debug, Deserialize)]
pub struct Staged {
    /// Its name.
    pub name: QualifiedName,
    /// Its columns.
    pub columns: Vec<StagedColumn>,
}

/// A column of a staged relation.
#[derive(Clone, Debug, Deserialize)]
pub struct StagedColumn {
    /// Its name: a column of the target, or one of [`META`].
    pub name: Ident,
    /// Its type as `format_type` spells it.
    pub type_name: String,
}

/// Columns of a staged relation that speak of the record instead of the row. A target's column of the same name goes
/// first. `copies` is how many records of the source carry this very row, `field` the column or JSON pointer of `problem`.
pub const META: [&str; 10] =
    ["source", "line", "byte", "record", "raw", "problem", "sqlstate", "field", "absent", "copies"];

impl Target {
    /// The column of that name.
    pub fn column(&self, name: &Ident) -> Option<&Column> {
        self.columns.iter().find(|column| column.name == *name)
    }

    /// `schema.table` for people and the ledger: quoted only where it must be.
    pub fn label(&self) -> String {
        let plain = |ident: &Ident| {
            let name = ident.as_str();
            let tame = |c: char| c.is_ascii_lowercase() || c == '_' || c.is_ascii_digit();
            if name.chars().all(tame) && !name.starts_with(|c: char| c.is_ascii_digit()) {
                name.to_string()
            } else {
                ident.to_string()
            }
        };
        format!("{}.{}", plain(&self.name.schema), plain(&self.name.name))
    }
}

impl Staged {
    /// The staged column of that name.
    pub fn column(&self, name: &str) -> Option<&StagedColumn> {
        self.columns.iter().find(|column| column.name.as_str() == name)
    }

    /// Whether the relation has that meta column: it does not where the target has a column of the name.
    pub fn has_meta(&self, name: &str, target: &Target) -> bool {
        self.column(name).is_some() && target.column(&Ident::new(name)).is_none()
    }
}
