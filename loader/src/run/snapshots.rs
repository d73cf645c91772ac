//! Snapshots as the sources of a run.
use postgres::Client;

use super::files::SourceFile;
use super::jobs::Job;
use crate::config::Dataset;
use crate::error::Error;
use crate::ledger;
use crate::progress::Progress;
use crate::snapshot::{Folder, SnapshotFile};

/// The newest snapshot's files, and those of older ones that it builds upon, in load order: by source, then by age.
///
/// # Errors
/// Failed (exit 1): a manifest that cannot be read. Usage (exit 2): a file of it that is not there.
pub fn files(dataset: &Dataset, folder: &Folder) -> Result<Vec<SourceFile>, Error> {
    let chain = folder.chain()?;
    let is_empty = chain.iter().all(|file| file.records == 0);
    let mut files = Vec::with_capacity(chain.len());
    for source in &dataset.sources {
        // Where nothing changed there is nothing to read, unless it is all there is.
        let is_of_use = |part: &&SnapshotFile| part.name == source.name && (part.records > 0 || is_empty);
        for part in chain.iter().filter(is_of_use) {
            let mut file = SourceFile::of(source, &part.file).map_err(|error| {
                error
                    .about("a file that a snapshot's manifest names")
                    .hint("loader fetch DATASET --full, then run again; or name the files to be loaded")
            })?;
            file.snapshot = Some(part.clone());
            files.push(file);
        }
    }
    Ok(files)
}

/// Leaves out what committed runs have loaded, but for the newest of each source: as with a file named by hand, something
/// is loaded, and all of it unchanged.
///
/// # Errors
/// What the server reports.
pub fn leave_out_loaded(client: &mut Client, job: &mut Job<'_>, progress: &Progress) -> Result<(), Error> {
    if job.files.iter().all(|file| file.snapshot.is_none()) {
        return Ok(());
    }
    let loaded = ledger::loaded(client, &job.dataset.name)?;
    let is_loaded = |part: &SnapshotFile| loaded.contains(&part.sha256);
    let mut newest = Vec::new();
    for source in &job.dataset.sources {
        let parts = || {
            job.files.iter().filter_map(|file| file.snapshot.as_ref()).filter(|part| part.name == source.name)
        };
        newest.extend(parts().next_back().map(|part| part.sha256.clone()));
        // Changes since a time, and nothing from before it.
        if parts().next().is_some_and(|oldest| !oldest.is_whole()) && !parts().any(is_loaded) {
            progress.say(&format!(
                "warning: {}: no snapshot here has everything; what is older than the oldest may be missing",
                source.name
            ));
        }
    }
    job.files.retain(|file| {
        file.snapshot.as_ref().is_none_or(|part| !is_loaded(part) || newest.contains(&part.sha256))
    });
    Ok(())
}
