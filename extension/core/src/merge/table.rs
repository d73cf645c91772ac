//! A target and a staged relation as the catalog describes them: what the planner knows, and all it knows.
//!
//! The extension reads both from `pg_catalog` in one query each (`extension/src/merge/*.sql`), as JSON of these types.
use serde::Deserialize;

use super::equality::Equality;
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
    /// Unique indexes in the order of their names, those of the keys included.
    #[serde(default)]
    pub uniques: Vec<Unique>,
    /// CHECK constraints in the order of their names.
    pub checks: Vec<Check>,
    /// Of a partitioned table, the expression that says whether some partition takes the row.
    #[serde(default)]
    pub partitions: Option<String>,
    /// Foreign keys in the order of their names.
    pub parents: Vec<Parent>,
    /// Foreign keys that refer to columns of this table and forbid to change what is referred to.
    #[serde(default)]
    pub children: Vec<Child>,
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
    /// For a domain the type beneath it, with modifiers.
    #[serde(default)]
    pub base_type: Option<String>,
    /// Its default as an expression; null has none. Identity columns count as having one.
    pub default: Option<String>,
    /// The expression of a generated column.
    #[serde(default)]
    pub generated: Option<String>,
    /// GENERATED ALWAYS AS IDENTITY: it can be given on insert, and never changed.
    #[serde(default)]
    pub is_fixed: bool,
    /// How two of its values are compared.
    #[serde(default)]
    pub equality: Equality,
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

/// A unique index.
#[derive(Clone, Debug, Deserialize)]
pub struct Unique {
    /// The constraint, or the index where there is none.
    pub name: Ident,
    /// What must differ, in order.
    pub values: Vec<UniqueValue>,
    /// The predicate of a partial index.
    pub predicate: Option<String>,
    /// NULLS NOT DISTINCT: two nulls collide.
    pub nulls_collide: bool,
}

/// One column or expression of a unique index, deparsed as [`Check::expression`] is.
#[derive(Clone, Debug, Deserialize)]
pub struct UniqueValue {
    /// The column; none for an expression.
    pub column: Option<Ident>,
    /// The column, quoted, or the expression, which may raise.
    pub expression: String,
    /// The operator class's notion of equal.
    pub equality: Equality,
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
    /// MATCH FULL: either all columns are null or none.
    #[serde(default)]
    pub is_full: bool,
    /// Whether it is an ordinary table, not a partitioned one.
    #[serde(default)]
    pub is_only: bool,
    /// How each pair of columns is compared; empty for plain `=`.
    #[serde(default)]
    pub equalities: Vec<Equality>,
}

/// A foreign key of another table, or of this one, that refers to columns of the target beside its key.
#[derive(Clone, Debug, Deserialize)]
pub struct Child {
    /// The constraint.
    pub constraint: Ident,
    /// The table that refers.
    pub table: QualifiedName,
    /// Referring columns, in the constraint's order.
    pub columns: Vec<Ident>,
    /// Columns of the target referred to, in the constraint's order.
    pub referred: Vec<Ident>,
    /// Whether the referring table is the target itself.
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
/// first. `copies` is how many records of the source carry this very row, `field` the column or JSON pointer of `problem`,
/// `quarantine_id` the quarantined row that a replay tries again.
pub const META: [&str; 11] = [
    "source",
    "line",
    "byte",
    "record",
    "raw",
    "problem",
    "sqlstate",
    "field",
    "absent",
    "copies",
    "quarantine_id",
];

/// Those of [`META`] that reading stages of each record, with their types.
pub const READ_META: [(&str, &str); 6] = [
    ("source", "smallint"),
    ("line", "bigint"),
    ("byte", "bigint"),
    ("problem", "text"),
    ("sqlstate", "text"),
    ("field", "text"),
];

impl Column {
    /// The type that carries its values before they are written: of a domain the type beneath, which has no say about
    /// nulls.
    pub fn carrier(&self) -> &str {
        self.base_type.as_deref().unwrap_or(&self.type_name)
    }
}

impl Unique {
    /// An expression as the index evaluates it: not for rows that its predicate leaves out.
    pub fn within(&self, expression: &str) -> String {
        match &self.predicate {
            Some(predicate) => format!("case when {predicate} then {expression} end"),
            None => format!("({expression})"),
        }
    }
}

impl Parent {
    /// The table referred to, without those that inherit from it: a foreign key does not look at them.
    pub fn relation(&self) -> String {
        if self.is_only { format!("only {}", self.table) } else { self.table.to_string() }
    }
}

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

    /// The relation's meta column of that name. Where the target has a column of the name, a staged one is the target's, and
    /// the meta column is called `etl$<name>`.
    pub fn meta(&self, name: &str, target: &Target) -> Option<&StagedColumn> {
        let is_free = target.column(&Ident::new(name)).is_none();
        self.column(name).filter(|_| is_free).or_else(|| self.column(&format!("etl${name}")))
    }

    /// Whether the relation has that meta column.
    pub fn has_meta(&self, name: &str, target: &Target) -> bool {
        self.meta(name, target).is_some()
    }
}
