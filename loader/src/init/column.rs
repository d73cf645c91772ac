//! What a sample shows of one field: how often it is filled, with how many values, of which type.
use std::collections::HashSet;
use std::hash::{BuildHasher, RandomState};

use etl_core::value;

/// Types that are tried, the narrowest first. What none fits is text.
const TYPES: [(&str, &str); 7] = [
    ("bigint", "bigint"),
    ("numeric", "numeric"),
    ("boolean", "boolean"),
    ("date", "date"),
    ("timestamp", "timestamp without time zone"),
    ("timestamptz", "timestamp with time zone"),
    ("uuid", "uuid"),
];

/// A value of a field.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Value {
    /// Absent, null or blank.
    Missing,
    /// A text, or a scalar as text.
    Scalar(String),
    /// An object or an array.
    Nested,
}

/// What was seen of a field.
#[derive(Debug, Clone, Default)]
pub struct Seen {
    /// Values that were not missing.
    pub filled: usize,
    /// Lengths of the shortest and the longest of the texts, characters.
    pub lengths: Option<(usize, usize)>,
    /// A hash a record, 0 where the value is missing or nested; records after the last are missing.
    hashes: Vec<u64>,
    has_nested: bool,
    /// Types that a value did not fit, one bit each.
    refused: u8,
}

impl Seen {
    /// Takes in the value of a record, numbered from 0. The same value has the same hash under one `state`.
    pub fn take(&mut self, record: usize, value: &Value, state: &RandomState) {
        let text = match value {
            Value::Missing => return,
            Value::Scalar(text) => text,
            Value::Nested => {
                (self.filled, self.has_nested) = (self.filled + 1, true);
                return;
            }
        };
        self.filled += 1;
        let length = text.chars().count();
        let (low, high) = self.lengths.unwrap_or((length, length));
        self.lengths = Some((low.min(length), high.max(length)));
        for (bit, (_, type_name)) in TYPES.iter().enumerate() {
            let is_open = self.refused & (1 << bit) == 0;
            if is_open && (has_leading_zero(text) && bit < 2 || value::check(text, type_name).is_err()) {
                self.refused |= 1 << bit;
            }
        }
        self.hashes.resize(record + 1, 0);
        self.hashes[record] = state.hash_one(text) | 1;
    }

    /// The narrowest type that all values fit; text where there are none, jsonb where some are nested.
    pub fn type_name(&self) -> &'static str {
        if self.has_nested {
            return "jsonb";
        }
        let fitting = (0..TYPES.len()).find(|bit| self.lengths.is_some() && self.refused & (1 << bit) == 0);
        fitting.map_or("text", |bit| TYPES[bit].0)
    }

    /// Whether the type can carry a key: its values are names or numbers of something, not measures.
    pub fn can_be_key(&self) -> bool {
        matches!(self.type_name(), "bigint" | "uuid" | "text" | "date" | "timestamp" | "timestamptz")
    }

    /// The value of a record as a number that stands for it; 0 for none.
    pub fn hash(&self, record: usize) -> u64 {
        self.hashes.get(record).copied().unwrap_or(0)
    }

    /// The values that are there.
    pub fn values(&self) -> HashSet<u64> {
        self.hashes.iter().copied().filter(|hash| *hash != 0).collect()
    }
}

/// `00123` is a code: as a number it would lose its zeros.
fn has_leading_zero(text: &str) -> bool {
    let digits = text.strip_prefix('-').unwrap_or(text).as_bytes();
    digits.first() == Some(&b'0') && digits.get(1).is_some_and(u8::is_ascii_digit)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn seen(values: &[&str]) -> Seen {
        let (mut seen, state) = (Seen::default(), RandomState::new());
        for (record, value) in values.iter().enumerate() {
            seen.take(record, &Value::Scalar((*value).to_owned()), &state);
        }
        seen
    }

    #[test]
    fn the_narrowest_strict_type_is_taken() {
        for (values, expected) in [
            (&["1", "-20"][..], "bigint"),
            (&["1", "9223372036854775808"], "numeric"),
            (&["1", "2.50", "0.5"], "numeric"),
            (&["00123", "17"], "text"),
            (&["00.5"], "text"),
            (&["true", "false"], "boolean"),
            (&["yes"], "text"),
            (&["2021-02-28"], "date"),
            (&["2021-02-30"], "text"),
            (&["2021-02-28 10:00:00", "2021-02-28T10:00"], "timestamp"),
            (&["2021-02-28T10:00:00Z"], "timestamptz"),
            (&["2021-02-28", "2021-02-28T10:00:00Z"], "text"),
            (&["a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11"], "uuid"),
            (&["1", "x"], "text"),
            (&["1,5"], "text"),
            (&[" 1"], "text"),
            (&[], "text"),
        ] {
            assert_eq!(seen(values).type_name(), expected, "{values:?}");
        }
    }

    #[test]
    fn missing_and_nested_values_are_counted() {
        let (mut seen, state) = (Seen::default(), RandomState::new());
        seen.take(0, &Value::Missing, &state);
        seen.take(1, &Value::Scalar("äö".into()), &state);
        seen.take(2, &Value::Scalar("äö".into()), &state);
        assert_eq!((seen.filled, seen.lengths, seen.values().len()), (2, Some((2, 2)), 1));
        assert_eq!((seen.hash(0), seen.hash(9)), (0, 0));
        seen.take(3, &Value::Nested, &state);
        assert_eq!((seen.filled, seen.type_name()), (3, "jsonb"));
    }
}
