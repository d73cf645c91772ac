//! A file that a site offers: whole or cut, at once or slowly, packed, with what lets a client ask for it again.

use super::pack::{gzip, zstd};
use super::page::{End, Page};
use super::request::Request;
use super::wire::Wire;
use std::io;
use std::time::Duration;

/// How a body is packed on its way.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Encoding {
    /// `Content-Encoding: gzip`
    Gzip,
    /// `Content-Encoding: zstd`
    Zstd,
}

/// What happens where a body stops too early.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stop {
    /// The connection is closed.
    Close,
    /// The connection is reset.
    Reset,
    /// Nothing more comes, and the connection stays open.
    Stall,
}

/// How the end of a body is told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Length {
    /// `Content-Length`, so many bytes more or less than there are.
    Off(i64),
    /// In chunks.
    Chunked,
    /// By closing the connection.
    Untold,
}

/// A file, and how it is offered.
#[derive(Clone, Debug)]
pub struct File {
    bytes: Vec<u8>,
    media: &'static str,
    encoding: Option<Encoding>,
    etag: Option<String>,
    modified: Option<String>,
    has_ranges: bool,
    length: Length,
    stop: Option<(usize, Stop)>,
    pace: Option<(usize, Duration)>,
}

impl File {
    /// A file of a media type, as a good server offers it: with its length, with ranges, without anything to know it again by.
    #[must_use]
    pub fn new(media: &'static str, bytes: impl Into<Vec<u8>>) -> Self {
        Self {
            bytes: bytes.into(),
            media,
            encoding: None,
            etag: None,
            modified: None,
            has_ranges: true,
            length: Length::Off(0),
            stop: None,
            pace: None,
        }
    }

    /// A CSV file.
    #[must_use]
    pub fn csv(bytes: impl Into<Vec<u8>>) -> Self {
        Self::new("text/csv; charset=utf-8", bytes)
    }

    /// A JSON file.
    #[must_use]
    pub fn json(bytes: impl Into<Vec<u8>>) -> Self {
        Self::new("application/json", bytes)
    }

    /// With an ETag, as it stands in the header: `"a"`, or `W/"a"`.
    #[must_use]
    pub fn etag(mut self, etag: &str) -> Self {
        self.etag = Some(etag.to_owned());
        self
    }

    /// With a Last-Modified, as it stands in the header.
    #[must_use]
    pub fn modified(mut self, date: &str) -> Self {
        self.modified = Some(date.to_owned());
        self
    }

    /// Packed on its way, for clients that accept it.
    #[must_use]
    pub fn packed(mut self, encoding: Encoding) -> Self {
        self.encoding = Some(encoding);
        self
    }

    /// By a server that knows no ranges and always sends all.
    #[must_use]
    pub fn without_ranges(mut self) -> Self {
        self.has_ranges = false;
        self
    }

    /// Announced as longer or shorter than it is, by so many bytes.
    #[must_use]
    pub fn length_off(mut self, by: i64) -> Self {
        self.length = Length::Off(by);
        self
    }

    /// Sent in chunks.
    #[must_use]
    pub fn chunked(mut self) -> Self {
        self.length = Length::Chunked;
        self
    }

    /// Of untold length: it ends where the connection is closed.
    #[must_use]
    pub fn until_closed(mut self) -> Self {
        self.length = Length::Untold;
        self
    }

    /// Stops after so many bytes of an answer's body.
    #[must_use]
    pub fn stops(mut self, after: usize, stop: Stop) -> Self {
        self.stop = Some((after, stop));
        self
    }

    /// So many bytes at a time, with a pause after each.
    #[must_use]
    pub fn paced(mut self, bytes: usize, pause: Duration) -> Self {
        self.pace = Some((bytes, pause));
        self
    }

    /// How many bytes it has as it lies there.
    #[must_use]
    pub fn size(&self) -> usize {
        self.bytes.len()
    }

    /// The page that offers it.
    #[must_use]
    pub fn page(self) -> Page {
        Page::new(move |request, wire| self.answer(request, wire))
    }

    fn answer(&self, request: &Request, wire: &mut Wire) -> io::Result<End> {
        let mut headers = vec![("Content-Type", self.media.to_owned())];
        headers.extend(self.etag.iter().map(|etag| ("ETag", etag.clone())));
        headers.extend(self.modified.iter().map(|date| ("Last-Modified", date.clone())));
        if self.is_known(request) {
            return Self::send_head(wire, 304, &headers).map(|()| End::Stay);
        }
        let accepts =
            |name: &str| request.header("accept-encoding").is_some_and(|value| value.contains(name));
        let packed = match self.encoding {
            Some(Encoding::Gzip) if accepts("gzip") => Some(("gzip", gzip(&self.bytes))),
            Some(Encoding::Zstd) if accepts("zstd") => Some(("zstd", zstd(&self.bytes))),
            _ => None,
        };
        if let Some((name, _)) = &packed {
            headers.push(("Content-Encoding", (*name).to_owned()));
        }
        let all = packed.as_ref().map_or(&self.bytes, |(_, bytes)| bytes);
        let start = self.start(request).unwrap_or(0);
        if start > 0 && start >= all.len() {
            headers.push(("Content-Range", format!("bytes */{}", all.len())));
            headers.push(("Content-Length", "0".to_owned()));
            return Self::send_head(wire, 416, &headers).map(|()| End::Stay);
        }
        let status = if start > 0 { 206 } else { 200 };
        if start > 0 {
            headers.push(("Content-Range", format!("bytes {start}-{}/{}", all.len() - 1, all.len())));
        } else if self.has_ranges {
            headers.push(("Accept-Ranges", "bytes".to_owned()));
        }
        let body = &all[start..];
        match self.length {
            Length::Off(by) => {
                let length = i64::try_from(body.len()).unwrap_or(i64::MAX) + by;
                headers.push(("Content-Length", length.to_string()));
            }
            Length::Chunked => headers.push(("Transfer-Encoding", "chunked".to_owned())),
            Length::Untold => headers.push(("Connection", "close".to_owned())),
        }
        Self::send_head(wire, status, &headers)?;
        if request.method == "HEAD" {
            return Ok(End::Stay);
        }
        self.send_body(wire, body)
    }

    /// Whether the client has said that it has the file as it is.
    fn is_known(&self, request: &Request) -> bool {
        // Where both are asked, the tag alone decides (RFC 9110, 13.2.2).
        match (request.header("if-none-match"), request.header("if-modified-since")) {
            (Some(tags), _) => {
                let weak = |tag: &str| tag.trim().trim_start_matches("W/").to_owned();
                self.etag.as_ref().is_some_and(|etag| tags.split(',').any(|tag| weak(tag) == weak(etag)))
            }
            (None, Some(date)) => self.modified.as_deref() == Some(date),
            (None, None) => false,
        }
    }

    /// Where the client wants the body to begin, if it may.
    fn start(&self, request: &Request) -> Option<usize> {
        let start = request.range_start().filter(|_| self.has_ranges)?;
        let is_same = match request.header("if-range") {
            Some(condition) => {
                let is_strong = self.etag.as_deref().is_some_and(|etag| !etag.starts_with("W/"));
                (is_strong && self.etag.as_deref() == Some(condition))
                    || self.modified.as_deref() == Some(condition)
            }
            None => true,
        };
        is_same.then_some(start)
    }

    fn send_head(wire: &mut Wire, status: u16, headers: &[(&str, String)]) -> io::Result<()> {
        let headers: Vec<(&str, &str)> =
            headers.iter().map(|(name, value)| (*name, value.as_str())).collect();
        wire.head(status, &headers)
    }

    fn send_body(&self, wire: &mut Wire, body: &[u8]) -> io::Result<End> {
        let stop = self.stop.filter(|(after, _)| *after < body.len());
        let sent = stop.map_or(body, |(after, _)| &body[..after]);
        let (size, pause) = self.pace.unwrap_or((64 * 1024, Duration::ZERO));
        for piece in sent.chunks(size) {
            if self.length == Length::Chunked {
                wire.send([format!("{:x}\r\n", piece.len()).as_bytes(), piece, b"\r\n"].concat())?;
            } else {
                wire.send(piece)?;
            }
            wire.pause(pause)?;
        }
        match stop {
            Some((_, Stop::Reset)) => return Ok(End::Reset),
            Some((_, Stop::Close)) => return Ok(End::Close),
            Some((_, Stop::Stall)) => {
                wire.pause(Duration::from_secs(3600))?;
                return Ok(End::Close);
            }
            None => {}
        }
        match self.length {
            Length::Chunked => wire.send("0\r\n\r\n").map(|()| End::Stay),
            Length::Off(0) => Ok(End::Stay),
            // The next answer would be taken for the rest of this one, or the rest of this one for the next answer.
            Length::Off(_) | Length::Untold => Ok(End::Close),
        }
    }
}
