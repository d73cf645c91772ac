//! What is a value and what only looks like one.
use super::*;

fn fails(type_name: &str, text: &str) -> &'static str {
    check(text, type_name).expect_err(text).sqlstate
}

#[test]
fn words_are_no_dates() {
    for word in [
        "today",
        "yesterday",
        "now",
        "epoch",
        "infinity",
        "J2451187",
        "1999.008",
        "Jan 8, 1999",
        "01/02/2021",
    ] {
        assert_eq!(fails("date", word), "22P02");
    }
    for none in ["1900-02-29", "2100-02-29", "0000-00-00", "2021-13-01", "2021-04-31", "0000-01-01"] {
        assert_eq!(fails("date", none), "22008", "{none}");
    }
    for fine in ["2000-02-29", "0001-01-01", "9999-12-31"] {
        assert_eq!(check(fine, "date"), Ok(()));
    }
    assert_eq!(fails("date", "10000-01-01"), "22P02");
}

#[test]
fn times_have_their_zone_where_the_type_has_one() {
    let zoned = "timestamp with time zone";
    let plain = "timestamp without time zone";
    for fine in [
        "2021-03-28T01:30:00Z",
        "2021-03-28 01:30:00.123456+01:00",
        "2021-03-28T01:30-1200",
        "2021-03-28T01:30:00+14",
    ] {
        assert_eq!(check(fine, zoned), Ok(()), "{fine}");
        assert_eq!(fails(plain, fine), "22P02");
    }
    assert_eq!(check("2021-03-28 01:30:00", plain), Ok(()));
    assert_eq!(fails(zoned, "2021-03-28 01:30:00"), "22P02");
    assert_eq!(fails(plain, "2021-03-28 24:00"), "22008");
    assert_eq!(fails(plain, "2021-03-28 23:59:60"), "22008");
    assert_eq!(fails(plain, "1616889600"), "22P02");
    assert_eq!(fails("time without time zone", "01:30:00.1234567"), "22P02");
}

#[test]
fn numbers_are_never_rounded() {
    assert_eq!(check("1234567890.12", "numeric(12,2)"), Ok(()));
    assert_eq!(check("12.340", "numeric(12,2)"), Ok(()));
    assert_eq!(check("1e3", "numeric(12,2)"), Ok(()));
    assert_eq!(fails("numeric(12,2)", "12.345"), "22003");
    assert_eq!(fails("numeric(12,2)", "1e10"), "22003");
    assert_eq!(fails("numeric", "1e131073"), "22003");
    assert_eq!(fails("numeric", "1e99999999999999999999"), "22003");
    for beyond in ["1e9223372036854775807", "0e99999999999", "1e-99999", &format!("1.{}", "0".repeat(20_000))]
    {
        assert_eq!(fails("numeric", beyond), "22003", "{beyond}");
    }
    for none in ["NaN", "Infinity", "1,234.50", "$5", "(5)", "", " 5", "+5", "1.", ".5", "0x10", "١"] {
        assert_eq!(fails("numeric", none), "22P02", "{none}");
    }
    assert_eq!(check("-0.00", "numeric(12,2)"), Ok(()));
    assert_eq!(fails("integer", "2147483648"), "22003");
    assert_eq!(fails("bigint", "9223372036854775808"), "22003");
    assert_eq!(check("-9223372036854775808", "bigint"), Ok(()));
    assert_eq!(fails("integer", "1.0"), "22P02");
    assert_eq!(fails("double precision", "1e400"), "22003");
    assert_eq!(fails("double precision", "1e-400"), "22003");
    assert_eq!(check("0e-400", "double precision"), Ok(()));
}

#[test]
fn the_other_types() {
    assert_eq!(check("true", "boolean"), Ok(()));
    assert_eq!(fails("boolean", "yes"), "22P02");
    assert_eq!(check("åäö", "character varying(3)"), Ok(()));
    assert_eq!(fails("character varying(3)", "åäöü"), "22001");
    assert_eq!(check("6ba7b810-9dad-11d1-80b4-00c04fd430c8", "uuid"), Ok(()));
    assert_eq!(fails("uuid", "6ba7b8109dad11d180b400c04fd430c8"), "22P02");
    assert_eq!(fails("jsonb", "{\"a\":}"), "22P02");
    assert_eq!(fails("jsonb", r#"{"a":1e999999}"#), "22003");
    assert_eq!(fails("jsonb", r#"["\ud800"]"#), "22P02");
    assert_eq!(fails("jsonb", r#"["\u0000"]"#), "22P05");
    assert_eq!(check(r#"{"a":["\\u0000","\ud83d\ude00","1e999999",-1.5e3]}"#, "jsonb"), Ok(()));
    assert_eq!(check(r#"{"a":1e999999}"#, "json"), Ok(()));
    assert_eq!(fails("point", "(1,2)"), "0A000");
}

proptest::proptest! {
    /// A decimal that passes prints back without a change of value, whatever its shape.
    #[test]
    fn no_text_makes_it_panic(text in "\\PC{0,24}") {
        for name in ["integer", "numeric", "numeric(5,2)", "real", "boolean", "date", "time without time zone",
            "timestamp with time zone", "timestamp without time zone", "uuid", "jsonb", "character varying(4)"] {
            let _ = check(&text, name);
        }
    }
}
