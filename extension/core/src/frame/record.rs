//! One record: checked where it lies, or kept until its end has come.

use super::extent::{Extent, Reach};
use super::json::{Expect, JsonFramer, Mode, Open, Sink};
use super::position::Position;
use super::problem::{Kind, Problem, depth_limit, first_problem, too_long};
use super::value::check;
use super::{Fault, Limits, RAW_BYTES, Shape, Stopped};

impl JsonFramer {
    /// A record begins. Nearly always it is good and ends in this chunk: then this is the only pass over it.
    pub(super) fn begin_record<E>(
        &mut self,
        first: u8,
        bytes: &[u8],
        sink: Sink<'_, E>,
    ) -> Result<usize, Stopped<E>> {
        let start = self.position;
        let checked = match first {
            b'{' => check(bytes, 0, depth_limit(self.limits)).ok(),
            _ => None,
        };
        let Some(record) = checked.and_then(|end| bytes.get(..end)) else {
            let extent = Extent::of(first);
            self.mode = Mode::Record(Open { start, length: 0, extent });
            return Ok(0);
        };
        self.pass(bytes, record.len());
        self.mode = self.after_record();
        let content = match record.len() > self.limits.record_bytes {
            true => Err(too_long(record, record.len() as u64, self.limits)),
            false => utf8(record, start.byte, self.limits),
        };
        self.hand_on(start, content, sink)?;
        Ok(record.len())
    }

    fn after_record(&self) -> Mode {
        match self.summary.shape {
            Shape::Objects => Mode::BetweenObjects,
            _ => Mode::Array(Expect::CommaOrEnd),
        }
    }

    /// Goes on with a record whose end is being sought.
    pub(super) fn record<E>(
        &mut self,
        mut open: Open,
        bytes: &[u8],
        sink: Sink<'_, E>,
    ) -> Result<usize, Stopped<E>> {
        let end = match open.extent.scan(bytes) {
            Reach::Lost(at, message) => {
                let Position { byte, line, .. } = open.start;
                let record = format!("in the record that begins in line {line} at byte {byte}");
                return self.refuse_at(bytes, at, format!("{message} {record}"));
            }
            Reach::Further => {
                self.keep(bytes, &mut open.length);
                self.mode = Mode::Record(open);
                return Ok(bytes.len());
            }
            Reach::End(end) => end,
        };
        let last = bytes.get(..end).unwrap_or(bytes);
        self.mode = self.after_record();
        if open.length == 0 {
            self.pass(bytes, end);
            open.length = end as u64;
            let content = judge(last, open.length, open.start.byte, self.limits);
            self.hand_on(open.start, content, sink)?;
        } else {
            self.keep(last, &mut open.length);
            let record = std::mem::take(&mut self.buffer);
            let content = judge(&record, open.length, open.start.byte, self.limits);
            self.hand_on(open.start, content, sink)?;
            self.reuse(record);
        }
        Ok(end)
    }

    /// Keeps bytes of a value that is spread over chunks: all of it, but the head only of one that is too long.
    pub(super) fn keep(&mut self, bytes: &[u8], length: &mut u64) {
        self.pass(bytes, bytes.len());
        *length += bytes.len() as u64;
        let limit = self.limits.record_bytes;
        let mut room = limit.saturating_sub(self.buffer.len());
        if *length > limit as u64 {
            if self.buffer.len() > RAW_BYTES {
                self.buffer.truncate(RAW_BYTES);
                self.buffer.shrink_to_fit();
            }
            room = RAW_BYTES.saturating_sub(self.buffer.len());
        }
        let bytes = bytes.get(..room).unwrap_or(bytes);
        let needed = self.buffer.len() + bytes.len();
        if needed > self.buffer.capacity() {
            // Doubling, but never beyond the limit.
            let capacity = needed.max((2 * self.buffer.capacity()).min(limit));
            self.buffer.reserve_exact(capacity - self.buffer.len());
        }
        self.buffer.extend_from_slice(bytes);
    }

    /// Takes a buffer back when its record has gone.
    pub(super) fn reuse(&mut self, mut buffer: Vec<u8>) {
        buffer.clear();
        buffer.shrink_to(RAW_BYTES);
        self.buffer = buffer;
    }
}

/// What a record of `length` bytes is worth; `record` is what was kept of it.
pub(super) fn judge(record: &[u8], length: u64, byte: u64, limits: Limits) -> Result<&str, Fault<'_>> {
    if length > limits.record_bytes as u64 {
        return Err(too_long(record, length, limits));
    }
    match first_problem(record, depth_limit(limits)) {
        Some(problem) => Err(problem.fault(record, byte, limits)),
        None => utf8(record, byte, limits),
    }
}

/// A record of good grammar as text.
pub(super) fn utf8(record: &[u8], byte: u64, limits: Limits) -> Result<&str, Fault<'_>> {
    std::str::from_utf8(record).map_err(|error| {
        let at = error.valid_up_to();
        Problem { at, kind: Kind::Encoding }.fault(record, byte, limits)
    })
}
