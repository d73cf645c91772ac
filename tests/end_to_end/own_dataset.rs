//! A dataset that neither the extension nor the loader has heard of: its own folder, CSV and nested JSON, SQL alone.

use etl_tests::cluster::Cluster;
use etl_tests::database::Database;
use etl_tests::loader::{Loader, Ran};
use std::fmt::Write as _;

/// Customers 1 to 1,000 are in the file, but for the bad ones.
const CUSTOMERS: usize = 1_000;
/// Orders 1 to 2,000, each with as many items as its number's last digit.
const ORDERS: usize = 2_000;

fn dataset() -> (Database<'static>, Loader) {
    let database = Cluster::shared().database();
    let loader = Loader::at(&database);
    for folder in ["tables", "questions"] {
        std::fs::create_dir(loader.folder().join(folder)).unwrap();
    }
    loader.file("tables/V1__tables.sql", include_str!("own_dataset/V1__tables.sql"));
    loader.file("load.sql", include_str!("own_dataset/load.sql"));
    loader.file("questions/turnover.sql", include_str!("own_dataset/turnover.sql"));
    loader.file("loader.toml", include_str!("own_dataset/loader.toml"));
    (database, loader)
}

/// Each 100th customer is bad, in four ways by turns.
fn customers() -> String {
    let mut csv = "Joined,ID,\"Full name\",Never read\n".to_owned();
    for number in 1..=CUSTOMERS {
        let day = number % 28 + 1;
        let line = match number {
            n if n % 400 == 0 => format!("{day:02}/02/2024,{n},\"\",x"),
            n if n % 300 == 0 => format!("{day:02}/02/2024,{n}"),
            n if n % 200 == 0 => format!("30/02/2024,{n},Ann {n},x"),
            n if n % 100 == 0 => format!("{day:02}/02/2024,{n}x,Ann {n},x"),
            n => format!("{day:02}/02/2024,{n},\"Ann \"\"{n}\"\",\nof Ayr\",x"),
        };
        writeln!(csv, "{line}").unwrap();
    }
    csv
}

/// Order n is of customer n modulo 1,100, so that some never came; every 250th line is no JSON.
fn orders() -> String {
    let mut lines = String::new();
    for number in 1..=ORDERS {
        let items: Vec<String> = (1..=number % 10)
            .map(|place| {
                format!("{{\"sku\":\"s{place}\",\"pieces\":{},\"price\":\"{place}.50\"}}", place % 7)
            })
            .collect();
        let order = format!(
            "{{\"number\":{number},\"placed\":\"2024-03-01T10:00:00Z\",\"customer\":{{\"id\":{}}},\"items\":[{}]}}",
            number % 1_100,
            items.join(",")
        );
        let order = if number % 250 == 0 { &order[..order.len() - 1] } else { &order };
        writeln!(lines, "{order}").unwrap();
    }
    lines
}

/// Whether customer n gets in at once.
fn is_customer(number: usize) -> bool {
    (1..=CUSTOMERS).contains(&number) && !number.is_multiple_of(100)
}

/// Whether order n waits for no customer.
fn is_order(number: usize) -> bool {
    !number.is_multiple_of(250) && is_customer(number % 1_100)
}

/// The sum over orders 1 to 2,000 of those that `is_meant`.
fn over_orders(is_meant: impl Fn(usize) -> bool, of: impl Fn(usize) -> usize) -> usize {
    (1..=ORDERS).filter(|number| is_meant(*number)).map(of).sum()
}

/// Items of an order; the seventh has no pieces and is rejected.
fn good_items(number: usize) -> usize {
    let items = number % 10;
    items - usize::from(items >= 7)
}

/// The counts of a run, table by table.
fn counts(ran: &Ran) -> Vec<[usize; 6]> {
    let summary: serde_json::Value = serde_json::from_str(&ran.stdout).unwrap();
    let keys = ["read", "inserted", "unchanged", "parked", "rejected", "promoted"];
    let tables = summary["targets"].as_array().unwrap_or_else(|| panic!("{summary}")).clone();
    tables
        .iter()
        .map(|table| keys.map(|key| usize::try_from(table[key].as_u64().unwrap_or(0)).unwrap()))
        .collect()
}

#[test]
fn it_is_loaded_asked_and_exported_like_any_other() {
    let (database, loader) = dataset();
    loader.file("customers.csv", customers());
    loader.file("orders.jsonl", orders());
    let run = ["run", "market", "--format", "json"];
    let first = loader.run(run).expect(3);
    let (sound, one) = (|number: usize| !number.is_multiple_of(250), |_: usize| 1);
    let damaged = ORDERS / 250;
    let orders = over_orders(is_order, one);
    let items = over_orders(is_order, good_items);
    let bad_items = over_orders(sound, |number| usize::from(number % 10 >= 7));
    let waiting_items = over_orders(|number| sound(number) && !is_order(number), good_items);
    let read_items = over_orders(sound, |number| number % 10);
    assert_eq!(
        counts(&first),
        [
            [CUSTOMERS, 990, 0, 0, 10, 0],
            [ORDERS, orders, 0, ORDERS - damaged - orders, damaged, 0],
            // A line that is no JSON is missed by each table that would have had a row of it.
            [read_items + damaged, items, 0, waiting_items, bad_items + damaged, 0],
        ]
    );
    assert!(first.stderr.contains("\"Never read\""), "{}", first.stderr);
    let rules = "select target, sqlstate, count(*) from etl.quarantine where outcome = 'rejected' group by 1, 2 order by 1, 2";
    assert_eq!(
        database.rows(rules),
        [
            "market.customers|22008|2",
            "market.customers|22P02|3",
            "market.customers|22P04|3",
            "market.customers|23514|2",
            &format!("market.items|22P02|{damaged}"),
            &format!("market.items|23514|{bad_items}"),
            &format!("market.orders|22P02|{damaged}"),
        ]
    );
    assert_eq!(
        database.rows("select full_name, joined, channel from market.customers where customer_id = 27"),
        ["Ann \"27\",\nof Ayr|2024-02-28|customers"]
    );

    // Once more: nothing.
    let before = database.physical("market");
    loader.run(["run", "market", "--assert-noop"]).expect(0);
    loader.run(["run", "market"]).expect(0);
    assert_eq!(before, database.physical("market"));

    let turnover = loader.run(["query", "turnover", "sku=s1", "--format", "json"]).expect(0).stdout;
    let pieces = over_orders(is_order, |number| usize::from(number % 10 >= 1));
    let cents = pieces * 150;
    let worth = format!("{}.{:02}", cents / 100, cents % 100);
    assert_eq!(turnover, format!("[{{\"sku\":\"s1\",\"pieces\":{pieces},\"worth\":{worth}}}]\n"));
    loader.run(["export", "market", "--dir", "out"]).expect(0);
    let dictionary = std::fs::read_to_string(loader.folder().join("out/DICTIONARY.md")).unwrap();
    assert!(dictionary.contains("How many were ordered, pieces."), "{dictionary}");
}

#[test]
fn what_waits_gets_in_when_its_parents_come() {
    let (database, loader) = dataset();
    let orders = loader.file("orders.jsonl", orders());
    let customers = loader.file("customers.csv", customers());
    let source = |name: &str, path: &std::path::Path| format!("{name}={}", path.display());
    let waiting = loader.run(["run", "market", &source("orders", &orders)]).expect(3);
    assert_eq!(database.count("market.orders"), 0, "{}", waiting.stdout);
    loader.run(["run", "market", &source("customers", &customers)]).expect(3);
    // In one run from the start, elsewhere: the same tables.
    let (other, whole) = dataset();
    whole.file("orders.jsonl", std::fs::read(&orders).unwrap());
    whole.file("customers.csv", std::fs::read(&customers).unwrap());
    whole.run(["run", "market"]).expect(3);
    etl_tests::database::assert_same(
        &database.dump("market"),
        &other.dump("market"),
        "orders first, and all at once",
    );
    assert!(database.count("market.items") > 1_000);
}
