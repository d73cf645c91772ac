//! Drafts from sample files, sound and hostile.
use std::fmt::Write as _;

use super::*;
use crate::init::table::Reference;

/// Drafts a dataset `shop` from files of these names and contents.
fn drafted<'a>(files: &[(&str, &str)]) -> Result<Draft<'a>, Error> {
    let folder = tempfile::tempdir().unwrap();
    let state = RandomState::new();
    let mut names = Names::default();
    let mut tables = Vec::new();
    for (name, content) in files {
        let path = folder.path().join(name);
        fs::write(&path, content).unwrap();
        let mut sample = sample::read(path.to_str().unwrap(), &state)?;
        sample.location = (*name).to_owned();
        tables.push(Table::of(sample, &mut names));
    }
    Ok(Draft { dataset: "shop", tables: table::relate(tables) })
}

/// Column and type of a draft's only table.
fn columns(draft: &Draft<'_>) -> Vec<String> {
    draft.tables[0].columns.iter().map(|column| format!("{} {}", column.name, column.type_name)).collect()
}

fn all(draft: &Draft<'_>) -> String {
    let mut text = String::new();
    for (path, content) in draft.files() {
        write!(text, "==== {}\n{content}", path.display()).unwrap();
    }
    text + "==== loader.toml" + &draft.section(str::to_owned)
}

#[test]
fn a_draft_says_what_was_seen() {
    let orders = "Order ID,Customer_ID,placed,amount,note,code\n\
                  1,ann,2026-01-02,12.50,it's late,007\n2,bob,2026-01-03,3,,008\n3,ann,2026-01-03,4,,008\n";
    let customers = "{\"id\":\"ann\",\"address\":{\"city\":\"Ayr\",\"geo\":{\"lat\":1}},\"tags\":[1],\"since\":\"2020-01-01T10:00:00Z\"}\n\
                     {\"id\":\"bob\",\"address\":null,\"vip\":true,\"since\":\"2021-01-01T10:00:00+01:00\"}\n";
    let draft = drafted(&[("orders.csv", orders), ("customers.jsonl", customers)]).unwrap();
    assert_eq!(draft.in_load_order(&["orders.csv", "customers.jsonl"]), ["customers.jsonl", "orders.csv"]);
    let references: Vec<&Reference> = draft.tables.iter().flat_map(|table| &table.references).collect();
    let expected = Reference { column: "customer_id".into(), table: "customers".into(), values: 2 };
    assert_eq!(references, [&expected]);
    insta::assert_snapshot!(all(&draft));
}

#[test]
fn records_that_nothing_tells_apart_get_a_key_of_all_values() {
    let draft = drafted(&[("log.csv", "when,what\n2026-01-01,a\n2026-01-01,a\n2026-01-02,\n")]).unwrap();
    assert_eq!(draft.tables[0].key, Vec::<String>::new());
    insta::assert_snapshot!(all(&draft));
}

#[test]
fn keys_are_looked_for_in_a_sensible_order() {
    let key = |csv: &str| drafted(&[("orders.csv", csv)]).unwrap().tables[0].key.join("+");
    assert_eq!(key("name,order_id,id\na,1,1\nb,2,2\n"), "id");
    assert_eq!(key("name,customer_id,order_id\na,1,1\nb,2,2\n"), "order_id");
    assert_eq!(key("number,customer_id\n7,1\n8,2\n"), "number");
    assert_eq!(key("price,customer_id,name\n1.5,1,a\n1.5,2,b\n"), "customer_id");
    // Neither repeated, nor missing, nor a measure.
    assert_eq!(key("id,email\n1,a\n1,b\n"), "email");
    assert_eq!(key("id,email\n1,a\n,b\n"), "email");
    assert_eq!(key("state,week,price\nOhio,1,1.5\nOhio,2,1.6\nIowa,1,1.7\nIowa,2,1.8\n"), "state+week");
    assert_eq!(key("a,b,c\n1,1,1\n1,1,2\n1,2,1\n2,1,1\n"), "a+b+c");
    // No record says nothing.
    assert_eq!(key("id,email\n"), "");
}

#[test]
fn small_numbers_refer_to_what_their_name_says() {
    let parents = ["id\n1\n2\n3\n"; 2];
    let files = |csv| [("shops.csv", parents[0]), ("towns.csv", parents[1]), ("orders.csv", csv)];
    let found = |csv| {
        let draft = drafted(&files(csv)).unwrap();
        let orders = draft.tables.iter().find(|table| table.name == "orders").unwrap();
        orders.references.iter().map(|found| format!("{}>{}", found.column, found.table)).collect::<Vec<_>>()
    };
    assert_eq!(found("id,town_id,other_id\n10,1,1\n11,2,2\n12,2,2\n"), ["town_id>towns"]);
    assert_eq!(found("id,town_id\n10,1\n11,9\n"), Vec::<String>::new());
    assert_eq!(found("id,parent_id\n10,\n11,10\n"), ["parent_id>orders"]);
}

#[test]
fn objects_become_columns_one_level_down() {
    let json = r#"[{"a":{"x":1,"y":{"z":1}},"b":{"k":1},"c":[1],"A/b":1,"*":2,"*":3,"ID":1,"id":2,"/p":1},{"a":null,"b":"text","/p":2}]"#;
    let draft = drafted(&[("t.json", json)]).unwrap();
    assert_eq!(
        columns(&draft),
        [
            "a_x bigint",
            "a_y jsonb",
            "b jsonb",
            "c jsonb",
            "a_b bigint",
            "column_6 bigint",
            "id bigint",
            "id_2 bigint",
            "p bigint"
        ]
    );
    let from: Vec<&str> = draft.tables[0].columns.iter().map(|column| column.from.as_str()).collect();
    assert_eq!(from, ["/a/x", "/a/y", "b", "c", "A/b", "*", "/ID", "/id", "/~1p"]);

    let map =
        format!("{{\"m\":{{{}}}}}", (0..60).map(|n| format!("\"k{n}\":1")).collect::<Vec<_>>().join(","));
    assert_eq!(columns(&drafted(&[("t.json", &map)]).unwrap()), ["m jsonb"]);
    let starred = drafted(&[("t.json", r#"{"a":{"*":1,"b":2}}"#)]).unwrap();
    assert_eq!(
        (columns(&starred), &starred.tables[0].unreadable),
        (vec!["a_b bigint".to_owned()], &vec!["a/*".to_owned()])
    );
}

#[test]
fn hostile_names_stay_names() {
    let header = "\"a\"\"; drop table x; --\",\"$function$; select 1; --\",\"it's\",\"two\nlines\",order,\u{1b}[2J,\\,\"x\\'y\"";
    let draft = drafted(&[("'; drop.csv", &format!("{header}\n1,2,3,4,5,6,7,8\n"))]).unwrap();
    let names: Vec<&str> = draft.tables[0].columns.iter().map(|column| column.name.as_str()).collect();
    assert_eq!(
        names,
        ["a_drop_table_x", "function_select_1", "it_s", "two_lines", "order_", "_2j", "column_7", "x_y"]
    );
    let load = &draft.files()[1].1;
    assert_eq!(load.matches("$function$").count(), 2, "only the body's own quotes:\n{load}");
    let text = all(&draft);
    assert!(!text.contains('\u{1b}') && !text.contains("two\nlines"), "{text}");
    insta::assert_snapshot!(text);
}

#[test]
fn wide_empty_and_broken_files() {
    let header: Vec<String> = (0..1_000).map(|n| format!("c{n}")).collect();
    let row = vec!["1"; 1_000].join(",");
    let wide = format!("{}\n{}", header.join(","), format!("{row}\n").repeat(2_500));
    let draft = drafted(&[("wide.csv", &wide)]).unwrap();
    let table = &draft.tables[0];
    assert_eq!((table.columns.len(), table.records, table.is_whole), (1_000, 2_000, false));

    let header_only = drafted(&[("t.csv", "\u{feff}id, name \n")]).unwrap();
    assert_eq!(columns(&header_only), ["id text", "name text"]);
    assert!(header_only.tables[0].columns.iter().all(|column| !column.is_filled));

    let ragged = drafted(&[("t.csv", "id,name\n1,a\n2\n3,b,c\n4,d\n")]).unwrap();
    assert_eq!((ragged.tables[0].records, ragged.tables[0].damaged), (2, 2));

    for (name, content, words) in [
        ("t.csv", "", "nothing to draft"),
        ("t.json", "", "nothing to draft"),
        ("t.json", "[]", "nothing to draft"),
        ("t.json", "{\"a\":1", "cannot be read as JSON"),
        ("t.csv", "a;b\n1;2\n", "separated by commas"),
        ("t.csv", &format!("id,\"{}", "x,".repeat(1_000)), "longer than 1000 bytes"),
        ("t.csv", "Id,name, ID\n", "\"Id\" and \"ID\""),
        ("t.csv", &(0..1_601).map(|n| format!("c{n},")).collect::<String>(), "at most 1600"),
    ] {
        let error = drafted(&[(name, content)]).map(|_| ()).unwrap_err();
        assert_eq!(error.exit(), Exit::Usage, "{error}");
        assert!(error.to_string().contains(words), "{error}");
    }
}

#[test]
fn names_of_files_may_be_the_same() {
    let draft = drafted(&[("order.csv", "id\n1\n"), ("Order.json", "{\"id\":1}")]).unwrap();
    let names: Vec<&str> = draft.tables.iter().map(|table| table.name.as_str()).collect();
    assert_eq!(names, ["order_", "order__2"]);
}
