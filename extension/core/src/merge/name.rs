//! Names in SQL, always quoted: the one way by which a name of the catalog gets into a generated statement.
use std::fmt;

use serde::Deserialize;

/// An identifier. Displays quoted, `"` doubled, so that no name can end its quotes.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
#[serde(transparent)]
pub struct Ident(String);

impl Ident {
    /// The identifier as the catalog spells it.
    pub fn new(name: impl Into<String>) -> Self {
        Ident(name.into())
    }

    /// The name without quotes, for messages and comparisons, never for SQL.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Ident {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "\"{}\"", self.0.replace('"', "\"\""))
    }
}

/// A schema-qualified name.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct QualifiedName {
    /// Schema, such as `mobilize` or `pg_temp_3`.
    pub schema: Ident,
    /// Relation or function.
    pub name: Ident,
}

impl fmt::Display for QualifiedName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}", self.schema, self.name)
    }
}

/// A text constant. Displays quoted; a backslash turns it into an escape string, so that the value is the same whatever
/// `standard_conforming_strings` says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Literal(String);

impl Literal {
    /// The value, as it is.
    pub fn new(value: impl Into<String>) -> Self {
        Literal(value.into())
    }
}

impl fmt::Display for Literal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let escape = if self.0.contains('\\') { "E" } else { "" };
        write!(f, "{escape}'{}'", self.0.replace('\'', "''").replace('\\', "\\\\"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quotes_end_nowhere() {
        assert_eq!(Ident::new("a\"; drop table x; --").to_string(), "\"a\"\"; drop table x; --\"");
        assert_eq!(Literal::new("it's").to_string(), "'it''s'");
        assert_eq!(Literal::new("a\\'b").to_string(), "E'a\\\\''b'");
    }
}
