//! Depth, length and memory.

use std::convert::Infallible;

use super::*;

#[test]
fn depth_is_counted_from_the_record() {
    for (open, close) in [("[", "]"), ("{\"k\":", "}"), ("[{\"k\":", "}]")] {
        let levels = open.matches(['[', '{']).count();
        for (depth, good) in [(127, true), (129, false), (1_000, false), (20_000, false)] {
            // The record itself is one level.
            let times = (depth - 1) / levels;
            let inner = format!("{}1{}", open.repeat(times), close.repeat(times));
            let record = format!("{{\"ignored\":{inner}}}");
            let whole = frame_with(Limits::default(), format!("[{record},{{}}]").as_bytes(), usize::MAX);
            let brief: Vec<_> = whole.0.iter().map(Record::brief).collect();
            let expected = if good { record.as_str() } else { "54001" };
            assert_eq!(brief, [expected, "{}"], "{open} {depth}");
            assert_eq!(frame_with(Limits::default(), format!("[{record},{{}}]").as_bytes(), 777), whole);
            let lines = frame_with(Limits::default(), format!("{{}}\n{record}\n").as_bytes(), 1000);
            assert_eq!(lines.0[1].brief(), expected);
        }
    }
    let record = format!("{{\"a\":{}{}}}", "[".repeat(127), "]".repeat(127));
    assert_eq!(accepted(format!("[{record}]")).0, ["54001"]);
}

#[test]
fn a_million_brackets() {
    let open = "[".repeat(1_000_000);
    let closed = format!("[{{\"a\":{open}{}}},{{}}]", "]".repeat(1_000_000));
    let (records, outcome) = frame_with(Limits::default(), closed.as_bytes(), 65_536);
    assert_eq!(records.iter().map(Record::brief).collect::<Vec<_>>(), ["54001", "{}"]);
    assert!(outcome.is_ok());
    assert_eq!(records[0].content.as_ref().unwrap_err().2.len(), 2_000_006, "only what is too long is cut");
    let (records, outcome) = frame_with(Limits::default(), open.as_bytes(), 65_536);
    assert!(records.is_empty());
    assert_eq!(outcome.unwrap_err().byte, 1_000_000);
}

#[test]
fn length_has_a_limit() {
    let limits = Limits { record_bytes: 100_000, ..Limits::default() };
    for (length, good) in [(100_000, true), (100_001, false), (1_000_000, false)] {
        let record = format!("{{\"a\":\"{}\"}}", "x".repeat(length - 8));
        assert_eq!(record.len(), length);
        for source in [
            format!("[{{}},{record},{{}}]"),
            format!("{{\"data\":[{{}},{record},{{}}]}}"),
            format!("{{}}\n{record}\n{{}}\n"),
            format!("{{}}{record}{{}}"),
        ] {
            let whole = frame_with(limits, source.as_bytes(), usize::MAX);
            let brief: Vec<_> = whole.0.iter().map(Record::brief).collect();
            assert_eq!(brief, ["{}", if good { &record } else { "54000" }, "{}"]);
            for chunk in [1_000, 99_999, 100_001] {
                assert_eq!(frame_with(limits, source.as_bytes(), chunk), whole);
            }
            if let Err((_, message, raw)) = &whole.0[1].content {
                assert_eq!(raw, &record.as_bytes()[..RAW_BYTES]);
                assert!(message.contains(&length.to_string()), "{message}");
            }
        }
        // The same as the first object of its source, where the shape is still open.
        for source in [record.clone(), format!("{record}\n{{}}\n")] {
            let (records, outcome) = frame_with(limits, source.as_bytes(), 4_096);
            let expected = if good { &record } else { "54000" };
            assert_eq!(records[0].brief(), expected);
            assert!(outcome.is_ok());
        }
        let several_lines = format!("{{\n{}\n{{}}", &record[1..]);
        let (records, outcome) = frame_with(limits, several_lines.as_bytes(), 4_096);
        let brief: Vec<_> = records.iter().map(Record::brief).collect();
        assert_eq!(brief, ["54000", "{}"]);
        assert_eq!(outcome.unwrap().shape, Shape::Objects);
    }
}

#[test]
fn memory_is_bounded_by_the_limit() {
    let limits = Limits { record_bytes: 100_000, ..Limits::default() };
    for head in [
        "[{\"a\":\"",
        "{\"a\":\"",
        "{}\n{\"a\":\"",
        "{}{\"a\":\"",
        "{\"data\":[{\"a\":\"",
        "{\"next\":\"",
        "x",
    ] {
        let mut framer = JsonFramer::new(limits);
        let mut sink = |_: crate::frame::Framed<'_>| Ok::<_, Infallible>(());
        framer.push(head.as_bytes(), &mut sink).unwrap();
        for _ in 0..1_000 {
            if framer.push(&[b'x'; 4_096], &mut sink).is_err() {
                break;
            }
            assert!(framer.buffer.capacity() <= 2 * limits.record_bytes, "{head}");
        }
    }
}
