//! One value at a time: 26 dates, 12 numbers and their kin, each with its outcome.
use super::super::spec::Spec;
use super::{row, spec};

/// The outcome of a JSON value for a column of a type: the text, `-` for null, or the SQLSTATE.
fn outcome(value: &str, type_name: &str) -> String {
    let read = row(&spec(&[("v", type_name)]), &format!(r#"{{"v":{value}}}"#));
    match read.split_once(" ! ") {
        Some((_, problem)) => problem[..5].to_owned(),
        None => read,
    }
}

fn text(value: &str, type_name: &str) -> String {
    outcome(&serde_json::to_string(value).unwrap(), type_name)
}

#[test]
fn twenty_six_dates() {
    for (date, expected) in [
        ("1900-02-28", "1900-02-28"),
        ("2000-02-29", "2000-02-29"),
        ("9999-12-31", "9999-12-31"),
        ("0001-01-01", "0001-01-01"),
        ("2999-01-01", "2999-01-01"),
        ("1900-02-29", "22008"),
        ("2100-02-29", "22008"),
        ("0000-00-00", "22008"),
        ("0000-01-01", "22008"),
        ("2021-13-01", "22008"),
        ("2021-04-31", "22008"),
        ("10000-01-01", "22P02"),
        ("0044-03-15 BC", "22P02"),
        ("today", "22P02"),
        ("yesterday", "22P02"),
        ("tomorrow", "22P02"),
        ("now", "22P02"),
        ("epoch", "22P02"),
        ("infinity", "22P02"),
        ("-infinity", "22P02"),
        ("J2451187", "22P02"),
        ("1999.008", "22P02"),
        ("Jan 8, 1999", "22P02"),
        ("01/02/2021", "22P02"),
        ("21-03-28", "22P02"),
        ("2021-03-28T00:00:00", "22P02"),
    ] {
        assert_eq!(text(date, "date"), expected, "{date}");
    }
}

#[test]
fn twelve_numbers() {
    for (number, expected) in [
        ("-5", "-5"),
        ("-0.00", "-0.00"),
        ("12.30", "12.30"),
        ("1e3", "1e3"),
        ("12.345", "22003"),
        ("10000000000", "22003"),
        ("1,234.50", "22P02"),
        ("$5", "22P02"),
        ("(5)", "22P02"),
        ("NaN", "22P02"),
        ("Infinity", "22P02"),
        (" 5 ", "22P02"),
    ] {
        assert_eq!(text(number, "numeric(12,2)"), expected, "{number}");
    }
    for (blank, expected) in [("", "-"), ("NULL", "22P02"), ("\\N", "22P02"), ("  ", "22P02")] {
        assert_eq!(text(blank, "numeric(12,2)"), expected, "{blank}");
    }
}

#[test]
fn times_with_and_without_zone() {
    let zoned = "timestamp with time zone";
    for (time, type_name, expected) in [
        ("2021-03-28T01:30:00", "timestamp without time zone", "2021-03-28T01:30:00"),
        ("2021-03-28 01:30:00.123456", "timestamp without time zone", "2021-03-28 01:30:00.123456"),
        ("2021-03-28T01:30:00Z", "timestamp without time zone", "22P02"),
        ("2021-03-28T01:30:00.1234567", "timestamp without time zone", "22P02"),
        ("2021-03-28T24:00:00", "timestamp without time zone", "22008"),
        ("2021-03-28T23:59:60", "timestamp without time zone", "22008"),
        ("2021-03-28T01:30:00+14:00", zoned, "2021-03-28T01:30:00+14:00"),
        ("2021-03-28T01:30:00-12:00", zoned, "2021-03-28T01:30:00-12:00"),
        ("2021-03-28T01:30:00", zoned, "22P02"),
        ("1616895000", zoned, "22P02"),
    ] {
        assert_eq!(text(time, type_name), expected, "{time} {type_name}");
    }
}

#[test]
fn json_values_stand_for_their_text_and_nothing_else() {
    for (value, type_name, expected) in [
        ("12", "bigint", "12"),
        ("1.0", "bigint", "22P02"),
        ("1e3", "bigint", "22P02"),
        ("9223372036854775807", "bigint", "9223372036854775807"),
        ("9223372036854775808", "bigint", "22003"),
        ("40000", "smallint", "22003"),
        ("true", "boolean", "true"),
        ("\"true\"", "boolean", "true"),
        ("\"yes\"", "boolean", "22P02"),
        ("1", "boolean", "22P02"),
        ("12", "text", "12"),
        ("null", "text", "-"),
        ("{}", "text", "22P02"),
        ("[]", "bigint", "22P02"),
        (r#"{"a":[1,2]}"#, "jsonb", r#"{"a":[1,2]}"#),
        ("12", "jsonb", "12"),
        (r#""{\"a\":1}""#, "jsonb", r#"{"a":1}"#),
        (r#""hello""#, "jsonb", "22P02"),
        (r#"["a","b \"c\" \\","é",null,1]"#, "text[]", r#"{"a","b \"c\" \\","é",null,1}"#),
        ("[[1,2],[3,4]]", "integer[]", "{{1,2},{3,4}}"),
        ("[{}]", "text[]", "22P02"),
        (r#""{a,b}""#, "text[]", "{a,b}"),
        (r#""x""#, "mood", "x"),
        ("{}", "mood", "22P02"),
        (r#""x\u0000""#, "text", "22P05"),
        (r#""x\ud800""#, "text", "22P05"),
        (r#""abcd""#, "character varying(3)", "22001"),
        (r#""äöü""#, "character varying(3)", "äöü"),
    ] {
        assert_eq!(outcome(value, type_name), expected, "{value} as {type_name}");
    }
}

#[test]
fn a_blank_is_null_but_where_text_must_be() {
    let mut spec = spec(&[("v", "text")]);
    assert_eq!(row(&spec, r#"{"v":""}"#), "-");
    spec.columns[0].keeps_blank = true;
    assert_eq!(row(&spec, r#"{"v":""}"#), "");
    assert_eq!(row(&spec, r#"{"v":null}"#), "-");
    assert_eq!(row(&spec, r#"{"v":"  "}"#), "  ");
}

#[test]
fn a_default_stands_for_what_is_missing_null_or_blank() {
    let mut spec = spec(&[("v", "integer")]);
    spec.columns[0].default = Some("7".into());
    for record in ["{}", r#"{"v":null}"#, r#"{"v":""}"#] {
        assert_eq!(row(&spec, record), "7", "{record}");
    }
    assert_eq!(row(&spec, r#"{"v":0}"#), "0");
}

fn formatted(type_name: &str, format: &str) -> Spec {
    let mut spec = spec(&[("v", type_name)]);
    spec.columns[0].format = Some(format.into());
    spec
}

#[test]
fn a_declared_format_is_the_only_one() {
    let british = formatted("date", "%d/%m/%Y");
    assert_eq!(row(&british, r#"{"v":"28/03/2021"}"#), "2021-03-28");
    assert_eq!(
        row(&british, r#"{"v":"03/28/2021"}"#),
        r#"- ! 22P02 v: expected a date as %d/%m/%Y, found "03/28/2021" (v)"#
    );
    assert!(row(&british, r#"{"v":"2021-03-28"}"#).contains("22P02"));
    assert!(row(&british, r#"{"v":"29/02/2021"}"#).contains("2200"), "a day that does not exist");
    assert!(row(&british, r#"{"v":"28/03/2021 "}"#).contains("22P02"));
    let week = formatted("date", "%Y-%m-%dT%H:%M:%S%.f");
    assert_eq!(row(&week, r#"{"v":"2021-06-21T00:00:00.000"}"#), "2021-06-21");
    let zoned = formatted("timestamp with time zone", "%d/%m/%Y %H:%M %z");
    assert_eq!(row(&zoned, r#"{"v":"28/03/2021 01:30 +0100"}"#), "2021-03-28T00:30:00Z");
    for guess in ["1/2/24", "1/2/2024", "28/03/21"] {
        assert!(row(&british, &format!(r#"{{"v":"{guess}"}}"#)).contains("22P02"), "{guess}");
    }
    let seconds = formatted("timestamp without time zone", "%Y-%m-%d %H:%M:%S");
    assert!(row(&seconds, r#"{"v":"2024-01-01 10:00:60"}"#).contains("22"), "a second is not moved");
    let epoch = formatted("timestamp with time zone", "%s");
    assert_eq!(row(&epoch, r#"{"v":1616895000}"#), "2021-03-28T01:30:00Z");
    let clock = formatted("time without time zone", "%I:%M %p");
    assert_eq!(row(&clock, r#"{"v":"01:30 PM"}"#), "13:30:00");
}

#[test]
fn the_first_problem_is_named_and_the_other_values_stand() {
    let spec = spec(&[("a", "integer"), ("b", "date"), ("c", "text")]);
    assert_eq!(
        row(&spec, r#"{"a":"x","b":"today","c":"fine"}"#),
        r#"- | - | fine ! 22P02 a: expected an integer, found "x" (a)"#
    );
}
