//! HTTP: what is asked of other people's servers, and how little of them is believed.
//!
//! One [`Client`] speaks for one URL that the operator gave (a source, the base of an API). It may go wherever that URL
//! points; a redirect, or a `next` of a page, may lead to public addresses and to the very origin that was given, and
//! nowhere else ([`guard`]). Proxies are not used: behind one the connected address could not be checked.
mod address;
mod client;
mod download;
mod fault;
mod guard;
mod link;
mod retry;
mod secrets;
mod settings;

pub use client::{Client, Response};
pub use download::{Answer, Limits, download};
pub use fault::Fault;
pub use link::{has_credentials, is_url, names_user, parse, presentable, sha256, shown};
pub use retry::{Deadline, tried};
pub use secrets::Secrets;
pub use settings::Settings;

/// Validators of a body, as the server gave them: they ask whether it has changed since.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Validators {
    /// `ETag`, with its quotes.
    pub etag: Option<String>,
    /// `Last-Modified`.
    pub last_modified: Option<String>,
}

impl Validators {
    /// Whether there is nothing to ask with.
    pub fn are_missing(&self) -> bool {
        self.etag.is_none() && self.last_modified.is_none()
    }

    /// The tag, if equal tags mean equal bytes (RFC 9110, 8.8.1): a weak one does not.
    pub fn strong(&self) -> Option<&str> {
        self.etag.as_deref().filter(|tag| !tag.starts_with("W/"))
    }
}
