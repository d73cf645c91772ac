//! Strings: found eight bytes at a time, with their escapes.

use super::problem::{Kind, Problem};

/// Why a value could not be read to its end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Stop {
    /// The bytes end first, and nothing is wrong with them so far.
    Incomplete,
    /// Whatever follows, this is no JSON.
    Bad(Problem),
}

impl Stop {
    pub fn bad(at: usize, kind: Kind) -> Self {
        Stop::Bad(Problem { at, kind })
    }
}

const ONES: u64 = u64::from_ne_bytes([0x01; 8]);
const TOPS: u64 = u64::from_ne_bytes([0x80; 8]);

/// A word whose lowest set bit lies in the first byte that is a quote, a backslash or below 0x20. (Borrows can only
/// mark bytes after that one.)
fn marks(word: u64) -> u64 {
    let quote = word ^ (ONES * b'"' as u64);
    let slash = word ^ (ONES * b'\\' as u64);
    let control = word.wrapping_sub(ONES * 0x20) & !word;
    let quote = quote.wrapping_sub(ONES) & !quote;
    let slash = slash.wrapping_sub(ONES) & !slash;
    (control | quote | slash) & TOPS
}

/// The end of the string whose first byte after the opening quote is `at`: the offset after its closing quote.
#[inline]
pub(super) fn string(bytes: &[u8], mut at: usize) -> Result<usize, Stop> {
    loop {
        while let Some(word) = bytes.get(at..).and_then(|rest| rest.first_chunk::<8>()) {
            let marks = marks(u64::from_le_bytes(*word));
            if marks != 0 {
                at += (marks.trailing_zeros() / 8) as usize;
                break;
            }
            at += 8;
        }
        match bytes.get(at) {
            None => return Err(Stop::Incomplete),
            Some(b'"') => return Ok(at + 1),
            Some(b'\\') => at = escape(bytes, at)?,
            Some(0..0x20) => return Err(Stop::bad(at, Kind::Control)),
            Some(_) => at += 1,
        }
    }
}

/// The offset after the escape that begins at `at`.
fn escape(bytes: &[u8], at: usize) -> Result<usize, Stop> {
    match bytes.get(at + 1) {
        None => Err(Stop::Incomplete),
        Some(b'"' | b'\\' | b'/' | b'b' | b'f' | b'n' | b'r' | b't') => Ok(at + 2),
        Some(b'u') => match unit(bytes, at)? {
            0 => Err(Stop::bad(at, Kind::NulEscape)),
            0xDC00..=0xDFFF => Err(Stop::bad(at, Kind::Surrogate)),
            0xD800..=0xDBFF => low_half(bytes, at),
            _ => Ok(at + 6),
        },
        Some(_) => Err(Stop::bad(at, Kind::Escape)),
    }
}

/// The second half of the pair whose first half begins at `at`.
fn low_half(bytes: &[u8], at: usize) -> Result<usize, Stop> {
    let alone = Stop::bad(at, Kind::Surrogate);
    match (bytes.get(at + 6), bytes.get(at + 7)) {
        (Some(b'\\'), Some(b'u')) => match unit(bytes, at + 6) {
            Ok(0xDC00..=0xDFFF) => Ok(at + 12),
            Err(Stop::Incomplete) => Err(Stop::Incomplete),
            _ => Err(alone),
        },
        (None, _) | (Some(b'\\'), None) => Err(Stop::Incomplete),
        _ => Err(alone),
    }
}

/// The UTF-16 unit of the `\uXXXX` at `at`.
fn unit(bytes: &[u8], at: usize) -> Result<u32, Stop> {
    let mut unit = 0;
    for place in at + 2..at + 6 {
        let digit = bytes.get(place).ok_or(Stop::Incomplete)?;
        let digit = char::from(*digit).to_digit(16);
        unit = unit * 16 + digit.ok_or(Stop::bad(at, Kind::Escape))?;
    }
    Ok(unit)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_byte_at_every_offset_of_a_word() {
        for byte in 0..=255u8 {
            for offset in 0..20 {
                let mut bytes = [b'x'; 24];
                bytes[offset] = byte;
                bytes[23] = b'"';
                let expected = match byte {
                    b'"' => Ok(offset + 1),
                    b'\\' => Err(Stop::bad(offset, Kind::Escape)),
                    0..0x20 => Err(Stop::bad(offset, Kind::Control)),
                    _ => Ok(24),
                };
                assert_eq!(string(&bytes, 0), expected, "byte {byte} at {offset}");
            }
        }
    }

    #[test]
    fn escapes() {
        let bad = |kind| Err(Stop::bad(0, kind));
        for (text, expected) in [
            (r#"\n""#, Ok(3)),
            (r#"\u00e9""#, Ok(7)),
            (r#"\ud83d\ude00""#, Ok(13)),
            (r#"\uD83D\uDE00""#, Ok(13)),
            (r#"\u0000""#, bad(Kind::NulEscape)),
            (r#"\ud83d""#, bad(Kind::Surrogate)),
            (r#"\ud83dx""#, bad(Kind::Surrogate)),
            (r#"\ud83d\n""#, bad(Kind::Surrogate)),
            (r#"\ud83d\ud83d""#, bad(Kind::Surrogate)),
            (r#"\ud83d\u0041""#, bad(Kind::Surrogate)),
            (r#"\ude00\ud83d""#, bad(Kind::Surrogate)),
            (r#"\x41""#, bad(Kind::Escape)),
            (r#"\u00g0""#, bad(Kind::Escape)),
            (r#"\U0041""#, bad(Kind::Escape)),
            (r"\", Err(Stop::Incomplete)),
            (r"\u00e", Err(Stop::Incomplete)),
            (r"\ud83d", Err(Stop::Incomplete)),
            (r"\ud83d\", Err(Stop::Incomplete)),
            (r"\ud83d\ude0", Err(Stop::Incomplete)),
        ] {
            assert_eq!(string(text.as_bytes(), 0), expected, "{text}");
        }
    }
}
