//! The beginning of a file, framed as a load frames it: its records' fields, and what was seen of each.
mod format;
mod tree;

use std::hash::RandomState;
use std::io;

use etl_core::frame::{Framed, Limits, Stopped};

use super::column::Seen;
use crate::config::{Csv, Format};
use crate::error::Error;
use crate::run::stage::framer::Framer;
use crate::source::{Encoding, Source};
use tree::Tree;

/// A sample ends at this many bytes after decompression.
const BYTES: usize = 64 << 20;
const CHUNK: usize = 64 << 10;

/// Most columns of a table in PostgreSQL.
const COLUMNS: usize = 1_600;
/// A name longer than this, bytes, is none: a quote was not closed, or data stands where names should.
const NAME: usize = 1_000;

/// What the beginning of a file shows.
#[derive(Debug)]
pub struct Sample {
    /// The file, as it was named.
    pub location: String,
    /// How its records are framed.
    pub format: Format,
    /// Its fields, in the order in which they first came.
    pub fields: Vec<Field>,
    /// Sound records.
    pub records: usize,
    /// Records that cannot be read, which are left out.
    pub damaged: usize,
    /// Whether that is all of the file.
    pub is_whole: bool,
    /// Names of fields that no load function can read.
    pub unreadable: Vec<String>,
    /// Whether some of the damaged records are not in the file's encoding.
    has_other_encoding: bool,
}

/// A field of the records.
#[derive(Debug)]
pub struct Field {
    /// The name, and of an object's member the object's before it.
    pub path: Vec<String>,
    /// How a load function finds it: its name, or a JSON pointer.
    pub from: String,
    /// What was seen of it.
    pub seen: Seen,
}

/// Reads the beginning of a file. Hashes of values are comparable under one `state`.
///
/// # Errors
/// Usage (exit 2) for a file that cannot be read, that is neither CSV nor JSON, or that has no fields.
pub fn read(location: &str, state: &RandomState) -> Result<Sample, Error> {
    let format = format::of(location, &beginning(location)?);
    let sample = sampled(location, format, state);
    let is_other = match &sample {
        Ok(sample) => sample.has_other_encoding,
        Err(error) => error.sqlstate() == Some("22021"),
    };
    let sample = match format {
        // What is not UTF-8 is most often Windows-1252; the draft says so.
        Format::Csv(csv) if is_other => {
            let format = Format::Csv(Csv { encoding: Encoding::Windows1252, ..csv });
            sampled(location, format, state).or(sample)
        }
        _ => sample,
    }?;
    let wrong = |what: String| Err(Error::usage(format!("{location}: {what}")));
    if sample.fields.is_empty() {
        return wrong("there is nothing to draft a table from".to_owned())
            .map_err(|error| error.hint("name a file with a header line, or with JSON objects"));
    }
    if sample.fields.iter().flat_map(|field| &field.path).any(|name| name.len() > NAME) {
        return wrong(format!("a field's name is longer than {NAME} bytes")).map_err(|error| {
            error.hint("look whether its header is one, and whether a quote in it is not closed")
        });
    }
    match sample.fields.len() {
        many if many > COLUMNS => {
            wrong(format!("{many} fields, and a table of PostgreSQL has at most {COLUMNS} columns"))
        }
        _ => Ok(sample),
    }
}

fn beginning(location: &str) -> Result<Vec<u8>, Error> {
    let mut source = Source::open(location)?;
    let mut beginning = vec![0; CHUNK];
    let count = source.read(&mut beginning)?;
    beginning.truncate(count);
    Ok(beginning)
}

fn sampled(location: &str, format: Format, state: &RandomState) -> Result<Sample, Error> {
    let refused = |stopped: Stopped<io::Error>| {
        let error = Error::usage(format!("{location}: no sample can be read"));
        match stopped {
            Stopped::Refused(refused) => error.caused_by(refused),
            Stopped::Sink(cause) => error.caused_by(cause),
        }
    };
    let mut source = Source::open(location)?;
    let mut framer = Framer::new(format, Limits::default());
    let mut tree = Tree::new(state);
    let (mut chunk, mut bytes) = (vec![0; CHUNK], 0);
    let is_read = loop {
        let count = source.read(&mut chunk)?;
        if count == 0 {
            break true;
        }
        framer.push(&chunk[..count], &mut |framed| put(&mut tree, &framed)).map_err(refused)?;
        bytes += count;
        if bytes >= BYTES || tree.is_full() {
            break false;
        }
    };
    // A header of no records still has its names.
    let header = match is_read {
        true => framer.finish(&mut |framed| put(&mut tree, &framed)).map_err(refused)?.header,
        false => None,
    };
    Ok(tree.into_sample(location, format, header.unwrap_or_default(), is_read))
}

fn put(tree: &mut Tree<'_>, framed: &Framed<'_>) -> io::Result<()> {
    tree.take(&framed.content);
    Ok(())
}
