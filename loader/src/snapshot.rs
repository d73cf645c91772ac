//! Snapshots: what an API said at one time, as files, so that every load after it is offline and can be repeated.
//!
//! A folder a dataset: compressed JSON lines, a file a source, and one manifest a snapshot, written last. What is under a
//! manifest is whole; what an interrupted fetch has so far is in `part/`. The files hold what the API shows, personal data
//! included: the folder is closed to others, and tells git to leave it alone.
mod different;
mod manifest;
mod part;

use std::fs::{self, File};
use std::io::{self, ErrorKind};
use std::path::{Path, PathBuf};

pub use manifest::{Manifest, SnapshotFile};
pub use part::{Page, Part};

use crate::error::Error;
use crate::private;

/// The folder of a dataset's snapshots.
#[derive(Debug, Clone)]
pub struct Folder {
    path: PathBuf,
}

impl Folder {
    /// The folder of `dataset` in the folder of all snapshots; it need not be there.
    pub fn of(snapshots: &Path, dataset: &str) -> Self {
        Folder { path: snapshots.join(dataset) }
    }

    /// Where it is.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Makes the folder, and locks it against other fetches for as long as the answer lives.
    ///
    /// # Errors
    /// Failed (exit 1) when it cannot be made; lock timeout (exit 5) when another fetch works in it.
    pub fn lock(&self) -> Result<File, Error> {
        let made = private::make(&self.path).and_then(|()| {
            fs::write(self.path.join(".gitignore"), "*\n")?;
            File::options().create(true).truncate(false).write(true).open(self.path.join(".lock"))
        });
        let lock = made.map_err(|error| {
            Error::failed(format!("cannot write snapshots to {}", self.path.display()))
                .caused_by(error)
                .hint("name another folder: --dir DIR")
        })?;
        match rustix::fs::flock(&lock, rustix::fs::FlockOperation::NonBlockingLockExclusive) {
            Ok(()) => Ok(lock),
            Err(rustix::io::Errno::WOULDBLOCK) => Err(Error::lock_timeout(format!(
                "{}: another loader fetch is writing here",
                self.path.display()
            ))
            .hint("wait until it is done, or name another folder: --dir DIR")),
            Err(error) => Err(Error::failed(format!("cannot lock {}", self.path.display()))
                .caused_by(io::Error::from(error))),
        }
    }

    /// All snapshots, oldest first; none where there is no folder.
    ///
    /// # Errors
    /// Failed (exit 1): a manifest that is none.
    pub fn manifests(&self) -> Result<Vec<Manifest>, Error> {
        let entries = match fs::read_dir(&self.path) {
            Ok(entries) => entries,
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(Vec::new()),
            Err(error) => {
                return Err(
                    Error::failed(format!("cannot look into {}", self.path.display())).caused_by(error)
                );
            }
        };
        let mut names: Vec<PathBuf> =
            entries.flatten().map(|entry| entry.path()).filter(|path| is_manifest(path)).collect();
        // Names begin with the time, which sorts as text.
        names.sort();
        names.iter().map(|path| Manifest::read(path)).collect()
    }

    /// The files that bring a database up to date, in the order in which they were fetched: of each source and
    /// organization the newest, and those before it back to the last that has everything.
    ///
    /// # Errors
    /// As [`Folder::manifests`].
    pub fn chain(&self) -> Result<Vec<SnapshotFile>, Error> {
        let mut chain: Vec<(Manifest, SnapshotFile)> = Vec::new();
        for manifest in self.manifests()? {
            for file in &manifest.sources {
                if file.is_whole() {
                    chain.retain(|(of, known)| !(known.name == file.name && of.is_of_same_origin(&manifest)));
                }
                chain.push((manifest.clone(), file.clone()));
            }
        }
        Ok(chain.into_iter().map(|(_, file)| file).collect())
    }
}

/// Whether it is named as a manifest is: the time, and `.json`.
fn is_manifest(path: &Path) -> bool {
    let name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
    name.starts_with(|c: char| c.is_ascii_digit()) && name.ends_with(".json")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn write(folder: &Folder, stamp: &str, organization: u64, since: Option<i64>) {
        write_as(folder, stamp, organization, true, since, None);
    }

    fn write_as(
        folder: &Folder,
        stamp: &str,
        organization: u64,
        has_key: bool,
        since: Option<i64>,
        results_limited_to: Option<u64>,
    ) {
        fs::create_dir_all(&folder.path).unwrap();
        let mut manifest =
            Manifest::begun("mobilize", "https://api.example/v1", organization, has_key, stamp);
        manifest.sources.push(SnapshotFile {
            name: "events".into(),
            file: format!("{stamp}-{organization}.jsonl.zst"),
            updated_since: since,
            results_limited_to,
            ..SnapshotFile::default()
        });
        manifest.write(&folder.path).unwrap();
    }

    #[test]
    fn a_chain_goes_back_to_the_last_that_has_everything() {
        let place = tempfile::tempdir().unwrap();
        let folder = Folder::of(place.path(), "mobilize");
        assert!(folder.chain().unwrap().is_empty());
        for (stamp, organization, since) in [
            ("1", 7, None),
            ("2", 7, Some(5)),
            ("3", 8, None),
            ("4", 7, None),
            ("5", 7, Some(9)),
            ("6", 7, Some(10)),
        ] {
            write(&folder, stamp, organization, since);
        }
        let chain = folder.chain().unwrap();
        let chain: Vec<&str> = chain.iter().filter_map(|file| file.file.rsplit('/').next()).collect();
        assert_eq!(chain, ["3-8.jsonl.zst", "4-7.jsonl.zst", "5-7.jsonl.zst", "6-7.jsonl.zst"]);
    }
    #[test]
    fn what_is_limited_or_seen_without_a_key_replaces_nothing() {
        let place = tempfile::tempdir().unwrap();
        let folder = Folder::of(place.path(), "mobilize");
        write(&folder, "1", 7, None);
        write_as(&folder, "2", 7, true, None, Some(1000));
        write_as(&folder, "3", 7, false, None, None);
        let chain = folder.chain().unwrap();
        let chain: Vec<&str> = chain.iter().filter_map(|file| file.file.rsplit('/').next()).collect();
        assert_eq!(chain, ["1-7.jsonl.zst", "2-7.jsonl.zst", "3-7.jsonl.zst"]);
        let [whole, .., open] = &folder.manifests().unwrap()[..] else { panic!() };
        assert!(!whole.is_of_same_origin(open));
    }
}
