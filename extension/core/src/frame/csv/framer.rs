//! The framer itself: which bytes are a record, and which are kept for the next chunk.

use super::Delimiter;
use super::scan::{Reach, Scan};
use super::table::Table;
use crate::frame::json::Sink;
use crate::frame::opening::encoding;
use crate::frame::position::Position;
use crate::frame::{Limits, Refused, Shape, Stopped, Summary};

/// How many bytes tell the encoding.
const HEAD: usize = 4;
/// How many bytes are put behind those kept, at a time, to find the end of a record that a chunk cut.
const STEP: usize = 64 * 1024;

/// Frames one CSV source: [`push`](CsvFramer::push) its bytes, then [`finish`](CsvFramer::finish).
///
/// ```
/// use etl_core::frame::{CsvFramer, Delimiter, Limits, Stopped};
///
/// let mut records = Vec::new();
/// let mut keep = |framed: etl_core::frame::Framed<'_>| {
///     records.push((framed.line, framed.content.map(str::to_owned).map_err(|fault| fault.message)));
///     Ok::<_, Stopped<()>>(())
/// };
/// let mut framer = CsvFramer::new(Limits::default(), Delimiter::COMMA);
/// framer.push(b"id,name\n1,\"Ler", &mut keep)?;
/// framer.push(b"wick\"\n2\n", &mut keep)?;
/// let summary = framer.finish(&mut keep)?;
/// assert_eq!(records[0], (2, Ok(r#"{"id":"1","name":"Lerwick"}"#.to_owned())));
/// assert_eq!(records[1], (3, Err("expected 2 fields, found 1".to_owned())));
/// assert_eq!((summary.records, summary.faults), (2, 1));
/// # Ok::<_, Stopped<Stopped<()>>>(())
/// ```
#[derive(Debug)]
pub struct CsvFramer {
    pub(super) limits: Limits,
    pub(super) delimiter: Delimiter,
    /// The encoding is known.
    started: bool,
    /// The first byte that is not done with: of `blanks`, else of `pending`, else the next.
    pub(super) position: Position,
    /// A record whose end has not come.
    pub(super) pending: Vec<u8>,
    pub(super) scan: Scan,
    /// A record that is longer than the limit, whose end is being sought.
    pub(super) long: Option<Long>,
    /// The last line ended with a CR: an LF now belongs to it.
    pub(super) after_return: bool,
    /// The ends of blank lines, held back until it shows whether they are the end of the source.
    pub(super) blanks: Vec<u8>,
    /// Where the first blank line before the header is.
    pub(super) blank_header: Option<Position>,
    /// None until the header has come.
    pub(super) table: Option<Table>,
    pub(super) summary: Summary,
    failed: Option<Refused>,
}

/// A record that is longer than the limit.
#[derive(Debug)]
pub(super) struct Long {
    pub start: Position,
    pub length: u64,
    /// Its first bytes.
    pub head: Vec<u8>,
}

impl CsvFramer {
    /// A framer at the beginning of a source. Of the limits only the length counts: CSV does not nest.
    pub fn new(limits: Limits, delimiter: Delimiter) -> Self {
        CsvFramer {
            limits,
            delimiter,
            started: false,
            position: Position::start(),
            pending: Vec::new(),
            scan: Scan::default(),
            long: None,
            after_return: false,
            blanks: Vec::new(),
            blank_header: None,
            table: None,
            summary: Summary::new(),
            failed: None,
        }
    }

    /// Takes the next bytes of the source and hands on every record that ends in them.
    ///
    /// # Errors
    /// The source is refused, or the sink failed. Afterwards the framer repeats the refusal whatever it is given.
    pub fn push<E>(&mut self, chunk: &[u8], sink: Sink<'_, E>) -> Result<(), Stopped<E>> {
        if let Some(refused) = &self.failed {
            return Err(refused.clone().into());
        }
        self.summary.bytes += chunk.len() as u64;
        let outcome = self.feed(chunk, sink);
        self.failed = match &outcome {
            Ok(()) => None,
            Err(stopped) => Some(stopped.for_good(self.position)),
        };
        outcome
    }

    /// Ends the source and hands on the record that ended with it.
    ///
    /// # Errors
    /// As [`push`](CsvFramer::push).
    pub fn finish<E>(mut self, sink: Sink<'_, E>) -> Result<Summary, Stopped<E>> {
        if let Some(refused) = self.failed.take() {
            return Err(refused.into());
        }
        let rest = std::mem::take(&mut self.pending);
        self.frame(&rest, true, sink)?;
        if let Some(long) = self.long.take() {
            self.end_long(&long, sink)?;
        }
        self.summary.shape = match &self.table {
            None => Shape::Empty,
            Some(_) if self.summary.records == 0 => Shape::Header,
            Some(_) => Shape::Table,
        };
        self.summary.header = self.table.map(|table| table.names().to_vec());
        Ok(self.summary)
    }

    /// Records that lie in the chunk are framed there; one that a chunk's end cuts is put together first.
    fn feed<E>(&mut self, mut bytes: &[u8], sink: Sink<'_, E>) -> Result<(), Stopped<E>> {
        while !self.pending.is_empty() && !bytes.is_empty() {
            let kept = self.pending.len();
            let (step, later) = bytes.split_at(bytes.len().min(STEP));
            let mut window = std::mem::take(&mut self.pending);
            grow(&mut window, step.len(), self.limits);
            window.extend_from_slice(step);
            let used = self.frame(&window, false, sink)?;
            bytes = match used.checked_sub(kept) {
                Some(used) => {
                    window.clear();
                    window.shrink_to(STEP);
                    bytes.get(used..).unwrap_or_default()
                }
                None => {
                    window.drain(..used);
                    later
                }
            };
            self.pending = window;
        }
        if !bytes.is_empty() {
            let used = self.frame(bytes, false, sink)?;
            self.pending.extend_from_slice(bytes.get(used..).unwrap_or_default());
        }
        Ok(())
    }

    /// Frames what it can of the bytes; how many those were.
    fn frame<E>(&mut self, window: &[u8], ended: bool, sink: Sink<'_, E>) -> Result<usize, Stopped<E>> {
        let mut from = 0;
        if !self.started {
            if window.len() < HEAD && !ended {
                return Ok(0);
            }
            from = match encoding(window) {
                Ok(mark) => mark,
                Err((sqlstate, message)) => return self.refuse(sqlstate, message.to_owned()),
            };
            self.position.pass(window.get(..from).unwrap_or_default());
            self.started = true;
        }
        while let Some(rest @ [first, ..]) = window.get(from..) {
            match self.step(*first, rest, ended, sink)? {
                0 => break,
                used => from += used,
            }
        }
        Ok(from)
    }

    /// One record, or one blank line, at the beginning of the bytes; how many those were, 0 if it takes more.
    fn step<E>(
        &mut self,
        first: u8,
        rest: &[u8],
        ended: bool,
        sink: Sink<'_, E>,
    ) -> Result<usize, Stopped<E>> {
        if std::mem::take(&mut self.after_return) && first == b'\n' {
            match self.blanks.is_empty() {
                true => self.position.pass(b"\n"),
                false => self.blanks.push(first),
            }
            return Ok(1);
        }
        if self.long.is_some() {
            return self.skip(rest, sink);
        }
        if self.table.is_none() {
            self.look_for_foreign(rest)?;
        }
        match self.scan.read(rest, self.delimiter.byte(), self.limits.record_bytes, ended) {
            Reach::Further => Ok(0),
            Reach::End(0) if self.table.is_some() => self.blank_line(first, sink),
            Reach::End(end) => {
                self.record(rest.get(..end).unwrap_or(rest), sink)?;
                Ok(self.end_line(rest, end))
            }
            Reach::Lost(end, loss) => {
                self.lost(rest, end, loss, sink)?;
                Ok(self.end_line(rest, end))
            }
            // Nobody knows when its line ends, or whether: a device of zeros has none.
            Reach::Long if self.table.is_none() => {
                let limit = self.limits.record_bytes;
                self.refuse(
                    "54000",
                    format!("the header is longer than {limit} bytes, the limit of a record"),
                )
            }
            Reach::Long => {
                self.flush_blanks(sink)?;
                self.scan = Scan::default();
                self.long = Some(Long { start: self.position, length: 0, head: Vec::new() });
                self.skip(rest, sink)
            }
        }
    }
}

/// Room for more bytes: doubling, but not beyond what the longest record takes.
fn grow(buffer: &mut Vec<u8>, more: usize, limits: Limits) {
    let needed = buffer.len() + more;
    if needed > buffer.capacity() {
        let most = limits.record_bytes.saturating_add(STEP);
        let capacity = needed.max((2 * buffer.capacity()).min(most));
        buffer.reserve_exact(capacity - buffer.len());
    }
}
