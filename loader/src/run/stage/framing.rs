//! Framing: a source read to its end, and its records encoded for COPY.
use std::io::{self, Write};

use etl_core::frame::{self, Limits, Refused, Stopped, Summary};

use super::framer::{self, Framer};
use super::pieces::{Pieces, Reached};
use crate::config::Format;
use crate::copy::{Fault, Staged, StagingWriter};
use crate::error::Error;
use crate::http::Secrets;
use crate::run::files::SourceFile;
use crate::run::interrupt::Interrupt;
use crate::source::{Fingerprint, Source};

const CHUNK_BYTES: usize = 256 * 1024;

/// A source that is to be framed.
pub struct Framing<'a> {
    /// Of which nothing has been read.
    pub source: Source,
    /// Where it is from, and in what format.
    pub file: &'a SourceFile,
    /// Its number within the run.
    pub number: i16,
    /// The greatest record, in bytes.
    pub record_limit: u64,
    /// Stops it.
    pub interrupt: &'a Interrupt,
}

/// What was read.
pub struct Framed {
    /// What framing says of the source as a whole.
    pub summary: Summary,
    /// How many rows were encoded.
    pub records: u64,
    /// How many of them are not UTF-8.
    pub not_utf8: u64,
    /// Of the source's bytes.
    pub fingerprint: Fingerprint,
}

impl Framing<'_> {
    /// Reads the source to its end.
    ///
    /// # Errors
    /// The source cannot be read or is refused as a whole; a signal came; nobody takes the pieces any more.
    pub fn read(mut self, pieces: Pieces, reached: &Reached) -> Result<Framed, Error> {
        let mut writer = StagingWriter::new(pieces);
        // Offsets are those of the text in UTF-8.
        let is_plain_file =
            self.file.url.is_none() && self.source.is_plain_file() && framer::is_utf8(self.file.format);
        let limits = Limits {
            record_bytes: usize::try_from(self.record_limit).unwrap_or(usize::MAX),
            ..Limits::default()
        };
        let mut framer = Framer::new(self.file.format, limits);
        let mut not_utf8 = 0;
        let mut chunk = vec![0; CHUNK_BYTES];
        let (file, number) = (self.file, self.number);
        let stopped = |stopped| match stopped {
            Stopped::Refused(refused) => refused_source(file, is_plain_file, &refused),
            Stopped::Sink(error) => not_taken(file, error),
        };
        loop {
            self.interrupt.check()?;
            let count = self.source.read(&mut chunk)?;
            if count == 0 {
                break;
            }
            let mut sink = |framed: frame::Framed<'_>| put(&mut writer, number, &framed, &mut not_utf8);
            framer.push(&chunk[..count], &mut sink).map_err(&stopped)?;
            reached.set(writer.rows(), self.source.position());
        }
        let mut sink = |framed: frame::Framed<'_>| put(&mut writer, number, &framed, &mut not_utf8);
        let summary = framer.finish(&mut sink).map_err(&stopped)?;
        let (_, records) = writer.finish().map_err(|error| not_taken(file, error))?;
        Ok(Framed { summary, records, not_utf8, fingerprint: self.source.finish()? })
    }
}

fn not_taken(file: &SourceFile, error: io::Error) -> Error {
    Error::failed(format!("cannot hand on the records of {}", file.location)).caused_by(error)
}

/// Stages a record, and counts those that are not UTF-8.
fn put(
    writer: &mut StagingWriter<impl Write>,
    source: i16,
    framed: &frame::Framed<'_>,
    not_utf8: &mut u64,
) -> io::Result<()> {
    *not_utf8 += u64::from(framed.content.as_ref().is_err_and(|fault| fault.sqlstate == "22021"));
    let content = match &framed.content {
        Ok(record) => Ok(*record),
        Err(fault) => Err(Fault { raw: fault.raw, problem: &fault.message, sqlstate: fault.sqlstate }),
    };
    writer.write(&Staged { source, line: framed.line, byte: framed.byte, content })
}

/// Nothing of the source is loaded; where it can be looked at with everyday tools, how is said.
fn refused_source(file: &SourceFile, is_plain_file: bool, refused: &Refused) -> Error {
    let message = match &file.url {
        Some(url) => Secrets::of(url).hidden_in(&refused.message),
        None => refused.message.clone(),
    };
    let refused = Refused { message, ..refused.clone() };
    let error = Error::failed(format!("{}: refused ({}): {refused}", file.location, refused.sqlstate))
        .caused_by(refused.clone());
    // UTF-16 and UTF-32 are named as what they are.
    let is_other_encoding = refused.sqlstate == "22021" && !refused.message.starts_with("UTF-");
    match is_plain_file {
        _ if is_other_encoding && matches!(file.format, Format::Csv(_)) => {
            error.hint("say how it is encoded: --encoding latin1, or windows-1252")
        }
        true => {
            let from = (refused.byte + 1).saturating_sub(100).max(1);
            error.hint(format!("see what is there: tail -c +{from} {} | head -c 200", file.location))
        }
        false => error,
    }
}
