//! `loader init`, and the first load of what it drafts: two commands.

use etl_tests::cluster::Cluster;
use etl_tests::database::Database;
use etl_tests::loader::Loader;

fn empty() -> (Database<'static>, Loader) {
    let database = Cluster::shared().database();
    let loader = Loader::at(&database);
    (database, loader)
}

#[test]
fn two_commands_load_a_csv_file() {
    let (database, loader) = empty();
    loader.file(
        "Orders 2024.csv",
        "Order No,Customer,placed,amount,code,note\n1,ann,2024-01-02,12.50,007,\"a\nb\"\n2,bob,2024-01-03,3,008,\n",
    );
    let drafted = loader.run(["init", "shop", "Orders 2024.csv"]).expect(0);
    assert_eq!(
        drafted.stdout,
        "migrations/shop/V1__tables.sql\nload/shop.sql\nquestions/shop/count_orders_2024.sql\nloader.toml\n"
    );
    let ran = loader.run(["run", "shop", "Orders 2024.csv"]).expect(0);
    assert!(ran.stdout.contains("orders_2024         2         2"), "{}", ran.stdout);
    assert_eq!(
        database.rows("select * from shop.orders_2024 order by 1"),
        ["1|ann|2024-01-02|12.50|007|a\nb", "2|bob|2024-01-03|3|008|"]
    );
    // The source has its path: later loads are one word shorter.
    loader.run(["run", "shop", "--assert-noop"]).expect(0);
    let counted = loader.run(["query", "count_orders_2024", "--format", "csv"]).expect(0);
    assert_eq!(counted.stdout, "orders_2024\n2\n");
}

#[test]
fn two_commands_load_what_a_spreadsheet_saved() {
    let (database, loader) = empty();
    let bytes = b"Id;PostTypeId;Name\r\n1;7;caf\xe9\r\n2;8;\x80 5\r\n";
    loader.file("towns.csv", bytes);
    loader.run(["init", "shop", "towns.csv"]).expect(0);
    loader.run(["run", "shop", "towns.csv"]).expect(0);
    assert_eq!(
        database.rows("select id, post_type_id, name from shop.towns order by 1"),
        ["1|7|café", "2|8|€ 5"]
    );
}

#[test]
fn two_commands_load_nested_json_and_records_that_nothing_tells_apart() {
    let (database, loader) = empty();
    loader.file(
        "orders.json",
        r#"[{"id":1,"who":{"name":"Ann","tags":[1]},"items":[]},{"id":2,"who":null,"items":[{"sku":"x"}]}]"#,
    );
    let log = r#"{"at":"2024-01-02T10:00:00Z","said":"x"}"#;
    loader.file("log.jsonl", format!("{log}\n{log}\n{{\"at\":\"2024-01-02T10:00:00Z\",\"said\":null}}\n"));
    loader.run(["init", "shop", "orders.json", "log.jsonl"]).expect(0);
    for _ in 0..2 {
        loader.run(["run", "shop", "orders.json", "log.jsonl"]).expect(0);
    }
    loader.run(["run", "shop", "--assert-noop"]).expect(0);
    assert_eq!(
        database.rows("select * from shop.orders order by 1"),
        ["1|Ann|[1]|[]", "2|||[{\"sku\": \"x\"}]"]
    );
    assert_eq!(database.rows("select said, count(*) from shop.log group by 1 order by 1"), ["x|2", "|1"]);
}

/// Names that would end a quote, a body or a path, or that mean something to the loader.
const HOSTILE: [&str; 10] = [
    "\"; drop table victim.t; --",
    "$function$; drop table victim.t; --",
    "'; drop table victim.t; --",
    "'::jsonb, null::name); drop table victim.t; --",
    "\\",
    "select",
    "source",
    "/items/*",
    "\u{1b}[2J",
    "é",
];

fn hostile_values() -> Vec<String> {
    (0..HOSTILE.len()).map(|number| format!("v{number}")).collect()
}

#[test]
fn hostile_columns_are_loaded_as_they_are() {
    let (database, loader) = empty();
    database.execute("create schema victim; create table victim.t (a int)");
    let header: Vec<String> =
        HOSTILE.iter().map(|name| format!("\"{}\"", name.replace('"', "\"\""))).collect();
    loader.file("'; drop.csv", format!("{}\n{}\n", header.join(","), hostile_values().join(",")));
    loader.run(["init", "shop", "'; drop.csv"]).expect(0);
    loader.run(["run", "shop", "'; drop.csv"]).expect(0);
    assert_eq!(database.rows("select * from shop.drop"), [hostile_values().join("|")]);
    assert_eq!(database.count("victim.t"), 0);
}

#[test]
fn hostile_keys_are_loaded_as_they_are() {
    let (database, loader) = empty();
    database.execute("create schema victim; create table victim.t (a int)");
    let members: Vec<String> = HOSTILE
        .iter()
        .zip(hostile_values())
        .map(|(name, value)| format!("{}:\"{value}\"", serde_json::Value::from(*name)))
        .collect();
    // The same once more as an object's members.
    loader.file("keys.json", format!("{{{0},\"o\":{{{0}}}}}", members.join(",")));
    loader.run(["init", "keys", "keys.json", "--dir", "other"]).expect(0);
    loader.run(["--config", "other/loader.toml", "run", "keys"]).expect(0);
    let twice = [hostile_values(), hostile_values()].concat();
    assert_eq!(database.rows("select * from keys.keys"), [twice.join("|")]);
    assert_eq!(database.count("victim.t"), 0);
}

#[test]
fn nothing_is_overwritten() {
    let (_database, loader) = empty();
    loader.file("a.json", r#"{"id":1}"#);
    loader.run(["init", "shop", "a.json"]).expect(0);
    let written = |path: &str| std::fs::read_to_string(loader.folder().join(path)).unwrap();
    let (configuration, load) = (written("loader.toml"), written("load/shop.sql"));
    loader.run(["init", "shop", "a.json"]).expect(2).complains(&["\"shop\" is there already"]);
    // Without its configuration the name is free, and its files are there still.
    std::fs::remove_file(loader.folder().join("loader.toml")).unwrap();
    loader.run(["init", "shop", "a.json"]).expect(2).complains(&["load/shop.sql", "would be overwritten"]);
    assert!(!loader.folder().join("loader.toml").exists(), "all or nothing");
    loader.file("loader.toml", &configuration);
    let second = loader.run(["init", "toys", "a.json"]).expect(0).complains(&["add to it"]);
    assert!(
        second
            .stdout
            .ends_with("[[dataset.toys.sources]]\nname = \"a\"\nformat = \"json\"\npath = \"a.json\"\n")
    );
    assert_eq!((written("loader.toml"), written("load/shop.sql")), (configuration, load));
    for name in ["Shop", "etl", "pg_x", "mobilize", "a-b", ""] {
        loader.run(["init", name, "a.json"]).expect(2);
    }
    loader.run(["init", "other", "nothing.csv"]).expect(2).complains(&["no such file"]);
    loader.run(["init", "other"]).expect(2);
}

#[test]
fn a_draft_of_a_thousand_columns_is_loaded() {
    let (database, loader) = empty();
    let columns = |prefix: &str| (0..1_000).map(|n| format!("{prefix}{n}")).collect::<Vec<_>>().join(",");
    let rows: String = (0..20).map(|row| format!("{}\n", columns(&format!("{row}-")))).collect();
    loader.file("wide.csv", format!("{}\n{rows}", columns("c")));
    loader.run(["init", "shop", "wide.csv"]).expect(0);
    loader.run(["run", "shop", "wide.csv"]).expect(0);
    assert_eq!(database.rows("select count(*), max(c999) from shop.wide"), ["20|9-999"]);
}
