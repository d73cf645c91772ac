//! Snapshots of the generated SQL, and the calls that are refused.
use super::*;

const RSVPS: &str = r#"{
    "name": {"schema": "demo", "name": "rsvps"},
    "columns": [
        {"name": "rsvp_id", "type_name": "bigint", "not_null": true, "default": null, "sortable": true, "comparable": true, "collatable": false},
        {"name": "event_id", "type_name": "bigint", "not_null": true, "default": null, "sortable": true, "comparable": true, "collatable": false},
        {"name": "modified", "type_name": "timestamp with time zone", "not_null": false, "default": null, "sortable": true, "comparable": true, "collatable": false},
        {"name": "status", "type_name": "text", "not_null": true, "default": "'NEW'::text", "sortable": true, "comparable": true, "collatable": true}
    ],
    "keys": [{"name": "rsvps_pkey", "primary": true, "columns": ["rsvp_id"]}],
    "checks": [{"name": "rsvps_status", "expression": "(status <> ''::text)"}],
    "parents": [{"constraint": "rsvps_event", "columns": ["event_id"], "table": {"schema": "demo", "name": "events"}, "referred": ["event_id"], "itself": false}],
    "refusals": []
}"#;

const STAFF: &str = r#"{
    "name": {"schema": "demo", "name": "the \"staff\""},
    "columns": [
        {"name": "id", "type_name": "integer", "not_null": true, "default": null, "sortable": true, "comparable": true, "collatable": false},
        {"name": "boss", "type_name": "integer", "not_null": false, "default": null, "sortable": true, "comparable": true, "collatable": false},
        {"name": "notes", "type_name": "json", "not_null": false, "default": null, "sortable": false, "comparable": false, "collatable": false}
    ],
    "keys": [{"name": "staff_pkey", "primary": true, "columns": ["id"]}],
    "checks": [],
    "parents": [{"constraint": "staff_boss", "columns": ["boss"], "table": {"schema": "demo", "name": "the \"staff\""}, "referred": ["id"], "itself": true}],
    "refusals": []
}"#;

fn target(json: &str) -> Target {
    serde_json::from_str(json).expect("a description")
}

/// A staged relation of (name, type) columns.
fn staged(columns: &[(&str, &str)]) -> Staged {
    let columns: Vec<_> = columns
        .iter()
        .map(|(name, type_name)| serde_json::json!({"name": name, "type_name": type_name}))
        .collect();
    let json = serde_json::json!({"name": {"schema": "pg_temp_3", "name": "staged"}, "columns": columns});
    serde_json::from_value(json).expect("a description")
}

fn typed_rsvps() -> Staged {
    staged(&[
        ("rsvp_id", "bigint"),
        ("event_id", "bigint"),
        ("modified", "timestamp with time zone"),
        ("status", "text"),
        ("source", "smallint"),
        ("line", "bigint"),
    ])
}

fn options(version: Option<&str>) -> Options {
    Options {
        version: version.map(Ident::new),
        run_id: 12,
        dataset: "demo".into(),
        has_staging: true,
        extension_schema: "public".into(),
        ..Options::default()
    }
}

/// All statements of a plan in the order of their execution.
fn statements(plan: &Plan<'_>) -> String {
    let by_itself = plan.fill().map(|_| plan.judgements(Standing::ByItself));
    [
        plan.candidates(),
        plan.needs_filling(),
        by_itself,
        plan.fill(),
        Some(plan.judgements(Standing::OnTarget)),
        plan.settle_references(),
        Some(plan.analyze()),
        Some(plan.fates()),
        Some(plan.insert()),
        plan.update(),
        Some(plan.kept()),
        Some(plan.quarantine()),
        Some(plan.reopen()),
        Some(plan.close(true)),
        Some(plan.count()),
    ]
    .into_iter()
    .flatten()
    .collect::<Vec<_>>()
    .join(";\n\n")
}

#[test]
fn typed_records_with_a_version() {
    let (target, staged, options) = (target(RSVPS), typed_rsvps(), options(Some("modified")));
    let plan = Plan::new(&target, &staged, &options).expect("a plan");
    insta::assert_snapshot!(statements(&plan));
}

#[test]
fn text_records_that_lack_columns_and_are_tried_again() {
    let target = target(RSVPS);
    let staged =
        staged(&[("rsvp_id", "text"), ("event_id", "text"), ("status", "text"), ("absent", "text[]")]);
    let options = Options { retries: true, partial: vec![Ident::new("status")], ..options(None) };
    let plan = Plan::new(&target, &staged, &options).expect("a plan");
    insta::assert_snapshot!(statements(&plan));
}

#[test]
fn a_table_that_refers_to_itself() {
    let target = target(STAFF);
    let staged = staged(&[("id", "integer"), ("boss", "integer"), ("notes", "json"), ("record", "text")]);
    let options = options(None);
    let plan = Plan::new(&target, &staged, &options).expect("a plan");
    insta::assert_snapshot!(statements(&plan));
}

#[test]
fn misuse_is_refused_by_name() {
    let refused = |target: &Target, staged: &Staged, options: &Options| {
        Plan::new(target, staged, options).map(|_| ()).expect_err("a refusal").sqlstate
    };
    let rsvps = target(RSVPS);
    let view = Target { refusals: vec!["it is a view".into()], ..rsvps.clone() };
    assert_eq!(refused(&view, &typed_rsvps(), &options(None)), "0A000");
    assert_eq!(refused(&rsvps, &staged(&[("event_id", "bigint")]), &options(None)), "42P10");
    assert_eq!(refused(&rsvps, &typed_rsvps(), &options(Some("updated"))), "42703");
    let wrong = staged(&[("rsvp_id", "integer")]);
    assert_eq!(refused(&rsvps, &wrong, &options(None)), "42804");
    let mut exotic = rsvps.clone();
    exotic.columns[1].type_name = "point".into();
    let text = staged(&[("rsvp_id", "bigint"), ("event_id", "text")]);
    assert_eq!(refused(&exotic, &text, &options(None)), "0A000");
}
