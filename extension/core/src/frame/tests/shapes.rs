//! Every shape of a source that is read, and those that are not.

use super::*;

#[test]
fn arrays() {
    for source in [
        r#"[{"a":1},{"b":[2]}]"#,
        "[{\"a\":1}\n,{\"b\":[2]}\n]\n",
        " \r\n\t[ {\"a\":1} ,\r\n {\"b\":[2]} ] \n\n",
        "\u{FEFF}[{\"a\":1},{\"b\":[2]}]",
    ] {
        let expected = vec![r#"{"a":1}"#.to_owned(), r#"{"b":[2]}"#.to_owned()];
        assert_eq!(accepted(source), (expected, Shape::Array), "{source}");
    }
    assert_eq!(accepted("[]"), (vec![], Shape::Array));
    assert_eq!(accepted(" [ \n ] "), (vec![], Shape::Array));
}

#[test]
fn json_lines() {
    for source in [
        "{\"a\":1}\n{\"b\":2}\n",
        "{\"a\":1}\n{\"b\":2}",
        "{\"a\":1}\r\n{\"b\":2}\r\n",
        "{\"a\":1}\r{\"b\":2}",
        "\n\n  {\"a\":1} \t\n \n\r\n{\"b\":2}  \n\n",
        "\u{FEFF}{\"a\":1}\n{\"b\":2}\n",
    ] {
        let expected = vec![r#"{"a":1}"#.to_owned(), r#"{"b":2}"#.to_owned()];
        assert_eq!(accepted(source), (expected, Shape::Lines), "{source:?}");
    }
}

#[test]
fn several_objects_in_a_line_of_json_lines() {
    let (records, outcome) = frame("{\"a\":1}\n{\"b\":2} {\"c\":3}{}\n{\"d\":4}");
    let places: Vec<_> = records.iter().map(|r| (r.line, r.byte, r.brief())).collect();
    let expected = [
        (1, 0, r#"{"a":1}"#),
        (2, 8, r#"{"b":2}"#),
        (2, 16, r#"{"c":3}"#),
        (2, 23, "{}"),
        (3, 26, r#"{"d":4}"#),
    ];
    assert_eq!(places, expected);
    assert_eq!(outcome.unwrap().shape, Shape::Lines);
}

#[test]
fn objects_one_after_the_other() {
    let one = "{\n  \"a\": 1\n}".to_owned();
    let two = "{\"b\":2}".to_owned();
    for source in [format!("{one}\n{two}\n"), format!("{one}{two}"), format!("{one} {two}")] {
        assert_eq!(accepted(&source), (vec![one.clone(), two.clone()], Shape::Objects));
    }
    assert_eq!(accepted(format!("{two}{two}")).1, Shape::Objects);
}

#[test]
fn one_object() {
    for source in ["{\n \"a\": {\n \"b\": []}\n}\n", "{\"a\":1}", "{\"a\":1}\n", "{}"] {
        let expected = (vec![source.trim().to_owned()], Shape::Object);
        assert_eq!(accepted(source), expected);
    }
}

#[test]
fn pages() {
    for source in [
        r#"{"data":[{"a":1},{"b":2}]}"#,
        r#"{"count":2,"next":null,"previous":null,"data":[{"a":1},{"b":2}]}"#,
        r#"{ "data" : [ {"a":1} , {"b":2} ] , "next" : null, "count" : 2, "error": null }"#,
        r#"{"error":null,"metadata":{"a":[]},"data":[{"a":1},{"b":2}],"results_limited_to":null}"#,
        r#"{"data":[{"a":1}]}{"data":[{"b":2}]}"#,
        "{\"data\":[{\"a\":1}]}\n\n{\"count\":1,\"data\":[{\"b\":2}]}\n",
        "{\n \"data\": [\n {\"a\":1}\n ]\n}\n{\"data\":[]}\n{\"data\":{\"b\":2}}\n",
        r#"{"data":{"a":1}} {"data":{"b":2},"error":null}"#,
        r#"{"d\u0061ta":[{"a":1},{"b":2}],"count":2,"build":"7"}"#,
    ] {
        let expected = vec![r#"{"a":1}"#.to_owned(), r#"{"b":2}"#.to_owned()];
        assert_eq!(accepted(source), (expected, Shape::Pages), "{source}");
    }
    assert_eq!(accepted(r#"{"data":[],"count":0}"#), (vec![], Shape::Pages));
}

#[test]
fn what_pages_say_is_kept() {
    let source = r#"
        {"count":7,"next":"https://x/2","previous":null,"data":[{}]}
        {"data":[{}],"count":9,"next":"https://x/3","results_limited_to":10000}"#;
    let summary = frame(source).1.unwrap();
    assert_eq!((summary.pages, summary.count), (2, Some(9)));
    assert_eq!(summary.next.as_deref(), Some("https://x/3"));
    assert_eq!(summary.results_limited_to.as_deref(), Some("10000"));
    let summary = frame(format!("{source}{}", r#"{"data":[],"next":null}"#)).1.unwrap();
    assert_eq!((summary.pages, summary.count, summary.next), (3, Some(9), None));
}

#[test]
fn error_replies_are_refused_wherever_the_key_stands() {
    for source in [
        r#"{"error":"no such organization"}"#,
        r#"{"data":null,"error":{"detail":"no such organization"}}"#,
        r#"{"error":{"detail":"no such organization"},"data":null}"#,
        r#"{"error":"no such organization","data":[{"a":1}]}"#,
        r#"{"data":[{"a":1}],"error":"no such organization"}"#,
        r#"{"data":[],"count":0,"error":["no such organization"]}"#,
        r#"{"data":{"a":1},"error":"no such organization"}"#,
        "{\n  \"error\": \"no such organization\"\n}\n",
        r#"{"status":404,"error":"no such organization"}"#,
        r#"{"error":"no such organization","status":404}"#,
        "{\"a\":1}\n{\"error\":\"no such organization\"}\n",
        "{\"data\":[{}]}\n{\"data\":null,\"error\":\"no such organization\"}\n",
        r#"{"\u0065rror":"no such organization"}"#,
        r#"{"detail":"no such organization"}"#,
        r#"{"message":"no such organization","status":404}"#,
        r#"{"code":"404","detail":[{"msg":"no such organization"}]}"#,
    ] {
        let refused = refused(source);
        assert_eq!(refused.sqlstate, "22P02", "{source}");
        assert!(refused.message.contains("no such organization"), "{refused}");
    }
    assert!(refused(r#"{"data":null}"#).message.contains("null"));
    assert!(refused(r#"{"count":0,"data":null,"next":null}"#).message.contains("null"));
}

#[test]
fn records_may_have_the_keys_of_an_envelope() {
    for source in [
        r#"{"id":1,"data":[1,2]}"#,
        "{\"id\":1,\"error\":\"timeout\"}\n{\"error\":\"timeout\",\"id\":2}",
        "{\"data\":{\"x\":1},\"type\":\"click\"}\n{\"data\":{\"x\":2},\"type\":\"click\"}",
        "{\"count\":1}\n{\"count\":2}",
        "{\"a\":1}\n{\"data\":[1]}",
        // Only alone, and with nothing else to say, is it no record.
        "{\"message\":\"hello\"}\n{\"message\":\"goodbye\"}",
        r#"{"id":1,"message":"hello"}"#,
        r#"{"status":"REGISTERED"}"#,
    ] {
        let lines: Vec<String> = source.lines().map(str::to_owned).collect();
        assert_eq!(accepted(source).0, lines);
    }
    let message = refused(r#"{"data":[{"x":1}],"type":"click"}"#).message;
    assert!(message.contains("put it into an array"), "{message}");
    accepted(r#"[{"data":[{"x":1}],"type":"click"},{"error":"x"},{"data":null}]"#);
}

#[test]
fn nothing_is_no_record_and_says_so() {
    for source in ["", " \n\r\n\t ", "\u{FEFF}", "\u{FEFF} \n"] {
        assert_eq!(accepted(source), (vec![], Shape::Empty), "{source:?}");
    }
}

#[test]
fn other_encodings_are_refused() {
    let text = "[{\"a\":\"é\"}]";
    let little: Vec<u8> = text.encode_utf16().flat_map(u16::to_le_bytes).collect();
    let big: Vec<u8> = text.encode_utf16().flat_map(u16::to_be_bytes).collect();
    let wide_little: Vec<u8> = text.chars().flat_map(|c| u32::from(c).to_le_bytes()).collect();
    let wide_big: Vec<u8> = text.chars().flat_map(|c| u32::from(c).to_be_bytes()).collect();
    for (mark, body, name) in [
        (&[][..], &little, "UTF-16"),
        (&[0xFF, 0xFE], &little, "UTF-16"),
        (&[], &big, "UTF-16"),
        (&[0xFE, 0xFF], &big, "UTF-16"),
        (&[], &wide_little, "UTF-32"),
        (&[0xFF, 0xFE, 0, 0], &wide_little, "UTF-32"),
        (&[], &wide_big, "UTF-32"),
        (&[0, 0, 0xFE, 0xFF], &wide_big, "UTF-32"),
    ] {
        let refused = refused([mark, body].concat());
        assert_eq!((refused.sqlstate, refused.byte, refused.line), ("22021", 0, 1));
        assert!(refused.message.starts_with(name), "{refused}");
    }
}

#[test]
fn other_formats_are_refused() {
    let cases: [(&[u8], u64, &str); 16] = [
        (b"<!DOCTYPE html>\n<html>", 0, "HTML"),
        (b"  \n<rss/>", 3, "HTML"),
        (&[0x1F, 0x8B, 8, 0, 1], 0, "gzip"),
        (&[0x28, 0xB5, 0x2F, 0xFD, 1], 0, "zstd"),
        (b"PK\x03\x04rest", 0, "zip"),
        (b"BZh91AY", 0, "bzip2"),
        (b"\xFD7zXZ", 0, "xz"),
        (b"42", 0, "expected `[`"),
        (b"\"text\"\n", 0, "expected `[`"),
        (b" null", 1, "expected `[`"),
        (b"true\nfalse\n", 0, "expected `[`"),
        (b"id,name\n1,Ana\n", 0, "expected `[`"),
        (b"\x00", 0, "byte 0x00"),
        (b"\x01\x02\x03\x04\x05", 0, "byte 0x01"),
        (b"]", 0, "expected `[`"),
        (b"\xE9t\xE9", 0, "byte 0xE9"),
    ];
    for (source, byte, words) in cases {
        let refused = refused(source);
        assert_eq!(refused.byte, byte, "{refused}");
        assert!(refused.message.contains(words), "{refused}");
    }
}

#[test]
fn lines_and_bytes_are_the_sources() {
    let source = "\u{FEFF}[\r\n{\"a\":\n1},\r{\"b\":2}\n\n, {\"c\":\"\u{1F600}\"}, {\"d\":4}]";
    let places: Vec<_> = frame(source).0.iter().map(|r| (r.line, r.byte)).collect();
    let bytes: Vec<_> =
        ["{\"a\"", "{\"b\"", "{\"c\"", "{\"d\""].iter().map(|key| source.find(key).unwrap() as u64).collect();
    assert_eq!(places, [(2, bytes[0]), (4, bytes[1]), (6, bytes[2]), (6, bytes[3])]);
}
