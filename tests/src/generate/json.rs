//! JSON whose keys keep the order they were given, and can lose it on purpose.

use super::random::Random;
use std::fmt::Write as _;

/// A JSON value.
#[derive(Clone, Debug, PartialEq)]
pub enum Json {
    /// `null`
    Null,
    /// `true` or `false`
    Bool(bool),
    /// A whole number.
    Int(i64),
    /// A number written as it stands, such as `43.0418635`.
    Decimal(String),
    /// A string.
    Text(String),
    /// An array.
    List(Vec<Json>),
    /// An object.
    Object(Vec<(&'static str, Json)>),
}

impl Json {
    /// A string value.
    pub fn text(value: impl Into<String>) -> Self {
        Self::Text(value.into())
    }

    /// The value, or null.
    pub fn or_null<T: Into<Self>>(value: Option<T>) -> Self {
        value.map_or(Self::Null, Into::into)
    }

    /// Puts the keys of this object and of all objects in it into another order.
    pub fn reorder(&mut self, random: &mut Random) {
        match self {
            Self::Object(members) => {
                members.iter_mut().for_each(|(_, value)| value.reorder(random));
                random.shuffle(members);
            }
            Self::List(items) => items.iter_mut().for_each(|item| item.reorder(random)),
            _ => {}
        }
    }

    /// The members of an object, for changing them; none for other values.
    pub fn members(&mut self) -> Option<&mut Vec<(&'static str, Json)>> {
        match self {
            Self::Object(members) => Some(members),
            _ => None,
        }
    }

    /// Replaces a member of an object, or adds it.
    pub fn set(&mut self, key: &'static str, value: Json) {
        if let Some(members) = self.members() {
            match members.iter_mut().find(|(name, _)| *name == key) {
                Some(member) => member.1 = value,
                None => members.push((key, value)),
            }
        }
    }

    /// Takes a member out of an object: absent, not null.
    pub fn remove(&mut self, key: &str) {
        if let Some(members) = self.members() {
            members.retain(|(name, _)| *name != key);
        }
    }

    /// A member of an object, for changing it.
    pub fn get(&mut self, key: &str) -> Option<&mut Json> {
        self.members()?.iter_mut().find(|(name, _)| *name == key).map(|(_, value)| value)
    }

    /// Appends the value to `out`, compact; with `ascii`, other characters are written as `\u` escapes.
    pub fn write(&self, out: &mut String, ascii: bool) {
        match self {
            Self::Null => out.push_str("null"),
            Self::Bool(value) => out.push_str(if *value { "true" } else { "false" }),
            Self::Int(value) => {
                let _ = write!(out, "{value}");
            }
            Self::Decimal(value) => out.push_str(value),
            Self::Text(value) => write_text(out, value, ascii),
            Self::List(items) => {
                out.push('[');
                for (index, item) in items.iter().enumerate() {
                    if index > 0 {
                        out.push(',');
                    }
                    item.write(out, ascii);
                }
                out.push(']');
            }
            Self::Object(members) => {
                out.push('{');
                for (index, (key, value)) in members.iter().enumerate() {
                    if index > 0 {
                        out.push(',');
                    }
                    write_text(out, key, ascii);
                    out.push(':');
                    value.write(out, ascii);
                }
                out.push('}');
            }
        }
    }
}

fn write_text(out: &mut String, text: &str, ascii: bool) {
    out.push('"');
    for character in text.chars() {
        match character {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            control if control < ' ' => {
                let _ = write!(out, "\\u{:04x}", u32::from(control));
            }
            other if ascii && !other.is_ascii() => {
                for unit in other.encode_utf16(&mut [0; 2]) {
                    let _ = write!(out, "\\u{unit:04x}");
                }
            }
            other => out.push(other),
        }
    }
    out.push('"');
}

impl From<i64> for Json {
    fn from(value: i64) -> Self {
        Self::Int(value)
    }
}

impl From<bool> for Json {
    fn from(value: bool) -> Self {
        Self::Bool(value)
    }
}

impl From<&str> for Json {
    fn from(value: &str) -> Self {
        Self::Text(value.to_owned())
    }
}

impl From<String> for Json {
    fn from(value: String) -> Self {
        Self::Text(value)
    }
}

#[cfg(test)]
mod tests {
    use super::{Json, Random};

    #[test]
    fn what_is_written_reads_back() {
        let value = Json::Object(vec![
            ("a\"", Json::text("tab\t quote\" back\\ \u{1} é 🎉\n")),
            ("b", Json::List(vec![Json::Null, Json::Int(-3), Json::Bool(true)])),
            ("c", Json::Decimal("43.0418635".to_owned())),
        ]);
        let mut other_order = value.clone();
        other_order.reorder(&mut Random::of(5, "order", 1));
        let read = |value: &Json, ascii| {
            let mut out = String::new();
            value.write(&mut out, ascii);
            assert!(!ascii || out.is_ascii());
            serde_json::from_str::<serde_json::Value>(&out).unwrap()
        };
        assert_eq!(read(&value, false), read(&value, true));
        assert_eq!(read(&value, false), read(&other_order, false));
        assert_eq!(read(&value, false)["a\""], "tab\t quote\" back\\ \u{1} é 🎉\n");
    }
}
