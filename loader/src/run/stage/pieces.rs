//! Encoded rows on their way from the thread that frames records to the one that has the connection.
//!
//! A socket holds less than one piece: on one thread framing waits for the server, and the server for framing.
use std::io::{self, Write};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{self, Receiver, SyncSender};

/// So many may wait; a piece is a buffer of [`StagingWriter`](crate::copy::StagingWriter), 256 KiB.
const WAITING: usize = 4;

/// Makes both ends.
pub fn channel() -> (Pieces, Receiver<Vec<u8>>) {
    let (sender, receiver) = mpsc::sync_channel(WAITING);
    (Pieces(sender), receiver)
}

/// The end that the encoder writes to; it waits while enough pieces do.
#[derive(Debug)]
pub struct Pieces(SyncSender<Vec<u8>>);

impl Write for Pieces {
    fn write(&mut self, piece: &[u8]) -> io::Result<usize> {
        match self.0.send(piece.to_vec()) {
            Ok(()) => Ok(piece.len()),
            // The other thread knows why.
            Err(_) => Err(io::ErrorKind::BrokenPipe.into()),
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// How far framing has come, for whoever shows it.
#[derive(Debug, Default)]
pub struct Reached {
    records: AtomicU64,
    bytes: AtomicU64,
}

impl Reached {
    /// So many records and bytes of the source have been read.
    pub fn set(&self, records: u64, bytes: u64) {
        self.records.store(records, Ordering::Relaxed);
        self.bytes.store(bytes, Ordering::Relaxed);
    }

    /// Records and bytes.
    pub fn get(&self) -> (u64, u64) {
        (self.records.load(Ordering::Relaxed), self.bytes.load(Ordering::Relaxed))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pieces_come_in_their_order_and_end_with_their_writer() {
        let (mut pieces, waiting) = channel();
        for piece in ["a", "bc"] {
            pieces.write_all(piece.as_bytes()).unwrap();
        }
        drop(pieces);
        assert_eq!(waiting.into_iter().collect::<Vec<_>>(), [b"a".to_vec(), b"bc".to_vec()]);
    }

    #[test]
    fn a_writer_whose_reader_is_gone_fails() {
        let (mut pieces, waiting) = channel();
        drop(waiting);
        assert_eq!(pieces.write(b"a").unwrap_err().kind(), io::ErrorKind::BrokenPipe);
    }
}
