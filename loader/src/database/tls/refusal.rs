//! What stood in the way of TLS, in words, and what to do about it.

use std::error::Error as _;
use std::io;

use rustls::{AlertDescription, CertificateError, Error as TlsError};

use super::{Root, Tls};

/// A reason, and what to type next.
pub(in crate::database) struct Refusal {
    /// Follows on `cannot connect to ana@db:5432/votes: `.
    pub reason: String,
    /// What to do about it.
    pub hint: String,
}

/// Whether the driver failed while it set up TLS. It keeps its kinds to itself, and its words are all there is.
pub(in crate::database) fn is_tls(error: &postgres::Error) -> bool {
    error.to_string().starts_with("error performing TLS handshake")
}

/// The reason why TLS was not set up, where it was that.
pub(in crate::database) fn of(error: &postgres::Error, tls: &Tls) -> Option<Refusal> {
    let cause = error.source().filter(|_| is_tls(error))?;
    if cause.to_string() == "server does not support TLS" {
        return Some(Refusal {
            reason: format!("the server offers no TLS, and sslmode={} asks for it", tls.mode.name()),
            hint: "ssl = on in the server's postgresql.conf; only in a network you trust: sslmode=prefer"
                .into(),
        });
    }
    let within = cause.downcast_ref::<io::Error>().and_then(io::Error::get_ref);
    let refusal = match within.and_then(|e| e.downcast_ref::<TlsError>()) {
        Some(TlsError::InvalidCertificate(problem)) => certificate(problem, tls),
        Some(TlsError::AlertReceived(
            AlertDescription::CertificateRequired
            | AlertDescription::BadCertificate
            | AlertDescription::UnknownCA
            | AlertDescription::CertificateExpired
            | AlertDescription::AccessDenied,
        )) => Refusal {
            reason: "the server does not accept the certificate that the loader shows, or wants one".into(),
            hint: "sslcert=FILE and sslkey=FILE, or PGSSLCERT and PGSSLKEY".into(),
        },
        _ => Refusal {
            reason: "TLS could not be set up".into(),
            hint: "the server must speak TLS 1.2 or later: see its log, and ssl_min_protocol_version".into(),
        },
    };
    Some(refusal)
}

fn certificate(problem: &CertificateError, tls: &Tls) -> Refusal {
    let (reason, hint) = match problem {
        CertificateError::UnknownIssuer => {
            let known = match &tls.root {
                Some(Root::File(file)) => format!("none of {}", file.display()),
                Some(Root::System) | None => "none that the operating system trusts".to_owned(),
            };
            (
                format!("the authority that issued the server's certificate is {known}"),
                "name a file with the authority's certificate: sslrootcert=FILE, or PGSSLROOTCERT".to_owned(),
            )
        }
        CertificateError::NotValidForName | CertificateError::NotValidForNameContext { .. } => {
            let names = match problem {
                CertificateError::NotValidForNameContext { expected, presented } => {
                    format!("for {}, not for {}", hosts(presented), expected.to_str())
                }
                _ => "for another host".to_owned(),
            };
            (
                format!("the server's certificate is {names}"),
                "connect by a name that stands in the certificate's subjectAltName (the common name does not count), \
                 or have it issued anew; sslmode=verify-ca compares no names"
                    .to_owned(),
            )
        }
        CertificateError::Expired | CertificateError::ExpiredContext { .. } => (
            "the server's certificate has expired".to_owned(),
            "have the server's certificate renewed, and see whether this machine's clock is right: date"
                .to_owned(),
        ),
        CertificateError::NotValidYet | CertificateError::NotValidYetContext { .. } => (
            "the server's certificate is not valid yet".to_owned(),
            "see whether this machine's clock is right: date".to_owned(),
        ),
        _ => (
            "the server's certificate cannot be accepted".to_owned(),
            "it must be of X.509 version 3, with subjectAltName: openssl x509 ... -extfile".to_owned(),
        ),
    };
    Refusal { reason, hint }
}

/// The first hosts of a certificate, which rustls writes as `DnsName("db.example.org")`.
fn hosts(presented: &[String]) -> String {
    let bare = |name: &String| {
        let within = name.split_once('(').map_or(name.as_str(), |(_, rest)| rest.trim_end_matches(')'));
        within.trim_matches('"').to_owned()
    };
    match presented {
        [] => "no host".to_owned(),
        names => names.iter().take(5).map(bare).collect::<Vec<_>>().join(", "),
    }
}

#[cfg(test)]
mod tests {
    #[test]
    fn hosts_are_named_as_they_are_typed() {
        let presented = ["DnsName(\"db.test\")", "IpAddress(127.0.0.1)", "other"].map(str::to_owned);
        assert_eq!(super::hosts(&presented), "db.test, 127.0.0.1, other");
        assert_eq!(super::hosts(&[]), "no host");
    }
}
