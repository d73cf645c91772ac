//! What a record is read as, and what is said of one that cannot be.
use serde_json::json;

use super::spec::{From, SpecColumn};
use super::*;

mod plans;
mod values;

/// A spec of columns by name and type.
fn spec(columns: &[(&str, &str)]) -> Spec {
    let column = |(name, type_name): &(&str, &str)| SpecColumn {
        from: From::Field((*name).into()),
        label: (*name).into(),
        type_name: (*type_name).into(),
        keeps_blank: false,
        default: None,
        format: None,
    };
    Spec { each: None, columns: columns.iter().map(column).collect() }
}

/// The values of each row and what is wrong with it, as one line.
fn rows(reader: &mut Reader, record: &str) -> Vec<String> {
    let mut rows = Vec::new();
    reader.read(record, |row| {
        let values = row.values.iter().map(|value| value.as_deref().unwrap_or("-")).collect::<Vec<_>>();
        let problem = row.problem.map(|it| format!(" ! {} {} ({})", it.sqlstate, it.message, it.field));
        rows.push(format!("{}{}", values.join(" | "), problem.unwrap_or_default()));
    });
    rows
}

fn row(spec: &Spec, record: &str) -> String {
    rows(&mut Reader::new(spec), record).join(" // ")
}

/// A spec as a mapping makes it, every column text.
fn mapped(mapping: serde_json::Value) -> Spec {
    let fields = Fields::parse(&mapping).unwrap();
    let columns = fields.fields.iter().map(|field| SpecColumn {
        from: match &field.origin {
            Origin::Field(name) => From::Field(name.clone()),
            Origin::Pointer(pointer) => From::Pointer(pointer.clone()),
            Origin::Element(pointer) => From::Element(pointer.clone()),
            Origin::Position => From::Position,
            Origin::Constant(_) | Origin::Source => From::Constant,
        },
        label: field.label.clone(),
        type_name: "text".into(),
        keeps_blank: false,
        default: field.default.clone(),
        format: None,
    });
    let columns = columns.collect();
    Spec { each: fields.each.clone(), columns }
}

#[test]
fn names_are_matched_loosely_but_the_very_name_goes_first() {
    let spec = spec(&[("Id", "bigint"), ("Post Id", "bigint")]);
    assert_eq!(row(&spec, r#"{"Id":"1","Post Id":"2"}"#), "1 | 2");
    assert_eq!(row(&spec, r#"{" id":"1"," POST  ID ":"2","other":{}}"#), "1 | 2");
    for record in [r#"{"ID":"7","Id":"1"}"#, r#"{"Id":"1","ID":"7"}"#] {
        assert_eq!(row(&spec, record), "1 | -", "{record}");
    }
    assert_eq!(
        row(&spec, r#"{"Id":"1","Id":"2"}"#),
        r#"- | - ! 22030 Id: expected a field that stands once, found "Id" (Id)"#
    );
    assert_eq!(row(&spec, r#"{"Id":"1"}"#), "1 | -");
}

#[test]
fn records_may_have_their_keys_in_any_order_one_after_the_other() {
    let mut reader = Reader::new(&spec(&[("a", "text"), ("b", "text")]));
    for (record, expected) in [
        (r#"{"a":"1","b":"2"}"#, "1 | 2"),
        (r#"{"b":"2","a":"1"}"#, "1 | 2"),
        (r#"{"c":"3","b":"2","d":"4","a":"1"}"#, "1 | 2"),
        (r#"{"a":"1"}"#, "1 | -"),
        ("{}", "- | -"),
        (r#"{"b":"2"}"#, "- | 2"),
    ] {
        assert_eq!(rows(&mut reader, record), [expected], "{record}");
    }
}

#[test]
fn keys_made_of_data_do_not_fill_the_memory() {
    let mut reader = Reader::new(&spec(&[("a", "text")]));
    for number in 0..20_000 {
        let record = format!(r#"{{"k{number}":1,"a":"x","j{number}":2}}"#);
        assert_eq!(rows(&mut reader, &record), ["x"]);
    }
}

#[test]
fn pointers_go_down_and_are_exact() {
    let spec = mapped(json!({
        "user": "/person/user_id", "first": "/emails/0/address", "slash": "/a~1b/c~0d", "none": "/person/nobody/x"
    }));
    let record = r#"{"person":{"user_id":7,"USER_ID":8},"emails":[{"address":"x@y"}],"a/b":{"c~d":true}}"#;
    let mut values: Vec<String> = row(&spec, record).split(" | ").map(str::to_owned).collect();
    values.sort();
    assert_eq!(values, ["-", "7", "true", "x@y"]);
    assert_eq!(row(&mapped(json!({"a": "/Person"})), r#"{"person":1}"#), "-");
    assert_eq!(row(&mapped(json!({"a": "/l/01"})), r#"{"l":[1,2]}"#), "-");
}

#[test]
fn an_array_makes_a_row_for_each_element() {
    let spec = mapped(json!({"a_order": "/id", "b_line": {"position": "/items/*"}, "c_sku": "/items/*/sku"}));
    let record = r#"{"id":"o1","items":[{"sku":"x"},{"sku":"y"},{}]}"#;
    assert_eq!(row(&spec, record), "o1 | 1 | x // o1 | 2 | y // o1 | 3 | -");
    assert_eq!(row(&spec, r#"{"id":"o1","items":[]}"#), "");
    assert_eq!(row(&spec, r#"{"id":"o1"}"#), "");
    assert_eq!(row(&spec, r#"{"id":"o1","items":null}"#), "");
    assert_eq!(
        row(&spec, r#"{"id":"o1","items":{"sku":"x"}}"#),
        r#"- | - | - ! 22P02 /items: expected a list, found "{"sku":"x"}" (/items)"#
    );
    assert_eq!(row(&mapped(json!({"tag": "/tags/*"})), r#"{"tags":["a","b"]}"#), "a // b");
}

#[test]
fn what_is_no_object_is_said_and_never_raised() {
    for record in ["[1]", "7", "\"x\"", "", "{\"a\":", "null"] {
        let read = row(&spec(&[("a", "text")]), record);
        assert!(read.starts_with("- ! 22P02 the record: expected a JSON object"), "{record}: {read}");
    }
}

#[test]
fn a_mapping_that_is_not_understood_names_its_column() {
    for (mapping, said) in [
        (json!([]), "not a JSON object"),
        (json!({}), "not a JSON object"),
        (json!({"a": 1}), "column a: expected the name of a field"),
        (json!({"a": " "}), "column a: expected the name of a field"),
        (json!({"a": {"form": "x"}}), "column a: expected from with default and format"),
        (json!({"a": {"from": "x", "constant": "y"}}), "column a"),
        (json!({"a": {"constant": []}}), "expected a text"),
        (json!({"a": "/x/*/y/*/z"}), "one * at most"),
        (json!({"a": "/x/*/y", "b": "/z/*/y"}), "expected one array with *"),
        (json!({"a": "/x~2"}), "RFC 6901"),
        (json!({"a": {"position": "/x"}}), "elements"),
    ] {
        let refused = Fields::parse(&mapping).unwrap_err();
        assert_eq!(refused.sqlstate, "42601");
        assert!(refused.message.contains(said), "{mapping}: {}", refused.message);
    }
}

#[test]
fn a_spec_survives_its_text() {
    let spec =
        mapped(json!({"a": "/x/*/y~1z", "b": {"from": "é\"'\\", "default": "0"}, "c": {"position": "/x/*"}}));
    let text = serde_json::to_string(&spec).unwrap();
    assert_eq!(serde_json::from_str::<Spec>(&text).unwrap(), spec);
}
