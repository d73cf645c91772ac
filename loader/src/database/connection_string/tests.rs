use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use postgres::Config as Parameters;
use postgres::config::Host;
use proptest::prelude::*;

use super::*;

fn pair(keyword: &str, value: &str) -> (String, String) {
    (keyword.to_owned(), value.to_owned())
}

#[test]
fn every_form_of_a_url_is_taken_apart() {
    for (text, expected) in [
        ("postgres://", &[("dbname", "")][..]),
        ("postgresql://ana@/d?host=/run/pg", &[("user", "ana"), ("dbname", "d"), ("host", "/run/pg")]),
        ("postgres://h:1,[::1],%2Frun:3", &[("host", "h,::1,/run"), ("port", "1,,3"), ("dbname", "")]),
        ("postgres://h/d?ssl=true", &[("host", "h"), ("dbname", "d"), ("sslmode", "require")]),
        (
            "postgres://a%40b:p%3A%25@h/d%20e?sslmode=verify-full&sslrootcert=%2Ftmp%2Fa+b.crt",
            &[
                ("user", "a@b"),
                ("password", "p:%"),
                ("host", "h"),
                ("dbname", "d e"),
                ("sslmode", "verify-full"),
                ("sslrootcert", "/tmp/a+b.crt"),
            ],
        ),
    ] {
        let expected: Pairs = expected.iter().map(|(keyword, value)| pair(keyword, value)).collect();
        assert_eq!(parse(text).unwrap(), expected, "{text}");
    }
}

#[test]
fn a_password_that_was_not_encoded_never_passes_for_a_host() {
    for password in ["p@ss", "p/ss", "p?ss", "p/s?s", "p@s/s"] {
        let pairs = parse(&format!("postgres://u:{password}@h/d?application_name=a@b")).unwrap();
        assert_eq!(pairs[1], pair("password", password));
        assert_eq!(pairs[2], pair("host", "h"));
    }
    let pairs = parse("postgres:///d?user=a@b").unwrap();
    assert_eq!(pairs, [pair("dbname", "d"), pair("user", "a@b")]);
}

#[test]
fn what_breaks_a_rule_is_refused_without_repeating_it() {
    for text in [
        "hunter2",
        "user=ana password=my hunter2",
        "password='hunter2",
        "=hunter2",
        "postgres://[hunter2/d",
        "postgres://[::1]hunter2/d",
        "postgres://h/d?hunter2",
        "postgres://u:hunter2%00@h/d",
        "postgres://u:hunter2%ff@h/d",
    ] {
        let rule = parse(text).unwrap_err();
        assert!(!rule.contains("hunter2"), "{text}: {rule}");
    }
}

/// What the driver makes of the same string.
fn check_against_the_driver(text: &str, pairs: &Pairs) {
    let driver: Parameters = text.parse().unwrap();
    let ours =
        |keyword: &str| pairs.iter().rev().find(|(k, _)| k == keyword).map(|(_, value)| value.as_str());
    assert_eq!(ours("user"), driver.get_user(), "{text}");
    assert_eq!(ours("password").map(str::as_bytes), driver.get_password(), "{text}");
    assert_eq!(ours("dbname").filter(|name| !name.is_empty()), driver.get_dbname(), "{text}");
    assert_eq!(ours("application_name"), driver.get_application_name(), "{text}");
    let hosts: Vec<String> = driver
        .get_hosts()
        .iter()
        .map(|host| match host {
            Host::Tcp(name) => name.clone(),
            Host::Unix(path) => path.display().to_string(),
        })
        .collect();
    assert_eq!(ours("host"), Some(hosts.join(",").as_str()), "{text}");
}

proptest! {
    #[test]
    fn keywords_and_values_are_read_as_the_driver_reads_them(
        user in "[^\0]{1,12}",
        password in "[^\0]{1,12}",
        dbname in "[^\0]{1,12}",
        host in "[a-z/]{1,12}",
    ) {
        let values = [("user", &user), ("password", &password), ("dbname", &dbname), ("host", &host)];
        let text = values.map(|(keyword, value)| written(keyword, value)).join(" ");
        let pairs = parse(&text).unwrap();
        let expected: Pairs = values.iter().map(|(keyword, value)| pair(keyword, value)).collect();
        prop_assert_eq!(&pairs, &expected);
        check_against_the_driver(&text, &pairs);
    }

    #[test]
    fn urls_are_read_as_the_driver_reads_them(
        user in "[^\0]{1,12}",
        password in "[^\0]{1,12}",
        dbname in "[^\0]{1,12}",
        host in "[a-z]{1,12}",
        name in "[^\0]{1,12}",
    ) {
        let encoded = |text: &str| utf8_percent_encode(text, NON_ALPHANUMERIC).to_string();
        let text = format!(
            "postgres://{}:{}@{host}/{}?application_name={}",
            encoded(&user),
            encoded(&password),
            encoded(&dbname),
            encoded(&name)
        );
        let pairs = parse(&text).unwrap();
        prop_assert_eq!(&pairs[1], &pair("password", &password));
        check_against_the_driver(&text, &pairs);
    }

    #[test]
    fn nothing_that_is_typed_ends_in_a_panic(text in ".{0,40}", scheme in any::<bool>()) {
        let _ = parse(&if scheme { format!("postgres://{text}") } else { text });
    }
}
