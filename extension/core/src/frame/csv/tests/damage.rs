//! One damaged record costs itself, and says where and what.

use super::*;
use crate::frame::{Framed, Stopped};

fn fault(line: u64, message: &str) -> (u64, &'static str, String) {
    (line, "22P04", message.to_owned())
}

#[test]
fn quotes_cost_the_first_physical_line() {
    let good = "a,b\n1,2\n";
    for (line, message) in [
        ("x\"y,3", "a quote in line 3 at byte 9, inside field 1, which does not begin with one"),
        ("3,a\"b\"c", "a quote in line 3 at byte 11, inside field 2, which does not begin with one"),
        (
            "\"a\"b\"c\",3",
            "expected `,` or the line's end after the closing quote of field 1, found `b` in line 3 at byte 11",
        ),
        (
            "3,\"x\" ",
            "expected `,` or the line's end after the closing quote of field 2, found byte 0x20 in line 3 at byte 13",
        ),
        ("3, \"x\"", "a quote in line 3 at byte 11, inside field 2, which does not begin with one"),
    ] {
        for (rest, more) in [("", 0), ("4,5\n", 1), ("4,\"5\"\n6,7", 2)] {
            let source = format!("{good}{line}\n{rest}");
            assert_eq!(faults(&source), [fault(3, message)], "{source}");
            assert_eq!(brief(&source).len(), 2 + more, "{source}");
        }
    }
}

#[test]
fn an_unclosed_quote_costs_its_line_and_no_more() {
    let message = "the quote that opens field 2 in line 3 at byte 10 is not closed before the source ends";
    let source = "a,b\n1,2\n3,\"x\n4,5\n6,7\n";
    assert_eq!(faults(source), [fault(3, message)]);
    assert_eq!(brief(source), ["1|2", "22P04", "4|5", "6|7"]);
    // A later quote shows it earlier.
    let message =
        "expected `,` or the line's end after the closing quote of field 2, found `7` in line 5 at byte 20";
    let source = "a,b\n1,2\n3,\"x\n4,5\n6,\"7\"\n8,\"9\"";
    assert_eq!(faults(source), [fault(3, message)]);
    assert_eq!(brief(source), ["1|2", "22P04", "4|5", "6|7", "8|9"]);
    let (records, _) = accepted(source);
    assert_eq!(records[1].content.as_ref().unwrap_err().2, b"3,\"x");
    assert_eq!(brief("a,b\n\""), ["22P04"]);
    assert_eq!(brief("a,b\n1,\"2\"\"\n"), ["22P04"]);
    assert_eq!(brief("a,b\r\n1,\"2\r\n3,4\r\n"), ["22P04", "3|4"]);
    assert_eq!(brief("a,b\r1,\"2\r3,4"), ["22P04", "3|4"]);
}

#[test]
fn another_number_of_fields() {
    let source = "a,b,c\n1,2\n1,2,3,4\n1,2,3,\n   \n,,\n1,\"2\n2\"\n1,2,3\n";
    let faulty = [
        fault(2, "expected 3 fields, found 2"),
        fault(3, "expected 3 fields, found 4"),
        fault(4, "expected 3 fields, found 4"),
        fault(5, "expected 3 fields, found 1"),
        fault(7, "expected 3 fields, found 2"),
    ];
    assert_eq!(faults(source), faulty);
    assert_eq!(brief(source), ["22P04", "22P04", "22P04", "22P04", "||", "22P04", "1|2|3"]);
    let (records, _) = accepted(source);
    assert_eq!(records[5].content.as_ref().unwrap_err().2, b"1,\"2\n2\"");
    let many = format!("a,b\n{}\n1,2\n", ",".repeat(5_000));
    assert_eq!(faults(&many), [fault(2, "expected 2 fields, found 5001")]);
    assert_eq!(brief(&many)[1], "1|2");
    assert_eq!(faults("a\n1,2\n"), [fault(2, "expected 1 field, found 2")]);
}

#[test]
fn blank_lines() {
    let blank = "expected 2 fields, found a blank line";
    for end in ["\n", "\r\n", "\r"] {
        let source = ["a,b", "", "1,2", "", "", "3,4", "", "", ""].join(end);
        assert_eq!(faults(&source), [fault(2, blank), fault(4, blank), fault(5, blank)], "{end:?}");
        assert_eq!(brief(&source).len(), 5, "{end:?}");
    }
    assert_eq!(faults("a,b\r\n\n\r\r\n1,2").iter().map(|fault| fault.0).collect::<Vec<_>>(), [2, 3, 4]);
    assert_eq!(brief("a\n1\n\n\"\"\n2\n\n"), ["1", "", "", "2"], "one column: an empty value");
}

#[test]
fn text_that_cannot_be_stored() {
    let encoding =
        |line, byte, place| (line, "22021", format!("byte 0x{byte:02X} at byte {place} is not UTF-8"));
    let source = b"a,b\n1,caf\xe9\n2,\"\xc0\x80\"\n3,\xed\xa0\x80\n4,\"x\ny\xff\"\n5,6\n";
    let faulty = [encoding(2, 0xE9, 9), encoding(3, 0xC0, 14), encoding(4, 0xED, 20), encoding(5, 0xFF, 30)];
    assert_eq!(faults(source), faulty);
    assert_eq!(brief(source)[4], "5|6");
    let source = b"a,b\n1,\0\n2,\"x\0\"\n3,\xff\0\n4,\0\xff\n5,6\n";
    let states: Vec<_> = faults(source).into_iter().map(|fault| fault.1).collect();
    assert_eq!(states, ["22P05", "22P05", "22021", "22P05"]);
    assert_eq!(faults(source)[0].2, "NUL at byte 6 cannot be stored as text");
}

#[test]
fn mojibake_is_counted() {
    let (records, summary) = accepted("a\ncafÃ©\ndonâ€™t\ncafé\nSÃO\n");
    assert_eq!((records.len(), summary.faults, summary.mojibake), (4, 0, 2));
}

#[test]
fn a_failing_sink_stops_the_framer() {
    let mut framer = CsvFramer::new(Limits::default(), Delimiter::COMMA);
    let mut calls = 0;
    let mut sink = |_: Framed<'_>| {
        calls += 1;
        Err("full")
    };
    assert!(matches!(framer.push(b"a\n1\n2\n", &mut sink), Err(Stopped::Sink("full"))));
    assert!(matches!(framer.push(b"3\n", &mut sink), Err(Stopped::Refused(_))));
    assert!(matches!(framer.finish(&mut sink), Err(Stopped::Refused(_))));
    assert_eq!(calls, 1);
}
