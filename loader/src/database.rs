//! The database in use: which one it is, a connection to it, and the name it has in summaries.

use std::error::Error as _;
use std::ffi::{OsStr, OsString};
use std::os::unix::ffi::OsStrExt;
use std::path::PathBuf;

use etl_core::merge::name::Ident;
use postgres::config::{ChannelBinding, Host, SslNegotiation};
use postgres::error::SqlState;
use postgres::{Client, Config as Parameters};
use tokio_postgres_rustls::MakeRustlsConnect;

use crate::cli::Settings;
use crate::config::Embedded;
use crate::embedded;
use crate::error::Error;
use crate::shipped;
use crate::warnings::Warnings;

mod connection_string;
mod environment;
mod opening;
mod password_file;
mod service_file;
mod settings;
mod tls;

use opening::Failure;
use tls::{Tls, refusal};

/// Oldest server with everything the loader uses (`client_connection_check_interval`, lz4 columns).
const OLDEST_SERVER: i32 = 140_000;

/// An open connection.
pub struct Database {
    /// The connection.
    pub client: Client,
    /// What a request to cancel is encrypted with, as the connection is.
    pub tls: MakeRustlsConnect,
    /// What summaries call it: `embedded /var/lib/pg_etl` or `ana@host:5432/db`; never a password.
    pub label: String,
    /// Whether it is the loader's own cluster, where the session is the superuser's.
    pub is_embedded: bool,
    /// What the server warns of in this session.
    pub warnings: Warnings,
}

/// Where a connection would go, with everything it takes.
pub struct Target {
    /// Parameters for the driver.
    pub parameters: Parameters,
    /// How the connection is encrypted.
    tls: Tls,
    /// The file that the password is from, if it is from one.
    password_file: Option<PathBuf>,
    /// As [`Database::label`].
    pub label: String,
    /// As [`Database::is_embedded`].
    pub is_embedded: bool,
}

/// Connects to the database that the settings name: `--database-url`, else `DATABASE_URL`, else `PG*`, else the
/// embedded cluster, which is made and started as needed.
///
/// # Errors
/// Nothing names a database and the embedded cluster is not wanted, or the settings are not understood (exit 2);
/// nobody answers, or the server does not let us in (exit 4); a server too old (exit 6).
pub fn connect(settings: &Settings) -> Result<Database, Error> {
    let mut target = target(settings)?;
    let warnings = Warnings::default();
    let heard = warnings.clone();
    target.parameters.notice_callback(move |said| heard.hear(&said));
    let tls = target.tls.connector()?;
    let opened = opening::open(&target.parameters, target.tls.mode, &tls);
    let mut client = opened.map_err(|failure| target.unreachable(failure))?;
    let cannot = |e| target.unreachable(Failure::Driver(e));
    client.batch_execute(shipped::SESSION).map_err(&cannot)?;

    // The backend of a killed loader notices within seconds instead of finishing its statement, locks and all.
    // Not every system can (PostgreSQL refuses the value there), and nothing depends on it.
    let _ = client.batch_execute("set client_connection_check_interval = '2s'");
    let version: i32 = client
        .query_one("select pg_catalog.current_setting('server_version_num')::integer", &[])
        .and_then(|row| row.try_get(0))
        .map_err(&cannot)?;
    if version < OLDEST_SERVER {
        return Err(Error::mismatch(format!(
            "{} is PostgreSQL {}, and the loader needs 14 or later",
            target.label,
            version / 10_000
        )));
    }
    Ok(Database { client, tls, label: target.label, is_embedded: target.is_embedded, warnings })
}

/// Finds out where to connect; makes and starts the embedded cluster if it is that.
///
/// # Errors
/// Those of [`connect`], but for what only a connection shows.
pub fn target(settings: &Settings) -> Result<Target, Error> {
    if settings.embedded == Embedded::Always {
        if settings.database_url.is_some() {
            return Err(Error::usage("--database-url is given, and loader.toml says embedded = \"always\"")
                .hint("leave out --database-url, or name another --config"));
        }
        return embedded_target(settings);
    }
    let given = match environment::given(settings.database_url.as_deref())? {
        Some(given) => given,
        None if settings.embedded == Embedded::Never => {
            return Err(Error::usage(
                "no database is named, and loader.toml says embedded = false: --database-url, DATABASE_URL, \
                 PGSERVICE, PGHOST, PGPORT, PGUSER and PGDATABASE are all unset",
            )
            .hint("loader --database-url postgres://USER@HOST:5432/DATABASE ..."));
        }
        None => return embedded_target(settings),
    };
    let environment::Given { parameters, tls, password_file } = given;
    Ok(Target { label: label(&parameters), parameters, tls, password_file, is_embedded: false })
}

fn embedded_target(settings: &Settings) -> Result<Target, Error> {
    let server = embedded::ensure_running(settings.quiet)?;
    let database = settings.database.as_deref().unwrap_or("pg_etl");
    embedded::ensure_database(&server, database)?;
    let mut parameters = server.parameters();
    parameters.dbname(database).application_name("pg_etl loader");
    let label = match database {
        "pg_etl" => format!("embedded {}", server.home.display()),
        other => format!("embedded {}, database {other}", server.home.display()),
    };
    Ok(Target { parameters, tls: Tls::none(), password_file: None, label, is_embedded: true })
}

/// `user@host:port/database`.
fn label(parameters: &Parameters) -> String {
    let host = match parameters.get_hosts().first() {
        Some(Host::Tcp(name)) => name.clone(),
        Some(Host::Unix(path)) => path.display().to_string(),
        None => parameters.get_hostaddrs().first().map(ToString::to_string).unwrap_or_default(),
    };
    let port = parameters.get_ports().first().copied().unwrap_or(5432);
    let user = parameters.get_user().unwrap_or_default();
    format!("{user}@{host}:{port}/{}", parameters.get_dbname().unwrap_or(user))
}

impl Target {
    /// The settings as libpq's variables, for psql: a password that is not from a password file among them.
    pub fn secrets_and_encryption(&self) -> Vec<(&'static str, OsString)> {
        let mut variables = self.tls.variables();
        match (&self.password_file, self.parameters.get_password()) {
            (Some(file), _) => variables.push(("PGPASSFILE", file.into())),
            (None, Some(password)) => variables.push(("PGPASSWORD", OsStr::from_bytes(password).into())),
            (None, None) => {}
        }
        match self.parameters.get_channel_binding() {
            ChannelBinding::Require => variables.push(("PGCHANNELBINDING", "require".into())),
            ChannelBinding::Disable => variables.push(("PGCHANNELBINDING", "disable".into())),
            _ => {}
        }
        if self.parameters.get_ssl_negotiation() == SslNegotiation::Direct {
            variables.push(("PGSSLNEGOTIATION", "direct".into()));
        }
        variables
    }

    /// Nobody answers, the server does not let us in, or we do not trust it (exit 4).
    fn unreachable(&self, failure: Failure) -> Error {
        let cannot = format!("cannot connect to {}", self.label);
        let named = "check --database-url, DATABASE_URL, PGSERVICE and PG*; without any of them the embedded cluster is used";
        let error = match failure {
            Failure::Silence(time) => {
                let seconds = time.as_secs();
                return Error::no_connection(format!(
                    "{cannot}: whoever listens there has let nobody in for {seconds} s"
                ))
                .hint("see whether it is PostgreSQL, and how busy; to wait longer: connect_timeout=60, or PGCONNECT_TIMEOUT");
            }
            Failure::System(error) => return Error::no_connection(cannot).caused_by(error),
            Failure::Driver(error) => error,
        };
        if let Some(refusal) = refusal::of(&error, &self.tls) {
            return Error::no_connection(format!("{cannot}: {}", refusal.reason))
                .hint(refusal.hint)
                .caused_by(error);
        }
        let told = match error.code() {
            Some(&SqlState::INVALID_CATALOG_NAME) => {
                Error::no_connection(cannot).hint("create the database, or correct its name")
            }
            None if is_password_missing(&error) => Error::no_connection(cannot)
                .hint("the server wants a password: give it in PGPASSWORD or ~/.pgpass"),
            None if !self.is_embedded => Error::no_connection(cannot).hint(named),
            _ => Error::no_connection(cannot),
        };
        told.caused_by(error)
    }
}

/// The driver has no code for it, only words.
fn is_password_missing(error: &postgres::Error) -> bool {
    error.source().is_some_and(|cause| cause.to_string() == "password missing")
}

impl Database {
    /// Takes on a role for the rest of the session, on the embedded cluster and where the role exists; elsewhere the
    /// login role is the operator's choice and stays. Call it after [`crate::migrate::ensure_ready`].
    ///
    /// # Errors
    /// The server refuses.
    pub fn act_as(&mut self, role: &str) -> Result<(), Error> {
        if !self.is_embedded {
            return Ok(());
        }
        let doing = format!("take on the role {role}");
        let known = self
            .client
            .query_opt("select from pg_catalog.pg_roles where rolname = $1", &[&role])
            .map_err(|e| Error::database(&doing, e))?;
        match known {
            Some(_) => self
                .client
                .batch_execute(&format!("set role {}", quoted(role)))
                .map_err(|e| Error::database(&doing, e)),
            None => Ok(()),
        }
    }
}

/// An identifier in double quotes, by the rule of the planner's own.
pub fn quoted(identifier: &str) -> String {
    Ident::new(identifier).to_string()
}

/// The directory libpq looks for a socket in where no host is named, on Debian and elsewhere.
fn default_socket_directory() -> PathBuf {
    let debian = PathBuf::from("/var/run/postgresql");
    if debian.is_dir() { debian } else { PathBuf::from("/tmp") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_label_never_holds_the_password() {
        let parameters: Parameters = "postgres://ana:secret@db.example.org:6000/campaign".parse().unwrap();
        assert_eq!(label(&parameters), "ana@db.example.org:6000/campaign");
    }

    #[test]
    fn identifiers_are_quoted() {
        assert_eq!(quoted("a\"b"), "\"a\"\"b\"");
    }
}
