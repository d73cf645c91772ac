//! Copies of what was transferred, kept on this machine so that an unchanged source is not transferred twice.
//!
//! `$XDG_CACHE_HOME/pg_etl/sources`, else `~/.cache/pg_etl/sources`, closed to others; a file a URL, named by the SHA-256
//! of the URL, so that no name tells a secret. A copy takes its place when the run that read it is committed, and is never
//! written to: a run reads a link of its own, which another run's newer copy does not change. Deleting the folder costs a
//! transfer and nothing else; what no run has read for 90 days is deleted here.
use std::env;
use std::fs::{self, File};
use std::io;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use tempfile::{NamedTempFile, TempPath};

use crate::error::Error;
use crate::private;
use crate::source::fingerprint;

/// What an interrupted transfer left is deleted once nobody has touched it for so long.
const LEFT_OVER: Duration = Duration::from_secs(24 * 60 * 60);
/// A copy that no run has read for so long is deleted: URLs with a date in them are never asked for again.
const UNUSED: Duration = Duration::from_secs(90 * 24 * 60 * 60);
const PART: &str = "pg_etl-part-";

/// The folder of copies.
#[derive(Debug)]
pub struct Copies {
    folder: PathBuf,
    /// Whether copies outlive the run.
    are_kept: bool,
}

impl Copies {
    /// Opens the folder, made where it is missing; without a home, or where copies are not wanted, the system's folder
    /// for temporary files, which keeps nothing.
    ///
    /// # Errors
    /// Failed (exit 1) when the folder cannot be made or used.
    pub fn open(are_wanted: bool) -> Result<Self, Error> {
        let Some(folder) = home().filter(|_| are_wanted) else {
            let copies = Copies { folder: env::temp_dir(), are_kept: false };
            copies.clear();
            return Ok(copies);
        };
        private::make(&folder).map_err(|error| {
            Error::failed(format!("cannot use the folder {} for copies of sources", folder.display()))
                .caused_by(error)
                .hint("XDG_CACHE_HOME=/another/folder loader ...; or keep_copies = false in loader.toml")
        })?;
        let copies = Copies { folder, are_kept: true };
        copies.clear();
        Ok(copies)
    }

    /// An empty file for a transfer; it is deleted unless it is kept.
    ///
    /// # Errors
    /// Failed (exit 1) when it cannot be made.
    pub fn begin(&self) -> Result<NamedTempFile, Error> {
        tempfile::Builder::new().prefix(PART).tempfile_in(&self.folder).map_err(|error| {
            Error::failed(format!("cannot make a file in {}", self.folder.display())).caused_by(error)
        })
    }

    /// The copy of a URL, if it is there with the bytes that are expected of it.
    pub fn find(&self, url_sha256: &[u8; 32], sha256: &[u8]) -> Option<TempPath> {
        if !self.are_kept {
            return None;
        }
        let name = tempfile::Builder::new()
            .prefix(PART)
            .make_in(&self.folder, |path| fs::hard_link(self.path(url_sha256), path));
        let link = name.ok()?.into_temp_path();
        let found = File::open(&link).and_then(fingerprint::of).ok()?;
        (found.sha256[..] == *sha256).then_some(link)
    }

    /// Puts a transfer in its URL's place, once the run that read it is committed.
    ///
    /// # Errors
    /// What the system reports; the copy is not there then, and nothing else is lost.
    pub fn keep(&self, url_sha256: &[u8; 32], transfer: &Path) -> io::Result<()> {
        if self.are_kept { fs::rename(transfer, self.path(url_sha256)) } else { Ok(()) }
    }

    fn path(&self, url_sha256: &[u8; 32]) -> PathBuf {
        self.folder.join(fingerprint::hex(url_sha256))
    }

    /// Deletes what is left over and what nobody uses. What cannot be looked at or deleted is another's.
    fn clear(&self) {
        let entries = fs::read_dir(&self.folder).into_iter().flatten().flatten();
        for entry in entries {
            let name = entry.file_name();
            let name = name.to_string_lossy();
            let is_copy =
                self.are_kept && name.len() == 64 && name.bytes().all(|byte| byte.is_ascii_hexdigit());
            let limit = match (name.starts_with(PART), is_copy) {
                (true, _) => LEFT_OVER,
                (_, true) => UNUSED,
                _ => continue,
            };
            // Not when it was written: a link is as old as its copy, and new all the same.
            let touched = entry.metadata().map(|found| found.ctime()).unwrap_or(i64::MAX);
            let now = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs());
            if touched.saturating_add_unsigned(limit.as_secs()) < now.cast_signed() {
                let _ = fs::remove_file(entry.path());
            }
        }
    }
}

fn home() -> Option<PathBuf> {
    let cache = env::var_os("XDG_CACHE_HOME").map(PathBuf::from).filter(|folder| folder.is_absolute());
    let cache =
        cache.or_else(|| env::home_dir().filter(|home| home.is_absolute()).map(|home| home.join(".cache")));
    // A path that is no text could not be named in a message.
    Some(cache?.join("pg_etl/sources")).filter(|folder| folder.to_str().is_some())
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use super::*;

    #[test]
    fn a_copy_is_found_by_url_and_bytes_and_outlives_its_successor() {
        let folder = tempfile::tempdir().unwrap();
        let copies = Copies { folder: folder.path().to_owned(), are_kept: true };
        let keep = |content: &[u8]| {
            let mut file = copies.begin().unwrap();
            file.write_all(content).unwrap();
            copies.keep(&[7; 32], file.path()).unwrap();
            fingerprint::of(content).unwrap().sha256
        };
        let first = keep(b"first");
        assert!(copies.find(&[8; 32], &first).is_none());
        let found = copies.find(&[7; 32], &first).unwrap();
        keep(b"second");
        assert_eq!(fs::read(&found).unwrap(), b"first");
        assert!(copies.find(&[7; 32], &first).is_none());
        drop(found);
        assert_eq!(fs::read_dir(&folder).unwrap().count(), 1);
    }
}
