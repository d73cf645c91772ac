//! Random sources: chunks never show, values come back, what is good is what the csv crate reads.

use proptest::prelude::*;

use super::*;

/// A value as people have them.
fn value() -> impl Strategy<Value = String> {
    prop_oneof!["[a-z0-9 ]{0,6}", "[\",\\n\\r;é\\\\\\u{feff}'\\t x]{0,6}", "[^\\x00]{0,8}"]
}

/// Rows of equal width.
fn rows() -> impl Strategy<Value = Vec<Vec<String>>> {
    (1..5usize).prop_flat_map(|columns| {
        prop::collection::vec(prop::collection::vec(value(), columns..=columns), 0..6)
    })
}

fn written(rows: &[Vec<String>], quoted: bool, end: &str) -> String {
    let columns = rows.first().map_or(1, Vec::len);
    let mut source: String = (0..columns).map(|n| format!("c{n}")).collect::<Vec<_>>().join(",") + end;
    for row in rows {
        let fields = row.iter().map(|value| {
            // The only field of a line is quoted when it is empty: at the end a blank line would be skipped.
            let needs =
                quoted || value.is_empty() && row.len() == 1 || value.contains([',', '"', '\n', '\r']);
            if needs { format!("\"{}\"", value.replace('"', "\"\"")) } else { value.clone() }
        });
        source += &(fields.collect::<Vec<_>>().join(",") + end);
    }
    source
}

/// Bytes in which everything that means something is likely.
fn csv_like() -> impl Strategy<Value = Vec<u8>> {
    let byte = prop_oneof![
        8 => prop::sample::select(b"\"\",,\n\r".to_vec()),
        6 => prop::sample::select(b"ab1 ".to_vec()),
        1 => prop::sample::select(b"\x00\xff\xc3\xa9\xef\xbb\xbf".to_vec()),
    ];
    (prop::bool::weighted(0.8), prop::collection::vec(byte, 0..60)).prop_map(|(header, bytes)| match header {
        true => [b"a,b\n".as_slice(), &bytes].concat(),
        false => bytes,
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1024))]

    #[test]
    fn values_come_back(rows in rows(), quoted: bool, end in prop::sample::select(vec!["\n", "\r\n", "\r"])) {
        let (records, _) = accepted(written(&rows, quoted, end));
        let found: Vec<_> = records.iter().map(|record| record.values().unwrap()).collect();
        prop_assert_eq!(found, rows);
    }

    #[test]
    fn chunks_never_show(source in csv_like(), limit in 1..80usize) {
        let _ = frame(&source);
        let limits = Limits { record_bytes: limit, ..Limits::default() };
        let whole = frame_with(limits, Delimiter::COMMA, &source, usize::MAX);
        for chunk in [1, 2, 3, 7] {
            prop_assert_eq!(&frame_with(limits, Delimiter::COMMA, &source, chunk), &whole);
        }
    }

    #[test]
    fn every_byte_is_in_one_record_at_most(source in csv_like()) {
        let (records, _) = frame(&source);
        let mut end = 0;
        for record in records {
            prop_assert!(record.byte >= end, "{record:?}");
            let length = record.content.as_ref().map_or_else(|fault| fault.2.len(), |_| 0);
            prop_assert!(source[record.byte as usize..].len() >= length);
            if let Err(fault) = &record.content {
                prop_assert_eq!(&source[record.byte as usize..][..length], fault.2.as_slice());
            }
            end = record.byte + length as u64;
        }
    }

    #[test]
    fn a_good_record_is_what_the_csv_crate_reads(source in csv_like()) {
        for record in frame(&source).0 {
            let Ok(values) = record.values() else { continue };
            let rest = [b"x\n".as_slice(), &source[record.byte as usize..]].concat();
            let mut reader = csv::ReaderBuilder::new().has_headers(false).flexible(true).from_reader(rest.as_slice());
            let theirs = reader.records().nth(1).and_then(Result::ok);
            // Blank lines, which the crate passes over, and bytes further on that are no UTF-8.
            if let Some(theirs) = theirs.filter(|_| values != [""]) {
                prop_assert_eq!(theirs.iter().collect::<Vec<_>>(), values);
            }
        }
    }
}
