//! Scalar values: any JSON value is read, its type is judged afterwards, with the place it stands in.

use std::borrow::Cow;
use std::fmt;

use serde::de::{Deserialize, Deserializer, Error, IgnoredAny, MapAccess, SeqAccess, Visitor};

use super::problem::Problem;

/// A text of the record, borrowed unless it had escapes; `None` for absent and null.
pub type Text<'a> = Option<Cow<'a, str>>;

/// Whole seconds since 1970-01-01 00:00 UTC, in the years 1 to 9999.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Epoch(i64);

impl Epoch {
    const YEAR_1: i64 = -62_135_596_800;
    const YEAR_9999_ENDS: i64 = 253_402_300_799;

    /// Seconds since 1970, UTC.
    pub fn seconds(self) -> i64 {
        self.0
    }

    fn new(seconds: i64) -> Option<Self> {
        (Self::YEAR_1..=Self::YEAR_9999_ENDS).contains(&seconds).then_some(Self(seconds))
    }

    pub(super) fn is_plausible_milliseconds(number: i64) -> bool {
        number > Self::YEAR_9999_ENDS && Self::new(number / 1000).is_some()
    }
}

/// What is personal in an attendance, in an event's record and in a person's; no two of them give one name two meanings.
const PERSONAL: [&str; 13] = [
    "/person",
    "/event/contact",
    "/feedback",
    "/custom_signup_field_values",
    "/contact",
    "/user_id",
    "/given_name",
    "/family_name",
    "/email_addresses",
    "/phone_numbers",
    "/postal_addresses",
    "/sms_opt_in_status",
    "/blocked_date",
];

/// Where a value stands: the pointer is spelled out only when there is a problem to report.
#[derive(Debug, Clone, Copy)]
pub(super) struct At<'p> {
    root: &'p str,
    parent: &'p str,
    index: Option<usize>,
    key: &'p str,
}

impl<'p> At<'p> {
    pub(super) fn new(parent: &'p str, key: &'p str) -> Self {
        Self { root: "", parent, index: None, key }
    }

    pub(super) fn item(parent: &'p str, index: usize, key: &'p str) -> Self {
        Self { root: "", parent, index: Some(index), key }
    }

    /// The same place inside an object that itself stands at `root`.
    pub(super) fn within(self, root: &'p str) -> Self {
        Self { root, ..self }
    }

    /// Fields that hold names, addresses, or what people wrote: their values stay out of messages.
    fn is_personal(self) -> bool {
        let pointer = self.pointer();
        PERSONAL.iter().any(|personal| pointer.starts_with(personal))
    }

    pub(super) fn pointer(self) -> String {
        let index = self.index.map(|index| format!("/{index}")).unwrap_or_default();
        let key = if self.key.is_empty() { String::new() } else { format!("/{}", self.key) };
        format!("{}{}{index}{key}", self.root, self.parent)
    }
}

/// One JSON value as it was found.
#[derive(Debug, Default, Clone, PartialEq)]
pub(super) enum Scalar<'a> {
    #[default]
    Absent,
    Null,
    Bool(bool),
    Integer(i64),
    Huge(u64),
    Float(f64),
    Text(Cow<'a, str>),
    List,
    Object,
}

impl<'a> Scalar<'a> {
    pub(super) fn is_absent(&self) -> bool {
        matches!(self, Self::Absent)
    }

    pub(super) fn is_absent_or_null(&self) -> bool {
        matches!(self, Self::Absent | Self::Null)
    }

    pub(super) fn text(self, at: At<'_>) -> Result<Text<'a>, Problem> {
        match self {
            Self::Absent | Self::Null => Ok(None),
            // Raw NUL is no JSON, so only texts with escapes can hold one.
            Self::Text(Cow::Owned(text)) if text.contains('\0') => Err(Problem::Nul { field: at.pointer() }),
            Self::Text(text) => Ok(Some(text)),
            other => Err(other.wrong(at, "a text")),
        }
    }

    pub(super) fn integer(self, at: At<'_>) -> Result<Option<i64>, Problem> {
        match self {
            Self::Absent | Self::Null => Ok(None),
            Self::Integer(number) => Ok(Some(number)),
            Self::Huge(number) => Err(Problem::OutOfRange { field: at.pointer(), found: number.to_string() }),
            Self::Float(number) if number.abs() >= 2f64.powi(63) => {
                Err(Problem::OutOfRange { field: at.pointer(), found: format!("{number:e}") })
            }
            other => Err(other.wrong(at, "an integer")),
        }
    }

    pub(super) fn boolean(self, at: At<'_>) -> Result<Option<bool>, Problem> {
        match self {
            Self::Absent | Self::Null => Ok(None),
            Self::Bool(value) => Ok(Some(value)),
            other => Err(other.wrong(at, "true or false")),
        }
    }

    pub(super) fn float(self, at: At<'_>) -> Result<Option<f64>, Problem> {
        match self {
            Self::Absent | Self::Null => Ok(None),
            Self::Integer(number) => Ok(Some(number as f64)),
            Self::Huge(number) => Ok(Some(number as f64)),
            Self::Float(number) => Ok(Some(number)),
            other => Err(other.wrong(at, "a number")),
        }
    }

    pub(super) fn epoch(self, at: At<'_>) -> Result<Option<Epoch>, Problem> {
        let Some(seconds) = self.integer(at)? else {
            return Ok(None);
        };
        match Epoch::new(seconds) {
            None => Err(Problem::EpochOutOfRange { field: at.pointer(), found: seconds }),
            epoch => Ok(epoch),
        }
    }

    fn wrong(self, at: At<'_>, expected: &'static str) -> Problem {
        let personal = at.is_personal();
        let found = match self {
            Self::Absent | Self::Null => "null".to_owned(),
            Self::List => "a list".to_owned(),
            Self::Object => "an object".to_owned(),
            Self::Bool(value) => value.to_string(),
            Self::Text(_) if personal => "a text".to_owned(),
            Self::Integer(_) | Self::Huge(_) | Self::Float(_) if personal => "a number".to_owned(),
            Self::Integer(number) => number.to_string(),
            Self::Huge(number) => number.to_string(),
            Self::Float(number) => format!("{number:?}"),
            Self::Text(text) => format!("the text {:?}", shortened(&text)),
        };
        Problem::WrongType { field: at.pointer(), expected, found }
    }
}

/// The first 24 characters, and dots for the rest.
fn shortened(text: &str) -> Cow<'_, str> {
    match text.char_indices().nth(24) {
        None => text.into(),
        Some((end, _)) => format!("{}...", &text[..end]).into(),
    }
}

impl<'de: 'a, 'a> Deserialize<'de> for Scalar<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(AnyValue)
    }
}

struct AnyValue;

impl<'de> Visitor<'de> for AnyValue {
    type Value = Scalar<'de>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("any JSON value")
    }

    fn visit_unit<E: Error>(self) -> Result<Self::Value, E> {
        Ok(Scalar::Null)
    }

    fn visit_bool<E: Error>(self, value: bool) -> Result<Self::Value, E> {
        Ok(Scalar::Bool(value))
    }

    fn visit_i64<E: Error>(self, value: i64) -> Result<Self::Value, E> {
        Ok(Scalar::Integer(value))
    }

    fn visit_u64<E: Error>(self, value: u64) -> Result<Self::Value, E> {
        Ok(i64::try_from(value).map_or(Scalar::Huge(value), Scalar::Integer))
    }

    fn visit_f64<E: Error>(self, value: f64) -> Result<Self::Value, E> {
        Ok(Scalar::Float(value))
    }

    fn visit_borrowed_str<E: Error>(self, value: &'de str) -> Result<Self::Value, E> {
        Ok(Scalar::Text(Cow::Borrowed(value)))
    }

    fn visit_str<E: Error>(self, value: &str) -> Result<Self::Value, E> {
        Ok(Scalar::Text(Cow::Owned(value.to_owned())))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Self::Value, A::Error> {
        while list.next_element::<IgnoredAny>()?.is_some() {}
        Ok(Scalar::List)
    }

    fn visit_map<A: MapAccess<'de>>(self, mut object: A) -> Result<Self::Value, A::Error> {
        while object.next_entry::<IgnoredAny, IgnoredAny>()?.is_some() {}
        Ok(Scalar::Object)
    }
}
