//! Certificates, good and bad, and a server that speaks too old a TLS.

use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, DnType, IsCa, KeyPair, KeyUsagePurpose};
use rustls::ServerConfig;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, PrivatePkcs8KeyDer};
use std::io;
use std::net::TcpStream;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

/// How a site's connections are secured.
#[derive(Clone, Debug)]
pub enum Security {
    /// Not at all.
    None,
    /// By TLS 1.2 or 1.3.
    Tls(Arc<ServerConfig>),
    /// By a server that knows nothing newer than TLS 1.0: it answers the greeting with its version, and that is all.
    Tls10,
}

/// What a certificate has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Certificate {
    /// The right names, the authority's signature, years to go.
    Good,
    /// All but the years: they are over.
    Expired,
    /// Nobody's signature but its own.
    SelfSigned,
    /// The name of another host.
    WrongHost,
}

/// An authority that signs certificates, and that nobody trusts who is not told to.
pub struct Authority(CertifiedIssuer<'static, KeyPair>);

impl std::fmt::Debug for Authority {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Authority")
    }
}

fn must<T, E: std::fmt::Display>(result: Result<T, E>) -> T {
    result.unwrap_or_else(|error| panic!("a certificate for the site: {error}"))
}

impl Default for Authority {
    fn default() -> Self {
        Self::new()
    }
}

impl Authority {
    /// A new one.
    ///
    /// # Panics
    /// When no key can be made.
    #[must_use]
    pub fn new() -> Self {
        static NUMBER: AtomicU32 = AtomicU32::new(0);
        let mut params = must(CertificateParams::new(Vec::new()));
        // A name of its own, else one authority passes for another whose signature is wrong.
        let name = format!("Authority {} of the tests", NUMBER.fetch_add(1, Ordering::Relaxed));
        params.distinguished_name.push(DnType::CommonName, name);
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
        Self(must(CertifiedIssuer::self_signed(params, must(KeyPair::generate()))))
    }

    /// Its certificate, in PEM: the file that tells a client to trust it.
    #[must_use]
    pub fn pem(&self) -> String {
        self.0.pem()
    }

    /// Writes its certificate.
    ///
    /// # Panics
    /// When it cannot.
    pub fn write(&self, file: &Path) {
        must(std::fs::write(file, self.pem()));
    }

    /// Security of a site on this machine, by such a certificate.
    ///
    /// # Panics
    /// When no certificate can be made.
    #[must_use]
    pub fn security(&self, certificate: Certificate) -> Security {
        self.security_of(&["127.0.0.1", "::1", "localhost"], certificate)
    }

    /// Security of a site of these names and addresses.
    ///
    /// # Panics
    /// When no certificate can be made.
    #[must_use]
    pub fn security_of(&self, names: &[&str], certificate: Certificate) -> Security {
        let names = if certificate == Certificate::WrongHost { &["elsewhere.example"] } else { names };
        let mut params =
            must(CertificateParams::new(names.iter().map(|name| (*name).to_owned()).collect::<Vec<_>>()));
        params.distinguished_name.push(DnType::CommonName, "Site of the tests");
        if certificate == Certificate::Expired {
            params.not_before = rcgen::date_time_ymd(2019, 1, 1);
            params.not_after = rcgen::date_time_ymd(2020, 1, 1);
        }
        let key = must(KeyPair::generate());
        let signed = must(if certificate == Certificate::SelfSigned {
            params.self_signed(&key)
        } else {
            params.signed_by(&key, &self.0)
        });
        Security::Tls(Arc::new(config(signed.der().clone(), key.serialize_der())))
    }
}

fn config(certificate: CertificateDer<'static>, key: Vec<u8>) -> ServerConfig {
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let builder = must(ServerConfig::builder_with_provider(provider).with_safe_default_protocol_versions());
    let key = PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(key));
    must(builder.with_no_client_auth().with_single_cert(vec![certificate], key))
}

/// Hears the client's greeting and answers it as a server that knows TLS 1.0 and nothing newer.
pub(super) fn greet_in_tls_1_0(stream: &mut TcpStream) -> io::Result<()> {
    use std::io::{Read as _, Write as _};
    let mut greeting = [0; 4096];
    let _ = stream.read(&mut greeting)?;
    // ServerHello: version 3.1, 32 bytes of chance, no session, TLS_RSA_WITH_AES_128_CBC_SHA, no compression.
    let mut hello = vec![3, 1];
    hello.extend([7; 32]);
    hello.extend([0, 0x00, 0x2f, 0]);
    let mut record = vec![22, 3, 1, 0, 42, 2, 0, 0, 38];
    record.extend(hello);
    stream.write_all(&record)?;
    // A client that refuses says so and closes; one that goes on hears no more.
    while stream.read(&mut greeting)? > 0 {}
    Ok(())
}
