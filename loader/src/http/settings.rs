//! Deadlines, limits and certificates of the operator's choice.
use std::fs;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use ureq::tls::{Certificate, PemItem, RootCerts, TlsConfig, parse_pem};

use crate::error::Error;

/// How other people's servers are asked.
#[derive(Debug, Clone)]
pub struct Settings {
    /// Longest wait for a connection, TLS included.
    pub connect_timeout: Duration,
    /// Longest wait for the next byte.
    pub read_timeout: Duration,
    /// Longest time for one source, tries and pauses included.
    pub total_timeout: Duration,
    /// Most bytes of one source, transferred and decompressed.
    pub max_bytes: u64,
    /// Hosts that may be reached at addresses that are not public, though the operator did not give their URL.
    pub allowed_hosts: Vec<String>,
    /// Trusted certificates.
    tls: TlsConfig,
}

impl Settings {
    /// Settings with the system's certificates, and those of a file beside them.
    ///
    /// # Errors
    /// Usage (exit 2) when the file cannot be read or holds no certificate.
    pub fn new(
        connect_timeout: Duration,
        read_timeout: Duration,
        total_timeout: Duration,
        max_bytes: u64,
        allowed_hosts: Vec<String>,
        ca_file: Option<&Path>,
    ) -> Result<Self, Error> {
        // What cannot be read of the system's store is left out: a server that needs it is refused by name.
        let system = rustls_native_certs::load_native_certs().certs;
        let mut certificates: Vec<Certificate<'static>> =
            system.iter().map(|certificate| Certificate::from_der(certificate).to_owned()).collect();
        if let Some(path) = ca_file {
            certificates.extend(from_file(path)?);
        }
        let tls = TlsConfig::builder()
            .root_certs(RootCerts::new_with_certs(&certificates))
            .unversioned_rustls_crypto_provider(Arc::new(rustls::crypto::ring::default_provider()))
            .build();
        Ok(Settings { connect_timeout, read_timeout, total_timeout, max_bytes, allowed_hosts, tls })
    }

    /// What is trusted in TLS.
    pub(super) fn tls(&self) -> TlsConfig {
        self.tls.clone()
    }
}

fn from_file(path: &Path) -> Result<Vec<Certificate<'static>>, Error> {
    let wrong = |what: &str| {
        Error::usage(format!("--ca-file {}: {what}", path.display()))
            .hint("name a PEM file with -----BEGIN CERTIFICATE----- in it")
    };
    let text = fs::read(path).map_err(|error| wrong("cannot be read").caused_by(error))?;
    let mut found = Vec::new();
    for item in parse_pem(&text) {
        match item {
            Ok(PemItem::Certificate(certificate)) => found.push(certificate),
            Ok(_) => {}
            Err(error) => return Err(wrong("is not PEM").caused_by(error)),
        }
    }
    if found.is_empty() { Err(wrong("holds no certificate")) } else { Ok(found) }
}
