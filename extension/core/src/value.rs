//! Strict values: whether a text is a value of a column's type, by one grammar for every server setting.
//!
//! PostgreSQL's own input functions accept `today`, `J2451187` and `01/02/2021`, round `12.345` into `numeric(12,2)` and
//! depend on DateStyle and TimeZone. Here a text either is the value, plainly, or it is refused; what passes is then
//! safe to cast. Formats: ISO 8601 calendar dates and times (years 0001 to 9999), JSON's numbers and booleans, RFC 9562 UUIDs.
use std::fmt;

mod json;
mod moment;
mod number;

pub use json::jsonb;

/// Why a text is no value of a type.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fault {
    /// 22P02 not in the grammar, 22003 out of range, 22008 no such date or time, 22001 too long, 22P05 or 22030 for JSON.
    pub sqlstate: &'static str,
    /// The rule, such as `expected an integer`.
    pub rule: String,
    /// What was found, shortened.
    pub found: String,
}

impl Fault {
    /// What breaks a rule, shortened for messages.
    pub fn new(sqlstate: &'static str, rule: impl Into<String>, found: &str) -> Self {
        Fault { sqlstate, rule: rule.into(), found: shorten(found) }
    }

    /// Something else stands where this is expected: 22P02.
    pub fn expecting(rule: impl Into<String>, found: &str) -> Self {
        Fault::new("22P02", rule, found)
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "expected {}, found \"{}\"", self.rule, self.found)
    }
}

/// The first 40 characters, for messages.
pub fn shorten(found: &str) -> String {
    match found.char_indices().nth(40) {
        Some((end, _)) => format!("{}...", &found[..end]),
        None => found.to_string(),
    }
}

/// Whether [`check`] knows the type.
pub fn is_readable(type_name: &str) -> bool {
    Grammar::of(type_name).is_some()
}

/// Checks that `text` is a value of the type, named as PostgreSQL's `format_type` names it, such as `numeric(12,2)`.
///
/// # Errors
/// A [`Fault`] for a text that is none; a type that is not readable is a fault of SQLSTATE 0A000.
pub fn check(text: &str, type_name: &str) -> Result<(), Fault> {
    match Grammar::of(type_name) {
        Some(grammar) => grammar.check(text),
        None => Err(Fault::new("0A000", format!("a type that can be read, not {type_name}"), text)),
    }
}

/// What texts are values of a type.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Grammar {
    /// A whole number from the first to the second.
    Integer(i64, i64),
    /// A decimal, of precision and scale where the type has them.
    Numeric(Option<(u32, u32)>),
    /// A binary floating point number.
    Float {
        /// `real` instead of `double precision`.
        single: bool,
    },
    /// `true` or `false`.
    Boolean,
    /// Any text of at most so many characters.
    Text(usize),
    /// A calendar date.
    Date,
    /// A time of day.
    Time,
    /// Date and time.
    Timestamp {
        /// With an offset from UTC.
        zoned: bool,
    },
    /// A UUID.
    Uuid,
    /// JSON as it was written.
    Json,
    /// JSON that `jsonb` has room for.
    Jsonb,
}

impl Grammar {
    /// The grammar of a type, named as `format_type` names it; none where the type's own input function reads it.
    pub fn of(type_name: &str) -> Option<Self> {
        let modifiers = |prefix: &str| {
            let inner = type_name.strip_prefix(prefix)?.strip_prefix('(')?.strip_suffix(')')?;
            let parts: Option<Vec<u32>> = inner.split(',').map(|part| part.parse().ok()).collect();
            parts
        };
        Some(match type_name {
            "smallint" => Grammar::Integer(i16::MIN.into(), i16::MAX.into()),
            "integer" => Grammar::Integer(i32::MIN.into(), i32::MAX.into()),
            "bigint" => Grammar::Integer(i64::MIN, i64::MAX),
            "numeric" => Grammar::Numeric(None),
            "real" => Grammar::Float { single: true },
            "double precision" => Grammar::Float { single: false },
            "boolean" => Grammar::Boolean,
            "text" | "character varying" => Grammar::Text(usize::MAX),
            "date" => Grammar::Date,
            "time without time zone" => Grammar::Time,
            "timestamp without time zone" => Grammar::Timestamp { zoned: false },
            "timestamp with time zone" => Grammar::Timestamp { zoned: true },
            "uuid" => Grammar::Uuid,
            "json" => Grammar::Json,
            "jsonb" => Grammar::Jsonb,
            _ => {
                if let Some([limit]) = modifiers("character varying").as_deref() {
                    return Some(Grammar::Text(*limit as usize));
                }
                match modifiers("numeric").as_deref() {
                    Some([precision, scale]) => Grammar::Numeric(Some((*precision, *scale))),
                    Some([precision]) => Grammar::Numeric(Some((*precision, 0))),
                    _ => return None,
                }
            }
        })
    }

    /// Checks that `text` is a value.
    ///
    /// # Errors
    /// A [`Fault`] for a text that is none.
    pub fn check(self, text: &str) -> Result<(), Fault> {
        match self {
            Grammar::Integer(low, high) => number::integer(text, low, high),
            Grammar::Numeric(modifiers) => number::numeric(text, modifiers),
            Grammar::Float { single } => number::float(text, single),
            Grammar::Boolean => match text {
                "true" | "false" => Ok(()),
                _ => Err(Fault::new("22P02", "true or false", text)),
            },
            // Characters are no more than bytes.
            Grammar::Text(limit) => match text.len() > limit && text.chars().count() > limit {
                true => Err(Fault::new("22001", format!("at most {limit} characters"), text)),
                false => Ok(()),
            },
            Grammar::Date => moment::date(text),
            Grammar::Time => moment::time(text),
            Grammar::Timestamp { zoned } => moment::timestamp(text, zoned),
            Grammar::Uuid => uuid(text),
            Grammar::Json => json::json(text),
            Grammar::Jsonb => json::jsonb(text),
        }
    }

    /// What is expected, for a value that is no text at all.
    pub fn expectation(self) -> &'static str {
        match self {
            Grammar::Integer(..) => "an integer",
            Grammar::Numeric(_) | Grammar::Float { .. } => "a decimal number",
            Grammar::Boolean => "true or false",
            Grammar::Text(_) => "a text",
            Grammar::Date => "a date YYYY-MM-DD",
            Grammar::Time => "a time",
            Grammar::Timestamp { .. } => "a timestamp",
            Grammar::Uuid => "a UUID",
            Grammar::Json | Grammar::Jsonb => "JSON",
        }
    }
}

/// Eight, four, four, four and twelve hexadecimal digits.
fn uuid(text: &str) -> Result<(), Fault> {
    let groups: Vec<&str> = text.split('-').collect();
    let fits = groups.len() == 5
        && groups.iter().zip([8, 4, 4, 4, 12]).all(|(group, length)| {
            group.len() == length && group.bytes().all(|byte| byte.is_ascii_hexdigit())
        });
    if fits { Ok(()) } else { Err(Fault::new("22P02", "a UUID", text)) }
}

#[cfg(test)]
mod tests;
