//! Values of records stay in the tables and in the quarantine: not in the server's log, nor on the loader's output, nor in the
//! rest of the ledger, whatever rule they break and however the run ends.

use etl_tests::cluster::Cluster;
use etl_tests::database::Database;
use etl_tests::inputs;
use etl_tests::loader::{Loader, Ran};

/// What a value of a record looks like: as a text and as a number.
const TEXT: &str = "Canaria-Smith";
const NUMBER: &str = "7391846250";

/// A table with a rule of each kind, and a load function that fills it from a record's fields.
const TABLES: &str = r#"
create schema vault;
create table vault.owners (owner_id bigint primary key);
create table vault.items (
    item_id  bigint primary key,
    label    text not null,
    kind     text check (kind in ('a', 'b')),
    amount   numeric(6,2),
    born     date,
    seen     timestamptz,
    is_open  boolean,
    tag      uuid,
    extra    jsonb,
    short    varchar(5),
    code     text unique,
    number   text check (number::integer > 0),
    owner_id bigint references vault.owners,
    boss_id  bigint references vault.items
);
create function vault.refuse() returns trigger language plpgsql set search_path = pg_catalog, pg_temp as $body$
begin
    if new.kind = 'b' then
        return null;
    end if;
    return new;
end
$body$;
create trigger refuse before insert on vault.items for each row execute function vault.refuse();
grant usage on schema vault to etl_loader, etl_reader;
grant select, insert, update on all tables in schema vault to etl_loader;
"#;

const LOAD: &str = r#"
create or replace function vault.etl_load_vault(run_id bigint)
returns table (
    target text, read bigint, inserted bigint, updated bigint, unchanged bigint, superseded bigint, parked bigint, rejected bigint,
    promoted bigint
)
language plpgsql volatile parallel unsafe
set search_path = pg_catalog, pg_temp
as $body$
begin
    execute format(
        'create temporary table vault_items on commit drop as '
        'select r.source, r.line, r.byte, r.problem, r.sqlstate, f.* from staging.run_%s as r, '
        'jsonb_to_record(case when r.problem is null then r.record::jsonb end) as f (item_id text, label text, kind text, amount text, born text, '
        'seen text, is_open text, tag text, extra text, short text, code text, number text, owner_id text, boss_id text)', run_id);
    return query select * from public.etl_merge('pg_temp.vault_items'::regclass, 'vault.items'::regclass, null::name, run_id);
    drop table pg_temp.vault_items;
end
$body$;
"#;

/// Where a value may stand: nowhere but in the quarantine and in the targets.
fn check(database: &Database<'_>, ran: &[Ran]) {
    let ledger = ["runs", "run_sources", "run_tables"]
        .map(|table| database.dump("etl")[&format!("etl.{table}")].clone());
    let said = ran.iter().flat_map(|ran| [("stdout", ran.stdout.clone()), ("stderr", ran.stderr.clone())]);
    let places = said
        .chain([("the server's log", database.cluster().log())])
        .chain(ledger.map(|rows| ("the ledger", rows)));
    for (place, text) in places {
        let heard: Vec<&str> =
            text.lines().filter(|line| line.contains(TEXT) || line.contains(NUMBER)).collect();
        assert!(heard.is_empty(), "{place} tells values of records:\n{}", heard.join("\n"));
    }
}

/// A loader that knows the dataset `vault`, and its database in a server of its own.
fn vault(cluster: &Cluster) -> (Database<'_>, Loader) {
    let database = cluster.database();
    let loader = Loader::at(&database);
    std::fs::create_dir(loader.folder().join("vault")).unwrap();
    loader.file("vault/V1__tables.sql", TABLES);
    loader.file("load.sql", LOAD);
    loader.file(
        "loader.toml",
        "[dataset.vault]\nmigrations = \"vault\"\nload = \"load.sql\"\n[[dataset.vault.sources]]\nname = \"items\"\nformat = \"json\"\n",
    );
    loader.run(["migrate", "vault"]).expect(0);
    (database, loader)
}

#[test]
fn records_that_break_every_rule_are_told_of_by_their_rules() {
    let cluster = Cluster::quick().unwrap();
    let (database, loader) = vault(&cluster);
    let fields = [
        "item_id", "amount", "born", "seen", "is_open", "tag", "extra", "short", "kind", "number",
        "owner_id", "boss_id",
    ];
    let mut lines = vec![
        format!("{{\"item_id\": \"1\", \"code\": \"{TEXT}\", \"label\": \"x\"}}"),
        // The same code again, no label, no JSON, no text.
        format!("{{\"item_id\": \"2\", \"code\": \"{TEXT}\", \"label\": \"x\"}}"),
        format!("{{\"item_id\": \"3\", \"extra\": \"\\\"{TEXT}\\\"\"}}"),
        format!("{{\"item_id\": \"4\", \"label\": \"{TEXT}"),
    ];
    for (number, field) in (10..).zip(fields) {
        for value in [TEXT, NUMBER] {
            lines.push(format!(
                "{{\"item_id\": \"{number}\", \"label\": \"{TEXT}\", \"{field}\": \"{value}\"}}"
            ));
        }
    }
    let mut bytes = lines.join("\n").into_bytes();
    bytes.extend(format!("\n{{\"item_id\": \"5\", \"label\": \"{TEXT}\u{fffd}\"}}\n").bytes());
    let at = bytes.windows(3).position(|three| three == "\u{fffd}".as_bytes()).unwrap();
    bytes[at] = 0xff;
    let file = loader.file("items.jsonl", bytes);
    let file = file.to_str().unwrap();
    let ran = [
        loader.run(["run", "vault", file, "--max-rejects", "3"]).expect(1),
        loader.run(["run", "vault", file, "--dry-run"]).expect(3),
        loader.run(["run", "vault", file]).expect(3),
        loader.run(["run", "vault", file]).expect(0),
        loader.run(["status"]).expect(0),
    ];
    check(&database, &ran);
    assert!(
        database.number(&format!("select count(*) from etl.quarantine where record like '%{TEXT}%'")) >= 20
    );
}

#[test]
#[should_panic(expected = "stdout tells values of records")]
fn a_value_that_is_told_is_heard() {
    let cluster = Cluster::quick().unwrap();
    let (database, loader) = vault(&cluster);
    let file = loader.file("items.json", format!("{{\"item_id\": \"x\", \"label\": \"{TEXT}\"}}"));
    loader.run(["run", "vault", file.to_str().unwrap()]).expect(3);
    check(&database, &[loader.run(["quarantine", "show", "1"])]);
}

#[test]
fn a_run_that_fails_as_a_whole_tells_no_values() {
    let cluster = Cluster::quick().unwrap();
    let (database, loader) = vault(&cluster);
    // The trigger keeps a row out that was decided on: the run fails.
    let refused = format!("{{\"item_id\": \"{NUMBER}\", \"label\": \"{TEXT}\", \"kind\": \"b\"}}");
    let refused = loader.file("refused.json", refused);
    let mut ran = vec![loader.run(["run", "vault", refused.to_str().unwrap()]).expect(1)];
    // Rules that no constraint shows: indexes over what the value is not, and over what two records share.
    for (index, records) in [
        ("create unique index rule on vault.items ((label::integer))", &["1"][..]),
        ("create unique index rule on vault.items ((label || ''))", &["1", "2"]),
    ] {
        database.execute(index);
        let records: Vec<String> = records
            .iter()
            .map(|number| format!("{{\"item_id\": \"{number}\", \"label\": \"{TEXT}\"}}"))
            .collect();
        let file = loader.file("items.json", inputs::array(&records));
        let outcome = loader.run(["run", "vault", file.to_str().unwrap()]);
        assert!(
            matches!(outcome.status.code(), Some(1 | 3)),
            "{index}: {:?}\n{}",
            outcome.status,
            outcome.stderr
        );
        ran.push(outcome);
        database.execute("drop index vault.rule");
    }
    check(&database, &ran);
}

#[test]
fn people_are_not_in_the_log_of_a_damaged_file() {
    let cluster = Cluster::quick().unwrap();
    let database = cluster.database();
    let loader = Loader::at(&database);
    loader.run(["migrate"]).expect(0);
    let mut records = inputs::mobilize(12, 601).collect();
    for (record, (from, to)) in records.iter_mut().zip([
        ("\"user_id\":", "\"user_id\":\"Canaria-Smith\",\"x\":"),
        ("\"created_date\":", "\"created_date\":\"Canaria-Smith\",\"x\":"),
        ("\"modified_date\":", "\"modified_date\":73918462507391846250,\"x\":"),
        ("\"given_name\":", "\"given_name\":[\"Canaria-Smith\"],\"x\":"),
        ("\"id\":", "\"id\":\"Canaria-Smith\",\"y\":"),
        ("\"status\":", "\"status\":{\"Canaria-Smith\":7391846250},\"x\":"),
    ]) {
        *record = record.replacen(from, to, 1);
    }
    let good = loader.file("bad.json", inputs::array(&records));
    let damaged = loader.file("damaged.json", format!("{} Canaria-Smith", inputs::array(&records)));
    let ran = [loader.load([&good]).expect(3), loader.load([&damaged]), loader.run(["status"]).expect(0)];
    check(&database, &ran);
}
