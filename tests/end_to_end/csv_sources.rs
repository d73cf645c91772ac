//! CSV sources, from the file to staging: a dataset of the test's own keeps what was staged.

use etl_tests::cluster::Cluster;
use etl_tests::database::Database;
use etl_tests::loader::{Loader, Ran};

const TABLES: &str = r#"
create schema shelf;
create table shelf.records (
    run bigint, source smallint, line bigint, byte bigint, record text, raw bytea, problem text, sqlstate text
);
grant usage on schema shelf to etl_loader, etl_reader;
grant select, insert on shelf.records to etl_loader;
"#;

/// Keeps what is staged, and says that it has read the columns `id` and `name`.
const LOAD: &str = r#"
create or replace function shelf.etl_load_shelf(run_id bigint)
returns table (
    target text, read bigint, inserted bigint, updated bigint, unchanged bigint, superseded bigint, parked bigint, rejected bigint,
    promoted bigint
)
language plpgsql volatile parallel unsafe
set search_path = pg_catalog, pg_temp
as $body$
declare
    kept bigint;
begin
    execute format('insert into shelf.records select %s, * from staging.run_%s', run_id, run_id);
    get diagnostics kept = row_count;
    update etl.run_sources as s
    set unread = array_remove(array_remove(s.unread, 'id'), 'name')
    where s.run_id = etl_load_shelf.run_id;
    return query select 'shelf.records'::text, kept, kept, 0::bigint, 0::bigint, 0::bigint, 0::bigint, 0::bigint, 0::bigint;
end
$body$;
"#;

/// A loader that knows the dataset `shelf`, whose one source is CSV with these further keys.
fn shelf(keys: &str) -> (Database<'static>, Loader) {
    let database = Cluster::shared().database();
    let loader = Loader::at(&database);
    std::fs::create_dir(loader.folder().join("shelf")).unwrap();
    loader.file("shelf/V1__tables.sql", TABLES);
    loader.file("load.sql", LOAD);
    let source = format!("[[dataset.shelf.sources]]\nname = \"things\"\nformat = \"csv\"\n{keys}");
    loader.file(
        "loader.toml",
        format!("[dataset.shelf]\nmigrations = \"shelf\"\nload = \"load.sql\"\n{source}"),
    );
    loader.run(["migrate", "shelf"]).expect(0);
    (database, loader)
}

fn load(loader: &Loader, bytes: impl AsRef<[u8]>, options: &[&str]) -> Ran {
    loader.file("things.csv", bytes);
    loader.run([&["run", "shelf", "things.csv"], options].concat())
}

/// What is kept: line, byte, and the record or the SQLSTATE.
fn kept(database: &Database<'_>) -> Vec<String> {
    database.rows("select line, byte, coalesce(record, sqlstate) from shelf.records order by run, line, byte")
}

#[test]
fn records_are_staged_as_objects_of_strings() {
    let (database, loader) = shelf("");
    let source = "\u{feff}id, Name ,note\r\n1,Lerwick,\"two\r\nlines, \"\"quoted\"\"\"\r\n2,\\.,\r\n3,a\"b,x\r\n4,5\r\n6,,=1+1\r\n\r\n";
    load(&loader, source, &[]).expect(0);
    let expected = [
        r#"2|19|{"id":"1","Name":"Lerwick","note":"two\r\nlines, \"quoted\""}"#,
        r#"4|55|{"id":"2","Name":"\\.","note":""}"#,
        "5|62|22P04",
        "6|71|22P04",
        r#"7|76|{"id":"6","Name":"","note":"=1+1"}"#,
    ];
    assert_eq!(kept(&database), expected);
    let read = database.rows("select (record::jsonb) ->> 'note' from shelf.records where line = 2");
    assert_eq!(read, ["two\r\nlines, \"quoted\""]);
    let faulty = database.rows("select convert_from(raw, 'UTF8'), problem from shelf.records where problem is not null order by line");
    assert_eq!(
        faulty,
        [
            "3,a\"b,x|a quote in line 5 at byte 65, inside field 2, which does not begin with one",
            "4,5|expected 3 fields, found 2",
        ]
    );
    assert_eq!(
        database.rows("select records, header, unread from etl.run_sources"),
        ["5|{id,Name,note}|{Name,note}"]
    );
}

#[test]
fn columns_that_are_not_read_are_a_note() {
    let (_database, loader) = shelf("");
    load(&loader, "id,name,extra,\"x\"\"y\"\n1,2,3,4\n", &[])
        .expect(0)
        .complains(&["things.csv: columns \"extra\", \"x\\\"y\" are not read"]);
    load(&loader, "id,extra\n1,2\n", &[]).expect(0).complains(&["things.csv: column \"extra\" is not read"]);
    for source in ["id,name\n1,2\n", "a,b\n1,2\n"] {
        let ran = load(&loader, source, &[]).expect(0);
        assert!(!ran.stderr.contains("not read"), "{}", ran.stderr);
    }
    let ran = load(&loader, "id,extra\n1,2\n", &["--quiet"]).expect(0);
    assert_eq!(ran.stderr, "");
}

#[test]
fn a_file_of_nothing_and_a_header_alone_are_notes() {
    let (database, loader) = shelf("");
    load(&loader, "", &[]).expect(0).complains(&["things.csv is empty: there was nothing to read"]);
    load(&loader, "id,name\r\n", &[]).expect(0).complains(&["things.csv has a header and no records"]);
    assert_eq!(
        database.rows("select records, header from etl.run_sources order by run_id"),
        ["0|", "0|{id,name}"]
    );
}

#[test]
fn another_delimiter_and_encoding() {
    let (database, loader) = shelf("delimiter = \";\"\nencoding = \"windows-1252\"\n");
    let source = b"id;name\n1;caf\xe9, \x80\n2;\"a;b\"\n3;\x81\n";
    load(&loader, source, &[]).expect(0).complains(&["1 record of things.csv is not in its encoding"]);
    let rows = [r#"2|8|{"id":"1","name":"café, €"}"#, r#"3|21|{"id":"2","name":"a;b"}"#, "4|29|22021"];
    assert_eq!(kept(&database), rows);
    database.execute("truncate shelf.records");
    load(&loader, source, &["--encoding", "latin1"]).expect(0);
    assert_eq!(kept(&database)[0], "2|8|{\"id\":\"1\",\"name\":\"café, \u{80}\"}");
    assert_eq!(kept(&database)[2], "4|28|{\"id\":\"3\",\"name\":\"\u{81}\"}");
    database.execute("truncate shelf.records");
    load(&loader, source, &["--encoding", "utf-8"])
        .expect(0)
        .complains(&["2 records of things.csv are not in its encoding", "--encoding latin1"]);
    assert_eq!(kept(&database)[0], "2|8|22021");
    load(&loader, source, &["--encoding", "utf-16"]).expect(2).complains(&["latin1", "windows-1252"]);
    let json = loader.file("a.json", "[]");
    loader.run(["run", "mobilize", json.to_str().unwrap(), "--encoding", "latin1"]).expect(2);
}

#[test]
fn text_read_in_the_wrong_encoding_is_a_note() {
    let (database, loader) = shelf("");
    let ran = load(&loader, "id,name\n1,cafÃ©\n2,donâ€™t\n3,Ã¼ber\n4,café\n", &[]).expect(0);
    assert!(!ran.stderr.contains("Windows-1252"), "three may be meant: {}", ran.stderr);
    let many = format!("id,name\n{}", "1,cafÃ©\n".repeat(4));
    load(&loader, many, &[])
        .expect(0)
        .complains(&["4 records of things.csv look like UTF-8 that was read as Windows-1252"]);
    assert_eq!(database.count("shelf.records"), 8);
}

#[test]
fn what_is_refused_leaves_nothing() {
    let (database, loader) = shelf("");
    for (source, words) in [
        (b"id,ID \n1,2\n".as_slice(), ["42701", "\"id\" and \"ID\", are the same name"]),
        (b"id,\"name\n1,2\n", ["22P04", "is not closed before the source ends"]),
        (b"id,caf\xe9\n1,2\n", ["22021", "--encoding latin1"]),
        (b"\xff\xfei\0d\0\n\0", ["22021", "UTF-16"]),
        (b"[{\"id\": 1}]", ["22P02", "JSON, not CSV"]),
        (b"<html>", ["22P02", "HTML"]),
        (b"\n\nid,name\n1,2\n", ["22P04", "found a blank line"]),
    ] {
        load(&loader, source, &[]).expect(1).complains(&["things.csv: refused", words[0], words[1]]);
    }
    assert_eq!(database.count("shelf.records"), 0);
    assert_eq!(database.count("etl.runs where status = 'failed'"), 7);
}

#[test]
fn a_record_longer_than_the_limit_costs_itself() {
    let (database, loader) = shelf("");
    let source = format!("id,name\n1,{}\n2,ok\n", "x".repeat(2_000_000));
    load(&loader, &source, &["--record-limit", "1MB"]).expect(0);
    assert_eq!(kept(&database), ["2|8|54000", r#"3|2000011|{"id":"2","name":"ok"}"#]);
    assert_eq!(database.number("select octet_length(raw) from shelf.records where line = 2"), 65_536);
}

/// Compressed, from standard input, several files of one source.
#[test]
fn ways_to_come_in() {
    let (database, loader) = shelf("");
    loader.file("a.csv.zst", zstd::encode_all(b"id,name\n1,a\n".as_slice(), 1).unwrap());
    loader.file("b.csv", "name,id\rb,2\r");
    loader.clone().stdin("id\n3").run(["run", "shelf", "a.csv.zst", "b.csv", "-"]).expect(0);
    let rows = database.rows("select source, record from shelf.records order by source");
    assert_eq!(rows, [r#"1|{"id":"1","name":"a"}"#, r#"2|{"name":"b","id":"2"}"#, r#"3|{"id":"3"}"#]);
    assert_eq!(
        database.rows("select header from etl.run_sources order by source"),
        ["{id,name}", "{name,id}", "{id}"]
    );
}
