//! The quarantine in files: a list of everything, and the records as they came.
use std::fs;
use std::path::Path;

use etl_tests::cluster::Cluster;
use etl_tests::loader::Loader;
use serde_json::Value;

use super::with_bad_records;

fn json(path: &Path) -> Vec<Value> {
    let text = fs::read_to_string(path).unwrap();
    serde_json::from_str(&text).unwrap_or_else(|error| panic!("{}: {error}\n{text}", path.display()))
}

#[test]
fn the_list_says_all_and_the_records_are_as_they_came() {
    let (database, loader, records) = with_bad_records(100);
    let export = ["quarantine", "export", "mobilize", "--dir", "out", "--format", "json"];
    let said = loader.run(export).expect(0).stdout;
    assert_eq!(said, "out/quarantine.json\nout/mobilize/attendances.json\n");
    let out = loader.folder().join("out");
    let listed = json(&out.join("quarantine.json"));
    assert_eq!(listed.len() as i64, database.count("etl.quarantine"));
    for object in &listed {
        for name in ["target", "outcome", "sqlstate", "message", "line", "record_sha256", "first_run"] {
            assert!(!object[name].is_null(), "{name} of {object}");
        }
        // Text as text, other bytes as hexadecimal digits.
        assert!(
            object["record"].is_string() || object["raw"].as_str().is_some_and(|raw| raw.starts_with("7b"))
        );
    }
    // One record is damaged, and cannot stand in an array of JSON: it is in the list only.
    let original: Vec<Value> =
        records.iter().filter_map(|record| serde_json::from_str(record).ok()).collect();
    let kept = json(&out.join("mobilize/attendances.json"));
    assert_eq!(kept.len() as i64, database.number("select count(distinct record) from etl.quarantine"));
    assert!(kept.iter().all(|record| original.contains(record)));
    assert!(listed.iter().any(|object| object["record"].is_null()));
}

#[test]
fn a_repeated_export_has_the_same_bytes_and_leaves_nothing_else() {
    let (_database, loader, _) = with_bad_records(101);
    for format in ["csv", "json"] {
        let bytes = |folder: &str| {
            loader.run(["quarantine", "export", "--dir", folder, "--format", format]).expect(0);
            let folder = loader.folder().join(folder);
            let list = fs::read(folder.join(format!("quarantine.{format}"))).unwrap();
            (list, fs::read(folder.join("mobilize/attendances.json")).unwrap())
        };
        assert_eq!(bytes("one"), bytes("two"), "{format}");
        assert_eq!(bytes("one"), bytes("one"), "{format}");
    }
    let mut names: Vec<_> = fs::read_dir(loader.folder().join("one"))
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    names.sort();
    assert_eq!(names, ["mobilize", "quarantine.csv", "quarantine.json"]);
}

#[test]
fn csv_is_read_back_by_the_server() {
    let (database, loader, _) = with_bad_records(102);
    loader.run(["quarantine", "export", "--dir", "out", "--format", "csv"]).expect(0);
    let text = fs::read_to_string(loader.folder().join("out/quarantine.csv")).unwrap();
    let columns: Vec<String> =
        text.lines().next().unwrap().split(',').map(|name| format!("{name} text")).collect();
    let mut client = database.client();
    client.batch_execute(&format!("create table public.back ({})", columns.join(", "))).unwrap();
    let mut copy = client.copy_in("copy public.back from stdin (format csv, header)").unwrap();
    std::io::Write::write_all(&mut copy, text.as_bytes()).unwrap();
    copy.finish().unwrap();
    assert_eq!(
        database.rows(
            "select quarantine_id, record, message, parents from public.back order by quarantine_id::bigint"
        ),
        database.rows(
            "select quarantine_id, record, message, parents from etl.quarantine order by quarantine_id"
        )
    );
}

#[test]
fn corrected_records_load_from_what_was_exported() {
    let (database, loader, _) = with_bad_records(103);
    loader.run(["quarantine", "export", "--sqlstate", "22P02", "--dir", "out", "--format", "csv"]).expect(0);
    let path = loader.folder().join("out/mobilize/attendances.json");
    let corrected = fs::read_to_string(&path).unwrap().replace("\"soon\"", "1600000000");
    assert!(corrected.contains("1600000000"));
    fs::write(&path, corrected).unwrap();
    let before = database.count("mobilize.attendances");
    loader.load([path]);
    assert_eq!(database.count("mobilize.attendances"), before + 1);
}

#[test]
fn identical_records_come_out_as_often_as_they_came() {
    let database = Cluster::shared().database();
    let loader = Loader::at(&database);
    let record = r#"{"id": 1, "person": {}}"#;
    let path = loader.file("twice.json", format!("[{record},\n{record}]"));
    loader.load([path]).expect(3);
    loader.run(["quarantine", "export", "--dir", "out", "--format", "csv"]).expect(0);
    assert_eq!(json(&loader.folder().join("out/mobilize/attendances.json")).len(), 2);
}
