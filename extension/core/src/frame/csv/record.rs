//! What becomes of a line or record once its extent is known: header, record, fault, blank line, or too long.

use super::framer::{CsvFramer, Long};
use super::header::{blank, foreign};
use super::mojibake;
use super::problem::{Loss, MALFORMED, malformed};
use super::scan::Scan;
use super::table::Table;
use crate::frame::json::Sink;
use crate::frame::position::Position;
use crate::frame::problem::too_long;
use crate::frame::{Fault, Framed, RAW_BYTES, Refused, Stopped};

impl CsvFramer {
    /// A header line or a record.
    pub(super) fn record<E>(&mut self, record: &[u8], sink: Sink<'_, E>) -> Result<(), Stopped<E>> {
        self.flush_blanks(sink)?;
        let (start, limits) = (self.position, self.limits);
        let Some(table) = &mut self.table else {
            return self.header(record);
        };
        let content = table.json(record, start, limits);
        self.summary.records += 1;
        self.summary.faults += u64::from(content.is_err());
        self.summary.mojibake += u64::from(mojibake::is_in(record));
        let Position { byte, line, .. } = start;
        let outcome = sink(Framed { line, byte, content }).map_err(Stopped::Sink);
        if record.len() > RAW_BYTES {
            table.shrink();
        }
        outcome
    }

    fn header<E>(&mut self, line: &[u8]) -> Result<(), Stopped<E>> {
        if line.iter().all(|byte| matches!(byte, b' ' | b'\t')) {
            self.blank_header.get_or_insert(self.position);
            return Ok(());
        }
        let table = match self.blank_header {
            Some(position) => {
                self.position = position;
                Err(blank())
            }
            None => Table::new(line, self.position, self.delimiter),
        };
        match table {
            Ok(table) => self.table = Some(table),
            Err((sqlstate, message)) => return self.refuse(sqlstate, message),
        }
        Ok(())
    }

    /// A line whose quotes are wrong: `rest` up to `end`.
    pub(super) fn lost<E>(
        &mut self,
        rest: &[u8],
        end: usize,
        loss: Loss,
        sink: Sink<'_, E>,
    ) -> Result<(), Stopped<E>> {
        self.flush_blanks(sink)?;
        let message = loss.message(rest, self.position, self.delimiter);
        match self.table {
            None => self.refuse(MALFORMED, format!("the header is malformed: {message}")),
            Some(_) => {
                let fault = malformed(rest.get(..end).unwrap_or(rest), message);
                self.hand_on_fault(self.position, fault, sink)
            }
        }
    }

    fn hand_on_fault<E>(
        &mut self,
        start: Position,
        fault: Fault<'_>,
        sink: Sink<'_, E>,
    ) -> Result<(), Stopped<E>> {
        self.summary.records += 1;
        self.summary.faults += 1;
        let Position { byte, line, .. } = start;
        sink(Framed { line, byte, content: Err(fault) }).map_err(Stopped::Sink)
    }

    /// Passes a record that ends before `end`, and its line's end.
    pub(super) fn end_line(&mut self, rest: &[u8], end: usize) -> usize {
        let used = rest.len().min(end + 1);
        self.position.pass(rest.get(..used).unwrap_or(rest));
        self.after_return = rest.get(end) == Some(&b'\r');
        self.scan = Scan::default();
        used
    }

    /// A blank line among the records, which ends with `end`.
    pub(super) fn blank_line<E>(&mut self, end: u8, sink: Sink<'_, E>) -> Result<usize, Stopped<E>> {
        self.blanks.push(end);
        self.after_return = end == b'\r';
        self.scan = Scan::default();
        // So many are not the end of a file, and are not to fill the memory.
        if self.blanks.len() > self.limits.record_bytes.max(RAW_BYTES) {
            self.flush_blanks(sink)?;
        }
        Ok(1)
    }

    /// Something follows the blank lines: they are not the end of the source.
    pub(super) fn flush_blanks<E>(&mut self, sink: Sink<'_, E>) -> Result<(), Stopped<E>> {
        let blanks = std::mem::take(&mut self.blanks);
        let mut rest = blanks.as_slice();
        while !rest.is_empty() {
            let end = if rest.starts_with(b"\r\n") { 2 } else { 1 };
            let (end, later) = rest.split_at(end);
            self.record(&[], sink)?;
            self.position.pass(end);
            rest = later;
        }
        Ok(())
    }

    /// Goes on with a record that is longer than the limit; how many bytes belong to it.
    pub(super) fn skip<E>(&mut self, rest: &[u8], sink: Sink<'_, E>) -> Result<usize, Stopped<E>> {
        let Some(mut long) = self.long.take() else { return Ok(0) };
        // Up to the limit a line may end between quotes.
        let within = (self.limits.record_bytes as u64).saturating_sub(long.length);
        let within = rest.len().min(usize::try_from(within).unwrap_or(usize::MAX));
        let beyond = rest.get(within..).unwrap_or_default();
        let end = memchr::memchr2(b'\n', b'\r', beyond).map(|end| within + end);
        let record = rest.get(..end.unwrap_or(rest.len())).unwrap_or(rest);
        let room = RAW_BYTES - long.head.len();
        long.head.extend_from_slice(record.get(..room).unwrap_or(record));
        long.length += record.len() as u64;
        match end {
            Some(end) => {
                self.end_long(&long, sink)?;
                Ok(self.end_line(rest, end))
            }
            None => {
                self.position.pass(record);
                self.long = Some(long);
                Ok(record.len())
            }
        }
    }

    /// The end of a record that is longer than the limit.
    pub(super) fn end_long<E>(&mut self, long: &Long, sink: Sink<'_, E>) -> Result<(), Stopped<E>> {
        let fault = too_long(&long.head, long.length, self.limits);
        self.hand_on_fault(long.start, fault, sink)
    }

    /// Before the header: whether the source is of another kind.
    pub(super) fn look_for_foreign(&mut self, rest: &[u8]) -> Result<(), Refused> {
        let first = rest.iter().find(|byte| !matches!(byte, b' ' | b'\t' | b'\r' | b'\n'));
        match first.copied().and_then(foreign) {
            Some(message) => self.refuse("22P02", message.to_owned()),
            None => Ok(()),
        }
    }

    /// Refuses the source at the position reached.
    pub(super) fn refuse<T, X: From<Refused>>(
        &self,
        sqlstate: &'static str,
        message: String,
    ) -> Result<T, X> {
        let Position { byte, line, .. } = self.position;
        Err(Refused { byte, line, sqlstate, message }.into())
    }
}
