//! What a fetch has so far of one source: the compressed records, and a journal of the pages they came in.
//!
//! A page is a zstd frame of its own, appended to the records; then a line is appended to the journal, which says how long
//! the records are with it and what to ask for next. A fetch that was killed goes on after the last whole line: what is
//! behind the length that it names is cut off.
use std::collections::HashSet;
use std::fs::{self, File};
use std::io::{BufRead, BufReader, ErrorKind, Seek, SeekFrom, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::different;
use crate::error::Error;
use crate::source::fingerprint::hex;

/// Level 3 is zstd's own default.
const COMPRESSION: i32 = 3;

/// A page that is in the part.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Page {
    /// What to ask for next; none after the last page.
    pub next: Option<String>,
    /// SHA-256 of the page's records, hexadecimal, the first half.
    pub digest: String,
    /// Its records.
    pub records: u64,
    /// Length of its records, as lines.
    pub length: u64,
    /// How many the API said there were.
    pub count: Option<u64>,
    /// The API shows no more than this many.
    pub results_limited_to: Option<u64>,
    /// Greatest `modified_date` in it.
    pub modified: Option<i64>,
    /// When the server answered, epoch seconds.
    pub answered: i64,
    /// Length of the records' file with this page, as [`Part::append`] finds it.
    pub bytes: u64,
}

/// The part of one source.
#[derive(Debug)]
pub struct Part {
    records: PathBuf,
    journal: PathBuf,
    pages: Vec<Page>,
    digests: HashSet<String>,
    asked: HashSet<String>,
}

impl Part {
    /// Goes on with what is there for the same request, else begins anew.
    ///
    /// # Errors
    /// Failed (exit 1) when the files cannot be read or written.
    pub fn open(
        folder: &Path,
        source: &str,
        request: &str,
        has_key: bool,
        restarts: bool,
    ) -> Result<Self, Error> {
        // A part a request: another organization's, or another time's, is gone on with when it is asked for again.
        let request = format!("{request} {}", if has_key { "with a key" } else { "without a key" });
        let name = hex(&Sha256::digest(request.as_bytes())[..6]);
        let mut part = Part {
            records: folder.join(format!("{source}-{name}.jsonl.zst")),
            journal: folder.join(format!("{source}-{name}.pages")),
            pages: Vec::new(),
            digests: HashSet::new(),
            asked: HashSet::new(),
        };
        let failed = |error| {
            Error::failed(format!("cannot write what is fetched to {}", folder.display())).caused_by(error)
        };
        fs::create_dir_all(folder).map_err(failed)?;
        if restarts {
            part.discard();
        }
        let pages = part.recover(&request).map_err(failed)?;
        if pages.is_empty() {
            part.begin(&request).map_err(failed)?;
        }
        for page in pages {
            part.remember(page);
        }
        Ok(part)
    }

    /// The pages so far.
    pub fn pages(&self) -> &[Page] {
        &self.pages
    }

    /// Whether a page with these records is there; pages without records are all alike.
    pub fn has(&self, digest: &str) -> bool {
        self.digests.contains(digest)
    }

    /// Whether a page has led there already.
    pub fn has_asked(&self, next: &str) -> bool {
        self.asked.contains(next)
    }

    /// Appends a page: its records as lines, then its line in the journal.
    ///
    /// # Errors
    /// What the system reports; the page is not there then.
    pub fn append(&mut self, lines: &[u8], page: Page) -> std::io::Result<()> {
        let mut file = File::options().append(true).open(&self.records)?;
        file.write_all(&zstd::encode_all(lines, COMPRESSION)?)?;
        let page = Page { bytes: file.seek(SeekFrom::End(0))?, ..page };
        let mut line = serde_json::to_vec(&page)?;
        line.push(b'\n');
        File::options().append(true).open(&self.journal)?.write_all(&line)?;
        self.remember(page);
        Ok(())
    }

    /// The whole of it, written to disk, to be renamed.
    ///
    /// # Errors
    /// What the system reports.
    pub fn synced(&self) -> std::io::Result<&Path> {
        File::open(&self.records)?.sync_all()?;
        Ok(&self.records)
    }

    /// How many of its records are different ones: at least, and at most.
    ///
    /// # Errors
    /// As [`different::count`].
    pub fn different(&self) -> std::io::Result<(u64, u64)> {
        different::count(&self.records)
    }

    /// Forgets all: what is there cannot be gone on with.
    pub fn discard(&self) {
        for path in [&self.journal, &self.records] {
            // What cannot be deleted is in the way of the next fetch, which says so.
            let _ = fs::remove_file(path);
        }
    }

    fn begin(&self, request: &str) -> std::io::Result<()> {
        for path in [&self.records, &self.journal] {
            File::options().create(true).write(true).truncate(true).mode(0o600).open(path)?;
        }
        fs::write(&self.journal, format!("{request}\n"))
    }

    /// The whole lines of the journal, with the records cut to them; none where the journal is another request's or the
    /// records are shorter than it says.
    fn recover(&self, request: &str) -> std::io::Result<Vec<Page>> {
        let journal = match File::open(&self.journal) {
            Ok(file) => BufReader::new(file),
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(Vec::new()),
            Err(error) => return Err(error),
        };
        let mut lines = journal.split(b'\n');
        if lines.next().transpose()?.as_deref() != Some(request.as_bytes()) {
            return Ok(Vec::new());
        }
        let mut pages: Vec<Page> = Vec::new();
        for line in lines {
            let Ok(page) = serde_json::from_slice(&line?) else { break };
            pages.push(page);
        }
        let Some(last) = pages.last() else { return Ok(Vec::new()) };
        let file = match File::options().write(true).open(&self.records) {
            Ok(file) if file.metadata()?.len() >= last.bytes => file,
            _ => return Ok(Vec::new()),
        };
        file.set_len(last.bytes)?;
        // A torn line goes, too.
        let mut journal = format!("{request}\n").into_bytes();
        for page in &pages {
            serde_json::to_writer(&mut journal, page)?;
            journal.push(b'\n');
        }
        let whole = self.journal.with_extension("whole");
        fs::write(&whole, journal)?;
        fs::rename(whole, &self.journal)?;
        Ok(pages)
    }

    fn remember(&mut self, page: Page) {
        if page.records > 0 {
            self.digests.insert(page.digest.clone());
        }
        self.asked.extend(page.next.clone());
        self.pages.push(page);
    }
}

impl Page {
    /// A page that is not in a part yet.
    pub fn new(answered: i64) -> Self {
        Page {
            next: None,
            digest: String::new(),
            records: 0,
            length: 0,
            count: None,
            results_limited_to: None,
            modified: None,
            answered,
            bytes: 0,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn page(number: u64) -> Page {
        Page {
            next: Some(format!("https://api.example/?cursor={number}")),
            digest: format!("d{number}"),
            records: 2,
            ..Page::new(100)
        }
    }

    #[test]
    fn a_killed_fetch_goes_on_after_the_last_whole_page() {
        let folder = tempfile::tempdir().unwrap();
        let open = |request: &str| Part::open(folder.path(), "events", request, true, false).unwrap();
        let mut part = open("/events");
        for number in 1..=3 {
            part.append(format!("{{\"page\":{number}}}\n").as_bytes(), page(number)).unwrap();
        }
        let whole = fs::read(&part.journal).unwrap();
        for torn in [0, 1, 20] {
            fs::write(&part.journal, &whole[..whole.len() - torn]).unwrap();
            let mut again = open("/events");
            let kept = if torn < 2 { 3 } else { 2 };
            assert_eq!(again.pages().len(), kept, "{torn} bytes torn off");
            assert!(again.has("d2") && again.has_asked("https://api.example/?cursor=2"));
            if kept == 2 {
                again.append(b"{\"page\":3}\n", page(3)).unwrap();
            }
            let text = zstd::decode_all(&fs::read(again.synced().unwrap()).unwrap()[..]).unwrap();
            assert_eq!(text, b"{\"page\":1}\n{\"page\":2}\n{\"page\":3}\n");
        }
        assert!(open("/events?updated_since=1").pages().is_empty());
    }
}
