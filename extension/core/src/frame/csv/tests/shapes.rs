//! Sources as they should be, and sources that are something else.

use super::*;

/// The cases of csv-spectrum.
#[test]
fn spectrum() {
    for (source, expected) in [
        (
            "first,last,address,city,zip\nJohn,Doe,120 any st.,\"Anytown, WW\",08123\n",
            &["John|Doe|120 any st.|Anytown, WW|08123"] as &[&str],
        ),
        ("a,b,c\n1,\"\",\"\"\n2,3,4\n", &["1||", "2|3|4"]),
        ("a,b,c\r\n1,\"\",\"\"\r\n2,3,4\r\n", &["1||", "2|3|4"]),
        ("a,b\n1,\"ha \"\"ha\"\" ha\"\n3,4\n", &["1|ha \"ha\" ha", "3|4"]),
        (
            "key,val\n1,\"{\"\"type\"\": \"\"Point\"\", \"\"coordinates\"\": [102.0, 0.5]}\"\n",
            &["1|{\"type\": \"Point\", \"coordinates\": [102.0, 0.5]}"],
        ),
        (
            "Contact Phone Number,Location Coordinates,Cities,Counties\n2015550123,\"(37.1, -84.3)\n\",Lerwick,\"\"\n",
            &["2015550123|(37.1, -84.3)\n|Lerwick|"],
        ),
        ("a,b,c\n1,2,3\n\"Once upon \na time\",5,6\n7,8,9\n", &["1|2|3", "Once upon \na time|5|6", "7|8|9"]),
        (
            "a,b,c\r\n1,2,3\r\n\"Once upon \r\na time\",5,6\r\n7,8,9\r\n",
            &["1|2|3", "Once upon \r\na time|5|6", "7|8|9"],
        ),
        ("a,b\n1,\"ha \n\"\"ha\"\" \nha\"\n3,4\n", &["1|ha \n\"ha\" \nha", "3|4"]),
        ("a,b,c\n1,2,3\n", &["1|2|3"]),
        ("a,b,c\r\n1,2,3\r\n", &["1|2|3"]),
        ("a,b,c\n1,2,3\n4,5,ʤ\n", &["1|2|3", "4|5|ʤ"]),
    ] {
        assert_eq!(brief(source), expected, "{source}");
        let without_end = source.trim_end_matches(['\r', '\n']);
        assert_eq!(brief(without_end), expected, "{source} without the last end");
    }
}

#[test]
fn a_record_is_an_object_of_strings_under_the_names_of_the_header() {
    let (records, summary) = accepted("\u{feff} id ,\"Driver \"\"D\"\"\",\n1, 2 ,\"\\\t\u{1}\"\n");
    let json = "{\"id\":\"1\",\"Driver \\\"D\\\"\":\" 2 \",\"\":\"\\\\\\t\\u0001\"}";
    assert_eq!(records, [Record { line: 2, byte: 24, content: Ok(json.to_owned()) }]);
    assert_eq!(summary.shape, Shape::Table);
    assert_eq!(summary.header.unwrap(), ["id", "Driver \"D\"", ""]);
}

#[test]
fn line_ends_of_all_kinds_and_the_physical_line() {
    for end in ["\n", "\r\n", "\r"] {
        let source = ["a,b", "1,2", "\"x", "y", "z\",3", "4,5", "bad", "6,7"].join(end);
        let (records, _) = accepted(&source);
        let lines: Vec<u64> = records.iter().map(|record| record.line).collect();
        assert_eq!(lines, [2, 3, 6, 7, 8], "{end:?}");
        assert_eq!(records[1].brief_values(), ["x", "y", "z|3"].join(end));
        for record in &records {
            let first = source.as_bytes()[record.byte as usize];
            assert!(b"1\"4b6".contains(&first), "{end:?}: {first}");
        }
        assert_eq!(brief(source + end).len(), 5);
    }
    let (records, _) = accepted("a,b\r\n1,2\n3,4\r5,6\r\n7,8");
    assert_eq!(
        records.iter().map(|record| (record.line, record.byte)).collect::<Vec<_>>(),
        [(2, 5), (3, 9), (4, 13), (5, 18)]
    );
    assert_eq!(brief("a,b\n1\u{2028},\u{b}2\u{85}\n"), ["1\u{2028}|\u{b}2\u{85}"]);
}

#[test]
fn a_lone_end_of_data_mark_is_data() {
    assert_eq!(brief("a\n\\.\n1\n\"\\.\"\n2\n\\."), ["\\.", "1", "\\.", "2", "\\."]);
    assert_eq!(brief("\\.\n1\n"), ["1"]);
    assert_eq!(brief("a,b\n1,2\n\\.\n3,4\n"), ["1|2", "22P04", "3|4"]);
}

#[test]
fn nothing_and_only_a_header() {
    for source in ["", "\u{feff}", "\n", "\u{feff}\r\n\r\n", "  \n\t\n", " "] {
        let (records, summary) = accepted(source);
        assert_eq!((records, summary.shape, summary.header), (vec![], Shape::Empty, None), "{source:?}");
    }
    for source in ["a,b", "a,b\n", "a,b\r\n\r\n", "\u{feff}a,b\n\n\n"] {
        let (records, summary) = accepted(source);
        assert_eq!((records, summary.shape), (vec![], Shape::Header), "{source:?}");
        assert_eq!(summary.header.unwrap(), ["a", "b"]);
    }
}

#[test]
fn other_delimiters() {
    for (delimiter, between) in [(';', ";"), ('\t', "\t"), ('|', "|"), (' ', " ")] {
        let source = format!("a{between}b\n1,5{between}\"x{between}y\"\n");
        let delimiter = Delimiter::new(delimiter).unwrap();
        let (records, _) = frame_with(Limits::default(), delimiter, source.as_bytes(), usize::MAX);
        assert_eq!(records[0].values().unwrap(), ["1,5", &format!("x{between}y")]);
    }
    let tab = Delimiter::new('\t').unwrap();
    let (records, _) = frame_with(Limits::default(), tab, b"a\tb\n\"1\"x\t2\n", usize::MAX);
    let message =
        "expected a tab or the line's end after the closing quote of field 1, found `x` in line 2 at byte 7";
    assert_eq!(records[0].content.as_ref().unwrap_err().1, message);
}

#[test]
fn a_byte_order_mark_is_skipped_at_the_beginning_only() {
    let (records, _) = accepted("\u{feff}\"a\",b\n\u{feff}1,\u{feff}2\n\"\u{feff}3\",4\n");
    assert_eq!(records[0].brief_values(), "\u{feff}1|\u{feff}2");
    assert_eq!(records[1].brief_values(), "\u{feff}3|4");
}

#[test]
fn headers_that_are_refused() {
    let twice = "columns 1 and 3 of the header are both named \"id\"";
    assert_eq!(refused("id,b,id\n1,2,3\n"), ("42701", 1, twice.to_owned()));
    let same = "columns 1 and 2 of the header, \"Driver  ID\" and \"driver id\", are the same name: case and blanks do not tell columns apart";
    assert_eq!(refused("Driver  ID, driver id \n1,2\n"), ("42701", 1, same.to_owned()));
    let unnamed = "columns 2 and 3 of the header have no name; at most one may lack it";
    assert_eq!(refused("a,,\n1,,\n"), ("42701", 1, unnamed.to_owned()));
    let blank = "expected a header, the names of the columns, found a blank line";
    assert_eq!(refused("\n\na,b\n1,2\n"), ("22P04", 1, blank.to_owned()));
    assert_eq!(refused("  \na,b\n1,2\n"), ("22P04", 1, blank.to_owned()));
    assert_eq!(refused("\"a,b\n1,2\n").0, "22P04");
    assert_eq!(refused("a\"b\n1,2\n").0, "22P04");
    assert_eq!(refused(b"a,b\0\n1,2\n"), ("22P05", 1, "NUL at byte 3 cannot be stored as text".to_owned()));
    assert_eq!(refused(b"a,caf\xe9\n"), ("22021", 1, "byte 0xE9 at byte 5 is not UTF-8".to_owned()));
    let many = |columns: u32| (1..=columns).map(|n| format!("c{n}")).collect::<Vec<_>>().join(",");
    let words = "the header names 100000 columns, the limit is 1600";
    assert_eq!(refused(many(100_000) + "\n1\n"), ("54011", 1, words.to_owned()));
    assert_eq!(refused(many(1601)).0, "54011");
    assert_eq!(accepted(many(1600)).1.header.unwrap().len(), 1600);
}

#[test]
fn other_formats_are_refused() {
    for (source, sqlstate, word) in [
        (b"<!DOCTYPE html><title>404, Not Found</title>".as_slice(), "22P02", "HTML or XML"),
        (b"\n  <rows/>", "22P02", "HTML or XML"),
        (b"[{\"a\":1}]", "22P02", "JSON"),
        (b"{\"a\":1}\n{\"a\":2}\n", "22P02", "JSON"),
        (b"\xff\xfea\0,\0b\0\n\0", "22021", "UTF-16"),
        (b"a\0,\0b\0\n\0", "22021", "UTF-16"),
        (b"\0\0\0a\0\0\0,", "22021", "UTF-32"),
        (b"\x1f\x8b\x08\0\0", "22P02", "gzip"),
        (b"PK\x03\x04zip", "22P02", "zip"),
        (b"\0\0\0\0\0", "22P05", "NUL"),
    ] {
        let (found, _, message) = refused(source);
        assert_eq!(found, sqlstate, "{message}");
        assert!(message.contains(word), "{message}");
    }
    assert_eq!(brief("\"<DATE>\",b\n1,2\n"), ["1|2"]);
}
