//! Equality as an index or a foreign key means it, whatever `search_path` and collations are in force.
use serde::Deserialize;

use super::name::QualifiedName;

/// How two values are compared. The default is `=` of `pg_catalog` under the values' own collation.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
pub struct Equality {
    /// The operator where it is not `pg_catalog.=`, such as that of `citext`.
    #[serde(default)]
    pub operator: Option<QualifiedName>,
    /// The collation where it is not the database's.
    #[serde(default)]
    pub collation: Option<QualifiedName>,
}

impl Equality {
    /// `left = right`; null where one of them is.
    pub fn equal(&self, left: &str, right: &str) -> String {
        let operator = match &self.operator {
            // A name of operator characters is not quoted, and holds nothing else.
            Some(name) => format!("operator({}.{})", name.schema, name.name.as_str()),
            None => "=".into(),
        };
        format!("{left} {operator} {}", self.collated(right))
    }

    /// Whether both are equal or both null.
    pub fn same(&self, left: &str, right: &str) -> String {
        match &self.operator {
            Some(_) => {
                format!("coalesce({}, {left} is null and {right} is null)", self.equal(left, right))
            }
            None => format!("{left} is not distinct from {}", self.collated(right)),
        }
    }

    /// The value under the collation that counts.
    pub fn collated(&self, value: &str) -> String {
        match &self.collation {
            Some(name) => format!("({value} collate {name})"),
            None => value.into(),
        }
    }
}
