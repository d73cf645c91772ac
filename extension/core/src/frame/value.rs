//! One JSON value: the whole grammar of RFC 8259 in one pass, without recursion.

use super::problem::Kind;
use super::text::{Stop, string};

/// What the grammar allows next.
#[derive(Clone, Copy, PartialEq)]
enum Expect {
    Value,
    /// A value or the end of the array.
    Element,
    Key,
    /// A key or the end of the object.
    FirstKey,
    /// A comma or the end of what is open.
    After,
}

/// The offset after the value that begins at `at` (whitespace before it is skipped), or why there is none.
///
/// UTF-8 is not looked at: whoever makes a `str` of the bytes does that. A number at the end of the bytes is
/// incomplete, as more digits may follow.
pub(super) fn check(bytes: &[u8], mut at: usize, depth_limit: u32) -> Result<usize, Stop> {
    let mut depth = 0;
    // One bit a level, the innermost lowest: 1 for an object. The limit is at most 127.
    let mut objects: u128 = 0;
    let mut expect = Expect::Value;
    loop {
        at = blank(bytes, at);
        let Some(&byte) = bytes.get(at) else {
            return Err(Stop::Incomplete);
        };
        expect = match (expect, byte) {
            (Expect::Value | Expect::Element, b'"') => {
                at = string(bytes, at + 1)?;
                Expect::After
            }
            (Expect::Value | Expect::Element, b'{' | b'[') => {
                depth += 1;
                if depth > depth_limit {
                    return Err(Stop::bad(at, Kind::Deep));
                }
                at += 1;
                objects = objects << 1 | u128::from(byte == b'{');
                match byte {
                    b'{' => Expect::FirstKey,
                    _ => Expect::Element,
                }
            }
            (Expect::Element, b']') | (Expect::FirstKey, b'}') => {
                depth -= 1;
                objects >>= 1;
                at += 1;
                Expect::After
            }
            (Expect::Value | Expect::Element, _) => {
                at = scalar(bytes, at, byte)?;
                Expect::After
            }
            (Expect::Key | Expect::FirstKey, b'"') => {
                at = blank(bytes, string(bytes, at + 1)?);
                match bytes.get(at) {
                    Some(b':') => at += 1,
                    Some(_) => return Err(Stop::bad(at, Kind::Expected("`:`"))),
                    None => return Err(Stop::Incomplete),
                }
                Expect::Value
            }
            (Expect::Key | Expect::FirstKey, _) => {
                return Err(Stop::bad(at, Kind::Expected("a key in quotes")));
            }
            (Expect::After, _) => {
                let in_object = objects & 1 == 1;
                at += 1;
                match (byte, in_object) {
                    (b',', true) => Expect::Key,
                    (b',', false) => Expect::Value,
                    (b'}', true) | (b']', false) => {
                        depth -= 1;
                        objects >>= 1;
                        Expect::After
                    }
                    (_, true) => return Err(Stop::bad(at - 1, Kind::Expected("`,` or `}`"))),
                    (_, false) => return Err(Stop::bad(at - 1, Kind::Expected("`,` or `]`"))),
                }
            }
        };
        if depth == 0 && expect == Expect::After {
            return Ok(at);
        }
    }
}

/// The offset of the first byte from `at` on that is not JSON whitespace.
#[inline]
pub(super) fn blank(bytes: &[u8], mut at: usize) -> usize {
    while let Some(b' ' | b'\n' | b'\t' | b'\r') = bytes.get(at) {
        at += 1;
    }
    at
}

/// The offset after the number or literal at `at`, which begins with `first`.
#[inline]
fn scalar(bytes: &[u8], at: usize, first: u8) -> Result<usize, Stop> {
    match first {
        b'-' | b'0'..=b'9' => number(bytes, at),
        b't' => literal(bytes, at, b"true"),
        b'f' => literal(bytes, at, b"false"),
        b'n' => literal(bytes, at, b"null"),
        _ => Err(Stop::bad(at, Kind::Expected("a value"))),
    }
}

fn literal(bytes: &[u8], at: usize, word: &[u8]) -> Result<usize, Stop> {
    for (offset, expected) in word.iter().enumerate() {
        match bytes.get(at + offset) {
            Some(found) if found == expected => {}
            Some(_) => return Err(Stop::bad(at + offset, Kind::Expected("a literal"))),
            None => return Err(Stop::Incomplete),
        }
    }
    Ok(at + word.len())
}

fn number(bytes: &[u8], mut at: usize) -> Result<usize, Stop> {
    if bytes.get(at) == Some(&b'-') {
        at += 1;
    }
    at = match bytes.get(at) {
        Some(b'0') => at + 1,
        _ => digits(bytes, at)?,
    };
    if bytes.get(at) == Some(&b'.') {
        at = digits(bytes, at + 1)?;
    }
    if let Some(b'e' | b'E') = bytes.get(at) {
        at += 1;
        if let Some(b'+' | b'-') = bytes.get(at) {
            at += 1;
        }
        at = digits(bytes, at)?;
    }
    match bytes.get(at) {
        Some(b'0'..=b'9') => Err(Stop::bad(at, Kind::Expected("no digit after a leading 0"))),
        Some(_) => Ok(at),
        None => Err(Stop::Incomplete),
    }
}

/// The offset after one digit at least.
fn digits(bytes: &[u8], mut at: usize) -> Result<usize, Stop> {
    match bytes.get(at) {
        Some(b'0'..=b'9') => {}
        Some(_) => return Err(Stop::bad(at, Kind::Expected("a digit"))),
        None => return Err(Stop::Incomplete),
    }
    while let Some(b'0'..=b'9') = bytes.get(at) {
        at += 1;
    }
    Ok(at)
}
