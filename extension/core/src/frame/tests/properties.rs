//! Random sources: chunks never show, values come back, nothing panics.

use proptest::prelude::*;
use serde_json::{Map, Value};

use super::*;

/// Any JSON value whose numbers serde_json writes as it reads them.
fn value() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        (-1.0e9..1.0e9).prop_map(Value::from),
        // NUL cannot be stored and is no good record.
        "[^\\x00]{0,12}".prop_map(Value::from),
        "[\\x01-\\x1f\"\\\\/é\u{1F600}{}\\[\\],:]{0,8}".prop_map(Value::from),
    ];
    leaf.prop_recursive(4, 24, 4, |inner| {
        prop_oneof![prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from), object_of(inner),]
    })
}

fn object_of(inner: impl Strategy<Value = Value>) -> impl Strategy<Value = Value> {
    prop::collection::vec(("[a-z\"\\\\ é]{0,4}", inner), 0..4)
        .prop_map(|members| Value::from(members.into_iter().collect::<Map<_, _>>()))
}

/// Objects that are not taken for envelopes: their first key is none of an envelope's.
fn objects() -> impl Strategy<Value = Vec<Value>> {
    prop::collection::vec(object_of(value()), 0..6)
}

/// Whitespace as people write it.
fn space() -> impl Strategy<Value = String> {
    "[ \\t\\r\\n]{0,3}"
}

/// Sources of every shape, good ones.
fn source() -> impl Strategy<Value = String> {
    (objects(), space(), space(), 0..6u8).prop_map(|(records, one, two, shape)| {
        let compact = records.iter().map(Value::to_string);
        let pretty = records.iter().map(|record| serde_json::to_string_pretty(record).unwrap());
        let comma = format!("{one},{two}");
        let join = |records: Vec<String>| records.join(&comma);
        match shape {
            0 => format!("{one}[{two}{}{one}]{two}", join(compact.collect())),
            1 => format!("{two}[{one}{}]{one}", join(pretty.collect())),
            2 => compact.map(|record| record + &two + "\n").collect(),
            3 => pretty.map(|record| record + &one).collect(),
            4 => format!("{{\"data\":{two}[{}]{one},\"next\":null}}", join(compact.collect())),
            _ => format!("{one}{{\"count\":1,\"data\":[{}]{one}}}", join(pretty.collect())),
        }
    })
}

/// A source with a few bytes changed, dropped or put in.
fn damaged() -> impl Strategy<Value = Vec<u8>> {
    let byte =
        prop_oneof![prop::sample::select(b"{}[]\",:\\\n\r 0tn-\x00\x1f\xff\xc3".to_vec()), any::<u8>(),];
    let edits = prop::collection::vec((any::<prop::sample::Index>(), 0..3u8, byte), 0..4);
    (source(), edits).prop_map(|(source, edits)| {
        let mut bytes = source.into_bytes();
        for (place, edit, byte) in edits {
            if bytes.is_empty() {
                break;
            }
            let at = place.index(bytes.len());
            match edit {
                0 => bytes[at] = byte,
                1 => bytes.insert(at, byte),
                _ => drop(bytes.remove(at)),
            }
        }
        bytes
    })
}

/// What is handed on as good must be what everybody reads as one object.
fn assert_good(records: &[Record]) {
    for record in records {
        if let Ok(text) = &record.content {
            let value: Result<Map<String, Value>, _> = serde_json::from_str(text);
            // Only the range of numbers is left to whoever reads the record.
            if let Err(error) = value {
                assert!(error.to_string().contains("out of range"), "{text}: {error}");
            }
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(512))]

    #[test]
    fn values_come_back(records in objects(), one in space(), two in space(), pretty: bool) {
        let texts: Vec<String> = records
            .iter()
            .map(|record| match pretty {
                true => serde_json::to_string_pretty(record).unwrap(),
                false => record.to_string(),
            })
            .collect();
        let array = format!("{one}[{two}{}{one}]{two}", texts.join(&format!("{one},{two}")));
        let (framed, outcome) = frame_with(Limits::default(), array.as_bytes(), 11);
        prop_assert!(outcome.is_ok());
        let framed: Vec<&str> = framed.iter().map(Record::brief).collect();
        prop_assert_eq!(&framed, &texts);
        let lines: String = records.iter().map(|record| record.to_string() + "\n").collect();
        let (framed, outcome) = frame_with(Limits::default(), lines.as_bytes(), 11);
        prop_assert!(outcome.is_ok());
        let framed: Vec<&str> = framed.iter().map(Record::brief).collect();
        let lines: Vec<&str> = lines.lines().collect();
        prop_assert_eq!(framed, lines);
    }

    #[test]
    fn chunks_never_show(source in damaged(), chunk in 1..40usize, limit in 8..200usize) {
        for limits in [Limits::default(), Limits { record_bytes: limit, depth: limit % 8 }] {
            let whole = frame_with(limits, &source, usize::MAX);
            assert_good(&whole.0);
            prop_assert_eq!(&frame_with(limits, &source, chunk), &whole);
            prop_assert_eq!(&frame_with(limits, &source, 1), &whole);
        }
    }

    #[test]
    fn any_bytes_at_all(source in prop::collection::vec(any::<u8>(), 0..64), chunk in 1..9usize) {
        let whole = frame_with(Limits::default(), &source, usize::MAX);
        assert_good(&whole.0);
        prop_assert_eq!(&frame_with(Limits::default(), &source, chunk), &whole);
    }

    #[test]
    fn json_like_bytes(source in "[{}\\[\\]\",:\\\\\n a1\u{e9}]{0,40}", chunk in 1..9usize) {
        let whole = frame_with(Limits::default(), source.as_bytes(), usize::MAX);
        assert_good(&whole.0);
        prop_assert_eq!(&frame_with(Limits::default(), source.as_bytes(), chunk), &whole);
    }

    #[test]
    fn good_records_are_what_serde_json_reads(
        text in "[{}\\[\\]\",:\\\\\n atrue1.0-]{0,24}",
        digits in "-?[0-9.eE+-]{1,8}",
        seed in value(),
    ) {
        for text in [text, digits, seed.to_string()] {
            let record = format!("{{\"v\":{text}}}");
            let expected = serde_json::from_str::<serde::de::IgnoredAny>(&record).is_ok();
            let array = format!("[{record}]");
            let (records, outcome) = frame_with(Limits::default(), array.as_bytes(), usize::MAX);
            // The text may close the record, and a second frame with it: `0}` in `{"v":0}}`.
            let good = outcome.is_ok() && records.len() == 1 && records[0].content.is_ok();
            prop_assert_eq!(good, expected, "{}", record);
        }
    }
}

/// About 2 KB, of characters of one to four bytes, cut off at each byte.
#[test]
fn cut_off_at_each_byte() {
    let record = "{\"name\":\"Zoë \u{1F600} \\ud83d\\ude00\",\"list\":[1.5e3,{\"a\":null}],\"ok\":true}";
    let records = vec![record; 30];
    let array = format!("[\n{}\n]", records.join("\n,"));
    let page = format!("{{\"count\":30,\"data\":[{}],\"next\":null}}", records.join(","));
    assert!(array.len() > 2_000);
    for source in [&array, &page] {
        for cut in 1..source.len() {
            let (framed, outcome) = frame_with(Limits::default(), &source.as_bytes()[..cut], 333);
            let refused = outcome.unwrap_err();
            assert_eq!((refused.byte, refused.sqlstate), (cut as u64, "22P02"), "cut at {cut}");
            assert!(framed.iter().all(|each| each.brief() == record));
        }
        assert_eq!(frame_with(Limits::default(), source.as_bytes(), 333).0.len(), 30);
    }
    let lines = records.join("\n");
    for cut in record.len() + 1..lines.len() {
        let (framed, outcome) = frame_with(Limits::default(), &lines.as_bytes()[..cut], 333);
        assert!(outcome.is_ok());
        let whole = (cut + 1) / (record.len() + 1);
        assert!(framed[..whole].iter().all(|each| each.brief() == record));
        match framed.get(whole) {
            None => assert!(cut % (record.len() + 1) == 0 || (cut + 1) % (record.len() + 1) == 0),
            Some(last) => {
                assert!(["22P02", "22021"].contains(&last.brief()), "cut at {cut}");
                assert_eq!(last.byte, (whole * (record.len() + 1)) as u64);
            }
        }
    }
}
