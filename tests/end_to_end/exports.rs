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

/// A dataset with a table of texts, some of which a spreadsheet would run.
fn sheet() -> (Database<'static>, Loader) {
    let database = Cluster::shared().database();
    let loader = Loader::at(&database);
    std::fs::create_dir(loader.folder().join("sheet")).unwrap();
    loader.file(
        "sheet/V1__tables.sql",
        "create schema sheet;
        create domain sheet.amount as numeric;
        create table sheet.cells (id integer primary key, is_set boolean, amount sheet.amount, code char(3), said text);
        insert into sheet.cells values
            (-1, true, -5, '-a', '=1+1'), (2, false, null, null, null), (3, null, 7, 'b', ''), (4, true, 0, 'c', '+\"44\"'),
            (5, true, 1, '@', E'\\t=1'), (6, true, 1, 'd', E'\\rx'), (7, true, 1, 'e', 'a=1'), (8, true, 1, 'f', '@x, y');
        grant usage on schema sheet to etl_reader;
        grant select on sheet.cells to etl_reader;",
    );
    loader.file("loader.toml", "[dataset.sheet]\nmigrations = \"sheet\"\n");
    loader.run(["migrate", "sheet"]).expect(0);
    (database, loader)
}

#[test]
fn formulas_are_escaped_in_csv_where_that_is_asked_for() {
    const PLAIN: &str = "id,is_set,amount,code,said\n-1,true,-5,-a ,=1+1\n2,false,,,\n3,,7,b  ,\"\"\n4,true,0,c  ,\"+\"\"44\"\"\"\n\
        5,true,1,@  ,\t=1\n6,true,1,d  ,\"\rx\"\n7,true,1,e  ,a=1\n8,true,1,f  ,\"@x, y\"\n";
    const ESCAPED: &str = "id,is_set,amount,code,said\n-1,true,-5,'-a ,'=1+1\n2,false,,,\n3,,7,b  ,\"\"\n4,true,0,c  ,\"'+\"\"44\"\"\"\n\
        5,true,1,'@  ,'\t=1\n6,true,1,d  ,\"'\rx\"\n7,true,1,e  ,a=1\n8,true,1,f  ,\"'@x, y\"\n";
    let (_database, loader) = sheet();
    loader.file("cells.sql", "-- All cells.\nselect * from sheet.cells order by id");
    for (words, expected) in [(vec![], PLAIN), (vec!["--escape-formulas"], ESCAPED)] {
        let read =
            |name: &str| String::from_utf8(std::fs::read(loader.folder().join(name)).unwrap()).unwrap();
        let both = ["--format", "csv,json"];
        loader.run(["export", "sheet", "--dir", "tables"].iter().chain(&both).chain(&words)).expect(0);
        assert_eq!(read("tables/cells.csv"), expected);
        // Stored data, and JSON, stay as they are.
        let json: Vec<serde_json::Value> = serde_json::from_str(&read("tables/cells.json")).unwrap();
        assert_eq!((json[0]["said"].as_str(), json[0]["code"].as_str()), (Some("=1+1"), Some("-a ")));
        loader.run(["export", "cells.sql", "--dir", "answers"].iter().chain(&both).chain(&words)).expect(0);
        // A question casts to text, which takes the blanks off a char(n).
        let without_blanks = |text: &str| text.replace("  ,", ",").replace("a ,", "a,");
        assert_eq!(read("answers/cells.csv"), without_blanks(expected));
    }
}

#[test]
fn a_json_value_is_a_file_that_ends_where_it_ends() {
    let (_database, loader) = sheet();
    loader.file(
        "value.sql",
        "-- One value.\nselect '{\"Scotland\":8048,\"Northern Ireland\":1952}'::json as value",
    );
    loader.file("rows.sql", "-- Rows.\nselect 1 as a union all select 2 order by a");
    loader.file("no_value.sql", "-- No value.\nselect '1'::json as value where false");
    let written = |words: &[&str]| {
        let ran = loader.run(words.iter().chain(&["--dir", "out"])).expect(0);
        let read =
            |path: &str| (path.to_owned(), std::fs::read_to_string(loader.folder().join(path)).unwrap());
        ran.stdout.lines().map(read).collect::<Vec<_>>()
    };
    let value = "{\"Scotland\":8048,\"Northern Ireland\":1952}";
    let file = |name: &str, text: &str| (format!("out/{name}"), text.to_owned());
    assert_eq!(written(&["export", "value.sql"]), [file("value.json", value)]);
    assert_eq!(loader.run(["query", "value.sql", "--format", "json"]).expect(0).stdout, format!("{value}\n"));
    assert_eq!(written(&["export", "rows.sql"]), [file("rows.csv", "a\n1\n2\n")]);
    let both = [file("rows.csv", "a\n1\n2\n"), file("rows.json", "[{\"a\":1},\n{\"a\":2}]\n")];
    assert_eq!(written(&["export", "rows.sql", "--format", "json", "--format", "csv"]), both);
    assert_eq!(written(&["export", "no_value.sql"]), [file("no_value.json", "[]\n")]);
}
