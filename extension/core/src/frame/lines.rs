//! JSON lines: a damaged line costs that line and no other.

use super::Stopped;
use super::json::{JsonFramer, Mode, Sink};
use super::position::Position;
use super::problem::{depth_limit, first_problem, too_long};
use super::record::utf8;
use super::value::{blank, check};

impl JsonFramer {
    /// Goes on with the line that began at `start`, of which `length` bytes have been kept.
    pub(super) fn line<E>(
        &mut self,
        start: Position,
        mut length: u64,
        bytes: &[u8],
        sink: Sink<'_, E>,
    ) -> Result<usize, Stopped<E>> {
        match memchr::memchr2(b'\n', b'\r', bytes) {
            Some(end) => {
                self.end_line(bytes.get(..end).unwrap_or(bytes), start, length, sink)?;
                Ok(end)
            }
            None => {
                self.keep(bytes, &mut length);
                self.mode = Mode::Line { start, length };
                Ok(bytes.len())
            }
        }
    }

    /// The line ends with `last`; what came before it has been kept.
    pub(super) fn end_line<E>(
        &mut self,
        last: &[u8],
        start: Position,
        mut length: u64,
        sink: Sink<'_, E>,
    ) -> Result<(), Stopped<E>> {
        self.mode = Mode::BetweenLines;
        if length == 0 {
            self.pass(last, last.len());
            return self.whole_line(last, last.len() as u64, start, sink);
        }
        self.keep(last, &mut length);
        let line = std::mem::take(&mut self.buffer);
        self.whole_line(&line, length, start, sink)?;
        self.reuse(line);
        Ok(())
    }

    /// A line that is not blank, without its end. Its objects are handed on together or not at all.
    fn whole_line<E>(
        &mut self,
        line: &[u8],
        length: u64,
        start: Position,
        sink: Sink<'_, E>,
    ) -> Result<(), Stopped<E>> {
        let limits = self.limits;
        if length > limits.record_bytes as u64 {
            return self.hand_on(start, Err(too_long(line, length, limits)), sink);
        }
        let line = trimmed(line);
        let depth = depth_limit(limits);
        let one_object = line.first() == Some(&b'{') && check(line, 0, depth) == Ok(line.len());
        if one_object {
            return self.hand_on(start, utf8(line, start.byte, limits), sink);
        }
        if let Some(problem) = first_problem(line, depth) {
            return self.hand_on(start, Err(problem.fault(line, start.byte, limits)), sink);
        }
        // Several objects: files put together, the first of which lacked its last line end.
        let mut at = 0;
        while let Ok(end) = check(line, at, depth) {
            let place = start.at(line, at);
            let record = line.get(at..end).unwrap_or_default();
            self.hand_on(place, utf8(record, place.byte, limits), sink)?;
            at = blank(line, end);
        }
        Ok(())
    }
}

/// A line without the blanks at its end.
fn trimmed(mut line: &[u8]) -> &[u8] {
    while let [rest @ .., b' ' | b'\t'] = line {
        line = rest;
    }
    line
}
