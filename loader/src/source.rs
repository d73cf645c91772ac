//! A source being read: a file or standard input, decompressed, hashed and counted on the way.
//!
//! gzip and zstd are recognised by their first bytes, never by the name. The sha256 and the byte count are
//! those of the bytes as they were read, before decompression, so that `sha256sum FILE` finds the run that
//! read it.
mod decode;
mod encoding;
pub mod fingerprint;

use std::fs::{self, File};
use std::io::{self, Read};
use std::path::Path;

use crate::error::Error;
use crate::http;
use decode::Decoded;
pub use encoding::{Encoding, Transcoder};
pub use fingerprint::Fingerprint;
use fingerprint::Fingerprinted;

/// What `loader run` calls standard input.
pub const STANDARD_INPUT: &str = "-";

/// An open source.
pub struct Source {
    location: String,
    /// Length of the file; none for pipes, FIFOs and standard input.
    length: Option<u64>,
    content: Decoded<Fingerprinted<Box<dyn Read + Send>>>,
}

impl Source {
    /// Opens a path, or standard input for `-`.
    ///
    /// # Errors
    /// Usage (exit 2) when there is nothing readable at the path, or it is a directory.
    pub fn open(location: &str) -> Result<Self, Error> {
        let (input, length): (Box<dyn Read + Send>, _) = if location == STANDARD_INPUT {
            (Box::new(io::stdin()), None)
        } else {
            let file = open_file(location)?;
            let length = file.metadata().ok().filter(|found| found.is_file()).map(|found| found.len());
            (Box::new(file), length)
        };
        let content =
            Decoded::new(Fingerprinted::new(input)).map_err(|error| unreadable(location, &error))?;
        Ok(Source { location: location.to_owned(), length, content })
    }

    /// The same, called otherwise in messages.
    #[must_use]
    pub fn named(mut self, location: &str) -> Self {
        location.clone_into(&mut self.location);
        self
    }

    /// Bytes of the source in all, before decompression, where the system knows it.
    pub fn length(&self) -> Option<u64> {
        self.length
    }

    /// Whether it is a file that is not compressed, whose bytes are at the offsets that messages name.
    pub fn is_plain_file(&self) -> bool {
        self.length.is_some() && self.content.compression().is_none()
    }

    /// Bytes read so far, before decompression.
    pub fn position(&self) -> u64 {
        self.content.input().bytes()
    }

    /// Reads decompressed bytes; 0 is the end.
    ///
    /// # Errors
    /// Failed (exit 1) when the system cannot read on or the compressed data is damaged.
    pub fn read(&mut self, chunk: &mut [u8]) -> Result<usize, Error> {
        loop {
            match self.content.read(chunk) {
                Ok(count) => return Ok(count),
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(self.damaged(&error)),
            }
        }
    }

    /// Hash and length of all the bytes there were, those behind the compressed data included.
    ///
    /// # Errors
    /// Failed (exit 1) when the rest cannot be read.
    pub fn finish(self) -> Result<Fingerprint, Error> {
        let location = self.location;
        self.content.into_input().finish().map_err(|error| unreadable(&location, &error))
    }

    fn damaged(&self, error: &io::Error) -> Error {
        let (location, bytes) = (&self.location, self.position());
        match self.content.compression() {
            Some(name) => Error::failed(format!(
                "{location}: {name} data is damaged or cut off within its first {bytes} bytes: {error}"
            ))
            .hint(match http::is_url(location) {
                true => format!("check what comes with: curl URL | {name} -t"),
                false => format!("check the file with: {name} -t {location}"),
            }),
            None => Error::failed(format!("{location}: reading stopped after {bytes} bytes: {error}")),
        }
    }
}

/// The bytes of an input, decompressed if its first bytes ask for it.
///
/// # Errors
/// What the input reports.
pub fn decompressed(input: impl Read) -> io::Result<impl Read> {
    Decoded::new(input)
}

/// Says early, before a connection is opened, that a source cannot be read.
///
/// # Errors
/// Usage (exit 2), as [`Source::open`].
pub fn check(location: &str) -> Result<(), Error> {
    if location == STANDARD_INPUT {
        return Ok(());
    }
    let found = fs::metadata(location).map_err(|error| not_opened(location, &error))?;
    if found.is_dir() {
        return Err(directory(location));
    }
    // A FIFO or device is opened when its turn comes: opening it would wait for its writer, and take its data.
    if found.is_file() { open_file(location).map(drop) } else { Ok(()) }
}

/// The last part of a location, as the summary names it.
pub fn short_name(location: &str) -> &str {
    if location == STANDARD_INPUT {
        return "standard input";
    }
    if http::is_url(location) {
        let path = location.split(['?', '#']).next().unwrap_or(location).trim_end_matches('/');
        return path.rsplit('/').next().unwrap_or(path);
    }
    Path::new(location).file_name().and_then(|name| name.to_str()).unwrap_or(location)
}

fn open_file(location: &str) -> Result<File, Error> {
    let file = File::open(location).map_err(|error| not_opened(location, &error))?;
    match file.metadata() {
        Ok(found) if found.is_dir() => Err(directory(location)),
        _ => Ok(file),
    }
}

fn not_opened(location: &str, error: &io::Error) -> Error {
    match error.kind() {
        io::ErrorKind::NotFound => Error::usage(format!("{location}: no such file"))
            .hint("check the path; a file is named as in: loader run DATASET FILE"),
        io::ErrorKind::PermissionDenied => Error::usage(format!("{location}: permission denied"))
            .hint(format!("check with: ls -l {location}")),
        _ => Error::usage(format!("{location}: cannot be opened: {error}")),
    }
}

fn directory(location: &str) -> Error {
    Error::usage(format!("{location}: is a directory, not a file"))
        .hint(format!("name its files: loader run DATASET {}/*.json", location.trim_end_matches('/')))
}

fn unreadable(location: &str, error: &io::Error) -> Error {
    Error::failed(format!("{location}: cannot be read: {error}"))
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use super::*;

    fn read_all(location: &str) -> Result<(Vec<u8>, Fingerprint), Error> {
        let mut source = Source::open(location)?;
        let (mut content, mut chunk) = (Vec::new(), vec![0; 1000]);
        loop {
            match source.read(&mut chunk)? {
                0 => return Ok((content, source.finish()?)),
                count => content.extend_from_slice(&chunk[..count]),
            }
        }
    }

    fn file_of(bytes: &[u8]) -> (tempfile::NamedTempFile, String) {
        let mut file = tempfile::NamedTempFile::new().unwrap();
        file.write_all(bytes).unwrap();
        let location = file.path().to_str().unwrap().to_owned();
        (file, location)
    }

    fn gzip(content: &[u8]) -> Vec<u8> {
        let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
        encoder.write_all(content).unwrap();
        encoder.finish().unwrap()
    }

    #[test]
    fn plain_bytes_come_as_they_are_with_their_hash() {
        let (_file, location) = file_of(b"abc");
        let (content, fingerprint) = read_all(&location).unwrap();
        assert_eq!(content, b"abc");
        assert_eq!(fingerprint.bytes, 3);
        assert_eq!(fingerprint.sha256[..4], [0xba, 0x78, 0x16, 0xbf]);
    }

    #[test]
    fn an_empty_file_is_no_error() {
        let (_file, location) = file_of(b"");
        assert_eq!(read_all(&location).unwrap().1.bytes, 0);
    }

    #[test]
    fn gzip_of_several_members_and_zstd_are_known_by_content() {
        let content = b"[{\"a\":1}]\n".repeat(5000);
        let (first, second) = content.split_at(777);
        let members = [gzip(first), gzip(second)].concat();
        let frames = [zstd::encode_all(first, 3).unwrap(), zstd::encode_all(second, 3).unwrap()].concat();
        for compressed in [members, frames] {
            let (_file, location) = file_of(&compressed);
            let (read, fingerprint) = read_all(&location).unwrap();
            assert_eq!(read, content);
            assert_eq!(fingerprint.bytes, compressed.len() as u64);
        }
    }

    #[test]
    fn damaged_compression_is_named() {
        let whole = gzip(&b"0123456789".repeat(1000));
        let (_file, location) = file_of(&whole[..whole.len() - 6]);
        let message = read_all(&location).map(|_| ()).unwrap_err().to_string();
        assert!(message.contains("gzip data is damaged"), "{message}");
    }

    #[test]
    fn directories_and_missing_files_are_refused_before_reading() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().to_str().unwrap();
        assert!(check(path).unwrap_err().to_string().contains("is a directory"));
        let missing = format!("{path}/nothing.json");
        assert!(check(&missing).unwrap_err().to_string().contains("no such file"));
        assert!(check(STANDARD_INPUT).is_ok());
    }

    #[test]
    fn the_short_name_is_the_last_part() {
        assert_eq!(short_name("/data/votes.json"), "votes.json");
        assert_eq!(short_name("votes.json"), "votes.json");
        assert_eq!(short_name("-"), "standard input");
        assert_eq!(short_name("https://example.org/a/votes.json?limit=..."), "votes.json");
        assert_eq!(short_name("https://example.org/"), "example.org");
    }
}
