//! JSON that a `jsonb` column can keep.
//!
//! Grammar is serde_json's. `jsonb` refuses more: NUL, surrogates without their other half, and numbers that a
//! `numeric` has no room for (PostgreSQL's documentation, "JSON Types").
use serde::de::IgnoredAny;

use super::{Fault, number};

/// Whether the text is JSON (RFC 8259), as the type `json` keeps it.
pub(super) fn json(text: &str) -> Result<(), Fault> {
    match serde_json::from_str::<IgnoredAny>(text) {
        Ok(_) => Ok(()),
        Err(_) => Err(Fault::new("22P02", "JSON", text)),
    }
}

/// Whether the text is JSON that `jsonb` can keep.
///
/// # Errors
/// 22P02 no JSON or half a surrogate pair, 22P05 NUL, 22003 a number without room.
pub fn jsonb(text: &str) -> Result<(), Fault> {
    json(text)?;
    let bytes = text.as_bytes();
    let mut at = 0;
    while let Some(&byte) = bytes.get(at) {
        at = match byte {
            b'"' => string(text, at + 1)?,
            b'-' | b'0'..=b'9' => {
                let digits = bytes[at..]
                    .iter()
                    .take_while(|it| matches!(it, b'0'..=b'9' | b'+' | b'-' | b'.' | b'e' | b'E'));
                let end = at + digits.count();
                number::numeric(text.get(at..end).unwrap_or_default(), None)?;
                end
            }
            _ => at + 1,
        };
    }
    Ok(())
}

/// Checks the escapes of a string of good grammar; returns the place after its closing quote.
fn string(text: &str, mut at: usize) -> Result<usize, Fault> {
    let bytes = text.as_bytes();
    let unit = |at: usize| {
        let digits = text.get(at..at + 6)?.strip_prefix("\\u")?;
        u16::from_str_radix(digits, 16).ok()
    };
    loop {
        match bytes.get(at) {
            None => return Ok(at),
            Some(b'"') => return Ok(at + 1),
            Some(b'\\') => {
                at += match unit(at) {
                    None => 2,
                    Some(0) => return Err(Fault::new("22P05", "JSON without \\u0000", text)),
                    Some(0xD800..=0xDBFF) if matches!(unit(at + 6), Some(0xDC00..=0xDFFF)) => 12,
                    Some(0xD800..=0xDFFF) => return Err(Fault::new("22P02", "surrogates in pairs", text)),
                    Some(_) => 6,
                }
            }
            Some(_) => at += 1,
        }
    }
}
