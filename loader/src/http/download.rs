//! A body, whole or not at all, into a file.
use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom, Write};

use ureq::http::header;
use url::Url;

use super::Validators;
use super::client::{Client, Response};
use super::fault::Fault;
use super::link::shown;
use super::retry::{Deadline, tried};
use crate::error::Error;

const CHUNK_BYTES: usize = 64 * 1024;

/// What a download may take.
#[derive(Debug, Clone, Copy)]
pub struct Limits {
    /// Most bytes that are transferred.
    pub max_bytes: u64,
    /// When it must be over.
    pub deadline: Deadline,
}

/// What the server said.
#[derive(Debug)]
pub enum Answer {
    /// The body is the one that the validators stand for.
    NotModified,
    /// The body is in the file.
    Body(Download),
}

/// A body in a file.
#[derive(Debug)]
pub struct Download {
    /// Its length, as transferred.
    pub bytes: u64,
    /// What asks for it again.
    pub validators: Validators,
    /// Whether the server said where it ends; without a length or chunks the connection's end is all there is to go by.
    pub has_end: bool,
    /// `Content-Type`, without parameters, in lower case.
    pub content_type: Option<String>,
}

/// What is known of a body of which a part is in the file.
#[derive(Default)]
struct Part {
    bytes: u64,
    validators: Validators,
}

/// Transfers the body of `url` into the empty `file`. `known` asks for it only if it has changed.
///
/// A try that was cut short is taken up where it stopped if the server has a strong `ETag` and ranges, so that the parts
/// are parts of one body; else it begins anew. The length that was announced must have come, or the last chunk.
///
/// `watch` is called with the bytes so far and the length, where it is known, and may stop the transfer; `say` is told of
/// tries that failed.
///
/// # Errors
/// Failed (exit 1), as a sentence that names the URL without its secrets; `watch`'s own.
pub fn download(
    client: &Client,
    url: &Url,
    known: Option<&Validators>,
    file: &mut File,
    limits: Limits,
    watch: &dyn Fn(u64, Option<u64>) -> Result<(), Error>,
    say: &dyn Fn(&str),
) -> Result<Answer, Error> {
    let place = shown(url);
    let mut part = Part::default();
    let check = || watch(0, None);
    tried(&place, limits.deadline, check, say, || {
        let response = ask(client, url, known, &part)?;
        match response.status.as_u16() {
            304 if known.is_some() => return Ok(Answer::NotModified),
            206 if part.bytes > 0 && continues(&response, &part) => {}
            200 => part = restarted(&place, file, response.validators())?,
            status => {
                part = restarted(&place, file, Validators::default())?;
                return Err(Fault::passing(format!("answered {status}, which was not asked for")));
            }
        }
        receive(&place, response, file, &mut part, limits, watch)
    })
}

fn ask(client: &Client, url: &Url, known: Option<&Validators>, part: &Part) -> Result<Response, Fault> {
    let range = format!("bytes={}-", part.bytes);
    let mut headers = vec![("accept", "*/*"), ("accept-encoding", "gzip, zstd")];
    match part.validators.strong() {
        Some(tag) if part.bytes > 0 => headers.extend([("range", range.as_str()), ("if-range", tag)]),
        _ => {
            let known = known.map(|known| (known.etag.as_deref(), known.last_modified.as_deref()));
            if let Some((Some(tag), _)) = known {
                headers.push(("if-none-match", tag));
            }
            if let Some((_, Some(date))) = known {
                headers.push(("if-modified-since", date));
            }
        }
    }
    client.get(url, &headers)
}

/// Whether a 206 continues the very body at the byte that was asked for: a server may not heed `If-Range`.
fn continues(response: &Response, part: &Part) -> bool {
    let is_same = response.validators().etag.is_none_or(|tag| part.validators.etag.as_ref() == Some(&tag));
    let begins = response
        .header(header::CONTENT_RANGE)
        .and_then(|range| range.strip_prefix("bytes "))
        .and_then(|range| range.split('-').next())
        .is_some_and(|first| first.trim().parse() == Ok(part.bytes));
    is_same && begins
}

fn restarted(place: &str, file: &mut File, validators: Validators) -> Result<Part, Fault> {
    file.set_len(0)
        .and_then(|()| file.seek(SeekFrom::Start(0)))
        .map(|_| Part { bytes: 0, validators })
        .map_err(|error| not_written(place, error))
}

fn receive(
    place: &str,
    mut response: Response,
    file: &mut File,
    part: &mut Part,
    limits: Limits,
    watch: &dyn Fn(u64, Option<u64>) -> Result<(), Error>,
) -> Result<Answer, Fault> {
    let announced = response.header(header::CONTENT_LENGTH).and_then(|text| text.parse::<u64>().ok());
    let whole = announced.map(|length| part.bytes.saturating_add(length));
    if whole.is_some_and(|length| length > limits.max_bytes) {
        return Err(Fault::Lasting(too_long(place, limits.max_bytes)));
    }
    let has_end = announced.is_some() || response.header(header::TRANSFER_ENCODING).is_some();
    let content_type = response
        .header(header::CONTENT_TYPE)
        .and_then(|text| text.split(';').next())
        .map(|text| text.trim().to_ascii_lowercase());
    let mut body = response.body.as_reader();
    let mut chunk = vec![0; CHUNK_BYTES];
    loop {
        limits.deadline.check(place).map_err(Fault::Lasting)?;
        watch(part.bytes, whole).map_err(Fault::Lasting)?;
        let count = match body.read(&mut chunk) {
            Ok(0) => break,
            Ok(count) => count,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
            Err(error) => return Err(cut(place, part.bytes, whole, error)),
        };
        if part.bytes + count as u64 > limits.max_bytes {
            return Err(Fault::Lasting(too_long(place, limits.max_bytes)));
        }
        file.write_all(&chunk[..count]).map_err(|error| not_written(place, error))?;
        part.bytes += count as u64;
    }
    if whole.is_some_and(|length| part.bytes < length) {
        let ended = io::Error::from(io::ErrorKind::UnexpectedEof);
        return Err(cut(place, part.bytes, whole, ended));
    }
    let validators = std::mem::take(&mut part.validators);
    Ok(Answer::Body(Download { bytes: part.bytes, validators, has_end, content_type }))
}

/// A body that stopped: how much of it came is said.
fn cut(place: &str, came: u64, whole: Option<u64>, error: io::Error) -> Fault {
    let of = whole.map(|length| format!(" of {length}")).unwrap_or_default();
    match Fault::of_reading(place, error) {
        Fault::Passing { words, wait } => {
            Fault::Passing { words: format!("cut off after {came}{of} bytes: {words}"), wait }
        }
        lasting => lasting,
    }
}

fn too_long(place: &str, limit: u64) -> Error {
    Error::failed(format!("{place}: longer than {limit} bytes, the limit of --max-download"))
        .hint("if it should be that long: --max-download 20GiB")
}

fn not_written(place: &str, error: io::Error) -> Fault {
    Fault::Lasting(
        Error::failed(format!("{place}: what came cannot be written to the disk"))
            .caused_by(error)
            .hint("make room, or name another folder: XDG_CACHE_HOME=/some/folder loader ..."),
    )
}
