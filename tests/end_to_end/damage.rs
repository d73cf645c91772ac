//! Records that must not get in: kept, told apart, and no harm to the others.

use etl_tests::accounting;
use etl_tests::cluster::Cluster;
use etl_tests::database::{Database, assert_same};
use etl_tests::generate::Format;
use etl_tests::generate::mobilize::Plan;
use etl_tests::inputs::{self, MobilizeTruth};
use etl_tests::loader::Loader;

/// Good records in lines, with one damaged line in their middle. Returns what the quarantine says of it: `sqlstate|line|byte is right`.
fn with_damage(damaged: &[u8], options: &[&str]) -> (Database<'static>, Vec<String>) {
    let records = inputs::mobilize(20, 71).collect();
    let database = Cluster::shared().database();
    let loader = Loader::at(&database);
    let mut bytes = format!("{}\n", records[..10].join("\n")).into_bytes();
    let offset = bytes.len();
    bytes.extend_from_slice(damaged);
    bytes.extend_from_slice(format!("\n{}\n", records[10..].join("\n")).as_bytes());
    let path = loader.file("input.jsonl", bytes);
    let words = ["run", "mobilize", path.to_str().unwrap()];
    loader.run(words.iter().chain(options)).expect(3);
    assert_eq!(
        MobilizeTruth::in_database(&database),
        MobilizeTruth::of(&records),
        "the other records are there"
    );
    accounting::check(&database, "mobilize");
    let rejected = database.rows(&format!(
        "select sqlstate, line, byte - {offset}, outcome from etl.quarantine where target = 'mobilize.attendances'"
    ));
    (database, rejected)
}

fn nested(depth: usize) -> Vec<u8> {
    let mut line = String::from("{\"ignored\":");
    line.push_str(&"[".repeat(depth));
    line.push_str(&"]".repeat(depth));
    line.push('}');
    line.into_bytes()
}

#[test]
fn a_damaged_line_is_rejected_where_it_stands() {
    for (what, line, states) in [
        ("cut", b"{\"id\": 12, \"event\": {\"id\"".to_vec(), &["22P02"][..]),
        ("rubbish", b"%PDF-1.4".to_vec(), &["22P02"]),
        ("trailing comma", b"{\"id\": 12,}".to_vec(), &["22P02"]),
        ("bad UTF-8", b"{\"id\": 12, \"feedback\": \"\xc3(\"}".to_vec(), &["22021"]),
        ("overlong UTF-8", b"{\"id\": 12, \"feedback\": \"\xc0\x80\"}".to_vec(), &["22021"]),
        ("surrogate in UTF-8", b"{\"feedback\": \"\xed\xa0\x80\"}".to_vec(), &["22021"]),
        ("NUL", b"{\"id\": 12, \"feedback\": \"a\0b\"}".to_vec(), &["22021", "22P02", "22P05"]),
        ("escaped NUL", b"{\"id\": 12, \"feedback\": \"\\u0000\"}".to_vec(), &["22P05", "22P02"]),
        ("lone surrogate", b"{\"id\": 12, \"feedback\": \"\\ud83c\"}".to_vec(), &["22P05", "22P02"]),
        ("inverted surrogates", b"{\"feedback\": \"\\udf89\\ud83c\"}".to_vec(), &["22P05", "22P02"]),
        ("too deep", nested(127), &["54001"]),
        ("much too deep", nested(100_000), &["54001"]),
    ] {
        let (_, rejected) = with_damage(&line, &[]);
        assert_eq!(rejected.len(), 1, "{what}: {rejected:?}");
        assert!(
            states.iter().any(|state| rejected[0] == format!("{state}|11|0|rejected")),
            "{what}: {rejected:?}, expected one of {states:?} at line 11, byte 0"
        );
    }
}

#[test]
fn an_oversize_record_is_rejected_and_cut() {
    let long = format!("{{\"id\": 12, \"feedback\": \"{}\"}}", "é".repeat(100_000));
    let (database, rejected) = with_damage(long.as_bytes(), &["--record-limit", "100kB"]);
    assert_eq!(rejected.len(), 1, "{rejected:?}");
    assert!(rejected[0].ends_with("|11|0|rejected"), "{rejected:?}");
    let kept = database.number(
        "select coalesce(octet_length(record), octet_length(raw)) from etl.quarantine where target = 'mobilize.attendances'",
    );
    assert!((1..=65_536).contains(&kept), "{kept} bytes kept");
}

#[test]
fn every_bad_record_is_accounted_for_and_harms_no_other() {
    for format in [Format::Array, Format::Lines, Format::Page] {
        let good = inputs::mobilize(400, 72);
        let bad = Plan { bad: 12, format, ..good };
        let clean = Cluster::shared().database();
        let loader = Loader::at(&clean);
        let path = loader.file("good.json", inputs::array(&good.collect()));
        loader.load([path]).expect(0);

        let database = Cluster::shared().database();
        let loader = Loader::at(&database);
        let path = loader.folder().join("bad.json");
        bad.write(std::fs::File::create(&path).unwrap()).unwrap();
        loader.load([&path]).expect(3);
        accounting::check(&database, "mobilize");
        // Two of twelve wait for an event that cannot get in; ten are rejected.
        let outcomes = database.rows(
            "select outcome, sum(copies) from etl.quarantine where target = 'mobilize.attendances' group by outcome order by outcome",
        );
        assert_eq!(outcomes, ["parked|2", "rejected|10"], "{format:?}");
        // A bad attendance may still bring a good person: those are good ones' already, under the same versions.
        for table in ["attendances", "masked_attendances", "attendance_custom_fields", "events", "timeslots"]
        {
            let name = format!("mobilize.{table}");
            let only = |database: &Database<'_>| {
                database.dump("mobilize").into_iter().filter(|(table, _)| *table == name).collect()
            };
            assert_same(&only(&clean), &only(&database), &format!("{format:?}"));
        }
        // The same file again: nothing new in the quarantine, exit 0.
        let kept = database.count("etl.quarantine");
        loader.load([&path]).expect(0);
        assert_eq!(kept, database.count("etl.quarantine"));
        accounting::check(&database, "mobilize");
        loader.run(["quarantine", "list"]).expect(0);
        loader.run(["status"]).expect(0);
    }
}

#[test]
fn no_value_of_a_record_reaches_the_servers_log() {
    // A cluster of its own: others log other things.
    let cluster = Cluster::quick().unwrap();
    let database = cluster.database();
    let loader = Loader::at(&database);
    let plan = Plan { bad: 24, ..inputs::mobilize(100, 73) };
    let path = loader.file("bad.json", inputs::array(&plan.collect()));
    loader.load([path]).expect(3);
    assert!(!cluster.log().contains("example.org"));
}

#[test]
fn records_on_one_line_are_kept_apart() {
    // As an API sends them: the whole array on its first line.
    let plan = Plan { bad: 12, ..inputs::mobilize(60, 74) };
    let records = plan.collect();
    let kept = |document: String| {
        let database = Cluster::shared().database();
        let loader = Loader::at(&database);
        let path = loader.file("input.json", document);
        loader.load([path]).expect(3);
        accounting::check(&database, "mobilize");
        database.rows(
            "select outcome, target, occurrence, copies, field, sqlstate, encode(record_sha256, 'hex'), parents
             from etl.quarantine order by target, record_sha256, occurrence, field, sqlstate, parents",
        )
    };
    let lines = kept(inputs::array(&records));
    assert!(lines.len() > 12);
    assert_eq!(lines, kept(format!("[{}]", records.join(","))));
}

#[test]
fn the_quarantine_is_listed_newest_first() {
    let database = Cluster::shared().database();
    let loader = Loader::at(&database);
    let lines: String = (0..12).map(|number| format!("{{\"damaged\": {number}\n")).collect();
    let path = loader.file("input.jsonl", format!("{{\"id\": 1}}\n{lines}").into_bytes());
    loader.run(["run", "mobilize", path.to_str().unwrap()]).expect(3);
    let newest = database.number("select max(quarantine_id) from etl.quarantine");
    assert!(newest > 9, "ids of more than one digit");
    let listed = loader.run(["quarantine", "list", "--limit", "3", "--format", "csv"]).expect(0).stdout;
    let ids: Vec<&str> = listed.lines().skip(1).filter_map(|line| line.split(',').next()).collect();
    assert_eq!(ids, [newest, newest - 1, newest - 2].map(|id| id.to_string()));
}
