//! Ways to lay out JSON: all of them hold the same records.

use etl_tests::accounting;
use etl_tests::cluster::Cluster;
use etl_tests::database::Database;
use etl_tests::inputs;
use etl_tests::loader::{Loader, Ran};
use std::ffi::OsStr;
use std::io::Write as _;

const RECORDS: i64 = 60;

/// A database that has the records already: another shape of them must change nothing.
fn filled() -> (Database<'static>, Loader, Vec<String>) {
    let records = inputs::mobilize(RECORDS.unsigned_abs(), 61).collect();
    let database = Cluster::shared().database();
    let loader = Loader::at(&database);
    let path = loader.file("plain.json", inputs::array(&records));
    loader.load([path]).expect(0);
    (database, loader, records)
}

/// Loads it and checks that all the records were read and none was new.
fn check(database: &Database<'_>, what: &str, records: i64, load: impl FnOnce() -> Ran) {
    let before = database.physical("mobilize");
    load().expect(0);
    assert_eq!(before, database.physical("mobilize"), "{what}");
    let read = database.number(&format!(
        "select coalesce(sum(read), 0) from etl.run_tables where run_id = {} and target in ('mobilize.attendances', 'mobilize.masked_attendances')",
        database.last_run()
    ));
    assert_eq!(read, records, "{what}");
    accounting::check(database, "mobilize");
}

fn gzip(text: &str) -> Vec<u8> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    encoder.write_all(text.as_bytes()).unwrap();
    encoder.finish().unwrap()
}

#[test]
fn every_shape_holds_the_same_records() {
    let (database, loader, records) = filled();
    let array = inputs::array(&records);
    let lines = records.join("\n");
    let pretty = {
        let values: Vec<serde_json::Value> = serde_json::from_str(&array).unwrap();
        serde_json::to_string_pretty(&values).unwrap()
    };
    let page =
        |records: &str| format!("{{\"count\":{RECORDS},\"next\":null,\"previous\":null,\"data\":{records}}}");
    let halves = format!(
        "{}\n{}\n",
        page(&inputs::array(&records[..20])).replace('\n', ""),
        page(&inputs::array(&records[20..])).replace('\n', "")
    );
    let leading = format!("[\n{}\n]", records.join("\n,")).replacen("[\n", "[\n  ", 1);
    let shapes: [(&str, Vec<u8>); 13] = [
        ("lines, no final newline", lines.clone().into_bytes()),
        ("lines, final newline", format!("{lines}\n").into_bytes()),
        ("lines, CRLF and blank lines", records.join("\r\n\r\n").into_bytes()),
        ("one line", format!("[{}]", records.join(",")).into_bytes()),
        ("pretty", pretty.into_bytes()),
        ("leading commas", leading.into_bytes()),
        ("page", page(&array).into_bytes()),
        ("pages, one a line", halves.into_bytes()),
        ("white space around", format!(" \t\r\n{array}\n\n ").into_bytes()),
        ("BOM", format!("\u{feff}{array}").into_bytes()),
        ("BOM before lines", format!("\u{feff}{lines}").into_bytes()),
        ("gzip", gzip(&array)),
        ("zstd", zstd::encode_all(array.as_bytes(), 1).unwrap()),
    ];
    for (what, bytes) in shapes {
        // A name that says nothing: what counts is the content.
        let path = loader.file("input", bytes);
        check(&database, what, RECORDS, || loader.load([path]));
    }
    let dash = OsStr::new("-");
    check(&database, "standard input", RECORDS, || loader.clone().stdin(lines.clone()).load([dash]));
    check(&database, "gzip on standard input", RECORDS, || loader.clone().stdin(gzip(&lines)).load([dash]));
    let one = loader.file("one.json", &records[0]);
    check(&database, "single object", 1, || loader.load([one]));
    let empty = loader.file("empty.json", "[]");
    check(&database, "empty array", 0, || loader.load([empty]));
    let page = loader.file("empty_page.json", page("[]"));
    check(&database, "empty page", 0, || loader.load([page]));
}

/// A file that is refused: exit 1, words about it, and nothing of it anywhere.
fn refused(what: &str, bytes: impl AsRef<[u8]>, words: &[&str]) {
    let (database, loader, _) = filled();
    let before = database.physical("mobilize");
    let path = loader.file("input.json", bytes);
    loader.load([path]).expect(1).complains(words);
    assert_eq!(before, database.physical("mobilize"), "{what}");
    assert_eq!(database.count("etl.quarantine"), 0, "{what}");
    assert_eq!(database.count("etl.runs where status = 'done'"), 1, "{what}");
    let failed = database.rows("select error_message is not null from etl.runs where status = 'failed'");
    assert_eq!(failed, ["t"], "{what}: the ledger knows the failed run");
    accounting::check(&database, "mobilize");
}

#[test]
fn an_error_envelope_is_a_failure() {
    refused(
        "error envelope",
        "{\"data\":null,\"error\":{\"organization_id\":{\"0\":[\"A valid integer is required.\"]}}}",
        &["input.json", "error"],
    );
}

#[test]
fn damage_in_the_frame_of_an_array_refuses_the_file() {
    let records = inputs::mobilize(20, 62).collect();
    let array = inputs::array(&records);
    // Between two records: a brace too many.
    let at = 2 + records[0].len();
    let damaged = format!("{}}}{}", &array[..at], &array[at..]);
    refused("brace", damaged, &["input.json", "byte"]);
    // Cut off in the middle of a record, and after one.
    refused("cut record", &array[..array.len() / 2], &["input.json", "byte"]);
    refused("cut frame", &array[..array.len() - 3], &["input.json", "byte"]);
    refused("rubbish after the end", format!("{array}x"), &["input.json", "byte"]);
}

#[test]
fn other_encodings_are_refused_with_the_offset() {
    let text = "[{\"id\":1}]";
    let utf16 = |big: bool, bom: bool| -> Vec<u8> {
        let bom = bom.then_some(0xfeff_u16);
        bom.into_iter()
            .chain(text.encode_utf16())
            .flat_map(|unit| if big { unit.to_be_bytes() } else { unit.to_le_bytes() })
            .collect()
    };
    for (big, bom) in [(true, true), (false, true), (true, false), (false, false)] {
        refused("UTF-16", utf16(big, bom), &["input.json", "byte", "UTF-16"]);
    }
    refused("HTML", "<!DOCTYPE html><html>Service Unavailable</html>", &["input.json", "byte 0"]);
    refused("scalar", "42", &["input.json", "byte 0"]);
}

#[test]
fn a_truncated_compressed_file_is_refused() {
    let records = inputs::mobilize(20, 63).collect();
    let whole = gzip(&records.join("\n"));
    refused("gzip", &whole[..whole.len() / 2], &["input.json"]);
    let whole = zstd::encode_all(records.join("\n").as_bytes(), 1).unwrap();
    refused("zstd", &whole[..whole.len() / 2], &["input.json"]);
}
