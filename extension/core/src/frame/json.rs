//! The framer itself: which part of which shape the next byte belongs to.

use super::envelope::Envelope;
use super::extent::Extent;
use super::position::Position;
use super::problem::found;
use super::value::blank;
use super::{Fault, Framed, Limits, Refused, Shape, Stopped, Summary};

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
    pub(super) lone_error: Option<(Position, String)>,
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
            summary: Summary::new(),
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
            Err(stopped) => Some(stopped.for_good(self.position)),
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

    pub(super) fn pass(&mut self, bytes: &[u8], count: usize) {
        self.position.pass(bytes.get(..count).unwrap_or(bytes));
    }

    /// Refuses the source at the position reached.
    pub(super) fn refuse(&self, sqlstate: &'static str, message: String) -> Result<(), Refused> {
        let Position { byte, line, .. } = self.position;
        Err(Refused { byte, line, sqlstate, message })
    }

    pub(super) fn refuse_at<T, X: From<Refused>>(
        &mut self,
        bytes: &[u8],
        at: usize,
        message: String,
    ) -> Result<T, X> {
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
