//! What a site answers: small pages, good and bad, and how they follow each other.

use super::request::Request;
use super::wire::Wire;
use std::fmt;
use std::io;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

/// What becomes of the connection after an answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum End {
    /// It stays open for the next request.
    Stay,
    /// It is closed in order.
    Close,
    /// It is reset.
    Reset,
}

type Answer = dyn Fn(&Request, &mut Wire) -> io::Result<End> + Send + Sync;

/// Something that answers requests.
#[derive(Clone)]
pub struct Page(Arc<Answer>);

impl fmt::Debug for Page {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Page")
    }
}

/// When to come again, as a server says it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RetryAfter {
    /// So many seconds from now.
    Seconds(u64),
    /// At the moment that is so many seconds from now; HTTP dates have whole seconds.
    Date(u64),
}

impl RetryAfter {
    fn value(self) -> String {
        match self {
            Self::Seconds(seconds) => seconds.to_string(),
            Self::Date(seconds) => httpdate::fmt_http_date(SystemTime::now() + Duration::from_secs(seconds)),
        }
    }
}

impl Page {
    /// A page that does what this says.
    pub fn new(answer: impl Fn(&Request, &mut Wire) -> io::Result<End> + Send + Sync + 'static) -> Self {
        Self(Arc::new(answer))
    }

    /// Answers a request.
    ///
    /// # Errors
    /// When the client has gone.
    pub fn answer(&self, request: &Request, wire: &mut Wire) -> io::Result<End> {
        (self.0)(request, wire)
    }

    /// One page for each request, in turn; the last one stays.
    ///
    /// # Panics
    /// Never with at least one page; without any, when asked.
    #[must_use]
    pub fn in_turn(pages: impl IntoIterator<Item = Self>) -> Self {
        let pages: Vec<Self> = pages.into_iter().collect();
        Self::new(move |request, wire| pages[request.nth.min(pages.len() - 1)].answer(request, wire))
    }

    /// This page so many times, and then another one.
    #[must_use]
    pub fn times(self, times: usize, then: Self) -> Self {
        Self::new(move |request, wire| {
            let page = if request.nth < times { &self } else { &then };
            page.answer(request, wire)
        })
    }

    /// A status with a text.
    #[must_use]
    pub fn status(status: u16, media: &'static str, body: &str) -> Self {
        Self::with(status, &[("Content-Type", media)], body)
    }

    /// A status with headers and a text of the right length.
    #[must_use]
    pub fn with(status: u16, headers: &[(&str, &str)], body: &str) -> Self {
        let headers: Vec<(String, String)> =
            headers.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
        let body = body.to_owned();
        Self::new(move |_, wire| {
            let length = body.len().to_string();
            let mut all: Vec<(&str, &str)> =
                headers.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
            all.push(("Content-Length", &length));
            wire.head(status, &all)?;
            wire.send(&body)?;
            Ok(End::Stay)
        })
    }

    /// Not now: come again later.
    #[must_use]
    pub fn later(status: u16, when: RetryAfter) -> Self {
        Self::new(move |request, wire| {
            Self::with(status, &[("Retry-After", &when.value())], "later\n").answer(request, wire)
        })
    }

    /// A page for people, with status 200: somebody's login, or a firewall's.
    #[must_use]
    pub fn html() -> Self {
        Self::status(200, "text/html; charset=utf-8", HTML)
    }

    /// The same page, announced as another media type.
    #[must_use]
    pub fn html_as(media: &'static str) -> Self {
        Self::status(200, media, HTML)
    }

    /// An answer that says, with status 200, that something is wrong.
    #[must_use]
    pub fn error_json() -> Self {
        Self::status(200, "application/json", r#"{"data":null,"error":{"detail":"something is wrong here"}}"#)
    }

    /// To another place.
    #[must_use]
    pub fn redirect(status: u16, to: &str) -> Self {
        Self::with(status, &[("Location", to)], "")
    }

    /// Nothing, with status 200.
    #[must_use]
    pub fn empty() -> Self {
        Self::status(200, "text/csv", "")
    }

    /// The connection ends instead of an answer.
    #[must_use]
    pub fn silent(end: End) -> Self {
        Self::new(move |_, _| Ok(end))
    }

    /// A header line that never ends.
    #[must_use]
    pub fn endless_header() -> Self {
        Self::new(|_, wire| {
            wire.send("HTTP/1.1 200 Status\r\nX-Long: ")?;
            loop {
                wire.send([b'x'; 4096])?;
            }
        })
    }

    /// A head that is none.
    #[must_use]
    pub fn no_http() -> Self {
        Self::new(|_, wire| {
            wire.send("220 mail.example ESMTP ready\r\n")?;
            Ok(End::Close)
        })
    }

    /// A body in chunks, whose second chunk has no length.
    #[must_use]
    pub fn broken_chunk(media: &'static str, body: impl Into<Vec<u8>>) -> Self {
        let body = body.into();
        Self::new(move |_, wire| {
            wire.head(200, &[("Content-Type", media), ("Transfer-Encoding", "chunked")])?;
            let half = body.len() / 2;
            wire.send(format!("{half:x}\r\n"))?;
            wire.send(&body[..half])?;
            wire.send("\r\nhow long?\r\n")?;
            wire.send(&body[half..])?;
            wire.send("\r\n0\r\n\r\n")?;
            Ok(End::Close)
        })
    }

    /// A good beginning, and then the same bytes again and again: of the length that is announced, or without end.
    #[must_use]
    pub fn long(media: &'static str, start: &str, again: &str, announced: Option<u64>) -> Self {
        let (start, block) = (start.to_owned(), again.repeat((64 * 1024 / again.len()).max(1)));
        Self::new(move |_, wire| {
            let length = announced.map(|length| length.to_string());
            match &length {
                Some(length) => wire.head(200, &[("Content-Type", media), ("Content-Length", length)])?,
                None => wire.head(200, &[("Content-Type", media), ("Transfer-Encoding", "chunked")])?,
            }
            let mut left = announced.unwrap_or(u64::MAX);
            for bytes in std::iter::once(start.as_bytes()).chain(std::iter::repeat(block.as_bytes())) {
                let bytes = &bytes[..bytes.len().min(usize::try_from(left).unwrap_or(usize::MAX))];
                left -= bytes.len() as u64;
                if length.is_some() {
                    wire.send(bytes)?;
                } else {
                    wire.send([format!("{:x}\r\n", bytes.len()).as_bytes(), bytes, b"\r\n"].concat())?;
                }
                if left == 0 {
                    break;
                }
            }
            Ok(End::Stay)
        })
    }
}

const HTML: &str = "<!DOCTYPE html>\n<html><head><title>Sign in</title></head>\n<body><h1>Please sign in</h1></body></html>\n";
