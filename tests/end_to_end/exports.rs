//! Files written by `export`, and answers printed by `query`.

use etl_tests::cluster::Cluster;
use etl_tests::database::Database;
use etl_tests::inputs;
use etl_tests::loader::Loader;
use std::collections::BTreeMap;
use std::path::Path;

fn filled() -> (Database<'static>, Loader) {
    let database = Cluster::shared().database();
    let loader = Loader::at(&database);
    let file = loader.file("a.json", inputs::array(&inputs::mobilize(300, 91).collect()));
    loader.load([file]).expect(0);
    (database, loader)
}

fn files(folder: &Path) -> BTreeMap<String, Vec<u8>> {
    std::fs::read_dir(folder)
        .unwrap()
        .map(|entry| {
            let path = entry.unwrap().path();
            let name = path.file_name().unwrap().to_string_lossy().into_owned();
            (name, std::fs::read(path).unwrap())
        })
        .collect()
}

#[test]
fn exports_repeat_byte_for_byte() {
    let (database, loader) = filled();
    for format in ["csv", "json"] {
        let mut written = Vec::new();
        for folder in ["one", "two"] {
            let dir = format!("{folder}_{format}");
            loader.run(["export", "mobilize", "--format", format, "--dir", &dir]).expect(0);
            written.push(files(&loader.folder().join(dir)));
            // The same rows in another physical order.
            database.execute("create table t as select * from mobilize.people; set session_replication_role = replica; delete from mobilize.people; insert into mobilize.people select * from t order by random(); drop table t");
        }
        assert!(written[0] == written[1], "{format}");
        let names: Vec<&str> = written[0].keys().map(String::as_str).collect();
        assert!(names.contains(&"DICTIONARY.md"), "{names:?}");
        for table in [
            "attendances",
            "timeslots",
            "events",
            "people",
            "organizations",
            "attendance_custom_fields",
            "masked_attendances",
        ] {
            let name = format!("{table}.{format}");
            let bytes = written[0].get(&name).unwrap_or_else(|| panic!("{name} is not among {names:?}"));
            let rows = match format {
                "csv" => csv::Reader::from_reader(bytes.as_slice()).records().map(Result::unwrap).count(),
                _ => serde_json::from_slice::<Vec<serde_json::Value>>(bytes).unwrap().len(),
            };
            assert_eq!(i64::try_from(rows).unwrap(), database.count(&format!("mobilize.{table}")), "{name}");
        }
        let dictionary = String::from_utf8(written[0]["DICTIONARY.md"].clone()).unwrap();
        for table in database.tables("mobilize") {
            let table = table.trim_start_matches("mobilize.");
            assert!(dictionary.contains(table), "{table} is not in DICTIONARY.md");
        }
    }
}

#[test]
fn questions_list_and_answer() {
    let (database, loader) = filled();
    let listed = loader.run(["query"]).expect(0);
    for name in ["event_rsvps", "most_completed_event"] {
        assert!(listed.stdout.contains(name), "{}", listed.stdout);
    }
    let rsvps = loader.run(["query", "event_rsvps", "event_id=250000", "--format", "json"]).expect(0);
    let rsvps: serde_json::Value = serde_json::from_str(&rsvps.stdout).unwrap();
    assert_eq!(
        rsvps[0]["rsvps"].as_i64().unwrap(),
        database.count("mobilize.attendances where event_id = 250000")
    );
    for format in ["table", "csv"] {
        let ran = loader.run(["query", "most_completed_event", "--format", format]).expect(0);
        assert!(ran.stdout.contains("completed"), "{}", ran.stdout);
    }
    // Parameters are bound, never pasted.
    loader.run(["query", "event_rsvps", "event_id=1; drop table mobilize.people"]).expect(2);
    loader.run(["query", "event_rsvps"]).expect(2).complains(&["event_id"]);
    loader.run(["query", "no_such_question"]).expect(2).complains(&["no_such_question"]);
    // A file of one's own.
    let file = loader
        .file("mine.sql", "-- How many people there are.\nselect count(*) as people from mobilize.people\n");
    let mine = loader.run(["query", file.to_str().unwrap(), "--format", "csv"]).expect(0);
    assert_eq!(
        mine.stdout.trim_end().replace("\r\n", "\n"),
        format!("people\n{}", database.count("mobilize.people"))
    );
}

#[test]
fn a_question_cannot_write() {
    let (database, loader) = filled();
    let before = database.count("mobilize.organizations");
    let file = loader.file("evil.sql", "-- Writes.\nwith gone as (update mobilize.organizations set name = 'x' returning 1) select count(*) from gone\n");
    loader.run(["query", file.to_str().unwrap()]).expect(1);
    assert_eq!(before, database.count("mobilize.organizations where name <> 'x'"));
}
