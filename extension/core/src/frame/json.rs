//! The framer itself: which part of which shape the next byte belongs to.

use super::envelope::{self, Envelope, Part};
use super::extent::{Extent, Reach};
use super::position::Position;
use super::problem::{Kind, Problem, depth_limit, first_problem, found, too_long};
use super::text::Stop;
use super::value::{blank, check};
use super::{Fault, Framed, Limits, RAW_BYTES, Refused, Shape, Stopped, Summary};

/// Who takes the records.
pub(super) type Sink<'s, E> = &'s mut dyn FnMut(Framed<'_>) -> Result<(), E>;

/// Frames one source: [`push`](JsonFramer::push) its bytes, then [`finish`](JsonFramer::finish).
///
/// ```
/// use etl_core::frame::{JsonFramer, Limits, Stopped};
///
/// let mut records = Vec::new();
/// let mut keep = |framed: etl_core::frame::Framed<'_>| {
///     records.push((framed.line, framed.content.map(str::to_owned).map_err(|fault| fault.sqlstate)));
///     Ok::<_, Stopped<()>>(())
/// };
/// let mut framer = JsonFramer::new(Limits::default());
/// framer.push(b"[{\"a\": 1}\n,{\"a\"", &mut keep)?;
/// framer.push(b": \"\\u0000\"}]", &mut keep)?;
/// let summary = framer.finish(&mut keep)?;
/// assert_eq!(records, [(1, Ok("{\"a\": 1}".to_owned())), (2, Err("22P05"))]);
/// assert_eq!((summary.records, summary.faults), (2, 1));
/// # Ok::<_, Stopped<Stopped<()>>>(())
/// ```
#[derive(Debug)]
pub struct JsonFramer {
    pub(super) limits: Limits,
    pub(super) mode: Mode,
    /// The next byte that is not yet framed (while opening: not yet decided on).
    pub(super) position: Position,
    /// What is kept of earlier chunks: the beginning of the source, a record, a line or the tail of a page.
    pub(super) buffer: Vec<u8>,
    pub(super) summary: Summary,
    /// The first object of lines or objects has an `error`; in words, with its place.
    lone_error: Option<(Position, String)>,
    /// The envelope of the page that is open.
    pub(super) envelope: Envelope,
    failed: Option<Refused>,
}

/// What is being read.
#[derive(Debug, Clone, Copy)]
pub(super) enum Mode {
    /// The first four bytes, which tell the encoding.
    Start,
    /// Whitespace before anything else.
    Blank,
    /// The first object, until the shape is known; it is tried again at this length.
    Opening {
        try_at: usize,
    },
    Array(Expect),
    /// A record of an array or of concatenated objects that fits no chunk or is damaged.
    Record(Open),
    /// The rest of a page behind its array.
    Tail(Open),
    BetweenPages,
    AfterArray,
    BetweenObjects,
    BetweenLines,
    Line {
        start: Position,
        length: u64,
    },
}

/// What an array allows next.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Expect {
    RecordOrEnd,
    Record,
    CommaOrEnd,
}

/// A value whose end is being sought.
#[derive(Debug, Clone, Copy)]
pub(super) struct Open {
    pub start: Position,
    pub length: u64,
    pub extent: Extent,
}

impl JsonFramer {
    /// A framer at the beginning of a source.
    pub fn new(limits: Limits) -> Self {
        JsonFramer {
            limits,
            mode: Mode::Start,
            position: Position::start(),
            buffer: Vec::new(),
            summary: Summary {
                records: 0,
                faults: 0,
                bytes: 0,
                shape: Shape::Empty,
                pages: 0,
                count: None,
                next: None,
                results_limited_to: None,
            },
            lone_error: None,
            envelope: Envelope::default(),
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
        self.remember(outcome)
    }

    /// Ends the source and hands on the record that ended with it.
    ///
    /// # Errors
    /// As [`push`](JsonFramer::push); also if the source ends inside an array, a page or an object.
    pub fn finish<E>(mut self, sink: Sink<'_, E>) -> Result<Summary, Stopped<E>> {
        if let Some(refused) = self.failed.take() {
            return Err(refused.into());
        }
        while let Mode::Start | Mode::Opening { .. } = self.mode {
            self.open(true, sink)?;
        }
        match self.mode {
            Mode::Line { start, length } => self.end_line(&[], start, length, sink)?,
            Mode::Array(_) => self.refuse("22P02", "the source ends inside the array".to_owned())?,
            Mode::Tail(_) => self.refuse("22P02", "the source ends inside a page".to_owned())?,
            Mode::Record(open) => {
                let Position { byte, line, .. } = open.start;
                let message =
                    format!("the source ends inside the record that begins in line {line} at byte {byte}");
                self.refuse("22P02", message)?;
            }
            _ => {}
        }
        if self.summary.records == 1 && matches!(self.summary.shape, Shape::Lines | Shape::Objects) {
            self.summary.shape = Shape::Object;
            if let Some((place, message)) = self.lone_error.take() {
                self.position = place;
                self.refuse("22P02", message)?;
            }
        }
        Ok(self.summary)
    }

    fn remember<E>(&mut self, outcome: Result<(), Stopped<E>>) -> Result<(), Stopped<E>> {
        self.failed = match &outcome {
            Ok(()) => None,
            Err(Stopped::Refused(refused)) => Some(refused.clone()),
            Err(Stopped::Sink(_)) => Some(Refused {
                byte: self.position.byte,
                line: self.position.line,
                sqlstate: "57014",
                message: "an earlier record could not be handed on".to_owned(),
            }),
        };
        outcome
    }

    /// Takes bytes, be they new or kept from the opening.
    pub(super) fn feed<E>(&mut self, mut bytes: &[u8], sink: Sink<'_, E>) -> Result<(), Stopped<E>> {
        while !bytes.is_empty() {
            let used = match self.mode {
                Mode::Start | Mode::Opening { .. } => self.collect_opening(bytes, sink)?,
                Mode::Record(open) => self.record(open, bytes, sink)?,
                Mode::Tail(open) => self.tail(open, bytes)?,
                Mode::Line { start, length } => self.line(start, length, bytes, sink)?,
                _ => {
                    let gap = blank(bytes, 0);
                    self.pass(bytes, gap);
                    match bytes.get(gap..) {
                        Some(rest @ &[first, ..]) => gap + self.value(first, rest, sink)?,
                        _ => gap,
                    }
                }
            };
            bytes = bytes.get(used..).unwrap_or_default();
        }
        Ok(())
    }

    /// What begins with `first`, outside of any record.
    fn value<E>(&mut self, first: u8, bytes: &[u8], sink: Sink<'_, E>) -> Result<usize, Stopped<E>> {
        match (self.mode, first) {
            (Mode::Blank, _) => return Ok(self.top(first, bytes)?),
            (Mode::BetweenPages, b'{') => self.mode = Mode::Opening { try_at: 1 },
            (Mode::BetweenLines, _) => {
                let start = self.position;
                return self.line(start, 0, bytes, sink);
            }
            (Mode::BetweenObjects, b'{') => return self.begin_record(first, bytes, sink),
            (Mode::Array(expect), _) => return self.element(expect, first, bytes, sink),
            _ => {
                let what = match self.mode {
                    Mode::AfterArray => "the array",
                    Mode::BetweenPages => "the page",
                    _ => "the object",
                };
                let found = found(bytes, 0);
                self.refuse(nul_or(first), format!("{found} after the end of {what}"))?;
            }
        }
        Ok(0)
    }

    fn element<E>(
        &mut self,
        expect: Expect,
        first: u8,
        bytes: &[u8],
        sink: Sink<'_, E>,
    ) -> Result<usize, Stopped<E>> {
        let is_page = self.summary.shape == Shape::Pages;
        match (expect, first) {
            (Expect::RecordOrEnd | Expect::CommaOrEnd, b']') => {
                self.pass(bytes, 1);
                self.mode = match is_page {
                    false => Mode::AfterArray,
                    true => {
                        Mode::Tail(Open { start: self.position, length: 0, extent: Extent::rest_of_object() })
                    }
                };
                return Ok(1);
            }
            (Expect::CommaOrEnd, b',') => {
                self.pass(bytes, 1);
                self.mode = Mode::Array(Expect::Record);
                return Ok(1);
            }
            (Expect::CommaOrEnd, _) => {
                let found = found(bytes, 0);
                self.refuse(nul_or(first), format!("expected `,` or `]` after a record, found {found}"))?;
            }
            (_, b',' | b':' | b']' | b'}' | 0..0x20) => {
                let found = found(bytes, 0);
                self.refuse(nul_or(first), format!("expected a record, found {found}"))?;
            }
            _ => return self.begin_record(first, bytes, sink),
        }
        Ok(0)
    }

    /// A record begins. Nearly always it is good and ends in this chunk: then this is the only pass over it.
    fn begin_record<E>(&mut self, first: u8, bytes: &[u8], sink: Sink<'_, E>) -> Result<usize, Stopped<E>> {
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
    fn record<E>(&mut self, mut open: Open, bytes: &[u8], sink: Sink<'_, E>) -> Result<usize, Stopped<E>> {
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
            let content = self.judge(&open, last);
            self.hand_on(open.start, content, sink)?;
        } else {
            self.keep(last, &mut open.length);
            let record = std::mem::take(&mut self.buffer);
            let content = self.judge(&open, &record);
            self.hand_on(open.start, content, sink)?;
            self.reuse(record);
        }
        Ok(end)
    }

    /// What a whole record is worth; `record` is what was kept of it.
    fn judge<'a>(&self, open: &Open, record: &'a [u8]) -> Result<&'a str, Fault<'a>> {
        let byte = open.start.byte;
        if open.length > self.limits.record_bytes as u64 {
            return Err(too_long(record, open.length, self.limits));
        }
        match first_problem(record, depth_limit(self.limits)) {
            Some(problem) => Err(problem.fault(record, byte, self.limits)),
            None => utf8(record, byte, self.limits),
        }
    }

    /// Hands a record on, unless it shows that the source is an error reply.
    pub(super) fn hand_on<E>(
        &mut self,
        start: Position,
        content: Result<&str, Fault<'_>>,
        sink: Sink<'_, E>,
    ) -> Result<(), Stopped<E>> {
        if let (Ok(record), Shape::Lines | Shape::Objects) = (&content, self.summary.shape) {
            self.look_for_error(start, record.as_bytes())?;
        }
        self.summary.records += 1;
        self.summary.faults += u64::from(content.is_err());
        let Position { byte, line, .. } = start;
        sink(Framed { line, byte, content }).map_err(Stopped::Sink)
    }

    fn look_for_error(&mut self, start: Position, record: &[u8]) -> Result<(), Refused> {
        let is_first = self.summary.records == 0;
        if !is_first && !envelope::begins_like_one(record) {
            return Ok(());
        }
        let mut envelope = Envelope::default();
        // A record handed on is valid JSON: there is nothing to go wrong.
        let _ = envelope.read(record, 1, Part::Whole);
        if let Some(message) = envelope.refusal() {
            self.position = start;
            self.refuse("22P02", message)?;
        }
        if let (true, Some(error)) = (is_first, &envelope.error) {
            self.lone_error = Some((start, envelope::error_reply(error)));
        }
        Ok(())
    }

    /// Goes on behind the array of a page.
    fn tail(&mut self, mut open: Open, bytes: &[u8]) -> Result<usize, Refused> {
        let (end, ended) = match open.extent.scan(bytes) {
            Reach::Lost(at, message) => return self.refuse_at(bytes, at, message),
            Reach::Further => (bytes.len(), false),
            Reach::End(end) => (end, true),
        };
        self.keep(bytes.get(..end).unwrap_or(bytes), &mut open.length);
        if open.length > self.limits.record_bytes.max(RAW_BYTES) as u64 {
            self.refuse("54000", "the envelope of a page is too long".to_owned())?;
        }
        self.mode = Mode::Tail(open);
        if ended {
            let tail = std::mem::take(&mut self.buffer);
            match self.envelope.read(&tail, 0, Part::Tail) {
                Ok(_) => self.end_page(open.start)?,
                Err(stop) => {
                    let problem = match stop {
                        Stop::Bad(problem) => problem,
                        Stop::Incomplete => Problem { at: tail.len(), kind: Kind::Expected("more") },
                    };
                    let message = problem.message(&tail, open.start.byte, self.limits);
                    self.position = open.start.at(&tail, problem.at);
                    self.refuse(problem.sqlstate(&tail), message)?;
                }
            }
            self.reuse(tail);
        }
        Ok(end)
    }

    /// A page is complete; `place` is where to point if it is no good.
    pub(super) fn end_page(&mut self, place: Position) -> Result<(), Refused> {
        let page = std::mem::take(&mut self.envelope);
        if let Some(error) = &page.error {
            self.position = place;
            self.refuse("22P02", envelope::error_reply(error))?;
        }
        if page.foreign && !page.paged {
            self.position = place;
            self.refuse(
                "22P02",
                "an object with a `data` array and keys that no page has: if it is a record, put it into an array"
                    .to_owned(),
            )?;
        }
        self.summary.pages += 1;
        self.summary.count = page.count.or(self.summary.count);
        self.summary.next = page.next;
        self.summary.results_limited_to = page.results_limited_to.or(self.summary.results_limited_to.take());
        self.mode = Mode::BetweenPages;
        Ok(())
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

    pub(super) fn pass(&mut self, bytes: &[u8], count: usize) {
        self.position.pass(bytes.get(..count).unwrap_or(bytes));
    }

    /// Refuses the source at the position reached.
    pub(super) fn refuse(&self, sqlstate: &'static str, message: String) -> Result<(), Refused> {
        let Position { byte, line, .. } = self.position;
        Err(Refused { byte, line, sqlstate, message })
    }

    fn refuse_at<T, X: From<Refused>>(&mut self, bytes: &[u8], at: usize, message: String) -> Result<T, X> {
        let Position { byte, line, .. } = self.position.at(bytes, at);
        let sqlstate = nul_or(bytes.get(at).copied().unwrap_or(b' '));
        Err(Refused { byte, line, sqlstate, message }.into())
    }
}

/// The SQLSTATE for a byte out of place.
pub(super) fn nul_or(byte: u8) -> &'static str {
    match byte {
        0 => "22P05",
        _ => "22P02",
    }
}

/// A record of good grammar as text.
pub(super) fn utf8(record: &[u8], byte: u64, limits: Limits) -> Result<&str, Fault<'_>> {
    std::str::from_utf8(record).map_err(|error| {
        let at = error.valid_up_to();
        Problem { at, kind: Kind::Encoding }.fault(record, byte, limits)
    })
}
