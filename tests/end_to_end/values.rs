//! Values on their way from a file to a typed column: what is read, what is refused, and that no setting of the server has a say.
//!
//! The grammar itself has its tests in `extension/core/src/read/tests/values.rs`; here the same values pass through the loader, COPY, the load
//! function and the table.

use crate::security::injection::strings;
use etl_tests::cluster::Cluster;
use etl_tests::database::Database;
use etl_tests::loader::Loader;
use std::fmt::Write as _;

const TABLES: &str = "
create type MOOD as enum ('calm', 'it''s complicated');
create domain PERCENT as integer check (value between 0 and 100);
create table box.things (
    thing_id  integer primary key,
    day       date,
    moment    timestamptz,
    local     timestamp,
    clock     time,
    price     numeric(12,2),
    amount    numeric,
    single    real,
    double    double precision,
    small     smallint,
    big       bigint,
    flag      boolean,
    code      varchar(5),
    note      text,
    unique_id uuid,
    document  jsonb,
    tags      text[],
    mood      MOOD,
    share     PERCENT
);
grant usage on schema box to etl_loader, etl_reader;
grant select, insert, update on box.things to etl_loader;
";

const COLUMNS: [&str; 19] = [
    "thing_id",
    "day",
    "moment",
    "local",
    "clock",
    "price",
    "amount",
    "single",
    "double",
    "small",
    "big",
    "flag",
    "code",
    "note",
    "unique_id",
    "document",
    "tags",
    "mood",
    "share",
];

/// A loader with dataset `box`, whose sources are `csv` and `json`.
fn dataset(database: &Database<'_>) -> Loader {
    let loader = Loader::at(database);
    std::fs::create_dir(loader.folder().join("box")).unwrap();
    let tables = TABLES.replace("MOOD", "box.mood").replace("PERCENT", "box.percent");
    loader.file("box/V1__tables.sql", format!("create schema box;\n{tables}"));
    let fields: Vec<String> = COLUMNS.iter().map(|name| format!("\"{name}\": \"{name}\"")).collect();
    loader.file(
        "load.sql",
        format!(
            "create or replace function box.etl_load_box(run_id bigint)
             returns setof public.etl_counts
             language sql volatile parallel unsafe
             set search_path = pg_catalog, pg_temp
             as $body$
                 select * from public.etl_load(run_id, '{{csv,json}}'::text[], 'box.things'::text, '{{{}}}'::jsonb, null::name)
             $body$;",
            fields.join(", ")
        ),
    );
    loader.file(
        "loader.toml",
        "[dataset.box]
         migrations = \"box\"
         load = \"load.sql\"
         sources = [{ name = \"csv\", format = \"csv\" }, { name = \"json\", format = \"json\" }]",
    );
    loader
}

/// Values for columns, good and bad, as a file has them.
const VALUES: &[(&str, &[&str])] = &[
    (
        "day",
        &[
            "2000-02-29",
            "1900-02-29",
            "2100-02-29",
            "0000-00-00",
            "9999-12-31",
            "10000-01-01",
            "0001-01-01",
            "2999-01-01",
            "32/13/2021",
            "01/02/2021",
            "today",
            "yesterday",
            "now",
            "infinity",
            "-infinity",
            "epoch",
            "J2451187",
            "1999.008",
            "Jan 8, 1999",
            "99-01-08",
            "20210328",
            "2021-3-8",
            "2021-03-28 ",
            "2021-03-28T00:00:00",
            "0044-03-15 BC",
            "",
        ],
    ),
    (
        "moment",
        &[
            "2021-03-28T01:30:00Z",
            "2021-03-28T01:30:00+14:00",
            "2021-03-28T01:30:00-12:00",
            "2021-10-31 01:30:00+01",
            "2021-03-28T01:30:00",
            "1616895000",
            "1616895000000",
            "2021-03-28T24:00:00Z",
            "2021-03-28T23:59:60Z",
        ],
    ),
    ("local", &["2021-03-28 02:30:00", "2021-03-28T02:30:00.123456", "2021-03-28T02:30:00Z", "allballs"]),
    ("clock", &["01:30", "23:59:59.999999", "24:00", "01:30 PM"]),
    (
        "price",
        &[
            "-5",
            "-0.00",
            "12.30",
            "1e3",
            "1,234.50",
            "$5",
            "(5)",
            "12.345",
            "1000000000000",
            "NaN",
            "Infinity",
            " 5 ",
            "NULL",
            "\\N",
            "",
        ],
    ),
    ("amount", &["12.3450", "1e-3", "0x10", "1_000", "NaN"]),
    ("single", &["1.5", "1e39", "1e-50", "nan"]),
    ("double", &["1.5", "1e309", "0.1"]),
    ("small", &["32767", "32768", "-32768", "1.0", "007"]),
    ("big", &["9223372036854775807", "9223372036854775808", "1e3", "--1"]),
    ("flag", &["true", "false", "t", "yes", "1", "TRUE"]),
    ("code", &["abcde", "abcdef", "äöüßé", "abcde "]),
    ("unique_id", &["6F9619FF-8B86-D011-B42D-00CF4FC964FF", "6f9619ff8b86d011b42d00cf4fc964ff", "x"]),
    ("document", &["{\"a\": [1, 2]}", "[1", "{\"a\":\"\\u0000\"}", "1e400"]),
    ("tags", &["{a,b}", "{a", "{\"a b\",null}"]),
    ("mood", &["calm", "it's complicated", "glad"]),
    ("share", &["100", "101", "ten"]),
];

fn csv_cell(text: &str) -> String {
    format!("\"{}\"", text.replace('"', "\"\""))
}

/// A file with one of the values a row.
fn values_csv() -> String {
    let mut file = COLUMNS.join(",") + "\n";
    let values = VALUES.iter().flat_map(|(column, values)| values.iter().map(move |value| (column, value)));
    for (number, (column, value)) in (1..).zip(values) {
        let cells = COLUMNS.map(|name| match name {
            "thing_id" => format!("{number}"),
            _ if name == *column => csv_cell(value),
            _ => String::new(),
        });
        let _ = writeln!(file, "{}", cells.join(","));
    }
    file
}

/// What came of it: the table, and of what did not get in the line and the reason.
fn outcome(database: &Database<'_>) -> (Vec<String>, Vec<String>) {
    let mut client = database.client();
    client.batch_execute("set timezone = 'UTC'; set datestyle = 'ISO, YMD'").unwrap();
    let rows = client.query("select t::text from box.things as t order by thing_id", &[]).unwrap();
    let kept = database.rows("select line, sqlstate, field, message from etl.quarantine order by line");
    (rows.iter().map(|row| row.get(0)).collect(), kept)
}

#[test]
fn no_setting_of_the_server_has_a_say() {
    let mut outcomes = Vec::new();
    for zone in ["UTC", "Europe/London", "America/St_Johns", "Pacific/Kiritimati"] {
        for style in ["ISO, MDY", "German, DMY", "SQL, DMY", "Postgres, YMD"] {
            let database = Cluster::shared().database();
            database.execute(&format!(
                "alter database {0} set timezone = '{zone}'; alter database {0} set datestyle = '{style}'",
                database.name()
            ));
            let loader = dataset(&database);
            loader.file("csv.csv", values_csv());
            loader.run(["run", "box", "csv.csv"]).expect(3);
            outcomes.push((format!("{zone} {style}"), outcome(&database)));
        }
    }
    let (_, first) = &outcomes[0];
    for (settings, outcome) in &outcomes {
        assert_eq!(outcome, first, "{settings}");
    }

    // Of each column how many values got in: those that mean one thing.
    let (rows, kept) = first;
    let count = VALUES.iter().map(|(_, values)| values.len()).sum::<usize>();
    assert_eq!(rows.len() + kept.len(), count);
    let rejected = |column: &str| {
        let of_column = |row: &&String| row.split('|').nth(2) == Some(column);
        kept.iter().filter(of_column).count()
    };
    for (column, expected) in [
        ("day", 21),
        ("moment", 5),
        ("local", 2),
        ("clock", 2),
        ("price", 10),
        ("amount", 3),
        ("single", 3),
        ("double", 1),
        ("small", 2),
        ("big", 3),
        ("flag", 4),
        ("code", 2),
        ("unique_id", 2),
        ("document", 2),
        ("tags", 1),
        ("mood", 1),
        ("share", 2),
    ] {
        assert_eq!(rejected(column), expected, "{column}: {kept:#?}");
    }
    let day: Vec<&String> = rows.iter().take(5).collect();
    assert!(day[0].contains("2000-02-29") && day[4].ends_with(",,,,,,,,,,,,,,,,,,)"), "{day:?}");
}

#[test]
fn every_string_comes_out_byte_for_byte() {
    let database = Cluster::shared().database();
    let loader = dataset(&database);
    let strings: Vec<String> =
        strings::all().into_iter().filter(|it| !it.contains('\0') && !it.is_empty()).collect();
    assert!(strings.len() >= 515);
    let mut csv = "thing_id,note\n".to_owned();
    let mut json = String::new();
    for (number, text) in (1..).zip(&strings) {
        let _ = writeln!(csv, "{number},{}", csv_cell(text));
        let record = serde_json::json!({ "thing_id": number + 10_000, "note": text });
        let _ = writeln!(json, "{record}");
    }
    loader.file("csv.csv", csv);
    loader.file("json.jsonl", json);
    loader.run(["run", "box", "csv=csv.csv", "json=json.jsonl"]).expect(0);
    let rows =
        database.client().query("select thing_id, note from box.things order by thing_id", &[]).unwrap();
    assert_eq!(rows.len(), 2 * strings.len());
    for (row, text) in rows.iter().zip(strings.iter().chain(&strings)) {
        assert_eq!(row.get::<_, Option<&str>>(1), Some(text.as_str()), "{}", row.get::<_, i32>(0));
    }
}

#[test]
fn json_and_csv_read_the_same() {
    let database = Cluster::shared().database();
    let loader = dataset(&database);
    loader.file(
        "csv.csv",
        "\u{feff}THING_ID , Day,price,tags,document,mood,share\n1,2021-03-28,12.30,\"{a,b}\",\"{\"\"a\"\":1}\",calm,7\n",
    );
    loader.file(
        "json.json",
        r#"[{"thing_id":2,"day":"2021-03-28","price":12.30,"tags":["a","b"],"document":{"a":1},"mood":"calm","share":7}]"#,
    );
    let ran = loader.run(["run", "box", "csv=csv.csv", "json=json.json"]).expect(0);
    assert!(!ran.stderr.contains("not read"), "{}", ran.stderr);
    let rows =
        database.rows("select day, price, tags, document, mood, share from box.things order by thing_id");
    assert_eq!(rows, ["2021-03-28|12.30|{a,b}|{\"a\": 1}|calm|7"; 2]);
    // Columns that the CSV header lacked were not touched; the next file changes only what it has.
    loader.file("csv.csv", "thing_id,note\n1,kept\n");
    loader.run(["run", "box", "csv=csv.csv"]).expect(0);
    let row = database.value("select day, price, note from box.things where thing_id = 1");
    assert_eq!(row, "2021-03-28|12.30|kept");
}

/// What a CSV header lacks is absent from that file's records: neither another file's records nor a replay change that.
#[test]
fn what_a_header_lacks_is_never_touched() {
    let database = Cluster::shared().database();
    let loader = dataset(&database);
    loader.file("csv.csv", "thing_id,price,note\n1,1.00,kept\n");
    loader.run(["run", "box", "csv=csv.csv"]).expect(0);
    // Beside a JSON file that has the column.
    loader.file("csv.csv", "thing_id,price\n1,2.00\n2,7.555\n");
    loader.file("json.json", r#"{"thing_id":3,"price":3,"note":"from JSON"}"#);
    loader.run(["run", "box", "csv=csv.csv", "json=json.json"]).expect(3);
    let rows = || database.rows("select thing_id, price, note from box.things order by thing_id");
    assert_eq!(rows(), ["1|2.00|kept", "3|3.00|from JSON"]);
    // The rejected record comes back as what it was: one without a note.
    database.execute("insert into box.things (thing_id, note) values (2, 'precious'); alter table box.things alter price type numeric(12,3)");
    loader.run(["quarantine", "replay", "box"]).expect(0);
    assert_eq!(rows(), ["1|2.000|kept", "2|7.555|precious", "3|3.000|from JSON"]);
}

#[test]
fn a_blank_names_no_row_and_a_field_stands_once() {
    let database = Cluster::shared().database();
    let loader = dataset(&database);
    loader.file(
        "json.jsonl",
        "{\"thing_id\":1,\"note\":\"a\",\"note\":\"b\"}\n{\"thing_id\":\"\"}\n{\"thing_id\":2}\n",
    );
    loader.run(["run", "box", "json=json.jsonl"]).expect(3);
    assert_eq!(
        database.rows("select line, sqlstate from etl.quarantine order by line"),
        ["1|22030", "2|23502"]
    );
    assert_eq!(database.rows("select thing_id from box.things"), ["2"]);
}

#[test]
fn an_edited_load_file_is_applied_by_the_next_run_but_not_by_a_dry_one() {
    let database = Cluster::shared().database();
    let loader = dataset(&database);
    loader.file("json.json", r#"{"thing_id":1,"note":"a","code":"b"}"#);
    loader.run(["run", "box", "json=json.json"]).expect(0);
    let load = std::fs::read_to_string(loader.folder().join("load.sql")).unwrap();
    loader.file("load.sql", load.replace("\"note\": \"note\"", "\"note\": \"code\""));
    let refused = loader.run(["run", "box", "json=json.json", "--dry-run"]).expect(6);
    assert!(refused.stderr.contains("next: loader migrate box"), "{}", refused.stderr);
    assert_eq!(database.value("select note from box.things"), "a");
    loader.run(["run", "box", "json=json.json"]).expect(0);
    assert_eq!(database.value("select note from box.things"), "b");
}

#[test]
fn a_source_that_no_statement_reads_fails_the_run() {
    let database = Cluster::shared().database();
    let loader = dataset(&database);
    let load = std::fs::read_to_string(loader.folder().join("load.sql")).unwrap();
    loader.file("load.sql", load.replace("{csv,json}", "{csv,jsn}"));
    loader.file("json.json", r#"{"thing_id":1}"#);
    let ran = loader.run(["run", "box", "json=json.json"]).expect(1);
    assert!(
        ran.stderr.contains("none of its 1 records was read: etl_load_box reads no source \"json\""),
        "{}",
        ran.stderr
    );
    loader.file("csv.csv", "thing_id\n5\n");
    loader.run(["run", "box", "csv=csv.csv"]).expect(0);
}
