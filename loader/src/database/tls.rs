//! How the connection is encrypted: `sslmode`, `sslrootcert`, `sslcert` and `sslkey`, with libpq's meaning.

use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use postgres::config::{Host, SslMode};
use rustls::ClientConfig;
use rustls::crypto::ring;
use tokio_postgres_rustls::MakeRustlsConnect;

use super::settings::Settings;
use crate::error::Error;

mod files;
pub(super) mod refusal;
mod verifier;

use verifier::Verifier;

/// Values of `sslmode`, in the order of what they promise.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Mode {
    /// Plain.
    Disable,
    /// Plain; where the server refuses that, TLS.
    Allow,
    /// TLS; where the server has none or refuses it, plain.
    Prefer,
    /// TLS with whoever answers; where there is a root certificate, as [`Mode::VerifyCa`].
    Require,
    /// TLS with a server whose certificate leads to a trusted authority.
    VerifyCa,
    /// As [`Mode::VerifyCa`], and the certificate names the host or the address.
    VerifyFull,
}

const MODES: [(Mode, &str); 6] = [
    (Mode::Disable, "disable"),
    (Mode::Allow, "allow"),
    (Mode::Prefer, "prefer"),
    (Mode::Require, "require"),
    (Mode::VerifyCa, "verify-ca"),
    (Mode::VerifyFull, "verify-full"),
];

impl Mode {
    /// As it is written.
    pub fn name(self) -> &'static str {
        MODES.iter().find(|(mode, _)| *mode == self).map_or("", |(_, name)| name)
    }

    /// What the driver tries, one after the other.
    pub fn attempts(self) -> &'static [SslMode] {
        match self {
            Mode::Disable => &[SslMode::Disable],
            Mode::Allow => &[SslMode::Disable, SslMode::Require],
            Mode::Prefer => &[SslMode::Prefer, SslMode::Disable],
            Mode::Require | Mode::VerifyCa | Mode::VerifyFull => &[SslMode::Require],
        }
    }
}

/// Where the certificates of trusted authorities are.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Root {
    /// `sslrootcert=system`: those the operating system trusts.
    System,
    /// This file, in PEM.
    File(PathBuf),
}

/// What was asked for, completed by the files that are there.
#[derive(Debug, Clone)]
pub(super) struct Tls {
    /// Value of `sslmode`.
    pub mode: Mode,
    /// Value of `sslrootcert`, or its default where that file exists.
    pub root: Option<Root>,
    /// Whether `sslrootcert` was given.
    is_root_given: bool,
    /// Values of `sslcert` and `sslkey`: what we identify ourselves with.
    identity: Option<(PathBuf, PathBuf)>,
}

impl Tls {
    /// No TLS: for a Unix socket.
    pub fn none() -> Self {
        Tls { mode: Mode::Disable, root: None, is_root_given: false, identity: None }
    }

    /// Takes the settings of TLS out of all settings. Those that are not given have libpq's defaults in `~/.postgresql`.
    ///
    /// # Errors
    /// An unknown mode, or settings that do not go together (exit 2).
    pub fn take(settings: &mut Settings, home: Option<&Path>) -> Result<Self, Error> {
        let usual =
            |name: &str| home.map(|home| home.join(".postgresql").join(name)).filter(|file| file.exists());
        let given = settings.take("sslrootcert").map(|setting| match setting.value.as_str() {
            "system" => Root::System,
            file => Root::File(PathBuf::from(file)),
        });
        let mode = match settings.take("sslmode") {
            Some(setting) => {
                let known = MODES.iter().find(|(_, name)| *name == setting.value);
                known.map(|(mode, _)| *mode).ok_or_else(|| {
                    let names: Vec<&str> = MODES.iter().map(|(_, name)| *name).collect();
                    setting.refused("sslmode").hint(format!("sslmode is one of {}", names.join(", ")))
                })?
            }
            None if given == Some(Root::System) => Mode::VerifyFull,
            None => Mode::Prefer,
        };
        // Anybody can have a certificate of some public authority: only the name tells servers apart.
        if given == Some(Root::System) && mode != Mode::VerifyFull {
            return Err(Error::usage(format!(
                "sslmode={} is too weak for sslrootcert=system, whose authorities certify anybody",
                mode.name()
            ))
            .hint("sslmode=verify-full"));
        }
        if settings.get("sslnegotiation") == Some("direct") && mode < Mode::Require {
            return Err(Error::usage(format!(
                "sslnegotiation=direct leaves no way back to sslmode={}",
                mode.name()
            ))
            .hint("sslmode=require, or stricter"));
        }
        let path = |setting: super::settings::Setting| PathBuf::from(setting.value);
        let certificate = settings.take("sslcert").map(path);
        let key = settings.take("sslkey").map(path);
        let identity = match (
            certificate.or_else(|| usual("postgresql.crt")),
            key.or_else(|| usual("postgresql.key")),
        ) {
            (Some(certificate), Some(key)) => Some((certificate, key)),
            (Some(certificate), None) => {
                return Err(Error::usage(format!(
                    "the certificate {} has no key beside it: sslkey is not given, and there is no ~/.postgresql/postgresql.key",
                    certificate.display()
                ))
                .hint("sslkey=FILE, or PGSSLKEY"));
            }
            (None, _) => None,
        };
        let is_root_given = given.is_some();
        Ok(Tls { mode, root: given.or_else(|| usual("root.crt").map(Root::File)), is_root_given, identity })
    }

    /// Fits what was asked for to the hosts: a Unix socket never uses TLS.
    ///
    /// # Errors
    /// TLS is required for a list of hosts that holds a socket (exit 2).
    pub fn fit(&mut self, hosts: &[Host]) -> Result<(), Error> {
        let sockets = hosts.iter().filter(|host| matches!(host, Host::Unix(_))).count();
        if sockets == hosts.len() {
            self.mode = Mode::Disable;
        } else if sockets > 0 && self.mode >= Mode::Require {
            return Err(Error::usage(format!(
                "sslmode={} is asked for, and one of the hosts is a Unix socket, which has no TLS",
                self.mode.name()
            ))
            .hint("leave out the socket, or the other hosts"));
        }
        Ok(())
    }

    /// What the driver encrypts with.
    ///
    /// # Errors
    /// A file is missing or broken, or the root certificate that the mode needs is not there (exit 2).
    pub fn connector(&self) -> Result<MakeRustlsConnect, Error> {
        let provider = Arc::new(ring::default_provider());
        let config = ClientConfig::builder_with_provider(Arc::clone(&provider))
            .with_safe_default_protocol_versions()
            .map_err(|error| Error::failed("cannot set up TLS").caused_by(error))?
            .dangerous()
            .with_custom_certificate_verifier(Arc::new(
                self.verifier(provider.signature_verification_algorithms)?,
            ));
        let identity = self.identity.as_ref().filter(|_| self.mode != Mode::Disable);
        let mut config = match identity {
            Some((certificate, key)) => {
                let (chain, secret) = (files::certificates(certificate, "sslcert")?, files::key(key)?);
                config.with_client_auth_cert(chain, secret).map_err(|error| {
                    Error::usage(format!("{} is not the key of {}", key.display(), certificate.display()))
                        .caused_by(error)
                        .hint("correct sslcert and sslkey, or PGSSLCERT and PGSSLKEY")
                })?
            }
            None => config.with_no_client_auth(),
        };
        // Servers that are addressed with sslnegotiation=direct ask for it.
        config.alpn_protocols = vec![b"postgresql".to_vec()];
        Ok(MakeRustlsConnect::new(config))
    }

    fn verifier(&self, algorithms: rustls::crypto::WebPkiSupportedAlgorithms) -> Result<Verifier, Error> {
        // libpq's prefer checks where there is a root certificate, and speaks in plain where the check fails: unchecked is better.
        let is_needed = self.mode >= Mode::Require || (self.is_root_given && self.mode != Mode::Disable);
        let roots = match &self.root {
            Some(root) if is_needed => Some(files::roots(root)?),
            _ => None,
        };
        Ok(match (self.mode, roots) {
            (Mode::VerifyFull, Some(roots)) => Verifier::of_host(roots, algorithms),
            (Mode::VerifyCa | Mode::Require, Some(roots)) => Verifier::of_chain(roots, algorithms),
            (Mode::VerifyCa | Mode::VerifyFull, None) => {
                return Err(Error::usage(format!(
                    "sslmode={} needs the certificate of the server's authority: sslrootcert and PGSSLROOTCERT are \
                     not given, and there is no ~/.postgresql/root.crt",
                    self.mode.name()
                ))
                .hint("sslrootcert=FILE, or sslrootcert=system for an authority that the operating system trusts"));
            }
            _ => Verifier::of_nothing(algorithms),
        })
    }

    /// The same settings as libpq's variables.
    pub fn variables(&self) -> Vec<(&'static str, OsString)> {
        let mut variables = vec![("PGSSLMODE", self.mode.name().into())];
        match &self.root {
            Some(Root::System) => variables.push(("PGSSLROOTCERT", "system".into())),
            Some(Root::File(file)) => variables.push(("PGSSLROOTCERT", file.into())),
            None => {}
        }
        if let Some((certificate, key)) = &self.identity {
            variables.extend([("PGSSLCERT", certificate.into()), ("PGSSLKEY", key.into())]);
        }
        variables
    }
}

#[cfg(test)]
mod tests;
