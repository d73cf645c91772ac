//! The framer that a source's format asks for.
use std::io;

use etl_core::frame::{CsvFramer, Framed, JsonFramer, Limits, Stopped, Summary};

use crate::config::{Csv, Format};
use crate::source::{Encoding, Transcoder};

type Sink<'s> = &'s mut dyn FnMut(Framed<'_>) -> io::Result<()>;

/// Frames a source of any format.
pub enum Framer {
    /// JSON, which is UTF-8.
    Json(Box<JsonFramer>),
    /// CSV of any encoding.
    Csv(Box<CsvFramer>, Transcoder),
}

impl Framer {
    /// A framer at the beginning of a source.
    pub fn new(format: Format, limits: Limits) -> Self {
        match format {
            Format::Json => Framer::Json(Box::new(JsonFramer::new(limits))),
            Format::Csv(Csv { delimiter, encoding }) => {
                Framer::Csv(Box::new(CsvFramer::new(limits, delimiter)), Transcoder::new(encoding))
            }
        }
    }

    /// Takes the next bytes of the source.
    ///
    /// # Errors
    /// The source is refused, or the sink failed.
    pub fn push(&mut self, chunk: &[u8], sink: Sink<'_>) -> Result<(), Stopped<io::Error>> {
        match self {
            Framer::Json(framer) => framer.push(chunk, sink),
            Framer::Csv(framer, transcoder) => framer.push(transcoder.utf8(chunk), sink),
        }
    }

    /// Ends the source.
    ///
    /// # Errors
    /// The source is refused, or the sink failed.
    pub fn finish(self, sink: Sink<'_>) -> Result<Summary, Stopped<io::Error>> {
        match self {
            Framer::Json(framer) => framer.finish(sink),
            Framer::Csv(framer, _) => framer.finish(sink),
        }
    }
}

/// Whether the bytes are framed as they stand in the source.
pub fn is_utf8(format: Format) -> bool {
    match format {
        Format::Json => true,
        Format::Csv(csv) => csv.encoding == Encoding::Utf8,
    }
}

#[cfg(test)]
mod tests {
    use etl_core::frame::Delimiter;

    use super::*;

    fn framed(format: Format, source: &[u8]) -> Vec<(u64, u64, String)> {
        let mut records = Vec::new();
        let mut sink = |framed: Framed<'_>| {
            let content = framed.content.map_or_else(|fault| fault.sqlstate.to_owned(), str::to_owned);
            records.push((framed.line, framed.byte, content));
            Ok(())
        };
        let mut framer = Framer::new(format, Limits::default());
        for piece in source.chunks(3) {
            framer.push(piece, &mut sink).unwrap();
        }
        framer.finish(&mut sink).unwrap();
        records
    }

    #[test]
    fn each_format_has_its_framer() {
        let csv = |encoding| Format::Csv(Csv { delimiter: Delimiter::new(';').unwrap(), encoding });
        assert_eq!(framed(Format::Json, b"{\"a\": 1}"), [(1, 0, "{\"a\": 1}".to_owned())]);
        let source = b"a;b\r\n\xe9;\x80\r\n\x81;2\r\n";
        let row = |line, byte, text: &str| (line, byte, text.to_owned());
        assert_eq!(framed(csv(Encoding::Utf8), source), [row(2, 5, "22021"), row(3, 10, "22021")]);
        let latin =
            [row(2, 5, "{\"a\":\"é\",\"b\":\"\u{80}\"}"), row(3, 12, "{\"a\":\"\u{81}\",\"b\":\"2\"}")];
        assert_eq!(framed(csv(Encoding::Latin1), source), latin, "bytes are those of the text in UTF-8");
        let windows = [row(2, 5, "{\"a\":\"é\",\"b\":\"€\"}"), row(3, 13, "22021")];
        assert_eq!(framed(csv(Encoding::Windows1252), source), windows);
    }
}
