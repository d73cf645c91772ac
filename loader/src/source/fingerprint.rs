//! Bytes hashed and counted as they pass.
use std::io::{self, Read};

use sha2::{Digest, Sha256};

/// What identifies the bytes of a source.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fingerprint {
    /// SHA-256 of the bytes as they were read.
    pub sha256: [u8; 32],
    /// How many there were.
    pub bytes: u64,
}

impl Fingerprint {
    /// The hash as `sha256sum` prints it.
    pub fn hex(&self) -> String {
        hex(&self.sha256)
    }
}

/// Bytes as `sha256sum` prints them.
pub fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// A reader that hashes and counts what passes through it.
pub struct Fingerprinted<R> {
    input: R,
    hash: Sha256,
    bytes: u64,
}

impl<R: Read> Fingerprinted<R> {
    /// Wraps a reader of which nothing has been read.
    pub fn new(input: R) -> Self {
        Fingerprinted { input, hash: Sha256::new(), bytes: 0 }
    }

    /// Bytes passed so far.
    pub fn bytes(&self) -> u64 {
        self.bytes
    }

    /// Reads what is left and gives the fingerprint of everything.
    ///
    /// # Errors
    /// What the reader reports.
    pub fn finish(mut self) -> io::Result<Fingerprint> {
        io::copy(&mut self, &mut io::sink())?;
        Ok(Fingerprint { sha256: self.hash.finalize().into(), bytes: self.bytes })
    }
}

impl<R: Read> Read for Fingerprinted<R> {
    fn read(&mut self, chunk: &mut [u8]) -> io::Result<usize> {
        let count = self.input.read(chunk)?;
        self.hash.update(&chunk[..count]);
        self.bytes += count as u64;
        Ok(count)
    }
}

/// The fingerprint of all that a reader has.
///
/// # Errors
/// What the reader reports.
pub fn of(input: impl Read) -> io::Result<Fingerprint> {
    Fingerprinted::new(input).finish()
}
