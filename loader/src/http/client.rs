//! One request: the answer, after the redirects that may be followed.
use std::time::{Duration, SystemTime};

use ureq::http::{HeaderMap, StatusCode, header};
use ureq::unversioned::transport::DefaultConnector;
use ureq::{Agent, Body};
use url::Url;

use super::Validators;
use super::fault::Fault;
use super::guard::Guard;
use super::link::{basic, names_user, shown, without_user};
use super::secrets::Secrets;
use super::settings::Settings;
use crate::error::Error;

/// More redirects than this are a loop, or none that anybody needs.
const REDIRECTS: usize = 5;
const USER_AGENT: &str = concat!("pg_etl-loader/", env!("CARGO_PKG_VERSION"));

/// Speaks for one URL that the operator gave; connections are kept between requests.
#[derive(Debug)]
pub struct Client {
    agent: Agent,
    given: Url,
    /// Value of `Authorization`, for the given origin alone.
    authorization: Option<String>,
    /// Not shown, also where a server repeats them.
    secrets: Secrets,
    /// Whether redirects to other origins are refused.
    stays: bool,
}

/// An answer with a status that means one: 200, 206, 304, 416.
#[derive(Debug)]
pub struct Response {
    /// Its status.
    pub status: StatusCode,
    /// Its header.
    pub headers: HeaderMap,
    /// What follows.
    pub body: Body,
}

impl Client {
    /// A client for the given URL; the user and password in it are sent to its origin.
    pub fn new(given: &Url, settings: &Settings) -> Self {
        let config = Agent::config_builder()
            .tls_config(settings.tls())
            .proxy(None)
            .max_redirects(0)
            .max_redirects_will_error(false)
            .http_status_as_error(false)
            .user_agent(USER_AGENT)
            .timeout_connect(Some(settings.connect_timeout))
            .timeout_per_read(Some(settings.read_timeout))
            .timeout_per_write(Some(settings.read_timeout))
            .timeout_recv_response(Some(settings.total_timeout))
            .build();
        let guard = Guard::new(given, &settings.allowed_hosts);
        let agent = Agent::with_parts(config, DefaultConnector::new(), guard);
        Client {
            agent,
            given: given.clone(),
            authorization: basic(given),
            secrets: Secrets::of(given),
            stays: false,
        }
    }

    /// The same, which proves by a key who it is; it goes to the given origin alone.
    #[must_use]
    pub fn with_key(mut self, key: &str) -> Self {
        self.authorization = Some(format!("Bearer {key}"));
        self.secrets = self.secrets.and(Secrets::of_key(key));
        self
    }

    /// Whether it proves who it is.
    pub fn has_key(&self) -> bool {
        self.authorization.is_some()
    }

    /// The same, which goes to no other origin at all.
    #[must_use]
    pub fn staying(mut self) -> Self {
        self.stays = true;
        self
    }

    /// A text without the secrets that are sent, in case the server repeats them.
    pub fn without_secrets(&self, text: &str) -> String {
        self.secrets.hidden_in(text)
    }

    /// Asks for a URL with the headers, and follows redirects.
    ///
    /// # Errors
    /// Passing: no connection, 408, 429, 5xx. Lasting: other statuses, redirects that must not be followed, addresses
    /// that must not be connected to, TLS that must not be trusted.
    pub fn get(&self, url: &Url, headers: &[(&str, &str)]) -> Result<Response, Fault> {
        // A redirect to a path alone would take the user and password along, and the library would make a header of
        // them, for whatever origin.
        let mut url = without_user(url);
        for hop in 0..=REDIRECTS {
            let response = self.ask(&url, headers).map_err(|fault| match hop {
                0 => fault,
                _ => fault.after_redirect(&self.shown(&url)),
            })?;
            match response.status.as_u16() {
                301 | 302 | 303 | 307 | 308 => url = self.next(&url, &response.headers)?,
                _ => return judged(&self.shown(&url), response),
            }
        }
        Err(Fault::Lasting(
            Error::failed(format!("{}: more than {REDIRECTS} redirects in a row", self.shown(&url)))
                .hint("open it in a browser, and name the URL where it ends"),
        ))
    }

    /// A URL as it may be shown, whatever of ours a server has put into it.
    fn shown(&self, url: &Url) -> String {
        self.without_secrets(&shown(url))
    }

    fn ask(&self, url: &Url, headers: &[(&str, &str)]) -> Result<Response, Fault> {
        let mut request = self.agent.get(url.as_str());
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        if let Some(value) = self.authorization.as_ref().filter(|_| url.origin() == self.given.origin()) {
            request = request.header(header::AUTHORIZATION, value);
        }
        let response = request.call().map_err(|error| Fault::of(&self.shown(url), error))?;
        let (parts, body) = response.into_parts();
        Ok(Response { status: parts.status, headers: parts.headers, body })
    }

    /// Where a redirect leads, if it may be followed there as far as the URL itself tells.
    fn next(&self, url: &Url, headers: &HeaderMap) -> Result<Url, Fault> {
        let refuse = |target: &str, rule: &str| {
            Fault::Lasting(
                Error::failed(format!(
                    "{}: refused to follow the redirect to {target}: {rule}",
                    self.shown(url)
                ))
                .hint("if you trust it, name that URL itself"),
            )
        };
        let Some(location) = headers.get(header::LOCATION).and_then(|value| value.to_str().ok()) else {
            return Err(refuse("nowhere", "the answer has no readable Location"));
        };
        let target =
            url.join(location).map_err(|_| refuse("what is no URL", "its Location cannot be read"))?;
        let place = self.shown(&target);
        if !matches!(target.scheme(), "http" | "https") {
            return Err(refuse(&place, "it is neither http nor https"));
        }
        if url.scheme() == "https" && target.scheme() == "http" {
            return Err(refuse(&place, "it leaves https for http"));
        }
        if names_user(&target) {
            return Err(refuse(&place, "it names a user"));
        }
        if self.stays && target.origin() != self.given.origin() {
            return Err(refuse(&place, "it leaves the API's own host"));
        }
        Ok(target)
    }
}

/// The answer, if its status means one.
fn judged(place: &str, response: Response) -> Result<Response, Fault> {
    let status = response.status;
    match status.as_u16() {
        200 | 206 | 304 | 416 => Ok(response),
        408 | 429 | 500..=599 => {
            Err(Fault::Passing { words: format!("answered {status}"), wait: wait(&response.headers) })
        }
        code => Err(Fault::Lasting(Error::failed(format!("{place}: answered {status}")).hint(match code {
            401 | 403 => "check the key, or the user and password, and what they may read",
            404 | 410 => "check the URL: nothing is there",
            _ => "see what it says: curl -i URL",
        }))),
    }
}

/// `Retry-After`, in seconds or as a date (RFC 9110, 10.2.3).
fn wait(headers: &HeaderMap) -> Option<Duration> {
    let text = headers.get(header::RETRY_AFTER)?.to_str().ok()?.trim();
    match text.parse() {
        Ok(seconds) => Some(Duration::from_secs(seconds)),
        Err(_) => {
            let when = httpdate::parse_http_date(text).ok()?;
            Some(when.duration_since(SystemTime::now()).unwrap_or_default())
        }
    }
}

impl Response {
    /// A header as text.
    pub fn header(&self, name: header::HeaderName) -> Option<&str> {
        self.headers.get(name)?.to_str().ok()
    }

    /// What asks for the same body again, if it has changed. Longer ones than 1 KiB nobody sends in earnest.
    pub fn validators(&self) -> Validators {
        let of = |name| self.header(name).filter(|text| text.len() <= 1024).map(str::to_owned);
        Validators { etag: of(header::ETAG), last_modified: of(header::LAST_MODIFIED) }
    }
}
