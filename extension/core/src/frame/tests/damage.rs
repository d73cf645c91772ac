//! What damage costs: a record or the source.

use std::convert::Infallible;

use super::*;
use crate::frame::Stopped;

fn faults(source: impl AsRef<[u8]>) -> Vec<String> {
    accepted(source).0
}

/// `record` between two good ones, in an array and as a line, with the outcome expected of it.
#[track_caller]
fn faulty(record: &[u8], sqlstate: &str) {
    let array = [b"[{\"a\":1}\n,", record, b"\n,{\"b\":2}]"].concat();
    let lines = [b"{\"a\":1}\n", record, b"\n{\"b\":2}\n"].concat();
    let first = [record, b"\n{\"a\":1}\n{\"b\":2}\n"].concat();
    let shown = String::from_utf8_lossy(record);
    let (one, two) = ("{\"a\":1}", "{\"b\":2}");
    assert_eq!(faults(&array), [one, sqlstate, two], "in an array: {shown}");
    assert_eq!(faults(&lines), [one, sqlstate, two], "as a line: {shown}");
    assert_eq!(faults(&first), [sqlstate, one, two], "as the first line: {shown}");
    let (records, _) = frame(&array);
    assert_eq!((records[1].line, records[1].byte), (2, 10));
    let Err((_, message, raw)) = &records[1].content else { panic!() };
    assert_eq!(raw, record);
    assert!(message.contains("at byte "), "{message}");
}

/// `record` costs the whole array, but only itself as a line.
#[track_caller]
fn fatal(record: &[u8], at: u64) {
    let array = [b"[{\"a\":1}\n,", record, b"\n,{\"b\":2}]"].concat();
    let lines = [b"{\"a\":1}\n", record, b"\n{\"b\":2}\n"].concat();
    let shown = String::from_utf8_lossy(record);
    let refused = refused(&array);
    assert_eq!((refused.sqlstate, refused.byte, refused.line), ("22P02", 10 + at, 2), "{refused}");
    assert_eq!(faults(&lines), ["{\"a\":1}", "22P02", "{\"b\":2}"], "as a line: {shown}");
}

#[test]
fn text_that_cannot_be_stored() {
    faulty(b"{\"x\":\"\\u0000\"}", "22P05");
    faulty(b"{\"\\u0000\":1}", "22P05");
    faulty(b"{\"x\":\"a\x00b\"}", "22P05");
    faulty(b"{\"x\":\x00 1}", "22P05");
    faulty(b"{\"x\":\"caf\xE9\"}", "22021");
    faulty(b"{\"x\":\"\xC0\x80\"}", "22021");
    faulty(b"{\"x\":\"\xED\xA0\x80\"}", "22021");
    faulty(b"{\"x\":\"\xF4\x90\x80\x80\"}", "22021");
    faulty(b"{\"\xE2\x82\":1}", "22021");
}

#[test]
fn lone_surrogates() {
    for escape in
        [r"\ud800", r"\uDFFF", r"\ud83d\ud83d", r"\ude00\ud83d", r"\ud83dx", r"\ud83d\n", r"\ud83d\u0041"]
    {
        faulty(format!("{{\"x\":\"{escape}\"}}").as_bytes(), "22P02");
        faulty(format!("{{\"{escape}\":1}}").as_bytes(), "22P02");
        faulty(format!("{{\"ignored\":[{{\"{escape}\":{{}}}}]}}").as_bytes(), "22P02");
    }
}

#[test]
fn grammar_within_brackets_and_quotes_that_match() {
    for record in [
        "{\"x\":tru}",
        "{\"x\":01}",
        "{\"x\":+1}",
        "{\"x\":.5}",
        "{\"x\":1.}",
        "{\"x\":1e}",
        "{\"x\":-}",
        "{\"x\":NaN}",
        "{\"x\":0x1}",
        "{\"x\":}",
        "{\"x\"}",
        "{x:1}",
        "{\"x\":1,}",
        "{,}",
        "{\"x\"::1}",
        "{\"x\":[1,]}",
        "{\"x\":[,1]}",
        "{\"x\":[1 2]}",
        "{\"x\":'y'}",
        "{\"x\":\"\\x\"}",
        "{\"x\":\"\\u12g4\"}",
        "{1:2}",
        "{\"x\":1/*c*/}",
        "{\"x\":\"a\tb\"}",
        "{\"x\":{} {}}",
        "{\"x\":\u{A0}1}",
        "{\"x\":1\u{C}}",
    ] {
        faulty(record.as_bytes(), "22P02");
    }
}

#[test]
fn brackets_and_quotes_that_do_not_match() {
    fatal(b"{\"x\":[1}", 7);
    fatal(b"{\"x\":1]", 6);
    fatal(b"{\"x\":\"a,\"b\":1}", 9);
    fatal(b"{\"x\":\"say \"no\" \"}", 11);
    fatal(b"{\"x\":\"a\" \"b\":1}", 9);
    fatal(b"{\"x\":1 \"b\":2}", 7);
    fatal(b"{\"a\":1}}", 7);
    fatal(b"{\"a\":1} {\"b\":2]", 8);
    fatal(b"}", 0);
    fatal(b",{\"c\":1}", 0);
    fatal(b":", 0);
}

#[test]
fn records_that_are_no_objects() {
    for record in ["1", "-1.5e3", "null", "true", "[]", "[[{}],\"]\"]"] {
        let expected = ["{\"a\":1}", "22P02", "{}"];
        assert_eq!(faults(format!("[{{\"a\":1}},{record},{{}}]")), expected, "{record}");
        assert_eq!(faults(format!("{{\"a\":1}}\n{record}\n{{}}")), expected, "{record}");
    }
    assert_eq!(faults("[\"a\\\"]\", tru , {}]"), ["22P02", "22P02", "{}"]);
    let (records, _) = frame("[ 12 ]");
    let Err((_, message, raw)) = &records[0].content else { panic!() };
    assert_eq!((message.as_str(), raw.as_slice()), ("expected an object, found `1` at byte 2", &b"12"[..]));
}

#[test]
fn damage_in_the_frame_of_an_array() {
    for (source, line, byte) in [
        ("[{}{}]", 1, 3),
        ("[{}\n{}]", 2, 4),
        ("[{},]", 1, 4),
        ("[,{}]", 1, 1),
        ("[{},,{}]", 1, 4),
        ("[{}}", 1, 3),
        ("[{}]]", 1, 4),
        ("[{}]\n[{}]", 2, 5),
        ("[{}] x", 1, 5),
        ("[{}]\n{}", 2, 5),
        ("[", 1, 1),
        ("[{}", 1, 3),
        ("[{},\n", 2, 5),
        ("[{\"a\":\"", 1, 7),
        ("[{}, 12", 1, 7),
        ("[{}\"a\"]", 1, 3),
        ("[1:2]", 1, 2),
        ("{\"data\":[{}{}]}", 1, 11),
        ("{\"data\":[{}", 1, 11),
        ("{\"data\":[{}]", 1, 12),
        ("{\"data\":[{}],", 1, 13),
        ("{\"data\":[{}]]", 1, 12),
        ("{\"data\":[{}],,\"count\":1}", 1, 13),
        ("{\"data\":[{}],\"count\":01}", 1, 22),
        ("{\"data\":[{}] \"count\":1}", 1, 13),
        ("{\"data\":[{}],\n\"data\":[]}", 2, 14),
        ("{\"data\":[{}]}\n{\"data\":[{}", 2, 25),
        ("{\"data\":[{}]},{\"data\":[]}", 1, 13),
        ("{\"data\":[{}]}\n{\"id\":1}", 2, 14),
        ("{\"count\":", 1, 9),
    ] {
        let refused = refused(source);
        assert_eq!((refused.line, refused.byte), (line, byte), "{source:?}: {refused}");
        assert_eq!(refused.sqlstate, "22P02");
    }
    assert_eq!(refused(b"[{}, \x00{}]").sqlstate, "22P05");
}

#[test]
fn damage_to_objects_over_several_lines() {
    for (source, byte) in [
        ("{\n\"a\":1", 7),
        ("{\n\"a\":1\n]", 8),
        ("{\n\"a\":1\n}\n]", 10),
        ("{\n\"a\":1\n}\nx", 10),
        ("{\"a\":1}{\"b\":1", 13),
        ("{\"a\":1} x", 8),
        ("{\"a\":1", 6),
        ("{\"a\":1]", 6),
    ] {
        assert_eq!(refused(source).byte, byte, "{source}");
    }
    // The brackets match: the record is known, and faulty.
    assert_eq!(accepted("{\n\"a\":tru\n}"), (vec!["22P02".to_owned()], Shape::Object));
    assert_eq!(faults("{\n\"a\":tru\n}\n{}"), ["22P02", "{}"]);
}

#[test]
fn damaged_lines_cost_themselves_only() {
    for line in [
        "{\"a\":",
        "{\"a\":1",
        "{\"a\":\"x",
        "{\"a\":1}}",
        "{\"a\":1} x",
        "{\"a\":1},",
        "{",
        "}",
        "x",
        "[",
        "]",
        "{\"a\":1}{\"b\":",
        "\"",
        "\\",
        "{\"a\":\"x\\",
    ] {
        assert_eq!(faults(format!("{{}}\n{line}\n{{\"b\":1}}")), ["{}", "22P02", "{\"b\":1}"], "{line}");
        assert_eq!(faults(format!("{{}}\n{line}")), ["{}", "22P02"], "at the end: {line}");
    }
    for line in ["{\"a\":", "{\"a\":1", "{\"a\":\"x", "{\"a\":1} x", "{\"a\":1]", "x", "{", "12"] {
        let source = format!("{line}\n\n{{\"b\":1}}\n{{\"c\":1}}");
        assert_eq!(faults(&source), ["22P02", "{\"b\":1}", "{\"c\":1}"], "first: {line}");
    }
    // A line break within a string makes two lines of one.
    assert_eq!(faults("{}\n{\"a\":\"x\ny\"}\n{}"), ["{}", "22P02", "22P02", "{}"]);
}

#[test]
fn a_failing_sink_stops_the_framer() {
    let mut framer = JsonFramer::new(Limits::default());
    let stopped = framer.push(b"[{},{}", &mut |_| Err("full"));
    assert!(matches!(stopped, Err(Stopped::Sink("full"))));
    let mut sink = |_: crate::frame::Framed<'_>| Ok::<_, Infallible>(());
    assert!(matches!(framer.push(b",{}]", &mut sink), Err(Stopped::Refused(_))));
    assert!(matches!(framer.finish(&mut sink), Err(Stopped::Refused(_))));
}

#[test]
fn latin_1_costs_the_records_that_have_it() {
    assert_eq!(faults(b"[{\"a\":\"Zo\xEB\"},{\"a\":\"Zoe\"}]"), ["22021", "{\"a\":\"Zoe\"}"]);
}

#[test]
fn the_first_problem_is_named() {
    let message = |source: &[u8]| match &frame(source).0[0].content {
        Err((_, message, _)) => message.clone(),
        Ok(text) => panic!("{text}"),
    };
    for (source, expected) in [
        (&b"[{\"a\":\"\\u0000\\ud800\"}]"[..], "the escape \\u0000 at byte 7 cannot be stored as text"),
        (b"[{\"a\":\"\\ud800\\u0000\"}]", "the escape \\ud800 at byte 7 is half of a surrogate pair"),
        (b"[{\"a\":\"\xE9\\ud800\"}]", "byte 0xE9 at byte 7 is not UTF-8"),
        (b"[{\"a\":\"\\ud800\xE9\"}]", "the escape \\ud800 at byte 7 is half of a surrogate pair"),
        (b"[{\"a\":\"\n\"}]", "byte 0x0A in a string at byte 7 must be escaped"),
        (b"[{\"a\":\"\\q\"}]", "an invalid escape at byte 7"),
        (b"[{\"a\":1,}]", "expected a key in quotes, found `}` at byte 8"),
        (b"{}\n{\"a\":1", "expected more of the record, found the end at byte 9"),
    ] {
        let shown = String::from_utf8_lossy(source);
        let found = match source.starts_with(b"{}") {
            true => frame(source).0[1].content.clone().unwrap_err().1,
            false => message(source),
        };
        assert_eq!(found, expected, "{shown}");
    }
}
