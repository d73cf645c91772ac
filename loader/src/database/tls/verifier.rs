//! What is checked of a server's certificate. That the server has its key is always checked.

use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::client::{verify_server_cert_signed_by_trust_anchor, verify_server_name};
use rustls::crypto::{WebPkiSupportedAlgorithms, verify_tls12_signature, verify_tls13_signature};
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::server::ParsedCertificate;
use rustls::{CertificateError, DigitallySignedStruct, Error, RootCertStore, SignatureScheme};

/// Checks as much as `sslmode` promises.
#[derive(Debug)]
pub(super) struct Verifier {
    /// None where any certificate will do.
    roots: Option<Roots>,
    checks_name: bool,
    algorithms: WebPkiSupportedAlgorithms,
}

/// Whom to trust.
#[derive(Debug)]
pub(super) struct Roots {
    /// Authorities.
    pub store: RootCertStore,
    /// Certificates that are trusted themselves, should a server show one.
    pub themselves: Vec<CertificateDer<'static>>,
}

impl Roots {
    /// Checks that a certificate is valid now and leads to one of these.
    fn check(
        &self,
        shown: &CertificateDer<'_>,
        certificate: &ParsedCertificate<'_>,
        intermediates: &[CertificateDer<'_>],
        now: UnixTime,
        algorithms: &WebPkiSupportedAlgorithms,
    ) -> Result<(), Error> {
        let checked = verify_server_cert_signed_by_trust_anchor(
            certificate,
            &self.store,
            intermediates,
            now,
            algorithms.all,
        );
        match checked {
            // A server that signed its certificate itself, as PostgreSQL's manual shows it, is an authority by its form.
            // The dates were checked before that.
            Err(Error::InvalidCertificate(CertificateError::Other(other)))
                if other.0.downcast_ref() == Some(&webpki::Error::CaUsedAsEndEntity)
                    && self.themselves.iter().any(|trusted| trusted == shown) =>
            {
                Ok(())
            }
            // Another authority of the same name: a stranger like any other.
            Err(Error::InvalidCertificate(CertificateError::BadSignature)) => {
                Err(CertificateError::UnknownIssuer.into())
            }
            checked => checked,
        }
    }
}

impl Verifier {
    /// Takes any certificate: whoever listens is kept out, whoever stands in the middle is not.
    pub fn of_nothing(algorithms: WebPkiSupportedAlgorithms) -> Self {
        Verifier { roots: None, checks_name: false, algorithms }
    }

    /// Takes a certificate that leads to one of these authorities.
    pub fn of_chain(roots: Roots, algorithms: WebPkiSupportedAlgorithms) -> Self {
        Verifier { roots: Some(roots), checks_name: false, algorithms }
    }

    /// As [`Verifier::of_chain`], and it must name the host.
    pub fn of_host(roots: Roots, algorithms: WebPkiSupportedAlgorithms) -> Self {
        Verifier { roots: Some(roots), checks_name: true, algorithms }
    }
}

impl ServerCertVerifier for Verifier {
    fn verify_server_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        server_name: &ServerName<'_>,
        _ocsp_response: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        let Some(roots) = &self.roots else { return Ok(ServerCertVerified::assertion()) };
        let certificate = ParsedCertificate::try_from(end_entity)?;
        roots.check(end_entity, &certificate, intermediates, now, &self.algorithms)?;
        if self.checks_name {
            verify_server_name(&certificate, server_name)?;
        }
        Ok(ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        verify_tls12_signature(message, certificate, signature, &self.algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        verify_tls13_signature(message, certificate, signature, &self.algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.algorithms.supported_schemes()
    }
}
