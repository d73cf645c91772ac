//! Where in the source we are: byte and physical line.

/// The place of the next byte.
#[derive(Debug, Clone, Copy)]
pub(super) struct Position {
    /// Offset from the beginning of the source.
    pub byte: u64,
    /// Physical line, from 1.
    pub line: u64,
    /// The byte before was a CR, so that an LF now belongs to the same line end.
    after_return: bool,
}

impl Position {
    /// The beginning of a source.
    pub fn start() -> Self {
        Position { byte: 0, line: 1, after_return: false }
    }

    /// Moves past `bytes`.
    pub fn pass(&mut self, bytes: &[u8]) {
        let Some(&last) = bytes.last() else { return };
        self.byte += bytes.len() as u64;
        self.line += memchr::memchr_iter(b'\n', bytes).count() as u64;
        if self.after_return && bytes.first() == Some(&b'\n') {
            self.line -= 1;
        }
        for at in memchr::memchr_iter(b'\r', bytes) {
            // The LF of a CRLF within these bytes has been counted already.
            if bytes.get(at + 1) != Some(&b'\n') {
                self.line += 1;
            }
        }
        self.after_return = last == b'\r';
    }

    /// The place `count` bytes further on, if `bytes` begin here.
    pub fn at(mut self, bytes: &[u8], count: usize) -> Self {
        self.pass(bytes.get(..count).unwrap_or(bytes));
        self
    }
}

#[cfg(test)]
mod tests {
    use super::Position;

    #[test]
    fn every_kind_of_line_end_counts_once() {
        let source = b"a\nb\r\nc\rd\r\r\n\n";
        for cut in 0..=source.len() {
            let mut place = Position::start();
            place.pass(&source[..cut]);
            place.pass(&source[cut..]);
            assert_eq!((place.line, place.byte), (7, 12), "cut at {cut}");
        }
    }

    #[test]
    fn the_line_of_each_byte() {
        let source = b"a\nb\r\nc\rd";
        let lines: Vec<u64> = (0..source.len()).map(|at| Position::start().at(source, at).line).collect();
        assert_eq!(lines[0], 1);
        assert_eq!(lines[2], 2);
        assert_eq!(lines[5], 3);
        assert_eq!(lines[7], 4);
    }
}
