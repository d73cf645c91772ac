//! The Mobilize API: where it is, what it lists, what it asks for.
//!
//! Source: <https://github.com/mobilizeamerica/api>, as of 2026.
use std::env;

use url::{Host, Url};

use crate::error::Error;
use crate::http;

/// Where the API is.
pub const API: &str = "https://api.mobilize.us/v1";
/// "15 requests per second for GET", and "keep requests well under these limits".
pub const REQUESTS_A_SECOND: u32 = 14;
/// Where the key is looked for, and nowhere else: what is typed is in the shell's history and in the list of processes.
const KEY: &str = "MOBILIZE_API_KEY";

/// Lists of an organization, named as the dataset's sources and as the last part of their path; whether they need a key.
const LISTS: [(&str, bool); 3] = [("attendances", true), ("events", false), ("people", true)];

/// The base of the API that was given.
///
/// # Errors
/// Usage (exit 2) for what is no URL of http or https, or holds a user, a password or a query.
pub fn base(given: &str) -> Result<Url, Error> {
    let base = http::parse(given)?;
    let has_more = base.query().is_some() || http::names_user(&base);
    match has_more {
        true => Err(Error::usage(format!(
            "{}: --api-url is a base such as {API}, and nothing more",
            http::shown(&base)
        ))
        .hint(format!("the key goes into {KEY}"))),
        false => Ok(base),
    }
}

/// The lists that `--only` names, in the order in which they are fetched; all where it names none.
///
/// # Errors
/// Usage (exit 2) for a list that there is not.
pub fn chosen(only: &[String]) -> Result<Vec<&'static str>, Error> {
    let names = || LISTS.iter().map(|(name, _)| *name);
    if let Some(wrong) = only.iter().find(|name| names().all(|known| known != name.as_str())) {
        let known: Vec<&str> = names().collect();
        return Err(Error::usage(format!("--only {wrong}: the lists are {}", known.join(", "))));
    }
    Ok(names().filter(|name| only.is_empty() || only.iter().any(|wanted| wanted == name)).collect())
}

/// Path and query of a list's first page, after the base.
pub fn request(organization: u64, source: &str, per_page: u32, updated_since: Option<i64>) -> String {
    let since = updated_since.map(|time| format!("&updated_since={time}")).unwrap_or_default();
    format!("/organizations/{organization}/{source}?per_page={per_page}{since}")
}

/// The key, from the environment.
///
/// # Errors
/// Usage (exit 2) where a list needs it and it is not there, cannot be a key, or would go over the network in the clear.
pub fn key(base: &Url, sources: &[&str]) -> Result<Option<String>, Error> {
    let given = env::var_os(KEY).filter(|key| !key.as_encoded_bytes().trim_ascii().is_empty());
    let Some(key) = given else {
        let needing: Vec<&str> = LISTS
            .iter()
            .filter(|(name, needs)| *needs && sources.contains(name))
            .map(|(name, _)| *name)
            .collect();
        return match needing.is_empty() {
            true => Ok(None),
            false => Err(Error::usage(format!(
                "{KEY} is not set, and Mobilize shows {} to nobody without a key",
                needing.join(" and ")
            ))
            .hint(format!(
                "set {KEY} in the environment; without a key: loader fetch mobilize --only events ..."
            ))),
        };
    };
    let key = key.to_str().map(str::trim).filter(|key| key.bytes().all(|byte| byte.is_ascii_graphic()));
    let Some(key) = key else {
        return Err(Error::usage(format!(
            "{KEY} holds what cannot be a key: letters, digits and signs of ASCII, without blanks"
        ))
        .hint("look for a line break or a quote that was copied with it"));
    };
    if base.scheme() == "http" && !is_loopback(base) {
        return Err(Error::usage(format!("{}: the key is sent over https only", http::shown(base)))
            .hint(format!("--api-url https://..., or unset {KEY}")));
    }
    Ok(Some(key.to_owned()))
}

fn is_loopback(url: &Url) -> bool {
    match url.host() {
        Some(Host::Domain(name)) => name == "localhost",
        Some(Host::Ipv4(address)) => address.is_loopback(),
        Some(Host::Ipv6(address)) => address.is_loopback(),
        None => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lists_are_chosen_in_their_own_order() {
        assert_eq!(chosen(&[]).unwrap(), ["attendances", "events", "people"]);
        assert_eq!(chosen(&["people".into(), "events".into()]).unwrap(), ["events", "people"]);
        assert!(chosen(&["event".into()]).unwrap_err().to_string().contains("attendances, events, people"));
    }

    #[test]
    fn a_base_is_a_base() {
        assert!(base("https://api.mobilize.us/v1").is_ok());
        for wrong in [
            "api.mobilize.us",
            "https://key@api.mobilize.us/v1",
            "https://api.mobilize.us/v1?key=x",
            "file:///v1",
        ] {
            assert!(base(wrong).is_err(), "{wrong}");
        }
        for (url, is_near) in [
            ("http://localhost:1/v1", true),
            ("http://127.0.0.2", true),
            ("http://[::1]", true),
            ("http://example.org", false),
        ] {
            assert_eq!(is_loopback(&Url::parse(url).unwrap()), is_near, "{url}");
        }
    }

    #[test]
    fn a_request_asks_for_what_changed() {
        assert_eq!(request(7, "events", 100, None), "/organizations/7/events?per_page=100");
        assert_eq!(request(7, "events", 25, Some(5)), "/organizations/7/events?per_page=25&updated_since=5");
    }
}
