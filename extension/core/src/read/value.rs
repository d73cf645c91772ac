//! One value of a record as the text of a column's value.
use std::borrow::Cow;

use jiff::fmt::strtime;
use serde_json::value::RawValue;

use super::spec::SpecColumn;
use crate::value::{Fault, Grammar, shorten};

/// A column whose type has been looked up.
pub(super) struct Target {
    column: SpecColumn,
    /// None where the type's own input function reads the text.
    grammar: Option<Grammar>,
    is_array: bool,
}

impl Target {
    pub(super) fn new(column: &SpecColumn) -> Self {
        let name = &column.type_name;
        Target { column: column.clone(), grammar: Grammar::of(name), is_array: name.ends_with("[]") }
    }

    /// What messages call the place it is read from.
    pub(super) fn label(&self) -> &str {
        &self.column.label
    }

    /// The value's text; null for a missing one without default.
    pub(super) fn read<'a>(&'a self, found: Option<&'a RawValue>) -> Result<Option<Cow<'a, str>>, Fault> {
        let text = match found.map(|value| self.text(value)).transpose()?.flatten() {
            Some(text) if text.is_empty() && !self.column.keeps_blank => None,
            text => text,
        };
        match text.or(self.column.default.as_deref().map(Cow::Borrowed)) {
            Some(text) => self.checked(text).map(Some),
            None => Ok(None),
        }
    }

    /// A number that the reader itself counts.
    pub(super) fn count(&self, count: usize) -> Result<Option<Cow<'_, str>>, Fault> {
        self.checked(Cow::Owned(count.to_string())).map(Some)
    }

    /// What stands in the record, before any grammar.
    fn text<'a>(&self, value: &'a RawValue) -> Result<Option<Cow<'a, str>>, Fault> {
        let written = value.get();
        Ok(Some(match written.as_bytes().first() {
            Some(b'"') => string(written)
                .ok_or_else(|| Fault::new("22P05", "text without NUL and half surrogates", written))?,
            Some(b'n') => return Ok(None),
            Some(b'{' | b'[') if matches!(self.grammar, Some(Grammar::Json | Grammar::Jsonb)) => {
                written.into()
            }
            Some(b'[') if self.is_array => Cow::Owned(array(written).ok_or_else(|| self.misfit(written))?),
            Some(b'{' | b'[') => return Err(self.misfit(written)),
            _ => written.into(),
        }))
    }

    fn misfit(&self, written: &str) -> Fault {
        let rule = match self.grammar {
            Some(grammar) => grammar.expectation().to_owned(),
            None if self.is_array => "a list of values".to_owned(),
            None => format!("a value of type {}", self.column.type_name),
        };
        Fault::expecting(rule, written)
    }

    fn checked<'a>(&self, text: Cow<'a, str>) -> Result<Cow<'a, str>, Fault> {
        let Some(grammar) = self.grammar else { return Ok(text) };
        match &self.column.format {
            Some(format) => by_format(&text, format, grammar).map(Cow::Owned),
            None => grammar.check(&text).map(|()| text),
        }
    }
}

/// The text of a JSON string, which mostly has no escape.
fn string(written: &str) -> Option<Cow<'_, str>> {
    match written.get(1..written.len() - 1) {
        Some(inner) if memchr::memchr(b'\\', inner.as_bytes()).is_none() => Some(inner.into()),
        _ => serde_json::from_str::<String>(written).ok().filter(|text| !text.contains('\0')).map(Cow::Owned),
    }
}

/// A JSON list as PostgreSQL writes an array; none for a list of objects.
fn array(written: &str) -> Option<String> {
    let elements: Vec<&RawValue> = serde_json::from_str(written).ok()?;
    let mut literal = String::from("{");
    for (position, element) in elements.iter().enumerate() {
        if position > 0 {
            literal.push(',');
        }
        match element.get().as_bytes().first()? {
            b'n' => literal.push_str("null"),
            b'[' => literal.push_str(&array(element.get())?),
            b'{' => return None,
            b'"' => {
                let text = string(element.get())?.replace('\\', "\\\\").replace('"', "\\\"");
                literal.extend(["\"", &text, "\""]);
            }
            _ => literal.push_str(element.get()),
        }
    }
    literal.push('}');
    Some(literal)
}

/// A text without the zeros at the end of a fraction: `.000` and no fraction are the same.
fn without_zeros(text: &str) -> String {
    let mut parts = text.split('.');
    let mut kept = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        let digits = part.bytes().take_while(u8::is_ascii_digit).count();
        let (fraction, rest) = part.split_at(digits);
        let fraction = fraction.trim_end_matches('0');
        if !fraction.is_empty() || digits == 0 {
            kept.push('.');
        }
        kept.push_str(fraction);
        kept.push_str(rest);
    }
    kept
}

/// A date or time in a declared format, as ISO 8601 writes it.
fn by_format(text: &str, format: &str, grammar: Grammar) -> Result<String, Fault> {
    let fault = |sqlstate| Fault {
        sqlstate,
        rule: format!("{} as {format}", grammar.expectation().trim_end_matches(" YYYY-MM-DD")),
        found: shorten(text),
    };
    let parsed = strtime::parse(format, text).map_err(|_| fault("22P02"))?;
    // Parsing is lenient where writing is not: what would be written otherwise (1/2/24, 10:00:60) is another format.
    if parsed.to_string(format).ok().map(|written| without_zeros(&written)) != Some(without_zeros(text)) {
        return Err(fault("22P02"));
    }
    let iso = match grammar {
        Grammar::Date => parsed.to_date().map(|it| it.to_string()),
        Grammar::Time => parsed.to_time().map(|it| it.to_string()),
        Grammar::Timestamp { zoned: false } => parsed.to_datetime().map(|it| it.to_string()),
        Grammar::Timestamp { zoned: true } => parsed.to_timestamp().map(|it| it.to_string()),
        _ => return Err(fault("22023")),
    };
    // What the format lets through and the type has no room for: nanoseconds, the year 0.
    let iso = iso.map_err(|_| fault("22008"))?;
    grammar.check(&iso).map_err(|_| fault("22008")).map(|()| iso)
}
