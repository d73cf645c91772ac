//! The sources of a run that are URLs, brought to this machine before its transaction begins.
mod checked;

use std::cell::RefCell;

use postgres::Client;
use tempfile::TempPath;
use url::Url;

use super::interrupt::Interrupt;
use super::jobs::Job;
use crate::config::Format;
use crate::copies::Copies;
use crate::error::Error;
use crate::http::{self, Answer, Deadline, Limits, Settings};
use crate::ledger::{self, KnownBy, LastTransfer};
use crate::progress::Progress;

/// The bytes of a URL.
#[derive(Debug)]
pub struct Transfer {
    /// Where they are until the run is over.
    pub path: TempPath,
    known_by: KnownBy,
    /// Whether they were transferred by this run, not by the one that kept the copy.
    is_new: bool,
}

impl Transfer {
    /// What asks for the source again.
    pub fn known_by(&self) -> KnownBy {
        self.known_by.clone()
    }
}

/// What transfers need.
pub struct Way<'a> {
    /// How servers are asked.
    pub settings: &'a Settings,
    /// Where copies are.
    pub copies: &'a Copies,
    /// Stops it.
    pub interrupt: &'a Interrupt,
    /// Whether all is transferred, changed or not.
    pub refetches: bool,
    /// Whether a source that has not changed, and of which there is no copy, need not be loaded.
    pub may_skip: bool,
}

/// Transfers what the job has URLs for; false where nothing of the job has changed and there is nothing to load.
///
/// A source that its server says is unchanged is read from the copy that was kept of it. Where the operator wants no copies,
/// a run loads all of its sources or none: the order of sources may decide which record wins, so that some of them alone
/// could give other tables.
///
/// # Errors
/// Failed (exit 1): a URL does not give what is expected of it.
pub fn bring(
    client: &mut Client,
    job: &mut Job<'_>,
    way: &Way<'_>,
    progress: &mut Progress,
) -> Result<bool, Error> {
    let mut lasts = Vec::with_capacity(job.files.len());
    for file in &mut job.files {
        let last = match &file.url {
            Some(url) if !way.refetches => {
                ledger::last_transfer(client, &job.dataset.name, &file.source, &http::sha256(url))?
            }
            _ => None,
        };
        if let Some(url) = &file.url {
            file.transfer = one(url, &file.location, file.format, last.as_ref(), way, progress)?;
        }
        lasts.push(last);
    }
    if job.files.iter().all(|file| file.url.is_some() && file.transfer.is_none()) {
        for (file, last) in job.files.iter().zip(&lasts) {
            let since = last.as_ref().map_or(String::new(), |last| format!(" since run {}", last.run_id));
            progress.say(&format!(
                "{}: not changed{since}, nothing to load (--refetch loads it all the same)",
                file.location
            ));
        }
        return Ok(false);
    }
    for file in job.files.iter_mut().filter(|file| file.transfer.is_none()) {
        if let Some(url) = &file.url {
            file.transfer = one(url, &file.location, file.format, None, way, progress)?;
        }
    }
    Ok(true)
}

/// Keeps what was transferred as copies. That one cannot be kept is told, and no failure: the run is committed.
pub fn keep(job: &Job<'_>, copies: &Copies, progress: &Progress) {
    for file in &job.files {
        let Some(transfer) = file.transfer.as_ref().filter(|transfer| transfer.is_new) else { continue };
        if let Err(error) = copies.keep(&transfer.known_by.url_sha256, &transfer.path) {
            progress.say(&format!("{}: no copy of it can be kept: {error}", file.location));
        }
    }
}

/// One URL; nothing where it has not changed and no copy is there.
fn one(
    url: &Url,
    location: &str,
    format: Format,
    last: Option<&LastTransfer>,
    way: &Way<'_>,
    progress: &mut Progress,
) -> Result<Option<Transfer>, Error> {
    let url_sha256 = http::sha256(url);
    let known = last.filter(|last| !last.validators.are_missing());
    let client = http::Client::new(url, way.settings);
    let mut file = way.copies.begin()?;
    let limits =
        Limits { max_bytes: way.settings.max_bytes, deadline: Deadline::after(way.settings.total_timeout) };
    progress.transferring(location);
    let bar = RefCell::new(&mut *progress);
    let watch = |bytes, length| {
        bar.borrow_mut().transfers(bytes, length);
        way.interrupt.check()
    };
    let say = |text: &str| bar.borrow().say(text);
    let copy = known.and_then(|last| way.copies.find(&url_sha256, &last.sha256));
    // Asked for without conditions where its answer could not be used.
    let asks = copy.is_some() || way.may_skip;
    let validators = known.filter(|_| asks).map(|last| &last.validators);
    match http::download(&client, url, validators, file.as_file_mut(), limits, &watch, &say)? {
        Answer::Body(download) => {
            progress.transferred(location, download.bytes);
            if !download.has_end {
                progress.say(&format!(
                    "warning: {location}: the server did not say how long it is: whether all of it came nobody knows"
                ));
            }
            let content_type = download.content_type.as_deref();
            checked::check(
                location,
                file.path(),
                format,
                content_type,
                way.settings.max_bytes,
                way.interrupt,
            )?;
            let known_by = KnownBy { url_sha256, validators: download.validators };
            Ok(Some(Transfer { path: file.into_temp_path(), known_by, is_new: true }))
        }
        Answer::NotModified => {
            progress.clear();
            let (Some(last), Some(path)) = (known, copy) else { return Ok(None) };
            progress
                .say(&format!("{location}: not changed since run {}, its copy is loaded again", last.run_id));
            let known_by = KnownBy { url_sha256, validators: last.validators.clone() };
            Ok(Some(Transfer { path, known_by, is_new: false }))
        }
    }
}
