//! Pages and error replies: what stands around the records.

use super::envelope::{self, Envelope, Part};
use super::extent::Reach;
use super::json::{JsonFramer, Mode, Open};
use super::position::Position;
use super::problem::{Kind, Problem};
use super::text::Stop;
use super::{RAW_BYTES, Refused};

impl JsonFramer {
    /// Refuses the source if a record of lines or objects is an error reply; remembers one that may turn out to be.
    pub(super) fn look_for_error(&mut self, start: Position, record: &[u8]) -> Result<(), Refused> {
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
        if let (true, Some(message)) = (is_first, envelope.lone_refusal()) {
            self.lone_error = Some((start, message));
        }
        Ok(())
    }

    /// Goes on behind the array of a page.
    pub(super) fn tail(&mut self, mut open: Open, bytes: &[u8]) -> Result<usize, Refused> {
        let (end, ended) = match open.extent.scan(bytes) {
            Reach::Lost(at, message) => return self.refuse_at(bytes, at, message),
            Reach::Further => (bytes.len(), false),
            Reach::End(end) => (end, true),
        };
        self.keep(bytes.get(..end).unwrap_or(bytes), &mut open.length);
        if open.length > self.limits.record_bytes.max(RAW_BYTES) as u64 {
            self.position = open.start;
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
}
