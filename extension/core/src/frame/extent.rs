//! Where a value ends, by its brackets and quotes alone.
//!
//! This is what frames a record that is damaged within, too long to be kept, or spread over several chunks: it can be
//! stopped after any byte and knows nothing of grammar. It never says that a value is good.

use super::problem::found;

/// How far a value reaches.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Reach {
    /// Beyond these bytes.
    Further,
    /// Up to this offset.
    End(usize),
    /// Nobody can say: the byte at this offset contradicts the brackets or the quotes.
    Lost(usize, String),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Inside {
    Brackets,
    String,
    Escape,
    /// A number, a literal or what should be one.
    Scalar,
}

/// How many levels have their kind of bracket compared. Deeper ones are only counted.
const COMPARED: u64 = u128::BITS as u64;

/// The state of the search for a value's end.
#[derive(Debug, Clone, Copy)]
pub(super) struct Extent {
    inside: Inside,
    depth: u64,
    /// A bit a level, the outermost lowest: 1 for an object.
    objects: u128,
    /// The last byte that was neither whitespace nor within a string; a quote stands for a whole string.
    before: u8,
}

impl Extent {
    /// For a value that begins with the next byte, which is `first`.
    pub fn of(first: u8) -> Self {
        Extent {
            inside: match first {
                b'{' | b'[' | b'"' => Inside::Brackets,
                _ => Inside::Scalar,
            },
            depth: 0,
            objects: 0,
            before: b',',
        }
    }

    /// For the rest of an object, of which a value has just been read.
    pub fn rest_of_object() -> Self {
        Extent { depth: 1, objects: 1, before: b']', ..Extent::of(b'{') }
    }

    /// Goes on with the next bytes.
    pub fn scan(&mut self, bytes: &[u8]) -> Reach {
        let mut at = 0;
        while let Some(&byte) = bytes.get(at) {
            match self.inside {
                Inside::Escape => self.inside = Inside::String,
                Inside::String => {
                    let rest = bytes.get(at..).unwrap_or_default();
                    match memchr::memchr2(b'"', b'\\', rest) {
                        None => return Reach::Further,
                        Some(offset) => at += offset,
                    }
                    if bytes.get(at) == Some(&b'\\') {
                        self.inside = Inside::Escape;
                    } else {
                        self.inside = Inside::Brackets;
                        self.before = b'"';
                        if self.depth == 0 {
                            return Reach::End(at + 1);
                        }
                    }
                }
                Inside::Scalar => {
                    if is_delimiter(byte) {
                        return Reach::End(at);
                    }
                }
                Inside::Brackets => match self.bracket(byte) {
                    Ok(true) => return Reach::End(at + 1),
                    Ok(false) => {}
                    Err(wanted) => {
                        let found = found(bytes, at);
                        return Reach::Lost(at, format!("expected {wanted}, found {found}"));
                    }
                },
            }
            at += 1;
        }
        Reach::Further
    }

    /// Takes a byte outside of strings; true at the end of the value, what should stand here if it cannot.
    fn bracket(&mut self, byte: u8) -> Result<bool, &'static str> {
        if let b' ' | b'\n' | b'\t' | b'\r' = byte {
            return Ok(false);
        }
        let after_string = self.before == b'"';
        if after_string && !matches!(byte, b',' | b':' | b'}' | b']') {
            return Err("`,` `:` `}` or `]` after a string");
        }
        match byte {
            b'"' if matches!(self.before, b'{' | b'[' | b',' | b':') => self.inside = Inside::String,
            b'"' => return Err("`,` or `:` before a string"),
            b'{' | b'[' => {
                if self.depth < COMPARED {
                    let level = 1 << self.depth;
                    self.objects &= !level;
                    self.objects |= level * u128::from(byte == b'{');
                }
                self.depth += 1;
            }
            b'}' | b']' => {
                // Never below zero: the value ends when it is reached.
                self.depth -= 1;
                if self.depth < COMPARED {
                    let is_object = self.objects >> self.depth & 1 == 1;
                    match (is_object, byte) {
                        (true, b']') => return Err("`}`"),
                        (false, b'}') => return Err("`]`"),
                        _ => {}
                    }
                }
                self.before = byte;
                return Ok(self.depth == 0);
            }
            _ => {}
        }
        self.before = byte;
        Ok(false)
    }
}

/// Ends a number or a literal.
fn is_delimiter(byte: u8) -> bool {
    matches!(byte, b' ' | b'\n' | b'\t' | b'\r' | b',' | b':' | b'{' | b'}' | b'[' | b']' | b'"')
}

#[cfg(test)]
mod tests {
    use super::*;

    fn reach(text: &str) -> Reach {
        Extent::of(text.as_bytes()[0]).scan(text.as_bytes())
    }

    #[test]
    fn ends() {
        for (text, end) in [
            (r#"{},"#, 2),
            (r#"{"a":[{}],"}":"\"]"} x"#, 20),
            (r#"{a:tru,,1}]"#, 10),
            (r#""a\\","b""#, 5),
            ("12,", 2),
            ("tru]", 3),
            ("[1 2]", 5),
        ] {
            assert_eq!(reach(text), Reach::End(end), "{text}");
        }
        assert_eq!(reach(r#"{"a":"}"#), Reach::Further);
        assert_eq!(reach("12"), Reach::Further);
    }

    #[test]
    fn lost_where_brackets_or_quotes_contradict() {
        for (text, at) in [
            (r#"{"a":[1}]"#, 7),
            (r#"{"a":1]"#, 6),
            (r#"{"a":"x,"b":1}"#, 9),
            (r#"{"a":"said "no" twice"}"#, 12),
            (r#"{"a" "b"}"#, 5),
            (r#"{"a":1 "b":2}"#, 7),
            (r#"{a"b":2}"#, 2),
        ] {
            assert!(matches!(reach(text), Reach::Lost(lost, _) if lost == at), "{text}");
        }
    }

    #[test]
    fn a_million_levels_are_counted() {
        let text = "[".repeat(1_000_000) + &"]".repeat(1_000_000);
        let mut extent = Extent::of(b'[');
        assert_eq!(extent.scan(text.as_bytes()), Reach::End(text.len()));
    }
}
