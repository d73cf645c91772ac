//! All pages of one list, each once.
use std::path::PathBuf;
use std::time::Duration;

use url::Url;

use super::mobilize;
use super::pace::Pace;
use super::page::{self, Received};
use crate::caution::caution;
use crate::cli::FetchArgs;
use crate::error::Error;
use crate::http::{self, Client, Deadline, tried};
use crate::progress::Progress;
use crate::run::interrupt::Interrupt;
use crate::snapshot::{Part, SnapshotFile};

/// What is told of an error that an API reports.
const TOLD: usize = 300;

/// What is asked for.
pub struct Sought {
    source: &'static str,
    /// Path and query after the base.
    request: String,
    updated_since: Option<i64>,
    /// Where the fetch before left off.
    watermark: Option<i64>,
}

/// How it is asked for.
pub struct Way<'a> {
    /// Speaks to the API.
    pub client: &'a Client,
    /// Where the API is.
    pub base: &'a Url,
    /// How fast.
    pub pace: Pace,
    /// Stops it.
    pub interrupt: &'a Interrupt,
    /// What is told.
    pub progress: Progress,
    /// Longest time for one page, tries and pauses included.
    pub timeout: Duration,
    /// Most bytes of one list.
    pub max_bytes: u64,
    /// Where parts are.
    pub folder: PathBuf,
    /// Whether what an interrupted fetch has left is thrown away.
    pub restarts: bool,
}

impl Sought {
    /// A list of a source: what changed since the watermark less the overlap, or everything.
    pub fn of(args: &FetchArgs, source: &'static str, watermark: Option<i64>) -> Self {
        let overlap = i64::try_from(args.overlap.as_secs()).unwrap_or(i64::MAX);
        let updated_since = watermark.map(|time| time.saturating_sub(overlap));
        let request = mobilize::request(args.organization, source, args.per_page, updated_since);
        Sought { source, request, updated_since, watermark }
    }
}

/// Fetches all pages into the part, from where it ends on.
///
/// # Errors
/// Failed (exit 1). A fault of the connection or of one answer leaves the part for the next fetch; pages that go round in
/// circles, repeat each other or are not as many records as was said make it worthless, and it is thrown away.
pub fn fetch(sought: &Sought, way: &mut Way<'_>) -> Result<(SnapshotFile, Part), Error> {
    let place = format!("{}{}", way.base.as_str().trim_end_matches('/'), sought.request);
    let mut part = Part::open(&way.folder, sought.source, &place, way.client.has_key(), way.restarts)?;
    let resumed = part.pages().len();
    if resumed > 0 {
        way.progress.say(&format!("{}: going on after page {resumed}", sought.source));
    }
    way.progress.listing(sought.source);
    loop {
        way.interrupt.check()?;
        let number = part.pages().len() + 1;
        let url = match part.pages().last().map(|page| page.next.as_deref()) {
            None => http::parse(&place)?,
            Some(Some(next)) => http::parse(next)?,
            Some(None) => break,
        };
        let received =
            ask(&url, sought, number, way).map_err(|error| match number == resumed + 1 && resumed > 0 {
                true => error.hint("the same command tries that page again; with --restart it begins anew"),
                false => error,
            })?;
        if let Err(rule) = fits(&received, &part, way) {
            part.discard();
            let rule = way.client.without_secrets(&rule);
            return Err(Error::failed(format!(
                "{}, page {number}: {rule}; its pages are thrown away",
                sought.source
            ))
            .hint("run it again; if it stays so, tell the API's makers"));
        }
        let failed = |error| {
            Error::failed(format!("cannot write page {number} of {}", sought.source)).caused_by(error)
        };
        part.append(&received.lines, received.page).map_err(failed)?;
        let records = part.pages().iter().map(|page| page.records).sum();
        way.progress.lists(records, part.pages().last().and_then(|page| page.count));
    }
    match settled(sought, &part) {
        Ok(file) => {
            way.progress.listed(sought.source, file.records, file.pages);
            if let Some(limit) = file.results_limited_to {
                caution(&format!(
                    "{}: Mobilize shows at most {limit} of {} records; the next fetch asks for the same again",
                    sought.source,
                    file.count.map_or_else(|| "an unknown number of".to_owned(), |count| count.to_string())
                ));
            }
            Ok((file, part))
        }
        Err(rule) => {
            part.discard();
            Err(Error::failed(format!("{}: {rule}; its pages are thrown away", sought.source))
                .hint("run it again; if it stays so, tell the API's makers"))
        }
    }
}

/// One page; the words of an error name it by its number.
fn ask(url: &Url, sought: &Sought, number: usize, way: &mut Way<'_>) -> Result<Received, Error> {
    let place = way.client.without_secrets(&http::shown(url));
    let (client, interrupt, progress) = (way.client, way.interrupt, &way.progress);
    let deadline = Deadline::after(way.timeout);
    let check = || interrupt.check().and_then(|()| deadline.check(&place));
    let say = |text: &str| progress.say(text);
    let pace = &mut way.pace;
    let (text, answered) = tried(&place, deadline, check, say, || {
        pace.wait();
        let response =
            client.get(url, &[("accept", "application/json"), ("accept-encoding", "gzip, zstd")])?;
        page::text(&place, response, &check)
    })?;
    page::read(&text, answered).map_err(|wrong| {
        // Hidden first: a secret that is cut off is not known again.
        let wrong: String = way.client.without_secrets(&wrong).chars().take(TOLD).collect();
        Error::failed(format!("{}, page {number}: the answer of {place} {wrong}", sought.source))
            .hint("what has come is kept: the same command goes on from here")
    })
}

/// Whether the page can follow those before it.
fn fits(received: &Received, part: &Part, way: &Way<'_>) -> Result<(), String> {
    let (page, base) = (&received.page, way.base);
    let all = || part.pages().iter().chain([page]);
    let records: u64 = all().map(|page| page.records).sum();
    // Some records may come twice, and some be added; many more are pages without end.
    if all()
        .filter_map(|page| page.count)
        .max()
        .is_some_and(|most| records > most.saturating_mul(2).saturating_add(1000))
    {
        return Err(format!(
            "{records} records have come, far more than the API counts, and there is a \"next\""
        ));
    }
    if all().map(|page| page.length).sum::<u64>() > way.max_bytes {
        return Err(format!("the list is longer than {} bytes, the limit of --max-download", way.max_bytes));
    }
    if part.has(&page.digest) {
        return Err("has the same records as a page before it".to_owned());
    }
    let Some(next) = &page.next else { return Ok(()) };
    if part.has_asked(next) {
        return Err("its \"next\" leads back to a page before it".to_owned());
    }
    if page.records == 0 && part.pages().last().is_some_and(|before| before.records == 0) {
        return Err("is empty as the one before it, and yet names a \"next\"".to_owned());
    }
    match http::parse(next) {
        Ok(next) if next.origin() == base.origin() && !http::names_user(&next) => Ok(()),
        Ok(next) => Err(format!(
            "refused to follow its \"next\" to {}: it leaves {}",
            http::shown(&next),
            http::shown(base)
        )),
        Err(_) => Err("its \"next\" is no URL of http or https".to_owned()),
    }
}

/// What the snapshot says of the source, if as many records came as were announced.
fn settled(sought: &Sought, part: &Part) -> Result<SnapshotFile, String> {
    let pages = part.pages();
    let records: u64 = pages.iter().map(|page| page.records).sum();
    let results_limited_to = pages.iter().filter_map(|page| page.results_limited_to).min();
    let (fewest, greatest) =
        part.different().map_err(|error| format!("what was written cannot be read again: {error}"))?;
    // Records that are added or go away while the pages are turned move the count.
    let counts = || pages.iter().filter_map(|page| page.count);
    if let (Some(least), Some(most), None) = (counts().min(), counts().max(), results_limited_to)
        && (greatest < least || fewest > most)
    {
        return Err(format!("{fewest} different records came, and the API counts {most}"));
    }
    // What changed while pages were turned may be on one that was turned before: the next fetch asks from this one's
    // beginning at the latest. Where the API does not show all, nothing is known of the rest.
    let began = pages.first().map(|page| page.answered);
    let newest = pages.iter().filter_map(|page| page.modified).max().or(began).min(began);
    let watermark =
        if results_limited_to.is_some() { sought.watermark } else { newest.max(sought.watermark) };
    Ok(SnapshotFile {
        name: sought.source.to_owned(),
        request: sought.request.clone(),
        updated_since: sought.updated_since,
        watermark,
        pages: pages.len() as u64,
        records,
        count: counts().next_back(),
        results_limited_to,
        ..SnapshotFile::default()
    })
}
