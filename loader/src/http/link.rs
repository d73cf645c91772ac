//! A URL that the operator gave: what it must be, and what of it may be shown.
use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use percent_encoding::percent_decode_str;
use sha2::{Digest, Sha256};
use url::Url;

use crate::error::Error;

/// Whether a location is meant as a URL, well formed or not; a path has no `://`.
pub fn is_url(location: &str) -> bool {
    location.split_once("://").is_some_and(|(scheme, _)| {
        !scheme.is_empty() && scheme.chars().all(|c| c.is_ascii_alphanumeric() || "+-.".contains(c))
    })
}

/// Reads a URL as it was given; a fragment is left away.
///
/// # Errors
/// Usage (exit 2) for what is no URL, or one that is neither http nor https. The text is not repeated: it may hold a
/// password.
pub fn parse(text: &str) -> Result<Url, Error> {
    let mut url = Url::parse(text).map_err(|error| {
        Error::usage("what is given looks like a URL and is none")
            .caused_by(error)
            .hint("https://HOST/PATH; what is no letter, digit or -._~ in its parts is written as %XX")
    })?;
    if !matches!(url.scheme(), "http" | "https") {
        return Err(Error::usage(format!("{}: a source is a file, http:// or https://", shown(&url)))
            .hint("download it, then name the file"));
    }
    url.set_fragment(None);
    Ok(url)
}

/// Whether the text is a URL with a user or a password in it; a token may stand for either.
pub fn has_credentials(text: &str) -> bool {
    Url::parse(text).is_ok_and(|url| names_user(&url))
}

/// Whether there is a user or a password in it.
pub fn names_user(url: &Url) -> bool {
    !url.username().is_empty() || url.password().is_some()
}

/// The URL without them.
pub fn without_user(url: &Url) -> Url {
    let mut bare = url.clone();
    // Both fail only for URLs that cannot have them.
    let _ = bare.set_username("");
    let _ = bare.set_password(None);
    bare
}

/// A location as it may be shown, URL or path.
pub fn presentable(location: &str) -> String {
    match Url::parse(location) {
        _ if !is_url(location) => location.to_owned(),
        Ok(url) => shown(&url),
        Err(_) => "a URL that cannot be read".to_owned(),
    }
}

/// A URL as it may be shown and kept: no user, no password, and of the query the names alone.
pub fn shown(url: &Url) -> String {
    let mut bare = without_user(url);
    bare.set_fragment(None);
    bare.set_query(None);
    let names: Vec<String> = url
        .query()
        .into_iter()
        .flat_map(|query| query.split('&'))
        .map(|pair| match pair.split_once('=') {
            Some((name, _)) => format!("{name}=..."),
            None => "...".to_owned(),
        })
        .collect();
    if names.is_empty() { bare.to_string() } else { format!("{bare}?{}", names.join("&")) }
}

/// What the ledger knows the URL by: SHA-256 of all of it but user and password, which say who asks and not for what (and
/// could be guessed from the hash).
pub fn sha256(url: &Url) -> [u8; 32] {
    Sha256::digest(without_user(url).as_str().as_bytes()).into()
}

/// The value of `Authorization` for the user and password in a URL (RFC 7617).
pub fn basic(url: &Url) -> Option<String> {
    if !names_user(url) {
        return None;
    }
    let (user, password) = (decoded(url.username()), decoded(url.password().unwrap_or_default()));
    Some(format!("Basic {}", BASE64_STANDARD.encode([&user[..], b":", &password[..]].concat())))
}

fn decoded(text: &str) -> Vec<u8> {
    percent_decode_str(text).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_shown_holds_no_secret() {
        let url =
            parse("https://ana:hunter2@example.org:8443/a/b.csv?$limit=50&token=hunter2&hunter2#hunter2")
                .unwrap();
        assert_eq!(shown(&url), "https://example.org:8443/a/b.csv?$limit=...&token=...&...");
        assert_eq!(basic(&url).unwrap(), "Basic YW5hOmh1bnRlcjI=");
        assert_eq!(basic(&parse("https://example.org").unwrap()), None);
    }

    #[test]
    fn what_is_no_url_is_refused_without_repeating_it() {
        for text in [
            "http://",
            "https://user:hunter2@",
            "http://[::1",
            "http://a b/",
            "ftp://user:hunter2@example.org/x",
            "file:///etc/passwd",
        ] {
            let error = parse(text).unwrap_err();
            assert_eq!(error.exit(), crate::error::Exit::Usage, "{text}");
            assert!(!error.to_string().contains("hunter2"), "{error}");
        }
    }

    #[test]
    fn paths_are_no_urls() {
        for path in ["a.json", "dir/a.json", "C:/a", "a=b", "-", "://x", "what?://x"] {
            assert!(!is_url(path), "{path}");
        }
        assert!(is_url("https://example.org/a") && is_url("gopher://x"));
    }
}
