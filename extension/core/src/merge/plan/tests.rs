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

/// A domain, a generated column, a partial index on an expression, references to what is not the key.
const MEMBERS: &str = r#"{
    "name": {"schema": "demo", "name": "members"},
    "columns": [
        {"name": "id", "type_name": "integer", "not_null": true, "default": null, "sortable": true, "comparable": true, "collatable": false},
        {"name": "email", "type_name": "public.citext", "not_null": false, "default": null, "sortable": false, "comparable": true, "collatable": true,
         "equality": {"operator": {"schema": "public", "name": "="}}},
        {"name": "level", "type_name": "public.level", "base_type": "integer", "not_null": false, "default": null, "sortable": true, "comparable": true, "collatable": false},
        {"name": "boss", "type_name": "text", "not_null": false, "default": null, "sortable": true, "comparable": true, "collatable": true,
         "equality": {"collation": {"schema": "pg_catalog", "name": "C"}}},
        {"name": "rank", "type_name": "integer", "not_null": false, "default": null, "generated": "((level)::integer + 1)", "sortable": true, "comparable": true, "collatable": false}
    ],
    "keys": [{"name": "members_pkey", "primary": true, "columns": ["id"]}],
    "uniques": [
        {"name": "members_email", "values": [{"column": null, "expression": "lower((email)::text)", "equality": {}}], "predicate": "(level > 1)", "nulls_collide": false},
        {"name": "members_pkey", "values": [{"column": "id", "expression": "id", "equality": {}}], "predicate": null, "nulls_collide": false},
        {"name": "members_rank", "values": [{"column": "rank", "expression": "rank", "equality": {}}, {"column": "boss", "expression": "boss", "equality": {"collation": {"schema": "pg_catalog", "name": "C"}}}],
         "predicate": null, "nulls_collide": true}
    ],
    "checks": [{"name": "members_level", "expression": "((10 / (level)::integer) > 1)"}],
    "partitions": "((id >= 0))",
    "parents": [
        {"constraint": "members_boss", "columns": ["boss"], "table": {"schema": "demo", "name": "members"}, "referred": ["email"], "itself": true,
         "equalities": [{"operator": {"schema": "public", "name": "="}}]},
        {"constraint": "members_team", "columns": ["level", "boss"], "table": {"schema": "demo", "name": "teams"}, "referred": ["level", "name"], "itself": false, "is_full": true}
    ],
    "children": [
        {"constraint": "cards_email", "table": {"schema": "demo", "name": "cards"}, "columns": ["email"], "referred": ["email"], "itself": false},
        {"constraint": "members_boss", "table": {"schema": "demo", "name": "members"}, "columns": ["boss"], "referred": ["email"], "itself": true}
    ],
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

fn made(made: Made) -> String {
    [made.table, made.statistics].join(";\n\n")
}

/// All statements of a plan in the order of their execution.
fn statements(plan: &Plan<'_>) -> String {
    let by_itself = plan.fill().map(|_| plan.judgements(Standing::ByItself));
    let collisions = || [plan.writes(), plan.refuse(), plan.waits()].join(";\n\n");
    [
        plan.retries().then(|| plan.ready(true)),
        plan.candidates(),
        plan.reading_may_raise().then(|| plan.read(Rows::Between(1, 2), None)),
        plan.retries().then(|| plan.read_ready(Rows::All, None)),
        plan.drop_siblings(),
        plan.contested().map(made),
        by_itself,
        plan.fill(),
        Some(plan.judgements(Standing::OnTarget)),
        plan.settle_references(),
        Some(plan.analyze()),
        plan.contenders().map(made),
        plan.can_collide().then(collisions),
        Some(plan.fates().into_iter().map(made).collect::<Vec<_>>().join(";\n\n")),
        Some(plan.tally()),
        Some(plan.to_write()),
        plan.in_order(),
        Some(plan.write(Writes {
            candidates: 3,
            inserts: 1,
            updates: 1,
            has_waits: plan.can_collide(),
            in_order: false,
        })),
        Some(made(plan.kept_fates())),
        Some(plan.kept()),
        Some(plan.index_kept().join(";\n\n")),
        Some(plan.quarantine()),
        Some(plan.restate()),
        Some(plan.close(true)),
        Some(plan.overtake(true)),
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

/// Nothing contested, nothing broken, all new: the fates are read off the judgements, and the rows inserted as they stand.
#[test]
fn typed_records_that_are_all_new() {
    let (target, staged, options) = (target(RSVPS), typed_rsvps(), options(None));
    let mut plan = Plan::new(&target, &staged, &options).expect("a plan");
    plan.forget_contests();
    plan.forget_broken();
    assert!(plan.contenders().is_none() && plan.fates().is_empty());
    let writes = Writes { candidates: 3, inserts: 3, updates: 0, has_waits: false, in_order: true };
    insta::assert_snapshot!([plan.tally(), plan.to_write(), plan.write(writes), plan.count()].join(";\n\n"));
}

#[test]
fn records_that_are_compared_while_they_are_read() {
    let (target, staged) = (target(RSVPS), typed_rsvps());
    let options = Options { left_out: LeftOut::Unstaged, ..options(None) };
    let plan = Plan::new(&target, &staged, &options).expect("a plan");
    let rows = Ident::new("rows");
    let [differing, equal] = plan.differing();
    let steps = [
        plan.compared("select * from parsed"),
        plan.tally_compared(),
        differing,
        equal,
        plan.stage_none(&rows),
        plan.stage_all(&rows),
        plan.analyze_compared(),
        plan.contending(),
        plan.stage_differing(&rows),
        plan.correct_tally(&rows),
        plan.count(),
    ];
    insta::assert_snapshot!(steps.join(";\n\n"));
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
fn a_table_with_all_that_can_collide() {
    let target = target(MEMBERS);
    let staged = staged(&[("id", "integer"), ("email", "text"), ("level", "text"), ("boss", "text")]);
    let options = Options { replay: Some(Replay::ByColumn), ..options(None) };
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
    let mut computed = rsvps.clone();
    computed.columns[3].generated = Some("'NEW'::text".into());
    assert_eq!(refused(&computed, &typed_rsvps(), &options(None)), "428C9");
    let replay = Options { replay: Some(Replay::BySource), ..options(None) };
    assert_eq!(refused(&rsvps, &staged(&[("rsvp_id", "bigint")]), &replay), "42703");
}
