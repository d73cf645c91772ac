//! Framing a whole source, with everything that came of it owned.
use std::convert::Infallible;

use crate::frame::{CsvFramer, Framed, JsonFramer, Refused, Stopped, Summary};

/// What came of one record.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Record {
    pub line: u64,
    pub byte: u64,
    /// The text, or SQLSTATE, message and raw bytes.
    pub content: Result<String, (&'static str, String, Vec<u8>)>,
}

type Sink<'s> = &'s mut dyn FnMut(Framed<'_>) -> Result<(), Infallible>;

/// What the framers have in common.
pub trait Framer {
    fn push(&mut self, chunk: &[u8], sink: Sink<'_>) -> Result<(), Stopped<Infallible>>;
    fn finish(self, sink: Sink<'_>) -> Result<Summary, Stopped<Infallible>>;
}

impl Framer for JsonFramer {
    fn push(&mut self, chunk: &[u8], sink: Sink<'_>) -> Result<(), Stopped<Infallible>> {
        JsonFramer::push(self, chunk, sink)
    }

    fn finish(self, sink: Sink<'_>) -> Result<Summary, Stopped<Infallible>> {
        JsonFramer::finish(self, sink)
    }
}

impl Framer for CsvFramer {
    fn push(&mut self, chunk: &[u8], sink: Sink<'_>) -> Result<(), Stopped<Infallible>> {
        CsvFramer::push(self, chunk, sink)
    }

    fn finish(self, sink: Sink<'_>) -> Result<Summary, Stopped<Infallible>> {
        CsvFramer::finish(self, sink)
    }
}

/// Frames `source` in chunks of `chunk` bytes.
pub fn frame(
    mut framer: impl Framer,
    source: &[u8],
    chunk: usize,
) -> (Vec<Record>, Result<Summary, Refused>) {
    let mut records = Vec::new();
    let mut sink = |framed: Framed<'_>| {
        records.push(Record {
            line: framed.line,
            byte: framed.byte,
            content: framed
                .content
                .map(str::to_owned)
                .map_err(|fault| (fault.sqlstate, fault.message, fault.raw.to_owned())),
        });
        Ok::<_, Infallible>(())
    };
    let mut outcome = Ok(());
    for piece in source.chunks(chunk) {
        outcome = outcome.and_then(|()| framer.push(piece, &mut sink));
    }
    let outcome = outcome.and_then(|()| framer.finish(&mut sink));
    let outcome = outcome.map_err(|stopped| match stopped {
        Stopped::Refused(refused) => refused,
        Stopped::Sink(never) => match never {},
    });
    (records, outcome)
}
