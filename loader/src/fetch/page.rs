//! One page of an API: its envelope, and its records byte for byte.
use std::borrow::Cow;
use std::io::Read;
use std::time::{SystemTime, UNIX_EPOCH};

use serde::Deserialize;
use serde_json::value::RawValue;
use sha2::{Digest, Sha256};
use ureq::http::header;

use crate::error::Error;
use crate::http::{Fault, Response};
use crate::snapshot::Page;
use crate::source::decompressed;
use crate::source::fingerprint::hex;

/// A page is a hundred records or so; one of this length is none.
const PAGE_BYTES: u64 = 32 << 20;
const CHUNK_BYTES: usize = 64 * 1024;

/// A page as it came.
#[derive(Debug)]
pub struct Received {
    /// The records, one a line.
    pub lines: Vec<u8>,
    /// What the snapshot's journal keeps of it.
    pub page: Page,
}

#[derive(Deserialize)]
struct Envelope<'a> {
    #[serde(borrow)]
    data: Option<Vec<&'a RawValue>>,
    #[serde(borrow)]
    error: Option<&'a RawValue>,
    #[serde(borrow)]
    next: Option<Cow<'a, str>>,
    count: Option<u64>,
    results_limited_to: Option<u64>,
}

/// What of a record says how new it is.
#[derive(Deserialize)]
struct Dated {
    modified_date: Option<i64>,
}

/// The text of an answer, decompressed, and when the server answered (epoch seconds). `check` may stop the reading.
///
/// # Errors
/// Passing: the connection ended, the compressed data is damaged. Lasting: the page is too long or not UTF-8.
pub fn text(
    place: &str,
    mut response: Response,
    check: &dyn Fn() -> Result<(), Error>,
) -> Result<(String, i64), Fault> {
    let answered = response
        .header(header::DATE)
        .and_then(|date| httpdate::parse_http_date(date).ok())
        .unwrap_or_else(SystemTime::now)
        .duration_since(UNIX_EPOCH)
        .map_or(0, |since| i64::try_from(since.as_secs()).unwrap_or(i64::MAX));
    let mut body = Vec::new();
    let mut reader = response.body.as_reader();
    let mut chunk = vec![0; CHUNK_BYTES];
    while body.len() as u64 <= PAGE_BYTES {
        check().map_err(Fault::Lasting)?;
        match reader.read(&mut chunk).map_err(|error| Fault::of_reading(place, error))? {
            0 => break,
            count => body.extend_from_slice(&chunk[..count]),
        }
    }
    let mut text = Vec::new();
    let decoded =
        decompressed(&body[..]).and_then(|decoded| decoded.take(PAGE_BYTES + 1).read_to_end(&mut text));
    decoded.map_err(|error| Fault::passing(format!("the page's compressed data is damaged: {error}")))?;
    if body.len().max(text.len()) as u64 > PAGE_BYTES {
        let error = Error::failed(format!("{place}: the page is longer than {PAGE_BYTES} bytes"));
        return Err(Fault::Lasting(error.hint("ask for less at a time: --per-page 25")));
    }
    match String::from_utf8(text) {
        Ok(text) => Ok((text, answered)),
        Err(error) => {
            let at = error.utf8_error().valid_up_to();
            Err(Fault::Lasting(Error::failed(format!("{place}: the page is not UTF-8 at byte {at}"))))
        }
    }
}

/// Reads the envelope and lays the records out as lines.
///
/// # Errors
/// What is wrong with it, as part of a sentence, which may repeat what an `error` says at length. That is a failure
/// whatever the status was.
pub fn read(text: &str, answered: i64) -> Result<Received, String> {
    let envelope: Envelope<'_> =
        serde_json::from_str(text).map_err(|error| match text.trim_start().starts_with('<') {
            true => "is an HTML page, not JSON".to_owned(),
            // Its message may quote a value: where it is, is enough.
            false => format!("is not a page of JSON (line {}, column {})", error.line(), error.column()),
        })?;
    if let Some(error) = envelope.error {
        return Err(format!("is an error: {}", error.get()));
    }
    let Some(data) = envelope.data else {
        return Err("has neither \"data\" nor \"error\"".to_owned());
    };
    let mut lines = Vec::with_capacity(text.len());
    let mut modified = None;
    for record in &data {
        // Only between tokens can there be a line break: in a text of JSON it is escaped.
        lines
            .extend(record.get().bytes().map(|byte| if matches!(byte, b'\n' | b'\r') { b' ' } else { byte }));
        lines.push(b'\n');
        let dated = serde_json::from_str::<Dated>(record.get()).ok();
        modified = modified.max(dated.and_then(|dated| dated.modified_date));
    }
    let page = Page {
        next: envelope.next.map(Cow::into_owned),
        digest: hex(&Sha256::digest(&lines)[..16]),
        records: data.len() as u64,
        length: lines.len() as u64,
        count: envelope.count,
        results_limited_to: envelope.results_limited_to,
        modified,
        ..Page::new(answered)
    };
    Ok(Received { lines, page })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn records_keep_their_bytes_on_a_line_of_their_own() {
        let text = "{\"count\":2,\"next\":\"https:\\/\\/x\",\"data\":[{\n \"id\" : 1.0,\r\n\"modified_date\":7},{\"t\":\"a\\nb\",\"modified_date\":\"no\"}]}";
        let received = read(text, 9).unwrap();
        assert_eq!(
            received.lines,
            b"{  \"id\" : 1.0,  \"modified_date\":7}\n{\"t\":\"a\\nb\",\"modified_date\":\"no\"}\n"
        );
        let page = received.page;
        assert_eq!(
            (page.records, page.count, page.modified, page.next.as_deref()),
            (2, Some(2), Some(7), Some("https://x"))
        );
    }

    #[test]
    fn what_is_no_page_is_named() {
        for (text, words) in [
            ("{\"data\":null,\"error\":{\"detail\":\"no\"}}", "is an error: {\"detail\":\"no\"}"),
            ("{\"data\":[],\"error\":\"x\"}", "is an error"),
            ("<!DOCTYPE html>", "HTML page"),
            ("{\"count\":0}", "neither"),
            ("{\"data\":[{}", "is not a page of JSON"),
            ("", "is not a page of JSON"),
        ] {
            let wrong = read(text, 0).unwrap_err();
            assert!(wrong.contains(words), "{text}: {wrong}");
        }
        let wrong = read("{\"data\":[],\"count\":\"ana@example.org\"}", 0).unwrap_err();
        assert_eq!(wrong, "is not a page of JSON (line 1, column 36)");
        assert_eq!(read("{\"data\":[],\"error\":null,\"next\":null}", 0).unwrap().page.records, 0);
    }
}
