//! The opening of a source: its encoding, and by its first object its shape.

use super::envelope::{Data, Envelope, Members, Part};
use super::extent::{Extent, Reach};
use super::json::{Expect, JsonFramer, Mode, Sink, nul_or};
use super::problem::{depth_limit, found};
use super::record::judge;
use super::text::Stop;
use super::value::{blank, check};
use super::{Limits, RAW_BYTES, Refused, Shape, Stopped};

/// How many bytes tell the encoding.
const HEAD: usize = 4;
/// At which length an opening is looked at for the first time; then at each doubling.
const FIRST_TRY: usize = 64;

/// What the bytes from the first object on are.
enum Opening {
    /// It takes more bytes to know.
    Undecided,
    /// A page, of which a first record would stand at this offset.
    Page(usize, Envelope),
    /// A page up to this offset, with one record and no array.
    Single(usize, Envelope),
    /// These shapes, from the beginning.
    Lines,
    Objects,
    /// Nothing to be framed, because of what stands at this offset.
    Refused(usize, String),
}

impl JsonFramer {
    /// The first byte that is not blank decides what it can.
    pub(super) fn top(&mut self, first: u8, bytes: &[u8]) -> Result<usize, Refused> {
        match first {
            b'[' => {
                self.pass(bytes, 1);
                self.summary.shape = Shape::Array;
                self.mode = Mode::Array(Expect::RecordOrEnd);
                return Ok(1);
            }
            b'<' => self.refuse("22P02", "HTML or XML, not JSON".to_owned())?,
            0..0x20 => {
                let found = found(bytes, 0);
                self.refuse(nul_or(first), format!("expected `[` or `{{`, found {found}"))?;
            }
            _ => self.mode = Mode::Opening { try_at: FIRST_TRY },
        }
        Ok(0)
    }

    /// Keeps bytes until they are worth a look.
    pub(super) fn collect_opening<E>(
        &mut self,
        bytes: &[u8],
        sink: Sink<'_, E>,
    ) -> Result<usize, Stopped<E>> {
        let wanted = match self.mode {
            Mode::Opening { try_at } => try_at.min(self.opening_limit()),
            _ => HEAD,
        };
        let used = wanted.saturating_sub(self.buffer.len()).min(bytes.len());
        self.buffer.extend_from_slice(bytes.get(..used).unwrap_or(bytes));
        if self.buffer.len() >= wanted {
            self.open(false, sink)?;
        }
        Ok(used)
    }

    /// The longest opening that is kept.
    fn opening_limit(&self) -> usize {
        self.limits.record_bytes.max(RAW_BYTES) + 1
    }

    /// Decides what the kept bytes are, and frames them.
    pub(super) fn open<E>(&mut self, ended: bool, sink: Sink<'_, E>) -> Result<(), Stopped<E>> {
        let kept = std::mem::take(&mut self.buffer);
        let from = match self.mode {
            Mode::Start => {
                let skip = match encoding(&kept) {
                    Ok(skip) => skip,
                    Err((sqlstate, message)) => {
                        self.refuse(sqlstate, message.to_owned())?;
                        0
                    }
                };
                self.mode = Mode::Blank;
                skip
            }
            _ => match self.decide(&kept, ended) {
                Opening::Undecided => {
                    self.mode = Mode::Opening { try_at: 2 * kept.len() };
                    self.buffer = kept;
                    return Ok(());
                }
                Opening::Page(from, envelope) => {
                    self.summary.shape = Shape::Pages;
                    self.envelope = envelope;
                    self.mode = Mode::Array(Expect::RecordOrEnd);
                    from
                }
                Opening::Single(end, envelope) => {
                    self.summary.shape = Shape::Pages;
                    self.single(&kept, envelope, sink)?;
                    end
                }
                Opening::Lines => {
                    self.summary.shape = Shape::Lines;
                    self.mode = Mode::BetweenLines;
                    0
                }
                Opening::Objects => {
                    self.summary.shape = Shape::Objects;
                    self.mode = Mode::BetweenObjects;
                    0
                }
                Opening::Refused(at, message) => {
                    self.position = self.position.at(&kept, at);
                    let byte = kept.get(at).copied().unwrap_or(b' ');
                    self.refuse(nul_or(byte), message)?;
                    0
                }
            },
        };
        self.pass(&kept, from);
        self.feed(kept.get(from..).unwrap_or_default(), sink)
    }

    /// The one record of a page that has an object under `data`.
    fn single<E>(&mut self, page: &[u8], envelope: Envelope, sink: Sink<'_, E>) -> Result<(), Stopped<E>> {
        let span = match &envelope.data {
            Data::Object(span) => span.clone(),
            _ => 0..0,
        };
        let (limits, start) = (self.limits, self.position.at(page, span.start));
        let record = page.get(span).unwrap_or_default();
        self.envelope = envelope;
        self.end_page(self.position)?;
        let content = judge(record, record.len() as u64, start.byte, limits);
        self.hand_on(start, content, sink)
    }

    fn decide(&self, kept: &[u8], ended: bool) -> Opening {
        let full = kept.len() >= self.opening_limit();
        let more = !ended && !full;
        let is_object = kept.first() == Some(&b'{');
        let after_page = self.summary.shape == Shape::Pages;
        let mut envelope = Envelope::default();
        let members = match is_object {
            true => envelope.read(kept, 1, Part::Head),
            false => Ok(Members::Foreign),
        };
        match members {
            Ok(Members::Page(from)) => return Opening::Page(from, envelope),
            Ok(Members::Closed(end)) if matches!(envelope.data, Data::Object(_)) => {
                return Opening::Single(end, envelope);
            }
            Err(Stop::Incomplete) if more => return Opening::Undecided,
            _ if after_page => {
                let message = envelope
                    .refusal()
                    .unwrap_or_else(|| "expected another page with a `data` array".to_owned());
                return Opening::Refused(0, message);
            }
            _ => {}
        }
        Records { kept, ended, full, limits: self.limits }.decide()
    }
}

/// An opening that is no page.
struct Records<'a> {
    kept: &'a [u8],
    /// The source has no more bytes than these.
    ended: bool,
    /// No more bytes are kept.
    full: bool,
    limits: Limits,
}

impl Records<'_> {
    fn decide(&self) -> Opening {
        let kept = self.kept;
        if kept.first() != Some(&b'{') {
            return self.damaged(0, format!("expected `[` or `{{`, found {}", found(kept, 0)));
        }
        let end = match check(kept, 0, depth_limit(self.limits)) {
            Ok(end) => end,
            Err(stop) => {
                // A line cut off runs on into the object of the next one.
                let grammar = matches!(stop, Stop::Bad(problem) if problem.is_grammar());
                match self.second_line() {
                    Some(b'{') if grammar => return Opening::Lines,
                    None if grammar && !self.ended && !self.full => return Opening::Undecided,
                    _ => {}
                }
                match Extent::of(b'{').scan(kept) {
                    Reach::End(end) => end,
                    Reach::Lost(at, message) => return self.damaged(at, message),
                    Reach::Further if self.ended => {
                        let message = "the source ends inside its first object".to_owned();
                        return self.damaged(kept.len(), message);
                    }
                    Reach::Further => return self.unfinished(),
                }
            }
        };
        self.after(end)
    }

    /// By what follows the first object, which ends before `end`.
    fn after(&self, end: usize) -> Opening {
        let object = self.kept.get(..end).unwrap_or_default();
        if memchr::memchr2(b'\n', b'\r', object).is_some() {
            return Opening::Objects;
        }
        let rest = self.kept.get(end..).unwrap_or_default();
        let gap = rest.iter().take_while(|byte| matches!(byte, b' ' | b'\t')).count();
        match rest.get(gap) {
            Some(b'\n' | b'\r') => Opening::Lines,
            Some(b'{') => Opening::Objects,
            Some(_) => {
                let found = found(rest, gap);
                self.damaged(end + gap, format!("{found} after the end of the object"))
            }
            None if self.ended => Opening::Lines,
            None => self.unfinished(),
        }
    }

    /// Something is wrong at `at`: with a line only, if the next one begins an object.
    fn damaged(&self, at: usize, message: String) -> Opening {
        match self.second_line() {
            Some(b'{') => Opening::Lines,
            None if !self.ended && !self.full => Opening::Undecided,
            _ => Opening::Refused(at, message),
        }
    }

    /// The object goes on beyond what is kept.
    fn unfinished(&self) -> Opening {
        match memchr::memchr2(b'\n', b'\r', self.kept) {
            _ if !self.full => Opening::Undecided,
            Some(_) => Opening::Objects,
            None => Opening::Lines,
        }
    }

    /// The first byte of the next line that is not blank.
    fn second_line(&self) -> Option<u8> {
        let end = memchr::memchr2(b'\n', b'\r', self.kept)?;
        self.kept.get(blank(self.kept, end)).copied()
    }
}

/// How many bytes of a mark to skip, or why these bytes are no text in UTF-8.
pub(super) fn encoding(head: &[u8]) -> Result<usize, (&'static str, &'static str)> {
    const UTF16: (&str, &str) = ("22021", "UTF-16 is not read: convert the source to UTF-8");
    const UTF32: (&str, &str) = ("22021", "UTF-32 is not read: convert the source to UTF-8");
    match head {
        [0xEF, 0xBB, 0xBF, ..] => Ok(3),
        [0, 0, 0, 0, ..] => Ok(0),
        [0, 0, 0xFE, 0xFF, ..] | [0xFF, 0xFE, 0, 0, ..] | [0, 0, 0, _, ..] | [_, 0, 0, 0, ..] => Err(UTF32),
        [0xFE, 0xFF, ..] | [0xFF, 0xFE, ..] | [0, _, ..] | [_, 0, ..] => Err(UTF16),
        [0x1F, 0x8B, ..] => Err(("22P02", "gzip data: unpack it first")),
        [0x28, 0xB5, 0x2F, 0xFD, ..] => Err(("22P02", "zstd data: unpack it first")),
        [b'P', b'K', 3, 4, ..] => Err(("22P02", "a zip archive: unpack it first")),
        [b'B', b'Z', b'h', ..] => Err(("22P02", "bzip2 data: unpack it first")),
        [0xFD, b'7', b'z', b'X', ..] => Err(("22P02", "xz data: unpack it first")),
        _ => Ok(0),
    }
}
