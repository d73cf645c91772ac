//! Damage of one part is that part's problem, named by place, code and rule, and nothing ever panics.

use proptest::prelude::*;

use super::*;

/// `full()` with one value replaced, by JSON pointer.
fn with(pointer: &str, value: Value) -> String {
    let mut record = full();
    *record.pointer_mut(pointer).unwrap() = value;
    record.to_string()
}

/// Message, SQLSTATE and field of the attendance and of the person.
fn problems(record: &str) -> [Option<(String, &'static str, String)>; 2] {
    let said = |problem: Option<Problem>| {
        problem.map(|problem| (problem.to_string(), problem.sqlstate(), problem.field().to_owned()))
    };
    let row = Attendance::parse(record);
    [said(row.problem), said(row.person.and_then(|person| person.problem))]
}

#[test]
fn messages_name_place_value_and_rule() {
    let cases = [
        ("/id", json!("12"), "22P02", "/id: expected an integer, found the text \"12\""),
        ("/id", json!(1.0), "22P02", "/id: expected an integer, found 1.0"),
        ("/id", json!(1e3), "22P02", "/id: expected an integer, found 1000.0"),
        ("/attended", json!("yes"), "22P02", "/attended: expected true or false, found the text \"yes\""),
        ("/status", json!(5), "22P02", "/status: expected a text, found 5"),
        ("/status", json!(["x"]), "22P02", "/status: expected a text, found a list"),
        ("/feedback", json!(5), "22P02", "/feedback: expected a text, found a number"),
        ("/referrer", json!("x"), "22P02", "/referrer: expected an object, found a text"),
        ("/referrer/url", json!(true), "22P02", "/referrer/url: expected a text, found true"),
        ("/event", json!([30]), "22P02", "/event: expected an object, found a list"),
        ("/event/id", json!({}), "22P02", "/event/id: expected an integer, found an object"),
        ("/timeslot/id", json!("x"), "22P02", "/timeslot/id: expected an integer, found the text \"x\""),
        ("/status", json!("a\u{0}b"), "22P05", "/status: the character \\u0000 cannot be kept as text"),
        (
            "/modified_date",
            json!(1_500_000_002_000_i64),
            "22008",
            "/modified_date: expected seconds since 1970 in the years 1 to 9999, found 1500000002000 (milliseconds?)",
        ),
        (
            "/id",
            json!(9_223_372_036_854_775_808_u64),
            "22003",
            "/id: expected an integer between -9223372036854775808 and 9223372036854775807, found 9223372036854775808",
        ),
        (
            "/id",
            json!(1e30),
            "22003",
            "/id: expected an integer between -9223372036854775808 and 9223372036854775807, found 1e30",
        ),
        (
            "/person",
            json!(null),
            "23502",
            "/person/user_id: missing or null, but an attendance is somebody's",
        ),
    ];
    for (pointer, value, sqlstate, message) in cases {
        let [attendance, person] = problems(&with(pointer, value));
        let (found, code, _) = attendance.unwrap();
        assert_eq!((code, found.as_str()), (sqlstate, message));
        assert_eq!(person, None, "{pointer}");
    }
}

#[test]
fn a_person_s_damage_is_the_person_s_alone() {
    let record = with("/person/given_name", json!(5));
    let [attendance, person] = problems(&record);
    assert_eq!(attendance, None);
    let (message, _, field) = person.unwrap();
    assert_eq!(
        (message.as_str(), field.as_str()),
        ("/person/given_name: expected a text, found a number", "/person/given_name")
    );
    assert_eq!(
        Attendance::parse(&record).user_id,
        Some(22),
        "the attendance waits for the person by this key"
    );

    let [_, person] = problems(&with("/person/email_addresses/1/address", json!({"secret": "a@x"})));
    assert_eq!(person.unwrap().0, "/person/email_addresses/1/address: expected a text, found an object");
}

#[test]
fn a_missing_user_rejects_person_and_attendance() {
    let [attendance, person] = problems(&with("/person/user_id", Value::Null));
    assert_eq!(attendance.as_ref().map(|found| found.1), Some("23502"));
    assert_eq!(attendance.unwrap().2, "/person/user_id");
    assert_eq!(person.unwrap().1, "23502");
}

#[test]
fn damage_below_a_fragment_is_found_by_its_own_parser_only() {
    let record = with("/event/title", json!(5));
    assert_eq!(problems(&record), [None, None]);
    assert_eq!(
        Event::parse(&record, Shown::InAttendance).problem.unwrap().to_string(),
        "/event/title: expected a text, found 5"
    );
    assert_eq!(Event::parse(&record, Shown::InAttendance).event_id, Some(30));
    let record = with("/event/contact/name", json!(5));
    assert_eq!(
        Event::parse(&record, Shown::InAttendance).problem.unwrap().to_string(),
        "/event/contact/name: expected a text, found a number"
    );
    let record = with("/event/location", json!({"venue": "V"}));
    assert_eq!(Event::parse(&record, Shown::InAttendance).problem, None, "coordinates may be missing");
    let record = with("/sponsor", json!({"id": 41, "name": null}));
    assert_eq!(Organization::parse(&record, Place::Record).problem, None, "NOT NULL is the table's to judge");
    let record = with("/sponsor/id", Value::Null);
    assert_eq!(Organization::parse(&record, Place::Record).problem.unwrap().sqlstate(), "23502");
    let fields: Vec<_> = explode_custom_fields(r#"[{"custom_field_id":1},7,{"text_value":"x"}]"#).collect();
    let codes: Vec<_> = fields
        .iter()
        .map(|row| row.problem.as_ref().map(|problem| (problem.sqlstate(), problem.field())))
        .collect();
    let list = "/custom_signup_field_values";
    let (second, third) = (format!("{list}/1"), format!("{list}/2/custom_field_id"));
    assert_eq!(codes, [None, Some(("22P02", second.as_str())), Some(("23502", third.as_str()))]);
    let fields: Vec<_> = explode_custom_fields("{}").collect();
    assert_eq!(fields[0].problem.as_ref().map(Problem::field), Some(list));
}

#[test]
fn what_is_no_record_says_so() {
    for (record, sqlstate) in [
        ("", "22P02"),
        ("5", "22P02"),
        ("null", "22P02"),
        ("[1]", "22P02"),
        ("{", "22P02"),
        (r#"{"id":1,"id":2}"#, "22P02"),
    ] {
        let row = Attendance::parse(record);
        let problem = row.problem.unwrap();
        assert_eq!((problem.sqlstate(), problem.field()), (sqlstate, ""), "{record}");
        assert!(
            Event::parse(record, Shown::InAttendance).problem.is_some()
                && Timeslot::parse(record).problem.is_some()
        );
        assert!(Organization::parse(record, Place::Event).problem.is_some());
        assert!(MaskedAttendance::parse(record).attendance.problem.is_some());
    }
    assert!(Attendance::parse("{}").is_masked, "nothing but the two numbers decides; the tables reject it");
}

#[test]
fn answers_of_masked_records_are_json_that_postgresql_keeps() {
    for (answer, sqlstate) in [
        (r#""\u0000""#, Some("22P05")),
        (r#""\ud800""#, Some("22P02")),
        ("1e-99999", Some("22P02")),
        ("1e999999", Some("22P02")),
        ("1e999", None),
    ] {
        let record = format!(r#"{{"person":{{"user_id":1}},"custom_signup_field_values":[{answer}]}}"#);
        let problem = MaskedAttendance::parse(&record).attendance.problem;
        assert_eq!(problem.as_ref().map(Problem::sqlstate), sqlstate, "{answer}: {problem:?}");
    }
}

/// Every pointer to a value of `full()`.
fn pointers() -> Vec<String> {
    fn walk(value: &Value, at: String, into: &mut Vec<String>) {
        match value {
            Value::Object(fields) => {
                fields.iter().for_each(|(key, value)| walk(value, format!("{at}/{key}"), into))
            }
            Value::Array(items) => {
                items.iter().enumerate().for_each(|(i, value)| walk(value, format!("{at}/{i}"), into))
            }
            _ => {}
        }
        into.push(at);
    }
    let mut all = Vec::new();
    walk(&full(), String::new(), &mut all);
    all
}

proptest! {
    #[test]
    fn no_damage_panics_and_problems_stay_in_their_part(
        at in proptest::sample::select(pointers()),
        value in proptest::sample::select(vec![json!(null), json!(true), json!(-1), json!(1e300), json!(u64::MAX), json!("x"), json!([]), json!([null]), json!({})]),
    ) {
        let record = if at.is_empty() { value.to_string() } else { with(&at, value) };
        let row = Attendance::parse(&record);
        for problem in [&row.problem, &row.person.as_ref().and_then(|person| person.problem.clone())].into_iter().flatten() {
            let field = problem.field();
            prop_assert!(at.starts_with(field) || field.starts_with(&at), "{at} damaged, {field} blamed");
        }
        for problem in [Event::parse(&record, Shown::InAttendance).problem, Timeslot::parse(&record).problem, Organization::parse(&record, Place::Event).problem].into_iter().flatten() {
            let field = problem.field();
            prop_assert!(at.starts_with(field) || field.starts_with(&at), "{at} damaged, {field} blamed");
        }
        MaskedAttendance::parse(&record);
        row.custom_signup_field_values.map(explode_custom_fields).into_iter().flatten().for_each(drop);
    }

    #[test]
    fn any_text_is_survived(record in ".{0,200}", cut in 0usize..4000) {
        Attendance::parse(&record);
        let full = full().to_string();
        let cut = full.floor_char_boundary(cut);
        prop_assert_eq!(Attendance::parse(&full[..cut]).problem.is_some(), cut < full.len());
        explode_custom_fields(&record).for_each(drop);
        explode_timeslots(&record, Shown::Listed).for_each(drop);
    }
}
