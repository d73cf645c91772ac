//! What can go wrong with one request, and whether it is worth another.
use std::io;
use std::time::Duration;

use ureq::Timeout;

use super::guard::Blocked;
use crate::error::Error;

/// Why a try failed.
#[derive(Debug)]
pub enum Fault {
    /// It may be better next time: no connection, a body cut short, 429, 5xx.
    Passing {
        /// What happened, as part of a sentence about the URL.
        words: String,
        /// Time the server asks to wait for (`Retry-After`).
        wait: Option<Duration>,
    },
    /// It will be no better.
    Lasting(Error),
}

impl Fault {
    /// A fault that may pass.
    pub fn passing(words: impl Into<String>) -> Self {
        Fault::Passing { words: words.into(), wait: None }
    }

    /// The same, of a request that a redirect has led to `place`.
    pub fn after_redirect(self, place: &str) -> Self {
        match self {
            Fault::Passing { words, wait } => {
                Fault::Passing { words: format!("redirected to {place}: {words}"), wait }
            }
            // It names the place itself.
            lasting => lasting,
        }
    }

    /// A fault of this try, of which nothing more is known than what the system says; `place` is the URL as it may be
    /// shown.
    pub fn of_reading(place: &str, error: io::Error) -> Self {
        match ureq::Error::from(error) {
            ureq::Error::Io(error) => match error.kind() {
                io::ErrorKind::UnexpectedEof => Fault::passing("the connection ended in the middle"),
                _ => Fault::passing(error.to_string()),
            },
            error => Fault::of(place, error),
        }
    }

    /// What the library reports of a request to `place`.
    pub fn of(place: &str, error: ureq::Error) -> Self {
        let lasting = |words: String| Fault::Lasting(Error::failed(format!("{place}: {words}")));
        match error {
            ureq::Error::Io(error) => match error.get_ref().and_then(|e| e.downcast_ref::<rustls::Error>()) {
                Some(error) => Fault::Lasting(of_tls(place, error)),
                None if error.kind() == io::ErrorKind::UnexpectedEof => {
                    Fault::passing("the connection was closed without an answer")
                }
                None => Fault::passing(format!("no connection: {error}")),
            },
            ureq::Error::Rustls(error) => Fault::Lasting(of_tls(place, &error)),
            ureq::Error::Timeout(timeout) => Fault::passing(match timeout {
                Timeout::PerRead => "no byte came within --read-timeout",
                Timeout::Connect | Timeout::Resolve => "no connection within --connect-timeout",
                _ => "no answer in time",
            }),
            ureq::Error::HostNotFound => Fault::passing("the host's name is not known"),
            ureq::Error::Protocol(error) => Fault::passing(format!("what came is not HTTP: {error}")),
            ureq::Error::LargeResponseHeader(..) => {
                lasting("the answer's header is longer than 64 KiB".into())
            }
            ureq::Error::Other(error) => match error.downcast_ref::<Blocked>() {
                Some(blocked) => Fault::Lasting(
                    Error::failed(format!("{place}: refused to connect: {blocked}")).hint(blocked.hint()),
                ),
                None => lasting(error.to_string()),
            },
            error => lasting(error.to_string()),
        }
    }
}

/// A certificate or a handshake that must not be put up with.
fn of_tls(place: &str, error: &rustls::Error) -> Error {
    use rustls::CertificateError as Certificate;
    let (words, hint) = match error {
        rustls::Error::InvalidCertificate(fault) => {
            let words = match fault {
                Certificate::Expired | Certificate::ExpiredContext { .. } => "has expired",
                Certificate::NotValidYet | Certificate::NotValidYetContext { .. } => "is not valid yet",
                Certificate::NotValidForName | Certificate::NotValidForNameContext { .. } => {
                    "is for another host"
                }
                Certificate::UnknownIssuer => "is signed by nobody this machine trusts",
                Certificate::Revoked => "has been revoked",
                _ => "is not accepted",
            };
            let hint = match fault {
                Certificate::UnknownIssuer => "if you trust who signed it: --ca-file FILE.pem",
                _ => "ask whoever runs the server; nothing was sent to it",
            };
            (format!("its certificate {words}: {error}"), hint)
        }
        _ => (
            format!("TLS 1.2 or 1.3 cannot be agreed on: {error}"),
            "ask whoever runs the server; nothing was sent to it",
        ),
    };
    Error::failed(format!("{place}: {words}")).hint(hint)
}
