//! CSV as spreadsheets write it: fields are quoted where they must be, lines end as told.

use std::io::{self, Write};

/// Writes lines of fields.
#[derive(Debug)]
pub struct Csv<W: Write> {
    out: W,
    end: &'static str,
    is_quoting: bool,
}

impl<W: Write> Csv<W> {
    /// Fields are quoted where they hold a comma, a quote or a line break; lines end with a line feed.
    #[must_use]
    pub fn plain(out: W) -> Self {
        Self { out, end: "\n", is_quoting: false }
    }

    /// Every field is quoted.
    #[must_use]
    pub fn quoted(out: W) -> Self {
        Self { out, end: "\n", is_quoting: true }
    }

    /// Lines end with carriage return and line feed.
    #[must_use]
    pub fn crlf(self) -> Self {
        Self { end: "\r\n", ..self }
    }

    /// Adds a line.
    ///
    /// # Errors
    /// Those of the writer.
    pub fn line<F: AsRef<str>>(&mut self, fields: &[F]) -> io::Result<()> {
        for (index, field) in fields.iter().map(AsRef::as_ref).enumerate() {
            if index > 0 {
                self.out.write_all(b",")?;
            }
            if self.is_quoting || field.contains([',', '"', '\n', '\r']) {
                write!(self.out, "\"{}\"", field.replace('"', "\"\""))?;
            } else {
                self.out.write_all(field.as_bytes())?;
            }
        }
        self.out.write_all(self.end.as_bytes())
    }

    /// Adds a line as it is, damaged perhaps.
    ///
    /// # Errors
    /// Those of the writer.
    pub fn raw(&mut self, line: &[u8]) -> io::Result<()> {
        self.out.write_all(line)?;
        self.out.write_all(self.end.as_bytes())
    }

    /// Ends the file.
    ///
    /// # Errors
    /// Those of the writer.
    pub fn end(mut self) -> io::Result<()> {
        self.out.flush()
    }
}

#[cfg(test)]
mod tests {
    use super::Csv;

    #[test]
    fn fields_are_quoted_where_they_must_be() {
        let mut out = Vec::new();
        let mut csv = Csv::plain(&mut out).crlf();
        csv.line(&["a", "b,c", "say \"d\"", ""]).unwrap();
        csv.end().unwrap();
        assert_eq!(out, b"a,\"b,c\",\"say \"\"d\"\"\",\r\n");
    }
}
