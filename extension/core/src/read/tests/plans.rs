//! The generated statement, and what headers do to it.
use serde_json::json;

use super::super::*;
use crate::merge::name::{Ident, QualifiedName};
use crate::merge::table::{Column, Key, Target};

fn target() -> Target {
    let column = |name: &str, type_name: &str, not_null: bool| Column {
        name: Ident::new(name),
        type_name: type_name.into(),
        not_null,
        base_type: None,
        default: None,
        generated: None,
        is_fixed: false,
        equality: Default::default(),
        sortable: true,
        comparable: true,
        collatable: type_name == "text",
    };
    Target {
        name: QualifiedName { schema: Ident::new("shop"), name: Ident::new("orders") },
        columns: vec![
            column("order_id", "bigint", true),
            column("placed", "date", true),
            column("note", "text", false),
            column("mood", "shop.mood", false),
            column("source", "text", false),
        ],
        keys: vec![Key {
            name: Ident::new("orders_pkey"),
            primary: true,
            columns: vec![Ident::new("order_id")],
        }],
        uniques: Vec::new(),
        checks: Vec::new(),
        partitions: None,
        parents: Vec::new(),
        children: Vec::new(),
        refusals: Vec::new(),
    }
}

fn source(number: i16, header: Option<&[&str]>) -> Source {
    Source {
        source: number,
        name: "orders".into(),
        location: format!("orders{number}.csv"),
        header: header.map(|names| names.iter().map(|name| (*name).to_owned()).collect()),
    }
}

fn statement(sources: &[Source], mapping: serde_json::Value) -> Result<String, String> {
    let (target, fields) = (target(), Fields::parse(&mapping).unwrap());
    let plan =
        Plan::new(&target, sources, &fields).map_err(|it| format!("{} {}", it.sqlstate, it.message))?;
    let staging = QualifiedName { schema: Ident::new("staging"), name: Ident::new("run_7") };
    Ok(plan.rows(&staging, "public"))
}

#[test]
fn a_record_a_row() {
    let mapping = json!({
        "order_id": "id", "placed": {"from": "day", "format": "%d/%m/%Y"}, "note": {"constant": "it's"}, "mood": "mood",
        "source": {"source": true}
    });
    insta::assert_snapshot!(statement(&[source(1, None), source(3, None)], mapping).unwrap());
}

#[test]
fn an_element_a_row() {
    let mapping = json!({"order_id": "/items/*/id", "placed": "/day"});
    insta::assert_snapshot!(statement(&[], mapping).unwrap());
}

#[test]
fn a_header_may_lack_what_may_be_null_and_then_it_is_not_staged() {
    let mapping = json!({"order_id": "id", "placed": "day", "note": "note"});
    let whole = statement(&[source(1, Some(&["Note", " DAY", "id", "more"]))], mapping.clone()).unwrap();
    assert!(whole.contains("\"note\""), "{whole}");
    let lacking = statement(&[source(1, Some(&["day", "id"]))], mapping).unwrap();
    assert!(!lacking.contains("\"note\""), "{lacking}");
}

#[test]
fn a_header_without_what_must_be_is_refused_by_name() {
    let mapping = json!({"order_id": "id", "placed": "day", "note": "note"});
    let refused = |sources: &[Source]| statement(sources, mapping.clone()).unwrap_err();
    let message = refused(&[source(1, Some(&["id", "note"]))]);
    assert_eq!(
        message,
        "42703 orders1.csv (source orders) has no column day, and shop.orders.placed cannot be without it; its header is: id, note"
    );
    let message = refused(&[source(1, Some(&["John", "Williams"]))]);
    assert!(message.contains("is the header missing?") && !message.contains("John"), "{message}");
    let message = refused(&[source(1, Some(&["id;day;note"]))]);
    assert!(message.contains("delimiter = \";\""), "{message}");
}

#[test]
fn what_one_file_lacks_is_absent_from_its_records_alone() {
    let mapping = json!({"order_id": "id", "placed": "day", "note": "note"});
    let sources = [source(1, Some(&["id", "day", "note"])), source(2, Some(&["id", "day"])), source(3, None)];
    let mixed = statement(&sources, mapping).unwrap();
    assert!(
        mixed.contains(
            "(2::smallint, 'orders', array['note']::text[]), (3::smallint, 'orders', array[]::text[])"
        ),
        "{mixed}"
    );
    assert!(mixed.contains("r.absent as absent"), "{mixed}");
}

#[test]
fn a_pointer_into_csv_is_exact_and_goes_no_deeper() {
    let refused = |place: &str| {
        let mapping = json!({"order_id": "id", "placed": place});
        statement(&[source(1, Some(&["id", "Day"]))], mapping).unwrap_err()
    };
    for place in ["/day", "/Day/x", "/days/*/day"] {
        assert!(refused(place).contains(&format!("has no column {place}")), "{place}");
    }
    assert!(
        statement(&[source(1, Some(&["id", "Day"]))], json!({"order_id": "/id", "placed": "/Day"})).is_ok()
    );
}

#[test]
fn a_default_makes_a_column_optional() {
    let mapping = json!({"order_id": "id", "placed": {"from": "day", "default": "2021-01-01"}});
    let statement = statement(&[source(1, Some(&["id"]))], mapping).unwrap();
    assert!(statement.contains("2021-01-01"), "{statement}");
}

#[test]
fn columns_that_are_not_there_and_formats_of_no_moment_are_refused() {
    let refused = |mapping| statement(&[], mapping).unwrap_err();
    assert!(refused(json!({"oder_id": "id"})).starts_with("42703 shop.orders has no column oder_id"));
    assert!(refused(json!({"order_id": {"from": "id", "format": "%Y"}})).starts_with("42601"));
    assert!(refused(json!({"placed": {"from": "day", "format": "DD/MM/YYYY"}})).starts_with("42601"));
    for format in ["%d/%", "%I:%M", "%d/%m/%Y %z"] {
        assert!(
            refused(json!({"placed": {"from": "day", "format": format}})).starts_with("42601"),
            "{format}"
        );
    }
}
