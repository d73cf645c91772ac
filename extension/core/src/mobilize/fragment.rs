//! Fragments: objects and lists inside a record, kept as text until somebody needs their fields.

use std::cell::RefCell;

use serde::de::{Deserialize, Deserializer};
use serde_json::value::RawValue;
use xxhash_rust::xxh3::xxh3_64;

use super::problem::Problem;
use super::value::{At, Scalar};

/// A value of the record as its text; knows absent from null.
#[derive(Debug, Default, Clone, Copy)]
pub(super) struct Fragment<'a>(Option<&'a str>);

impl<'de: 'a, 'a> Deserialize<'de> for Fragment<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        <&RawValue>::deserialize(deserializer).map(|raw| Self(Some(raw.get())))
    }
}

impl<'a> Fragment<'a> {
    /// The whole of a text, such as the record itself.
    pub(super) fn whole(text: &'a str) -> Self {
        Self(Some(text))
    }

    pub(super) fn is_absent(self) -> bool {
        self.0.is_none()
    }

    /// The text, unless the value is absent or null.
    pub(super) fn text(self) -> Option<&'a str> {
        self.0.filter(|text| *text != "null")
    }

    /// The object as `T`; nothing for absent and null.
    pub(super) fn object<T: Deserialize<'a>>(self, at: At<'_>) -> Result<Option<T>, Problem> {
        // Checked first: serde reads a struct from a list as well, field by field.
        self.expect(b'{', "an object", at)
    }

    /// The whole of a record as `T`: only an object is one.
    pub(super) fn record<T: Deserialize<'a>>(record: &'a str) -> Result<T, Problem> {
        Self::whole(record).object(At::new("", ""))?.ok_or_else(|| Problem::WrongType {
            field: String::new(),
            expected: "an object",
            found: "null".to_owned(),
        })
    }

    /// The list's items; nothing for absent and null.
    pub(super) fn list<T: Deserialize<'a>>(self, at: At<'_>) -> Result<Option<Vec<T>>, Problem> {
        self.expect(b'[', "a list", at)
    }

    fn expect<T: Deserialize<'a>>(
        self,
        first: u8,
        expected: &'static str,
        at: At<'_>,
    ) -> Result<Option<T>, Problem> {
        let Some(text) = self.text() else {
            return Ok(None);
        };
        let begins = text.bytes().find(|byte| !byte.is_ascii_whitespace());
        if begins.is_some_and(|byte| byte != first && is_start_of_value(byte)) {
            return Err(Problem::WrongType { field: at.pointer(), expected, found: kind(begins).to_owned() });
        }
        serde_json::from_str(text)
            .map(Some)
            .map_err(|error| Problem::Unreadable { field: at.pointer(), detail: unreadable(&error) })
    }

    /// The fragment's number, by which equal texts are found; not for absent and null.
    pub(super) fn hash(self) -> Option<i64> {
        self.text().map(|text| xxh3_64(text.as_bytes()).cast_signed())
    }

    /// The object's `id`; nothing where object or id are absent or null.
    ///
    /// Ids of the texts met lately are remembered by their hash, for one event stands in thousands of records.
    pub(super) fn id(self, pointer: &str) -> Result<Option<i64>, Problem> {
        let (Some(text), Some(hash)) = (self.text(), self.hash()) else {
            return Ok(None);
        };
        if let Some(id) = Remembered::get(hash, text.len()) {
            return Ok(Some(id));
        }
        let id = match self.object::<Identified<'_>>(At::new(pointer, ""))? {
            None => None,
            Some(object) => object.id.integer(At::new(pointer, "id"))?,
        };
        if let Some(id) = id {
            Remembered::put(hash, text.len(), id);
        }
        Ok(id)
    }
}

#[derive(serde::Deserialize, Default)]
#[serde(default)]
struct Identified<'a> {
    #[serde(borrow)]
    id: Scalar<'a>,
}

/// One remembered fragment: its hash, its length in bytes, its id.
#[derive(Clone, Copy, Default)]
struct Remembered {
    hash: i64,
    length: usize,
    id: i64,
}

/// Places for remembered fragments, a power of two; a newcomer takes the place that its hash names (24 KiB in all).
const PLACES: usize = 1024;

thread_local! {
    static MEMORY: RefCell<Vec<Remembered>> = RefCell::new(vec![Remembered::default(); PLACES]);
}

impl Remembered {
    fn get(hash: i64, length: usize) -> Option<i64> {
        MEMORY.with_borrow(|memory| {
            let known = memory[hash.cast_unsigned() as usize % PLACES];
            (known.hash == hash && known.length == length).then_some(known.id)
        })
    }

    fn put(hash: i64, length: usize, id: i64) {
        MEMORY.with_borrow_mut(|memory| {
            memory[hash.cast_unsigned() as usize % PLACES] = Self { hash, length, id }
        });
    }
}

fn is_start_of_value(byte: u8) -> bool {
    matches!(byte, b'{' | b'[' | b'"' | b't' | b'f' | b'n' | b'-' | b'0'..=b'9')
}

fn kind(begins: Option<u8>) -> &'static str {
    match begins {
        Some(b'{') => "an object",
        Some(b'[') => "a list",
        Some(b'"') => "a text",
        Some(b't' | b'f') => "true or false",
        Some(b'n') => "null",
        _ => "a number",
    }
}

/// The parser's words and its place; serde_json quotes no values in syntax errors, only names of doubled keys.
fn unreadable(error: &serde_json::Error) -> String {
    error.to_string()
}
