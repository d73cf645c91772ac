use std::fs;
use std::os::unix::fs::PermissionsExt;

use super::*;
use crate::error::Exit;

/// What becomes of a connection string in a home with these files.
fn connector(home: &Path, string: &str) -> Result<Tls, Error> {
    let mut settings = Settings::default();
    settings.fill(super::super::connection_string::parse(string).unwrap(), "--database-url");
    let tls = Tls::take(&mut settings, Some(home))?;
    assert!(settings.parameters().is_ok(), "nothing is left that the driver does not know");
    tls.connector().map(|_| tls)
}

#[test]
fn files_that_are_missing_or_broken_are_named() {
    let home = tempfile::tempdir().unwrap();
    let path = |name: &str| home.path().join(name).display().to_string();
    fs::write(path("empty"), "no certificate\n").unwrap();
    let broken = "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n";
    fs::write(path("broken"), broken).unwrap();
    fs::write(path("key"), "no key").unwrap();
    let cases = [
        ("sslmode=verify-full".to_owned(), "root.crt"),
        ("sslmode=verify-ca".to_owned(), "root.crt"),
        (format!("sslmode=require sslrootcert={}", path("missing")), "missing"),
        (format!("sslrootcert={}", path("empty")), "empty"),
        (format!("sslmode=verify-full sslrootcert={}", path("broken")), "broken"),
        (format!("sslcert={}", path("broken")), "sslkey"),
        (format!("sslcert={} sslkey={}", path("broken"), path("missing")), "missing"),
        (format!("sslcert={} sslkey={}", path("broken"), path("key")), "key"),
    ];
    for (string, word) in cases {
        for mode in [0o644, 0o600] {
            fs::set_permissions(path("key"), fs::Permissions::from_mode(mode)).unwrap();
            let error = connector(home.path(), &string).err().unwrap();
            assert_eq!(error.exit(), Exit::Usage, "{string}");
            assert!(error.to_string().contains(word), "{string}: {error}");
            assert!(error.next().is_some(), "{string}: {error}");
        }
    }
    // What is not asked for need not be there, nor whole.
    for string in ["", "sslmode=require", "sslmode=disable sslrootcert=/nowhere"] {
        assert!(connector(home.path(), string).is_ok(), "{string}");
    }
    fs::create_dir(path(".postgresql")).unwrap();
    fs::write(path(".postgresql/root.crt"), broken).unwrap();
    assert!(connector(home.path(), "sslmode=prefer").is_ok());
    assert!(connector(home.path(), "sslmode=require").is_err());
}

#[test]
fn libpq_is_told_the_same() {
    let home = tempfile::tempdir().unwrap();
    fs::create_dir(home.path().join(".postgresql")).unwrap();
    fs::write(home.path().join(".postgresql/root.crt"), "").unwrap();
    let variables = |string: &str| {
        let mut settings = Settings::default();
        settings.fill(super::super::connection_string::parse(string).unwrap(), "--database-url");
        let tls = Tls::take(&mut settings, Some(home.path())).unwrap();
        tls.variables()
            .into_iter()
            .map(|(name, value)| format!("{name}={}", value.display()))
            .collect::<Vec<_>>()
    };
    assert_eq!(variables("sslrootcert=system"), ["PGSSLMODE=verify-full", "PGSSLROOTCERT=system"]);
    let usual = format!("PGSSLROOTCERT={}", home.path().join(".postgresql/root.crt").display());
    assert_eq!(variables("sslmode=verify-ca"), ["PGSSLMODE=verify-ca", usual.as_str()]);
    assert_eq!(
        variables("sslrootcert=/r sslcert=/c sslkey=/k"),
        ["PGSSLMODE=prefer", "PGSSLROOTCERT=/r", "PGSSLCERT=/c", "PGSSLKEY=/k"]
    );
}
