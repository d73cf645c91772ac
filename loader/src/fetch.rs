//! `loader fetch`: an API's records into a local snapshot. No database is asked, and none is needed.
mod listing;
mod mobilize;
mod pace;
mod page;

use std::fs::{self, File};
use std::path::Path;

use jiff::Timestamp;

use crate::cli::{Context, FetchArgs};
use crate::error::{Error, Exit};
use crate::http::{self, Client};
use crate::output::{self, Column, Listing};
use crate::progress::Progress;
use crate::run::interrupt::Interrupt;
use crate::snapshot::{Folder, Manifest, Part};
use crate::source::fingerprint;
use listing::{Sought, Way};
pub use mobilize::API;
use pace::Pace;

/// The only API there is a way to, named as its dataset.
pub const DATASET: &str = "mobilize";
/// Where in the folder an interrupted fetch keeps what it has.
const PART: &str = "part";

/// Runs `loader fetch mobilize`.
///
/// # Errors
/// Usage (exit 2): the dataset has no API, the key is missing. Failed (exit 1): the API does not answer as it should; what
/// has come is kept, and the same command goes on from there. Lock timeout (exit 5): another fetch writes to the folder.
pub fn run(args: &FetchArgs, context: &Context) -> Result<Exit, Error> {
    if args.dataset != DATASET {
        let error =
            Error::usage(format!("there is no API of {} to fetch from; {DATASET} has one", args.dataset));
        return Err(error.hint(format!("loader run {} FILE|URL ...", args.dataset)));
    }
    let base = mobilize::base(&args.api_url)?;
    let sources = mobilize::chosen(&args.only)?;
    let mut client = Client::new(&base, &args.http.settings(&[])?).staying();
    let key = mobilize::key(&base, &sources)?;
    if let Some(key) = &key {
        client = client.with_key(key);
    }
    let folder = Folder::of(args.dir.as_deref().unwrap_or(&context.config.snapshots), DATASET);
    let _lock = folder.lock()?;
    let interrupt = Interrupt::listen(|| {})
        .map_err(|error| Error::failed("cannot listen for signals").caused_by(error))?
        .leaving("the same command goes on from here");

    let stamp = Timestamp::now().strftime("%Y%m%dT%H%M%S%.3fZ").to_string();
    let mut manifest =
        Manifest::begun(DATASET, &http::shown(&base), args.organization, key.is_some(), &stamp);
    let before = folder.manifests()?;
    let mut way = Way {
        client: &client,
        base: &base,
        pace: Pace::of(mobilize::REQUESTS_A_SECOND),
        interrupt: &interrupt,
        progress: Progress::new(context.settings.quiet),
        timeout: args.http.download_timeout,
        max_bytes: args.http.max_download,
        folder: folder.path().join(PART),
        restarts: args.restart,
    };
    let mut parts = Vec::with_capacity(sources.len());
    for source in sources {
        let same = before.iter().rev().filter(|known| known.is_of_same_origin(&manifest));
        let watermark = same.filter_map(|known| known.source(source)).find_map(|file| file.watermark);
        let sought = Sought::of(args, source, watermark.filter(|_| !args.full));
        match listing::fetch(&sought, &mut way) {
            Ok((file, part)) => {
                manifest.sources.push(file);
                parts.push(part);
            }
            Err(error) => match interrupt.signal() {
                Some(signal) => interrupt.exit(signal),
                None => return Err(error),
            },
        }
    }
    interrupt.settle(true);
    finish(&mut manifest, &parts, folder.path())?;
    print(&manifest, folder.path(), args)?;
    Ok(Exit::Done)
}

/// Gives the parts their names, then writes the manifest: with it the snapshot is there.
fn finish(manifest: &mut Manifest, parts: &[Part], folder: &Path) -> Result<(), Error> {
    let failed =
        |error| Error::failed(format!("cannot put the snapshot into {}", folder.display())).caused_by(error);
    for (source, part) in manifest.sources.iter_mut().zip(parts) {
        let records = part.synced().map_err(failed)?;
        let found = File::open(records).and_then(fingerprint::of).map_err(failed)?;
        source.bytes = found.bytes;
        source.sha256 = found.hex();
        source.file = format!("{}-{}.jsonl.zst", manifest.stamp, source.name);
        fs::rename(records, folder.join(&source.file)).map_err(failed)?;
    }
    manifest.finished_at = Timestamp::now().to_string();
    manifest.write(folder).map_err(failed)?;
    // Journals of pages that are in the snapshot now; other lists' parts stay.
    parts.iter().for_each(Part::discard);
    Ok(())
}

fn print(manifest: &Manifest, folder: &Path, args: &FetchArgs) -> Result<(), Error> {
    let since = |time: Option<i64>| {
        time.and_then(|time| Timestamp::from_second(time).ok())
            .map_or_else(|| "all".to_owned(), |time| time.to_string())
    };
    let rows = manifest.sources.iter().map(|source| {
        let file = folder.join(&source.file).display().to_string();
        [
            source.name.clone(),
            source.records.to_string(),
            source.pages.to_string(),
            since(source.updated_since),
            file,
        ]
        .map(Some)
        .to_vec()
    });
    let listing = Listing {
        columns: vec![
            Column::text("source"),
            Column::number("records"),
            Column::number("pages"),
            Column::text("changed since"),
            Column::text("file"),
        ],
        rows: rows.collect(),
    };
    output::to_stdout(|out| Ok(listing.write(args.format, out)?))
}
