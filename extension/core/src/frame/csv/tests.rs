//! What the framer makes of whole sources.

mod damage;
mod generated;
mod limits;
mod properties;
mod shapes;

use crate::frame::tests::whole::{self, Record};
use crate::frame::{CsvFramer, Delimiter, Limits, Refused, Shape, Summary};

impl Record {
    /// The values in the header's order, or the SQLSTATE.
    fn values(&self) -> Result<Vec<String>, &'static str> {
        match &self.content {
            Ok(json) => Ok(members(json).into_iter().map(|(_, value)| value).collect()),
            Err((sqlstate, _, _)) => Err(sqlstate),
        }
    }

    /// The values with `|` between them, or the SQLSTATE.
    fn brief_values(&self) -> String {
        match self.values() {
            Ok(values) => values.join("|"),
            Err(sqlstate) => sqlstate.to_owned(),
        }
    }
}

/// The members of an object of strings, in their order.
fn members(json: &str) -> Vec<(String, String)> {
    struct Members(Vec<(String, String)>);
    impl<'de> serde::Deserialize<'de> for Members {
        fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
            struct Visit;
            impl<'de> serde::de::Visitor<'de> for Visit {
                type Value = Members;
                fn expecting(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                    formatter.write_str("an object of strings")
                }
                fn visit_map<A: serde::de::MapAccess<'de>>(self, mut map: A) -> Result<Members, A::Error> {
                    let mut members = Vec::new();
                    while let Some(member) = map.next_entry()? {
                        members.push(member);
                    }
                    Ok(Members(members))
                }
            }
            deserializer.deserialize_map(Visit)
        }
    }
    serde_json::from_str::<Members>(json).unwrap().0
}

/// Frames `source` in chunks of `chunk` bytes.
fn frame_with(
    limits: Limits,
    delimiter: Delimiter,
    source: &[u8],
    chunk: usize,
) -> (Vec<Record>, Result<Summary, Refused>) {
    whole::frame(CsvFramer::new(limits, delimiter), source, chunk)
}

/// Frames `source` whole and in small chunks, which must agree.
fn frame(source: impl AsRef<[u8]>) -> (Vec<Record>, Result<Summary, Refused>) {
    let source = source.as_ref();
    let whole = frame_with(Limits::default(), Delimiter::COMMA, source, usize::MAX);
    for chunk in [1, 2, 3, 7, 64] {
        assert_eq!(
            frame_with(Limits::default(), Delimiter::COMMA, source, chunk),
            whole,
            "chunks of {chunk} bytes of {}",
            String::from_utf8_lossy(source)
        );
    }
    whole
}

/// The records of a source that must not be refused, and what is known of it.
fn accepted(source: impl AsRef<[u8]>) -> (Vec<Record>, Summary) {
    let (records, outcome) = frame(source.as_ref());
    let Ok(summary) = outcome else {
        panic!("{outcome:?} of {}", String::from_utf8_lossy(source.as_ref()));
    };
    assert_eq!(summary.records, records.len() as u64);
    assert_eq!(summary.faults, records.iter().filter(|record| record.content.is_err()).count() as u64);
    assert_eq!(summary.bytes, source.as_ref().len() as u64);
    (records, summary)
}

/// The records in short.
fn brief(source: impl AsRef<[u8]>) -> Vec<String> {
    accepted(source).0.iter().map(Record::brief_values).collect()
}

/// The faulty records: line, SQLSTATE and message.
fn faults(source: impl AsRef<[u8]>) -> Vec<(u64, &'static str, String)> {
    let faulty = |record: Record| record.content.err().map(|fault| (record.line, fault.0, fault.1));
    accepted(source).0.into_iter().filter_map(faulty).collect()
}

/// Why a source is refused: SQLSTATE, line and words.
fn refused(source: impl AsRef<[u8]>) -> (&'static str, u64, String) {
    match frame(source.as_ref()) {
        (records, Err(refused)) => {
            assert_eq!(records, []);
            (refused.sqlstate, refused.line, refused.message)
        }
        (_, Ok(summary)) => panic!("{summary:?} of {}", String::from_utf8_lossy(source.as_ref())),
    }
}
