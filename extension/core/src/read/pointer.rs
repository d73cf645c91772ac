//! JSON pointers (RFC 6901), and finding what they point at without reading the rest.
use std::fmt;

use serde::de::{Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

/// A parsed pointer: its reference tokens, unescaped. The default points at the whole.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Pointer(Vec<String>);

impl Pointer {
    /// Reads a pointer; the empty text points at the whole.
    ///
    /// # Errors
    /// What is expected, in words.
    pub(super) fn parse(text: &str) -> Result<Self, &'static str> {
        let Some(tokens) = text.strip_prefix('/') else {
            return if text.is_empty() { Ok(Pointer(Vec::new())) } else { Err("expected a JSON pointer") };
        };
        let unescaped = tokens.split('/').map(|token| {
            let strayed = token.replace("~0", "").replace("~1", "").contains('~');
            let plain = token.replace("~1", "/").replace("~0", "~");
            if strayed { Err("expected ~0 or ~1 after ~ (RFC 6901)") } else { Ok(plain) }
        });
        unescaped.collect::<Result<_, _>>().map(Pointer)
    }

    /// The first token and the others; none for the pointer at the whole.
    pub(super) fn split_first(&self) -> Option<(&str, Self)> {
        let (first, rest) = self.0.split_first()?;
        Some((first, Pointer(rest.to_vec())))
    }

    /// The token of a pointer that has one.
    pub(super) fn only(&self) -> Option<&str> {
        match self.0.as_slice() {
            [only] => Some(only),
            _ => None,
        }
    }

    /// What the pointer points at within a value; none where there is no such place.
    pub(super) fn find<'a>(&self, value: &'a RawValue) -> Option<&'a RawValue> {
        let mut value = value;
        for token in &self.0 {
            let mut reader = serde_json::Deserializer::from_str(value.get());
            value = reader.deserialize_any(Step(token)).ok()??;
        }
        Some(value)
    }
}

impl fmt::Display for Pointer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|token| write!(f, "/{}", token.replace('~', "~0").replace('/', "~1")))
    }
}

/// Splits a pointer with `*` into the array's and the element's: `/items/*/sku` into `/items` and `/sku`.
pub(super) fn split_star(pointer: &str) -> Result<Option<(&str, &str)>, &'static str> {
    let tokens = pointer.split('/').filter(|token| *token == "*").count();
    match (tokens, pointer.split_once("/*/"), pointer.strip_suffix("/*")) {
        (0, ..) => Ok(None),
        (1, Some((array, _)), _) => Ok(Some((array, &pointer[array.len() + 2..]))),
        (1, None, Some(array)) => Ok(Some((array, ""))),
        _ => Err("expected one * at most"),
    }
}

/// One step down: the last member of that name, or the element of that number.
struct Step<'p>(&'p str);

impl<'de> Visitor<'de> for Step<'_> {
    type Value = Option<&'de RawValue>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object or an array")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        let mut found = None;
        while let Some(is_meant) = map.next_key_seed(Is(self.0))? {
            match is_meant {
                true => found = Some(map.next_value()?),
                false => drop(map.next_value::<IgnoredAny>()?),
            }
        }
        Ok(found)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Self::Value, A::Error> {
        // RFC 6901: digits without leading zeros.
        let is_number =
            self.0 == "0" || (!self.0.starts_with('0') && self.0.bytes().all(|it| it.is_ascii_digit()));
        let wanted = self.0.parse::<usize>().ok().filter(|_| is_number);
        let (mut found, mut at) = (None, 0);
        loop {
            match wanted == Some(at) {
                true => match seq.next_element()? {
                    Some(element) => found = Some(element),
                    None => return Ok(found),
                },
                false if seq.next_element::<IgnoredAny>()?.is_none() => return Ok(found),
                false => {}
            }
            at += 1;
        }
    }
}

/// Whether a key is the one that is meant, compared unescaped.
struct Is<'p>(&'p str);

impl<'de> serde::de::DeserializeSeed<'de> for Is<'_> {
    type Value = bool;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<bool, D::Error> {
        deserializer.deserialize_str(self)
    }
}

impl Visitor<'_> for Is<'_> {
    type Value = bool;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a key")
    }

    fn visit_str<E>(self, key: &str) -> Result<bool, E> {
        Ok(key == self.0)
    }
}
