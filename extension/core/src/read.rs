//! Reading: which field of a staged record goes to which column, and whether it is a value of the column's type.
//!
//! A load file declares the mapping ([`Fields`]). With the target's description and the headers of the run's CSV sources it
//! becomes a [`Plan`]: one statement that makes a table of typed rows. For each record that statement calls a [`Reader`],
//! which never fails for content: what does not fit comes back as a problem that names field, found value and rule.
//!
//! # Values
//!
//! | in the record | read as |
//! |---|---|
//! | a string | its text, by the strict grammar of the column's type ([`crate::value`]); CSV has nothing else |
//! | a number, `true`, `false` | as it is written, by the same grammar |
//! | null, or no such field | the declared default, else null |
//! | a blank string | as null, but in a NOT NULL column of a text type that is not of the primary key the empty string |
//! | an object, an array | JSON for a `json` or `jsonb` column, an array for an array column; nothing else |
//!
//! Nothing is trimmed, rounded or cut. Types without a grammar here (enums, domains, arrays, everything of an extension) are
//! handed on as text: the merge has their own input function read them. A field
//! that stands twice in a record is a problem (22030); of a key that stands twice within a nested object the last counts.
mod fields;
mod plan;
mod pointer;
mod record;
mod spec;
mod value;

pub use fields::{Fields, Origin};
pub use plan::{Plan, Source};
pub use record::{Problem, Reader, Row};
pub use spec::Spec;

#[cfg(test)]
mod tests;
