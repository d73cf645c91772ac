//! Connection strings taken apart: `postgres://...` and `host=... user=...`, by libpq's rules.
//!
//! The driver reads both as well, but refuses what it does not know (`verify-full`, `sslrootcert`, `service`), and does
//! not tell a value that was given from its own default. No message repeats what was typed: it may be a password.

use std::iter::Peekable;
use std::str::Chars;

use percent_encoding::percent_decode_str;

/// Keywords of libpq and their values. Of a keyword that stands twice the later one holds.
pub(super) type Pairs = Vec<(String, String)>;

/// The keywords and values of a connection string.
///
/// # Errors
/// The rule that it breaks.
pub(super) fn parse(text: &str) -> Result<Pairs, String> {
    let schemes = ["postgres://", "postgresql://"];
    match schemes.iter().find_map(|scheme| text.strip_prefix(scheme)) {
        Some(rest) => url(rest),
        None => key_values(text),
    }
}

fn url(rest: &str) -> Result<Pairs, String> {
    let mut pairs = Pairs::new();
    let mut rest = rest;
    if let Some(end) = credentials(rest) {
        let (user, password) = match rest[..end].split_once(':') {
            Some((user, password)) => (user, Some(password)),
            None => (&rest[..end], None),
        };
        pairs.push(("user".into(), decoded("user", user)?));
        if let Some(password) = password {
            pairs.push(("password".into(), decoded("password", password)?));
        }
        rest = &rest[end + 1..];
    }
    let (place, query) = rest.split_once('?').unwrap_or((rest, ""));
    let (hosts, database) = place.split_once('/').unwrap_or((place, ""));
    if !hosts.is_empty() {
        let parts = hosts.split(',').map(host_and_port).collect::<Result<Vec<_>, _>>()?;
        let (hosts, ports): (Vec<_>, Vec<_>) = parts.into_iter().unzip();
        pairs.push(("host".into(), hosts.join(",")));
        // A list of empty ones says as much as none.
        if ports.iter().any(|port| !port.is_empty()) {
            pairs.push(("port".into(), ports.join(",")));
        }
    }
    pairs.push(("dbname".into(), decoded("dbname", database)?));
    for parameter in query.split('&').filter(|parameter| !parameter.is_empty()) {
        let (keyword, value) =
            parameter.split_once('=').ok_or("a parameter behind the ? has no = and value")?;
        let keyword = decoded("a parameter's name", keyword)?;
        let value = decoded(&keyword, value)?;
        match (keyword.as_str(), value.as_str()) {
            // As JDBC has it, which libpq understands, too.
            ("ssl", "true") => pairs.push(("sslmode".into(), "require".into())),
            _ => pairs.push((keyword, value)),
        }
    }
    Ok(pairs)
}

/// Where the @ behind the credentials stands. A password whose `@`, `/` or `?` should have been percent-encoded is taken
/// whole all the same, so that no part of it passes for a host or a database, which messages name.
fn credentials(rest: &str) -> Option<usize> {
    match rest.split_once('?') {
        Some((place, query)) => place.rfind('@').or_else(|| {
            let end = query.find('@')?;
            (!query[..end].contains('=')).then_some(place.len() + 1 + end)
        }),
        None => rest.rfind('@'),
    }
}

fn host_and_port(text: &str) -> Result<(String, String), String> {
    let wrong = "a host in brackets is an IPv6 address: [::1] or [::1]:5432";
    let (host, port) = match text.strip_prefix('[') {
        Some(rest) => {
            let (host, behind) = rest.split_once(']').ok_or(wrong)?;
            match behind.strip_prefix(':') {
                Some(port) => (host, port),
                None if behind.is_empty() => (host, ""),
                None => return Err(wrong.into()),
            }
        }
        None => text.split_once(':').unwrap_or((text, "")),
    };
    Ok((decoded("host", host)?, decoded("port", port)?))
}

fn decoded(what: &str, text: &str) -> Result<String, String> {
    let text = percent_decode_str(text).decode_utf8().map_err(|_| format!("{what} is not UTF-8"))?;
    if text.contains('\0') {
        return Err(format!("{what} contains a zero byte"));
    }
    Ok(text.into_owned())
}

fn key_values(text: &str) -> Result<Pairs, String> {
    let mut pairs = Pairs::new();
    let mut rest = text.chars().peekable();
    loop {
        skip_blanks(&mut rest);
        let mut keyword = String::new();
        while let Some(c) = rest.next_if(|c| !c.is_whitespace() && *c != '=') {
            keyword.push(c);
        }
        skip_blanks(&mut rest);
        match rest.next() {
            None if keyword.is_empty() => return Ok(pairs),
            Some('=') if !keyword.is_empty() => {}
            _ => {
                let behind = pairs.last().map_or_else(String::new, |(last, _)| format!(" behind {last}"));
                return Err(format!("expected keyword=value{behind}; a value with blanks is put in quotes"));
            }
        }
        skip_blanks(&mut rest);
        let value =
            value(&mut rest).ok_or_else(|| format!("the quoted value of {keyword} has no second quote"))?;
        pairs.push((keyword, value));
    }
}

fn skip_blanks(rest: &mut Peekable<Chars<'_>>) {
    while rest.next_if(|c| c.is_whitespace()).is_some() {}
}

/// A value with or without quotes; a backslash takes the next character as it is. None without its second quote.
fn value(rest: &mut Peekable<Chars<'_>>) -> Option<String> {
    let is_quoted = rest.next_if_eq(&'\'').is_some();
    let mut value = String::new();
    loop {
        let ends = |c: &char| if is_quoted { *c == '\'' } else { c.is_whitespace() };
        match rest.peek() {
            None => return (!is_quoted).then_some(value),
            Some(c) if ends(c) => {
                rest.next();
                return Some(value);
            }
            Some(_) => {}
        }
        match rest.next() {
            Some('\\') => value.extend(rest.next()),
            taken => value.extend(taken),
        }
    }
}

/// A keyword and its value as [`parse`] reads them back.
pub(super) fn written(keyword: &str, value: &str) -> String {
    format!("{keyword}='{}'", value.replace('\\', "\\\\").replace('\'', "\\'"))
}

#[cfg(test)]
mod tests;
