//! The worked example of docs/design.md: the SQL it shows is what the planner generates for it.

use etl_core::merge::name::Ident;
use etl_core::merge::plan::{Options, Plan, Standing, Writes};
use serde_json::json;

/// `geo.cities` and `geo.staged` of the page, as the catalog describes them.
fn statements() -> Vec<String> {
    let column = |name: &str, type_name: &str| {
        let is_text = type_name == "text";
        json!({"name": name, "type_name": type_name, "not_null": true, "default": null,
               "sortable": true, "comparable": true, "collatable": is_text})
    };
    let columns =
        [("city_id", "integer"), ("name", "text"), ("region_id", "integer"), ("modified", "integer")];
    let target = json!({
        "name": {"schema": "geo", "name": "cities"},
        "columns": columns.map(|(name, type_name)| column(name, type_name)),
        "keys": [{"name": "cities_pkey", "primary": true, "columns": ["city_id"]}],
        "checks": [{"name": "cities_name_check", "expression": "(name <> ''::text)"}],
        "parents": [{
            "constraint": "cities_region_id_fkey",
            "columns": ["region_id"],
            "table": {"schema": "geo", "name": "regions"},
            "referred": ["region_id"],
            "itself": false
        }],
        "refusals": []
    });
    let mut staged = vec![json!({"name": "line", "type_name": "bigint"})];
    staged.extend(columns.map(|(name, type_name)| json!({"name": name, "type_name": type_name})));
    let staged = json!({"name": {"schema": "geo", "name": "staged"}, "columns": staged});

    let target = serde_json::from_value(target).unwrap();
    let staged = serde_json::from_value(staged).unwrap();
    let options = Options { version: Some(Ident::new("modified")), run_id: 2, ..Options::default() };
    let plan = Plan::new(&target, &staged, &options).unwrap();
    let writes = Writes { candidates: 5, inserts: 1, updates: 1, has_waits: false, in_order: false };
    vec![plan.judgements(Standing::OnTarget), plan.write(writes)]
}

#[test]
fn design_shows_what_is_generated() {
    let path = super::repository().join("docs/design.md");
    let page = std::fs::read_to_string(&path).unwrap();
    // Each statement is the body of one `postgresql` block.
    let mut parts: Vec<String> = page.split("```postgresql\n").map(str::to_owned).collect();
    let statements = statements();
    assert_eq!(parts.len(), statements.len() + 1, "blocks of generated SQL in docs/design.md");
    for (part, statement) in parts[1..].iter_mut().zip(&statements) {
        let (shown, after) = part.split_once("\n```").unwrap();
        if shown == statement {
            continue;
        }
        assert!(
            std::env::var_os("UPDATE_EXPECTED").is_some(),
            "docs/design.md shows\n{shown}\nthe planner generates\n{statement}\n\
             If that is right: UPDATE_EXPECTED=1 cargo test -p etl_tests --features end_to_end docs::"
        );
        *part = format!("{statement}\n```{after}");
    }
    let updated = parts.join("```postgresql\n");
    if updated != page {
        std::fs::write(&path, updated).unwrap();
    }
}
