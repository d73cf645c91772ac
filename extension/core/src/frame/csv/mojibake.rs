//! UTF-8 that was read as Windows-1252 and written as UTF-8 again.

/// Whether the record has a sequence that is typical of it: `Ã` or `â€` before what a continuation byte became.
pub(super) fn is_in(record: &[u8]) -> bool {
    !record.is_ascii()
        && [b"\xC3\x83\xC2".as_slice(), b"\xC3\xA2\xE2\x82\xAC"]
            .iter()
            .any(|typical| memchr::memmem::find(record, typical).is_some())
}

#[cfg(test)]
mod tests {
    use super::is_in;

    #[test]
    fn what_is_typical() {
        for text in ["cafÃ©", "donâ€™t", "Ã¼ber"] {
            assert!(is_in(text.as_bytes()), "{text}");
        }
        for text in ["cafe", "café", "SÃO PAULO", "don’t", "Ã", "â", "5 €"] {
            assert!(!is_in(text.as_bytes()), "{text}");
        }
    }
}
