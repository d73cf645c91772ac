//! What the framer makes of whole sources.

mod damage;
mod limits;
mod properties;
mod shapes;
/// Any framer over any source, for the tests of CSV, too.
pub(super) mod whole;

use super::{JsonFramer, Limits, RAW_BYTES, Refused, Shape, Summary};
use whole::Record;

impl Record {
    /// The text, or the SQLSTATE.
    fn brief(&self) -> &str {
        match &self.content {
            Ok(text) => text,
            Err((sqlstate, _, _)) => sqlstate,
        }
    }
}

/// Frames `source` in chunks of `chunk` bytes.
fn frame_with(limits: Limits, source: &[u8], chunk: usize) -> (Vec<Record>, Result<Summary, Refused>) {
    whole::frame(JsonFramer::new(limits), source, chunk)
}

/// Frames `source` whole and in small chunks, which must agree.
fn frame(source: impl AsRef<[u8]>) -> (Vec<Record>, Result<Summary, Refused>) {
    let source = source.as_ref();
    let whole = frame_with(Limits::default(), source, usize::MAX);
    for chunk in [1, 2, 3, 7, 64] {
        assert_eq!(
            frame_with(Limits::default(), source, chunk),
            whole,
            "chunks of {chunk} bytes of {}",
            String::from_utf8_lossy(source)
        );
    }
    whole
}

/// Texts and SQLSTATEs of a source that must not be refused, and its shape.
fn accepted(source: impl AsRef<[u8]>) -> (Vec<String>, Shape) {
    let (records, outcome) = frame(source.as_ref());
    let brief: Vec<String> = records.iter().map(|record| record.brief().to_owned()).collect();
    let Ok(summary) = outcome else {
        panic!("{outcome:?} of {}", String::from_utf8_lossy(source.as_ref()));
    };
    assert_eq!(summary.records, records.len() as u64);
    assert_eq!(summary.faults, records.iter().filter(|record| record.content.is_err()).count() as u64);
    assert_eq!(summary.bytes, source.as_ref().len() as u64);
    (brief, summary.shape)
}

/// Why a source is refused; `Err` with its summary if it is not.
fn refused(source: impl AsRef<[u8]>) -> Refused {
    match frame(source.as_ref()).1 {
        Err(refused) => refused,
        Ok(summary) => panic!("{summary:?} of {}", String::from_utf8_lossy(source.as_ref())),
    }
}
