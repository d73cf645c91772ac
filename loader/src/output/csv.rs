//! One CSV line, in the dialect of the server's `COPY ... (format csv)`.
//!
//! Written here because the csv crate writes null and the empty string alike, and exports made by COPY do not.
use std::io::{self, Write};

/// Writes a line: null is nothing, the empty string is `""`.
///
/// # Errors
/// What the writer reports.
pub fn row(out: &mut (impl Write + ?Sized), values: &[Option<&str>]) -> io::Result<()> {
    for (position, value) in values.iter().enumerate() {
        if position > 0 {
            out.write_all(b",")?;
        }
        match value {
            None => {}
            Some(text) if needs_quotes(text) => write!(out, "\"{}\"", text.replace('"', "\"\""))?,
            Some(text) => out.write_all(text.as_bytes())?,
        }
    }
    out.write_all(b"\n")
}

/// `\.` alone on a line would end the data for a server's COPY that reads it back.
fn needs_quotes(text: &str) -> bool {
    text.is_empty()
        || text == "\\."
        || text.contains([',', '"', '\n', '\r'])
        || text.starts_with(' ')
        || text.ends_with(' ')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_quoted_where_they_must_be() {
        let mut out = Vec::new();
        row(&mut out, &[None, Some(""), Some("a,b"), Some("a\"b"), Some("a\nb"), Some("\\."), Some("a b")])
            .unwrap();
        assert_eq!(String::from_utf8(out).unwrap(), ",\"\",\"a,b\",\"a\"\"b\",\"a\nb\",\"\\.\",a b\n");
    }
}
