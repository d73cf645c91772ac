//! The hostile objects, as tables of names: what stands in schemas, and what only a session has.

/// Functions of the catalog that loads call: name, arguments, result.
const FUNCTIONS: &[(&str, &str, &str)] = &[
    ("now", "", "timestamptz"),
    ("clock_timestamp", "", "timestamptz"),
    ("format", "text, variadic text[]", "text"),
    ("format", "text", "text"),
    ("quote_ident", "text", "text"),
    ("quote_literal", "text", "text"),
    ("concat_ws", "text, variadic text[]", "text"),
    ("jsonb_array_elements", "jsonb", "setof jsonb"),
    ("jsonb_populate_record", "anyelement, jsonb", "anyelement"),
    ("jsonb_object_keys", "jsonb", "setof text"),
    ("to_jsonb", "anyelement", "jsonb"),
    ("to_regclass", "text", "regclass"),
    ("row_to_json", "record", "json"),
    ("sha256", "bytea", "bytea"),
    ("convert_to", "text, name", "bytea"),
    ("unnest", "text[]", "setof text"),
    ("array_remove", "text[], text", "text[]"),
    ("array_to_string", "text[], text", "text"),
    ("split_part", "text, text, integer", "text"),
    ("substr", "text, integer", "text"),
    ("left", "text, integer", "text"),
    ("length", "text", "integer"),
    ("octet_length", "text", "integer"),
    ("encode", "bytea, text", "text"),
    ("starts_with", "text, text", "boolean"),
    ("hashtextextended", "text, bigint", "bigint"),
    ("pg_advisory_xact_lock", "bigint", "void"),
    ("pg_try_advisory_xact_lock", "bigint", "boolean"),
    ("pg_get_expr", "pg_node_tree, oid", "text"),
    ("pg_get_serial_sequence", "text, text", "text"),
    ("format_type", "oid, integer", "text"),
    ("current_database", "", "name"),
    ("current_setting", "text", "text"),
    ("pg_has_role", "name, text, text", "boolean"),
    ("nextval", "regclass", "bigint"),
    ("row_security_active", "oid", "boolean"),
    ("getdatabaseencoding", "", "name"),
    ("int8", "integer", "bigint"),
    ("text", "bigint", "text"),
];

/// Operators that loads use, each over the types it is used with.
const OPERATORS: &[(&str, &[&str], &str)] = &[
    (
        "=",
        &[
            "bigint",
            "integer",
            "smallint",
            "text",
            "oid",
            "name",
            "\"char\"",
            "boolean",
            "tid",
            "timestamptz",
        ],
        "boolean",
    ),
    ("<>", &["bigint", "integer", "smallint", "text", "oid", "tid"], "boolean"),
    ("<", &["bigint", "integer", "text", "timestamptz"], "boolean"),
    (">", &["bigint", "integer", "text", "timestamptz", "numeric"], "boolean"),
    (">=", &["bigint", "integer", "timestamptz"], "boolean"),
    ("<=", &["bigint", "integer", "timestamptz"], "boolean"),
    ("+", &["bigint", "integer"], "bigint"),
    ("-", &["bigint", "integer"], "bigint"),
    ("||", &["text", "text[]", "jsonb"], "text"),
    ("~~", &["text", "name"], "boolean"),
    ("<@", &["text[]"], "boolean"),
];

/// Overloads of our own functions where those stand: each would match some call better, were its arguments of no known type.
const OVERLOADS: &[&str] = &[
    "etl_merge(text, text)",
    "etl_merge(text, text, text, bigint)",
    "etl_merge(text, text, name, bigint)",
    "etl_merge(text, text, text, integer)",
    "etl_merge(regclass, text, text, bigint)",
    "etl_merge(regclass, regclass, text, bigint)",
    "etl_merge(regclass, regclass, name, variadic bigint[])",
    "etl_attempt(varchar)",
    "etl_attempt(name)",
    "etl_attempt(anyelement)",
    "etl_load_mobilize(integer)",
    "etl_load_mobilize(anyelement)",
    "etl_load_mobilize(varchar)",
    "etl_load_mobilize(text, text, varchar)",
    "etl_load_mobilize(text, text, anyelement)",
    "etl_frame_json(varchar)",
    "etl_parse_attendance(varchar)",
    "etl_parse_attendance(anyelement)",
    "etl_parse_organization(text, varchar)",
    "etl_parse_organization(text, anyelement)",
    "etl_explode_timeslots(anyelement)",
    "etl_explode_listed_timeslots(anyelement)",
    "etl_parse_listed_event(varchar)",
    "etl_parse_listed_event(anyelement)",
    "etl_parse_person(varchar)",
    "etl_parse_person(anyelement)",
    "etl_value_fault(text, varchar)",
    "etl_value_fault(text, name)",
    "etl_value_fault(text, anyelement)",
    "etl_value_fault(anyelement, text)",
];

/// Overloads that match as well as ours do, by a default of theirs: the server refuses to choose (42725).
pub const TIES: &[&str] = &[
    "etl_merge(regclass, regclass, name, bigint, integer default 1)",
    "etl_load_mobilize(bigint, integer default 1)",
    "etl_frame_json(text, integer default 1)",
    "etl_attempt(text, integer default 1)",
];

/// Types whose names the generated SQL uses; whoever casts to one runs its check.
const TYPES: &[&str] = &[
    "text",
    "int8",
    "int4",
    "int2",
    "jsonb",
    "name",
    "bytea",
    "oid",
    "regclass",
    "timestamptz",
    "numeric",
    "tid",
];

/// Names of temporary tables that loads make, of tables they write and of catalogs they read.
const RELATIONS: &[&str] = &[
    "etl_candidates",
    "etl_judgements",
    "etl_ready",
    "etl_places",
    "etl_faults",
    "etl_writes",
    "etl_refused",
    "etl_waits",
    "etl_compared",
    "etl_contending",
    "etl_changed",
    "etl_unchanged",
    "etl_contested",
    "etl_contenders",
    "etl_losers",
    "etl_overtaken",
    "etl_tally",
    "etl_fates",
    "etl_kept",
    "mobilize_attendances",
    "mobilize_events",
    "mobilize_organizations",
    "mobilize_timeslots",
    "mobilize_people",
    "mobilize_custom_fields",
    "mobilize_masked",
    "staged",
    "rule",
    "runs",
    "run_sources",
    "run_tables",
    "quarantine",
    "events",
    "people",
    "pg_class",
    "pg_attribute",
    "pg_constraint",
    "pg_type",
    "pg_extension",
];

/// A function whose body is heard.
pub fn function(schema: &str, signature: &str, result: &str) -> String {
    let name = signature.replace('\'', "");
    let returned = match result {
        "void" => "return",
        _ if result.starts_with("setof") || result.starts_with("table") => "return",
        _ => "return null",
    };
    format!(
        "create function {schema}.{signature} returns {result} language plpgsql volatile as \
         $body$ begin perform canary.hit('{schema}.{name}'); {returned}; end $body$"
    )
}

/// Statements of the hostile role, each an object in schema `hostile` or `public`.
pub fn in_schemas() -> Vec<String> {
    let mut objects: Vec<String> = FUNCTIONS
        .iter()
        .map(|(name, arguments, result)| function("hostile", &format!("\"{name}\"({arguments})"), result))
        .collect();
    let operators =
        OPERATORS.iter().flat_map(|(name, kinds, result)| kinds.iter().map(move |kind| (name, kind, result)));
    for (number, (name, kind, result)) in operators.enumerate() {
        let body = function("hostile", &format!("operator{number}({kind}, {kind})"), result);
        objects.push(format!(
            "{body}; create operator hostile.{name} (leftarg = {kind}, rightarg = {kind}, function = hostile.operator{number})"
        ));
    }
    objects.extend(OVERLOADS.iter().map(|signature| function("public", signature, "table (hijacked text)")));
    objects.extend(OVERLOADS.iter().map(|signature| function("hostile", signature, "table (hijacked text)")));
    objects.push(function("hostile", "etl_merge(regclass, regclass, name, bigint)", "setof record"));
    objects.push(function("hostile", "etl_load_mobilize(bigint)", "setof record"));
    objects.push(function("hostile", "etl_load_mobilize(text)", "setof record"));
    for name in TYPES {
        let base = if *name == "numeric" { "numeric(9,3)" } else { name };
        objects.push(format!("create domain hostile.\"{name}\" as {base} check (canary.hit('type {name}'))"));
    }
    objects.push("create collation hostile.\"C\" (provider = icu, locale = 'und')".into());
    objects.push(format!(
        "create type hostile.evil as (a integer); {}; \
         create cast (hostile.evil as text) with function hostile.evil_text(hostile.evil) as implicit",
        function("hostile", "evil_text(hostile.evil)", "text")
    ));
    for name in ["count", "min", "max", "sum", "bool_or"] {
        let kind = if name == "bool_or" { "boolean" } else { "bigint" };
        let step = function("hostile", &format!("step_{name}({kind}, {kind})"), kind);
        objects.push(format!(
            "{step}; create aggregate hostile.{name}({kind}) (sfunc = hostile.step_{name}, stype = {kind})"
        ));
    }
    for name in RELATIONS {
        objects.push(format!("create view hostile.{name} as select canary.hit('hostile.{name}') as a"));
    }
    objects
}

/// Names that loads make themselves: they drop a table of the session's under them first.
fn is_made_by_loads(name: &str) -> bool {
    name.starts_with("etl_") || name.starts_with("mobilize_")
}

fn view(name: &str) -> String {
    format!("create temporary view {name} as select canary.hit('view {name}') as a")
}

/// Statements of the session that loads: tables with triggers and rules, functions, types and an operator.
pub fn temporary() -> Vec<String> {
    let mut objects = vec![
        "create function pg_temp.fire() returns trigger language plpgsql as \
         $body$ begin perform canary.hit(tg_table_name); return null; end $body$"
            .to_owned(),
    ];
    objects.extend(RELATIONS.iter().map(|name| {
        format!(
            "create temporary table {name} (a integer, dataset text, run_id bigint, status text); \
             create trigger t before insert or update or delete on pg_temp.{name} for each statement \
             execute function pg_temp.fire(); \
             create rule r as on insert to pg_temp.{name} do also select canary.hit('rule on {name}')"
        )
    }));
    for (signature, result) in [
        ("format(text, variadic text[])", "text"),
        ("now()", "timestamptz"),
        ("sha256(bytea)", "bytea"),
        ("etl_merge(text, text, text, bigint)", "setof record"),
        ("equal(bigint, bigint)", "boolean"),
    ] {
        objects.push(function("pg_temp", signature, result));
    }
    objects.push(
        "create operator pg_temp.= (leftarg = bigint, rightarg = bigint, function = pg_temp.equal)".into(),
    );
    for name in ["text", "jsonb", "etl_attendance", "etl_event"] {
        objects.push(format!(
            "create domain pg_temp.{name} as pg_catalog.text check (canary.hit('pg_temp.{name}'))"
        ));
    }
    objects
}

/// Statements of the session that loads: views, which hide tables and catalogs from whoever does not qualify them.
pub fn temporary_views() -> Vec<String> {
    RELATIONS.iter().filter(|name| !is_made_by_loads(name)).map(|name| view(name)).collect()
}

/// Views under names that loads make: the server refuses to drop them as tables (42809), before anything is read.
pub fn views_in_the_way() -> Vec<String> {
    RELATIONS.iter().filter(|name| is_made_by_loads(name)).map(|name| view(name)).collect()
}
