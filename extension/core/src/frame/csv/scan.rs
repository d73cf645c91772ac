//! Where a record ends: the quotes of RFC 4180, followed strictly.
//!
//! A record that is found damaged far behind its first line costs that line alone, and what was passed is read again
//! from the next line on. That stays linear: what was passed lay between quotes, and a reading that begins in the
//! middle of it opens where the other closes. So at the end of each of those lines one of the two is outside of
//! quotes; the failed reading was inside, hence the new one ends there: a line is read twice, not once for each line
//! before it.

use super::problem::{Loss, Trouble};

const QUOTE: u8 = b'"';

/// How far a record has been read, in offsets from its beginning.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Scan {
    at: usize,
    state: State,
    /// Delimiters passed.
    field: usize,
    /// The opening quote of the field.
    opened: usize,
    /// The first line break between quotes: the end of the first physical line.
    first_end: Option<usize>,
    /// What is wrong; the end of the physical line is still being sought.
    loss: Option<Loss>,
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
enum State {
    /// At the first byte of a field.
    #[default]
    Begin,
    /// In a field without quotes.
    Plain,
    /// Behind an opening quote.
    Quoted,
    /// Behind a quote in a quoted field: its end, or the first of two.
    Closed,
}

/// What is known of the record.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Reach {
    /// Nothing yet: it takes more bytes.
    Further,
    /// It ends before this offset.
    End(usize),
    /// Its quotes are wrong; its first physical line ends before this offset.
    Lost(usize, Loss),
    /// It goes on beyond the limit.
    Long,
}

impl Scan {
    /// Reads on. `bytes` begin with the record; those read before are the same; `ended` if no more will come.
    pub fn read(&mut self, bytes: &[u8], delimiter: u8, limit: usize, ended: bool) -> Reach {
        if self.at == 0
            && let Some(end) = plain_line(bytes.get(..=limit).unwrap_or(bytes))
        {
            return Reach::End(end);
        }
        let within = bytes.get(..limit).unwrap_or(bytes);
        while self.loss.is_none() {
            let Some(&byte) = within.get(self.at) else {
                return self.run_out(bytes, limit, ended);
            };
            match self.state {
                State::Begin if byte == QUOTE => {
                    self.opened = self.at;
                    self.at += 1;
                    self.state = State::Quoted;
                }
                State::Begin => self.state = State::Plain,
                State::Plain => {
                    let rest = within.get(self.at..).unwrap_or_default();
                    let special = |byte: &u8| *byte == delimiter || matches!(byte, b'\n' | b'\r' | b'"');
                    self.at += rest.iter().position(special).unwrap_or(rest.len());
                    match within.get(self.at) {
                        Some(b'\n' | b'\r') => return Reach::End(self.at),
                        Some(&QUOTE) => self.lose(Trouble::Stray),
                        Some(_) => self.next_field(),
                        None => {}
                    }
                }
                State::Quoted => self.quoted(within),
                State::Closed => match byte {
                    QUOTE => {
                        self.at += 1;
                        self.state = State::Quoted;
                    }
                    b'\n' | b'\r' => return Reach::End(self.at),
                    _ if byte == delimiter => self.next_field(),
                    _ => self.lose(Trouble::Behind),
                },
            }
        }
        self.lost(bytes, limit, ended)
    }

    fn next_field(&mut self) {
        self.at += 1;
        self.field += 1;
        self.state = State::Begin;
    }

    fn quoted(&mut self, within: &[u8]) {
        let rest = within.get(self.at..).unwrap_or_default();
        let found = match self.first_end {
            None => memchr::memchr3(QUOTE, b'\n', b'\r', rest),
            Some(_) => memchr::memchr(QUOTE, rest),
        };
        self.at += found.unwrap_or(rest.len());
        match within.get(self.at) {
            Some(&QUOTE) => {
                self.at += 1;
                self.state = State::Closed;
            }
            Some(_) => {
                self.first_end = Some(self.at);
                self.at += 1;
            }
            None => {}
        }
    }

    /// All bytes there are, or all that a record may have, are read.
    fn run_out(&self, bytes: &[u8], limit: usize, ended: bool) -> Reach {
        let next = bytes.get(limit);
        let open = self.state == State::Quoted || (self.state == State::Closed && next == Some(&QUOTE));
        let loss = |trouble| Loss { at: self.opened, field: self.field + 1, trouble };
        match next {
            None if !ended => Reach::Further,
            None if open => Reach::Lost(self.first_end.unwrap_or(bytes.len()), loss(Trouble::OpenAtEnd)),
            None => Reach::End(bytes.len()),
            Some(b'\n' | b'\r') if !open => Reach::End(limit),
            Some(b'\n' | b'\r') => {
                Reach::Lost(self.first_end.unwrap_or(limit), loss(Trouble::OpenAtLimit(limit)))
            }
            Some(_) => match self.first_end {
                Some(end) if open => Reach::Lost(end, loss(Trouble::OpenAtLimit(limit))),
                _ => Reach::Long,
            },
        }
    }

    fn lose(&mut self, trouble: Trouble) {
        self.loss = Some(Loss { at: self.at, field: self.field + 1, trouble });
    }

    /// Seeks the end of the first physical line of a damaged record.
    fn lost(&mut self, bytes: &[u8], limit: usize, ended: bool) -> Reach {
        let Some(loss) = self.loss else { return Reach::Further };
        let within = bytes.get(..limit).unwrap_or(bytes);
        let rest = within.get(self.at..).unwrap_or_default();
        let end = self.first_end.or_else(|| memchr::memchr2(b'\n', b'\r', rest).map(|end| self.at + end));
        self.at = within.len();
        match (end, bytes.get(limit)) {
            (Some(end), _) => Reach::Lost(end, loss),
            (None, Some(b'\n' | b'\r')) => Reach::Lost(limit, loss),
            (None, Some(_)) => Reach::Long,
            (None, None) if ended => Reach::Lost(bytes.len(), loss),
            (None, None) => Reach::Further,
        }
    }
}

/// The end of the line, if it is there and no quote before it: most lines of most files.
fn plain_line(bytes: &[u8]) -> Option<usize> {
    let end = memchr::memchr2(b'\n', b'\r', bytes)?;
    let line = bytes.get(..end)?;
    memchr::memchr(QUOTE, line).is_none().then_some(end)
}
