//! What stands between fields.

/// The byte between two fields: ASCII, and nothing that means something else in CSV.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Delimiter(u8);

impl Delimiter {
    /// `,`
    pub const COMMA: Delimiter = Delimiter(b',');

    /// This character as a delimiter; none if it is not ASCII, a quote, the end of a line, or NUL.
    pub fn new(character: char) -> Option<Delimiter> {
        let byte = u8::try_from(character).ok().filter(u8::is_ascii)?;
        (!matches!(byte, b'"' | b'\n' | b'\r' | 0)).then_some(Delimiter(byte))
    }

    /// The byte.
    pub fn byte(self) -> u8 {
        self.0
    }

    /// As it is named in messages.
    pub(super) fn in_words(self) -> String {
        match self.0 {
            b'\t' => "a tab".to_owned(),
            b' ' => "a space".to_owned(),
            byte if byte.is_ascii_graphic() => format!("`{}`", char::from(byte)),
            byte => format!("byte 0x{byte:02X}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Delimiter;

    #[test]
    fn what_may_stand_between_fields() {
        for good in [',', ';', '\t', '|', ' ', '\u{1f}'] {
            assert_eq!(Delimiter::new(good).map(Delimiter::byte), Some(good as u8));
        }
        for bad in ['"', '\n', '\r', '\0', 'é', '€'] {
            assert_eq!(Delimiter::new(bad), None);
        }
    }
}
