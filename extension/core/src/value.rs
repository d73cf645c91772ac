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
    fn new(sqlstate: &'static str, rule: impl Into<String>, found: &str) -> Self {
        Fault { sqlstate, rule: rule.into(), found: shorten(found) }
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
    Reader::of(type_name).is_some()
}

/// Checks that `text` is a value of the type, named as PostgreSQL's `format_type` names it, such as `numeric(12,2)`.
///
/// # Errors
/// A [`Fault`] for a text that is none; a type that is not readable is a fault of SQLSTATE 0A000.
pub fn check(text: &str, type_name: &str) -> Result<(), Fault> {
    let Some(reader) = Reader::of(type_name) else {
        return Err(Fault::new("0A000", format!("a type that can be read, not {type_name}"), text));
    };
    match reader {
        Reader::Integer(low, high) => number::integer(text, low, high),
        Reader::Numeric(modifiers) => number::numeric(text, modifiers),
        Reader::Float { single } => number::float(text, single),
        Reader::Boolean => match text {
            "true" | "false" => Ok(()),
            _ => Err(Fault::new("22P02", "true or false", text)),
        },
        Reader::Text(limit) => match text.chars().count() > limit {
            true => Err(Fault::new("22001", format!("at most {limit} characters"), text)),
            false => Ok(()),
        },
        Reader::Date => moment::date(text),
        Reader::Time => moment::time(text),
        Reader::Timestamp { zoned } => moment::timestamp(text, zoned),
        Reader::Uuid => uuid(text),
        Reader::Json => json::json(text),
        Reader::Jsonb => json::jsonb(text),
    }
}

enum Reader {
    Integer(i64, i64),
    Numeric(Option<(u32, u32)>),
    Float { single: bool },
    Boolean,
    Text(usize),
    Date,
    Time,
    Timestamp { zoned: bool },
    Uuid,
    Json,
    Jsonb,
}

impl Reader {
    fn of(type_name: &str) -> Option<Reader> {
        let modifiers = |prefix: &str| {
            let inner = type_name.strip_prefix(prefix)?.strip_prefix('(')?.strip_suffix(')')?;
            let parts: Option<Vec<u32>> = inner.split(',').map(|part| part.parse().ok()).collect();
            parts
        };
        Some(match type_name {
            "smallint" => Reader::Integer(i16::MIN.into(), i16::MAX.into()),
            "integer" => Reader::Integer(i32::MIN.into(), i32::MAX.into()),
            "bigint" => Reader::Integer(i64::MIN, i64::MAX),
            "numeric" => Reader::Numeric(None),
            "real" => Reader::Float { single: true },
            "double precision" => Reader::Float { single: false },
            "boolean" => Reader::Boolean,
            "text" | "character varying" => Reader::Text(usize::MAX),
            "date" => Reader::Date,
            "time without time zone" => Reader::Time,
            "timestamp without time zone" => Reader::Timestamp { zoned: false },
            "timestamp with time zone" => Reader::Timestamp { zoned: true },
            "uuid" => Reader::Uuid,
            "json" => Reader::Json,
            "jsonb" => Reader::Jsonb,
            _ => {
                if let Some([limit]) = modifiers("character varying").as_deref() {
                    return Some(Reader::Text(*limit as usize));
                }
                match modifiers("numeric").as_deref() {
                    Some([precision, scale]) => Reader::Numeric(Some((*precision, *scale))),
                    Some([precision]) => Reader::Numeric(Some((*precision, 0))),
                    _ => return None,
                }
            }
        })
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
