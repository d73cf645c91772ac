//! Length, memory, and time.

use std::convert::Infallible;
use std::time::{Duration, Instant};

use super::*;
use crate::frame::{Framed, RAW_BYTES};

const LIMIT: Limits = Limits { record_bytes: 1_000, depth: 1 };

/// Whole and in chunks, which must agree.
fn frame_limited(source: &str) -> Vec<Record> {
    let whole = frame_with(LIMIT, Delimiter::COMMA, source.as_bytes(), usize::MAX);
    for chunk in [1, 7, 999, 1_000, 1_001, 1_002] {
        assert_eq!(frame_with(LIMIT, Delimiter::COMMA, source.as_bytes(), chunk), whole, "chunks of {chunk}");
    }
    assert!(whole.1.is_ok());
    whole.0
}

#[test]
fn length_has_a_limit() {
    for end in ["\n", "\r\n", "\r"] {
        for (length, expected) in [(998, None), (999, Some("1001")), (5_000, Some("5002"))] {
            for record in [format!("1,{}", "x".repeat(length)), format!("1,\"{}\"", "x".repeat(length - 2))] {
                let source = ["a,b", "0,0", &record, "2,3"].join(end);
                let records = frame_limited(&source);
                let [first, long, last] = records.as_slice() else { panic!("{records:?}") };
                assert_eq!((first.brief_values(), last.brief_values()), ("0|0".to_owned(), "2|3".to_owned()));
                match (&long.content, expected) {
                    (Ok(_), None) => {}
                    (Err((sqlstate, message, raw)), Some(length)) => {
                        assert_eq!(*sqlstate, "54000");
                        assert_eq!(*message, format!("the record has {length} bytes, the limit is 1000"));
                        assert_eq!(raw, record.as_bytes());
                    }
                    other => panic!("{other:?}"),
                }
                assert_eq!(last.line, 4);
            }
        }
    }
    let (records, _) =
        frame_with(LIMIT, Delimiter::COMMA, ["a\n", &"x".repeat(200_000)].concat().as_bytes(), 1_000);
    assert_eq!(records[0].content.as_ref().unwrap_err().2.len(), RAW_BYTES);
    let (_, outcome) = frame_with(LIMIT, Delimiter::COMMA, &[b'x'; 5_000], 1_000);
    assert_eq!(outcome.unwrap_err().sqlstate, "54000");
}

#[test]
fn a_record_of_several_lines_beyond_the_limit() {
    // Between quotes at the limit: the quote is taken for one that should not be there.
    let lines = "x\n".repeat(600);
    let records = frame_limited(&format!("a,b\n1,\"{lines}\"\n2,3\n"));
    assert_eq!(
        records[0].content.as_ref().unwrap_err().1,
        "the quote that opens field 2 in line 2 at byte 6 is not closed within 1000 bytes, the limit of a record"
    );
    assert_eq!(records.len(), 1 + 599 + 2);
    assert_eq!(records.last().unwrap().brief_values(), "2|3");
    assert_eq!(records.iter().filter(|record| record.content.is_ok()).count(), 1);
    // Outside of quotes: it is too long.
    let records = frame_limited(&format!("a,b\n\"1\n1\",{}\n2,3\n", "x".repeat(2_000)));
    assert_eq!(records.iter().map(Record::brief_values).collect::<Vec<_>>(), ["54000", "2|3"]);
    assert_eq!(records[1].line, 4);
    // Just within.
    let value = "y\n".repeat(498);
    let records = frame_limited(&format!("a,b\n1,\"{value}\"\n2,3\n"));
    assert_eq!(
        records.iter().map(Record::brief_values).collect::<Vec<_>>(),
        [format!("1|{value}"), "2|3".to_owned()]
    );
}

#[test]
fn memory_is_bounded_by_the_limit() {
    let limits = Limits { record_bytes: 100_000, ..Limits::default() };
    for (head, more) in
        [("a,b\n1,\"", "x"), ("a,b\n1,", "x"), ("a,b\n", "\n"), ("a,b\n1,\"", "x\n"), ("a,b\n1,", ",")]
    {
        let mut framer = CsvFramer::new(limits, Delimiter::COMMA);
        let mut sink = |_: Framed<'_>| Ok::<_, Infallible>(());
        framer.push(head.as_bytes(), &mut sink).unwrap();
        for _ in 0..1_000 {
            framer.push(more.repeat(4_096 / more.len()).as_bytes(), &mut sink).unwrap();
            let kept = framer.pending.capacity() + framer.blanks.capacity();
            assert!(kept <= 4 * limits.record_bytes, "{head:?} {more:?}: {kept}");
        }
    }
}

/// Sources that take hours if what follows an unclosed quote is read again for each line.
#[test]
fn unclosed_quotes_are_not_quadratic() {
    let began = Instant::now();
    for line in
        ["1,\"x\n", "\"\n", "1,\"\"\"\n", "\"\",\"\n", "1,\"x\"\"\n", "\n\"", "1,\",\n", "\"a\",\"b\n"]
    {
        let source = format!("a,b\n{}", line.repeat(1_500_000 / line.len()));
        let (_, outcome) = frame_with(Limits::default(), Delimiter::COMMA, source.as_bytes(), 100_000);
        assert!(outcome.is_ok());
    }
    let first = format!("a,b\n1,\"{}", "2,3\n".repeat(500_000));
    let (records, _) = frame_with(Limits::default(), Delimiter::COMMA, first.as_bytes(), 100_000);
    assert_eq!(records.len(), 500_000);
    assert!(began.elapsed() < Duration::from_secs(60), "{:?}", began.elapsed());
}
