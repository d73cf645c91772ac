//! Why a part of a record cannot become a row.

use std::fmt;

use super::value::Epoch;

/// What was found where, and the rule it breaks. Values of personal fields are never quoted.
#[derive(Debug, Clone, PartialEq)]
pub enum Problem {
    /// The text is no JSON, or a key stands twice, or a number exceeds every type.
    Unreadable {
        /// JSON pointer into the record; empty for the record itself.
        field: String,
        /// What the JSON parser says, without values.
        detail: String,
    },
    /// A value of another JSON type than the documented one.
    WrongType {
        /// JSON pointer into the record.
        field: String,
        /// The type that is documented, with its article.
        expected: &'static str,
        /// What stands there, shortened.
        found: String,
    },
    /// An integer that a bigint cannot hold.
    OutOfRange {
        /// JSON pointer into the record.
        field: String,
        /// The number, as far as it could be read.
        found: String,
    },
    /// Something that the rest of the record cannot do without.
    Missing {
        /// JSON pointer into the record.
        field: String,
        /// What it is needed for.
        rule: &'static str,
    },
    /// Seconds since 1970 outside the years 1 to 9999.
    EpochOutOfRange {
        /// JSON pointer into the record.
        field: String,
        /// The number of seconds.
        found: i64,
    },
    /// A text with the character NUL, which PostgreSQL cannot keep.
    Nul {
        /// JSON pointer into the record.
        field: String,
    },
}

impl Problem {
    /// The SQLSTATE that PostgreSQL itself would give the same fault.
    pub fn sqlstate(&self) -> &'static str {
        match self {
            Self::Unreadable { .. } | Self::WrongType { .. } => "22P02",
            Self::OutOfRange { .. } => "22003",
            Self::Missing { .. } => "23502",
            Self::EpochOutOfRange { .. } => "22008",
            Self::Nul { .. } => "22P05",
        }
    }

    /// JSON pointer to what the problem is about; empty for the record itself.
    pub fn field(&self) -> &str {
        match self {
            Self::Unreadable { field, .. }
            | Self::WrongType { field, .. }
            | Self::OutOfRange { field, .. }
            | Self::Missing { field, .. }
            | Self::EpochOutOfRange { field, .. }
            | Self::Nul { field } => field,
        }
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.field() {
            "" => f.write_str("record: ")?,
            field => write!(f, "{field}: ")?,
        }
        match self {
            Self::Unreadable { detail, .. } => write!(f, "{detail}"),
            Self::WrongType { expected, found, .. } => write!(f, "expected {expected}, found {found}"),
            Self::OutOfRange { found, .. } => {
                write!(
                    f,
                    "expected an integer between -9223372036854775808 and 9223372036854775807, found {found}"
                )
            }
            Self::Missing { rule, .. } => write!(f, "missing or null, but {rule}"),
            Self::EpochOutOfRange { found, .. } => {
                write!(f, "expected seconds since 1970 in the years 1 to 9999, found {found}")?;
                match Epoch::is_plausible_milliseconds(*found) {
                    true => f.write_str(" (milliseconds?)"),
                    false => Ok(()),
                }
            }
            Self::Nul { .. } => f.write_str("the character \\u0000 cannot be kept as text"),
        }
    }
}

impl std::error::Error for Problem {}

/// The first problem of a part; reading goes on behind it, so that keys are known for as many rows as possible.
#[derive(Debug, Default)]
pub(super) struct First(Option<Problem>);

impl First {
    /// The value, or nothing and its problem noted.
    pub(super) fn keep<T>(&mut self, read: Result<Option<T>, Problem>) -> Option<T> {
        read.unwrap_or_else(|problem| {
            self.note(problem);
            None
        })
    }

    /// Notes a problem unless one is known already.
    pub(super) fn note(&mut self, problem: Problem) {
        self.0.get_or_insert(problem);
    }

    /// The first problem noted.
    pub(super) fn into_problem(self) -> Option<Problem> {
        self.0
    }
}
