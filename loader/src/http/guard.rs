//! Where a client may connect to, checked on the addresses that it then connects to.
//!
//! A name is resolved once for a connection, here, and exactly the addresses that pass are tried: no second lookup can
//! give another answer.
use std::error::Error as StdError;
use std::fmt;
use std::net::IpAddr;
use std::sync::{Mutex, PoisonError};

use ureq::config::Config;
use ureq::http::Uri;
use ureq::unversioned::resolver::{DefaultResolver, ResolvedSocketAddrs, Resolver};
use ureq::unversioned::transport::NextTimeout;
use url::{Host, Origin, Url};

use super::address::is_public;

/// Resolves names, and refuses what leads to places that the operator did not name.
pub struct Guard {
    resolver: DefaultResolver,
    /// Origin that the operator gave, which may be anywhere.
    given: Origin,
    /// Hosts that may be anywhere, too.
    allowed_hosts: Vec<String>,
    /// Where the given origin was first found: a name that later leads to another private address is another's trick.
    known: Mutex<Vec<IpAddr>>,
}

/// A connection that was not made.
#[derive(Debug)]
pub struct Blocked {
    host: String,
    address: IpAddr,
}

impl Guard {
    /// A guard for what the operator gave.
    pub fn new(given: &Url, allowed_hosts: &[String]) -> Self {
        Guard {
            resolver: DefaultResolver::default(),
            given: given.origin(),
            allowed_hosts: allowed_hosts.iter().map(|host| host.to_lowercase()).collect(),
            known: Mutex::default(),
        }
    }

    /// The first of the addresses that must not be connected to.
    fn forbidden(&self, url: &Url, addresses: &[IpAddr]) -> Option<IpAddr> {
        let host = host(url);
        if self.allowed_hosts.contains(&host) {
            return None;
        }
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        if url.origin() == self.given && known.is_empty() {
            known.extend(addresses);
        }
        let is_given = url.origin() == self.given;
        addresses
            .iter()
            .copied()
            .find(|address| !(is_public(*address) || is_given && known.contains(address)))
    }
}

/// A host in lower case, an IPv6 address without its brackets.
fn host(url: &Url) -> String {
    match url.host() {
        Some(Host::Domain(name)) => name.to_lowercase(),
        Some(Host::Ipv4(address)) => address.to_string(),
        Some(Host::Ipv6(address)) => address.to_string(),
        None => String::new(),
    }
}

impl Resolver for Guard {
    fn resolve(
        &self,
        uri: &Uri,
        config: &Config,
        timeout: NextTimeout,
    ) -> Result<ResolvedSocketAddrs, ureq::Error> {
        let url = Url::parse(&uri.to_string()).map_err(|_| ureq::Error::BadUri(String::new()))?;
        let found = self.resolver.resolve(uri, config, timeout)?;
        let addresses: Vec<IpAddr> = found.iter().map(|socket| socket.ip()).collect();
        match self.forbidden(&url, &addresses) {
            None => Ok(found),
            Some(address) => Err(ureq::Error::Other(Box::new(Blocked { host: host(&url), address }))),
        }
    }
}

impl fmt::Debug for Guard {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Guard").finish_non_exhaustive()
    }
}

impl Blocked {
    /// What to type, should the operator want it.
    pub fn hint(&self) -> String {
        format!("if you trust {0}: --allow-host {0}", self.host)
    }
}

impl fmt::Display for Blocked {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (host, address) = (&self.host, self.address);
        match host.parse::<IpAddr>() {
            Ok(_) => write!(f, "{address} is not a public address, and not where the URL you gave is"),
            Err(_) => {
                write!(f, "{host} is at {address}, not a public address, and not where the URL you gave is")
            }
        }
    }
}

impl StdError for Blocked {}

#[cfg(test)]
mod tests {
    use super::*;

    fn forbidden(guard: &Guard, url: &str, addresses: &[&str]) -> Option<String> {
        let addresses: Vec<IpAddr> = addresses.iter().map(|text| text.parse().unwrap()).collect();
        guard.forbidden(&Url::parse(url).unwrap(), &addresses).map(|address| address.to_string())
    }

    #[test]
    fn what_was_given_may_be_private_and_nothing_else() {
        let guard =
            Guard::new(&Url::parse("http://files.internal:8000/a").unwrap(), &["Other.Internal".into()]);
        assert_eq!(forbidden(&guard, "http://files.internal:8000/b", &["10.0.0.7"]), None);
        assert_eq!(forbidden(&guard, "http://files.internal:9000/b", &["10.0.0.7"]).unwrap(), "10.0.0.7");
        assert_eq!(forbidden(&guard, "https://files.internal:8000/b", &["10.0.0.7"]).unwrap(), "10.0.0.7");
        assert_eq!(forbidden(&guard, "http://evil.example/", &["10.0.0.7"]).unwrap(), "10.0.0.7");
        assert_eq!(forbidden(&guard, "http://evil.example/", &["1.1.1.1", "::1"]).unwrap(), "::1");
        assert_eq!(forbidden(&guard, "http://good.example/", &["1.1.1.1"]), None);
        assert_eq!(forbidden(&guard, "http://other.internal/", &["10.0.0.8"]), None);
    }

    #[test]
    fn a_name_that_moves_to_another_private_address_is_not_followed() {
        let guard = Guard::new(&Url::parse("https://api.example/v1").unwrap(), &[]);
        assert_eq!(forbidden(&guard, "https://api.example/v1", &["1.1.1.1"]), None);
        assert_eq!(forbidden(&guard, "https://api.example/v1", &["1.0.0.1"]), None);
        assert_eq!(forbidden(&guard, "https://api.example/v1", &["127.0.0.1"]).unwrap(), "127.0.0.1");
    }
}
