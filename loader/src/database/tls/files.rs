//! Certificates and keys in files, in PEM.

use std::fs;
use std::os::unix::fs::MetadataExt;
use std::path::Path;

use rustls::RootCertStore;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};

use super::Root;
use super::verifier::Roots;
use crate::error::Error;

/// The certificates of a file, which a setting named.
///
/// # Errors
/// It cannot be read, or holds no certificate (exit 2).
pub(super) fn certificates(file: &Path, setting: &str) -> Result<Vec<CertificateDer<'static>>, Error> {
    let variable = format!("PG{}", setting.to_uppercase());
    let hint = format!("correct {setting} or {variable}: it names a file of certificates in PEM");
    let text = fs::read(file).map_err(|error| {
        Error::usage(format!("cannot read {}, which is the {setting}", file.display()))
            .caused_by(error)
            .hint(&hint)
    })?;
    let found: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(&text).collect();
    match found {
        Ok(certificates) if !certificates.is_empty() => Ok(certificates),
        Ok(_) => {
            Err(Error::usage(format!("{}, which is the {setting}, holds no certificate", file.display()))
                .hint(&hint))
        }
        Err(error) => Err(Error::usage(format!("{}, which is the {setting}, is damaged", file.display()))
            .caused_by(error)
            .hint(&hint)),
    }
}

/// The private key of a file.
///
/// # Errors
/// It cannot be read, others can read it, or it holds no key without a passphrase (exit 2).
pub(super) fn key(file: &Path) -> Result<PrivateKeyDer<'static>, Error> {
    let shown = file.display();
    let cannot = |error| {
        Error::usage(format!("cannot read {shown}, which is the sslkey"))
            .caused_by(error)
            .hint("correct sslkey or PGSSLKEY: it names the key of the sslcert in PEM")
    };
    let about = fs::metadata(file).map_err(cannot)?;
    // As libpq has it: root may share a key with a group.
    let shared = if about.uid() == 0 { 0o027 } else { 0o077 };
    if about.mode() & shared != 0 {
        return Err(Error::usage(format!("{shown}, which is the sslkey, can be read or written by others"))
            .hint(format!("chmod 0600 {shown}")));
    }
    let text = fs::read(file).map_err(cannot)?;
    PrivateKeyDer::from_pem_slice(&text).map_err(|error| {
        Error::usage(format!("{shown}, which is the sslkey, holds no key that can be read"))
            .caused_by(error)
            .hint("a key in PEM without a passphrase: openssl pkey -in KEY -out FILE")
    })
}

/// The authorities to trust.
///
/// # Errors
/// The file is missing or broken, or the system has none (exit 2).
pub(super) fn roots(root: &Root) -> Result<Roots, Error> {
    let mut roots = Roots { store: RootCertStore::empty(), themselves: Vec::new() };
    match root {
        Root::File(file) => {
            for certificate in certificates(file, "sslrootcert")? {
                roots.themselves.push(certificate.clone());
                roots.store.add(certificate).map_err(|error| {
                    Error::usage(format!("{}, which is the sslrootcert, is damaged", file.display()))
                        .caused_by(error)
                        .hint("correct sslrootcert or PGSSLROOTCERT: it names a file of certificates in PEM")
                })?;
            }
        }
        Root::System => {
            // One certificate of hundreds that cannot be read is nothing to fail for.
            roots.store.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
            if roots.store.is_empty() {
                return Err(Error::usage(
                    "sslrootcert=system, and no authorities are installed on this system",
                )
                .hint("apt-get install ca-certificates"));
            }
        }
    }
    Ok(roots)
}
