//! What a snapshot is of, and what it must be: one JSON file beside those that it names.
use std::fs;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use crate::error::Error;

/// A whole snapshot. Times are RFC 3339, UTC; a key or a password is in none of its fields.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Manifest {
    /// Name of the dataset.
    pub dataset: String,
    /// Base of the API, without secrets.
    pub api: String,
    /// Whose records they are.
    pub organization: u64,
    /// When the fetch began, as its files are named: `20261120T211500.123Z`.
    pub stamp: String,
    /// When it was whole.
    pub finished_at: String,
    /// Whether a key was sent: without one the API shows less.
    pub has_key: bool,
    /// A file a source.
    pub sources: Vec<SnapshotFile>,
    /// Where the manifest was read; its files are beside it.
    #[serde(skip)]
    folder: PathBuf,
}

/// The records of one source.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct SnapshotFile {
    /// Name of the dataset's source.
    pub name: String,
    /// Name of the file, beside the manifest.
    pub file: String,
    /// Path and query of the first request.
    pub request: String,
    /// Only what changed at or after this time was asked for, epoch seconds; null: everything.
    pub updated_since: Option<i64>,
    /// What the next fetch must ask from, epoch seconds, before any overlap is taken off.
    pub watermark: Option<i64>,
    /// Answers that it was put together from.
    pub pages: u64,
    /// Records in it.
    pub records: u64,
    /// How many the API said there were, in its last answer.
    pub count: Option<u64>,
    /// The API shows no more than this many of them.
    pub results_limited_to: Option<u64>,
    /// SHA-256 of the file, hexadecimal.
    pub sha256: String,
    /// Its length.
    pub bytes: u64,
}

impl SnapshotFile {
    /// Whether it has everything that there was at its time.
    pub fn is_whole(&self) -> bool {
        self.updated_since.is_none() && self.results_limited_to.is_none()
    }
}

impl Manifest {
    /// A manifest without files.
    pub fn begun(dataset: &str, api: &str, organization: u64, has_key: bool, stamp: &str) -> Self {
        Manifest {
            dataset: dataset.to_owned(),
            api: api.to_owned(),
            organization,
            stamp: stamp.to_owned(),
            finished_at: String::new(),
            has_key,
            sources: Vec::new(),
            folder: PathBuf::new(),
        }
    }

    /// Reads one; the names of its files become paths.
    ///
    /// # Errors
    /// Failed (exit 1) when it cannot be read or is no manifest.
    pub fn read(path: &Path) -> Result<Self, Error> {
        let wrong = |what: &str| {
            Error::failed(format!("{}: {what}", path.display()))
                .hint("move it away: a snapshot's folder holds manifests and the files they name")
        };
        let text = fs::read(path).map_err(|error| wrong("cannot be read").caused_by(error))?;
        let mut manifest: Manifest = serde_json::from_slice(&text)
            .map_err(|error| wrong("is no manifest of a snapshot").caused_by(error))?;
        manifest.folder = path.parent().unwrap_or(Path::new("")).to_owned();
        for file in &mut manifest.sources {
            // A name alone: what a manifest says leads nowhere else.
            let Some(name) = Path::new(&file.file).file_name().filter(|name| *name == file.file.as_str())
            else {
                return Err(wrong("names a file outside its folder"));
            };
            file.file = manifest.folder.join(name).to_string_lossy().into_owned();
        }
        Ok(manifest)
    }

    /// Writes it to its folder, under a temporary name first: a manifest that is there is whole.
    ///
    /// # Errors
    /// What the system reports.
    pub fn write(&self, folder: &Path) -> std::io::Result<()> {
        let temporary = folder.join(".manifest");
        let mut text = serde_json::to_vec_pretty(self)?;
        text.push(b'\n');
        fs::write(&temporary, text)?;
        fs::File::open(&temporary)?.sync_all()?;
        fs::rename(temporary, folder.join(format!("{}.json", self.stamp)))
    }

    /// Whether both tell of the same records, as they are shown to the same, at different times.
    pub fn is_of_same_origin(&self, other: &Manifest) -> bool {
        (&self.dataset, &self.api, self.organization, self.has_key)
            == (&other.dataset, &other.api, other.organization, other.has_key)
    }

    /// Its part of a source.
    pub fn source(&self, name: &str) -> Option<&SnapshotFile> {
        self.sources.iter().find(|file| file.name == name)
    }
}
