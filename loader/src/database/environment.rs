//! Connection parameters from `--database-url`, `DATABASE_URL`, a service and libpq's `PG*` variables.

use std::env;
use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::time::Duration;

use postgres::Config as Parameters;
use postgres::config::Host;

use super::password_file::{self, Wanted};
use super::settings::Settings;
use super::tls::Tls;
use super::{connection_string, default_socket_directory, service_file};
use crate::caution::caution;
use crate::error::Error;

/// The variables any of which names a database; the others (PGPASSWORD ...) only complete one.
const NAMING: [&str; 6] = ["PGHOST", "PGHOSTADDR", "PGPORT", "PGUSER", "PGDATABASE", "PGSERVICE"];

/// Variables and what they set.
const VARIABLES: [(&str, &str); 16] = [
    ("PGHOST", "host"),
    ("PGHOSTADDR", "hostaddr"),
    ("PGPORT", "port"),
    ("PGUSER", "user"),
    ("PGDATABASE", "dbname"),
    ("PGPASSWORD", "password"),
    ("PGPASSFILE", "passfile"),
    ("PGOPTIONS", "options"),
    ("PGAPPNAME", "application_name"),
    ("PGCONNECT_TIMEOUT", "connect_timeout"),
    ("PGSSLMODE", "sslmode"),
    ("PGSSLROOTCERT", "sslrootcert"),
    ("PGSSLCERT", "sslcert"),
    ("PGSSLKEY", "sslkey"),
    ("PGSSLNEGOTIATION", "sslnegotiation"),
    ("PGCHANNELBINDING", "channel_binding"),
];

/// A database that was named.
pub(super) struct Given {
    /// Parameters for the driver, but for `sslmode`.
    pub parameters: Parameters,
    /// How the connection is encrypted.
    pub tls: Tls,
    /// The file that the password is from, if it is from one.
    pub password_file: Option<PathBuf>,
}

/// The database that the option or the environment names, if any does.
pub(super) fn given(option: Option<&str>) -> Result<Option<Given>, Error> {
    from(option, os_user, |name| env::var(name).ok().filter(|value| !value.is_empty()))
}

fn from(
    option: Option<&str>,
    os_user: impl Fn() -> Option<String>,
    variable: impl Fn(&str) -> Option<String>,
) -> Result<Option<Given>, Error> {
    if option.is_none() && env::var_os("DATABASE_URL").is_some_and(|value| value.is_empty()) {
        caution("DATABASE_URL is empty, and counts as unset");
    }
    let url = option.map(str::to_owned).or_else(|| variable("DATABASE_URL"));
    let place = if option.is_some() { "--database-url" } else { "DATABASE_URL" };
    let mut settings = Settings::default();
    match &url {
        Some(url) => {
            let pairs = connection_string::parse(url).map_err(|rule| {
                Error::usage(format!("{place} is not understood: {rule}"))
                    .hint("postgres://USER@HOST:5432/DATABASE, or \"host=HOST user=USER dbname=DATABASE\"")
            })?;
            settings.fill(pairs, place);
        }
        None if NAMING.iter().any(|name| variable(name).is_some()) => {}
        None => return Ok(None),
    }
    if option.is_some() && settings.has("password") {
        caution(
            "every user of this machine can see the password in --database-url while the loader runs: \
             give it in PGPASSWORD, ~/.pgpass or DATABASE_URL",
        );
    }
    let service = settings.take("service").map(|setting| setting.value).or_else(|| variable("PGSERVICE"));
    if let Some(name) = service {
        let service = service_file::find(&name, &variable)?;
        settings.fill(service.pairs, &format!("service \"{name}\" of {}", service.file.display()));
    }
    settings.fill_from_variables(&VARIABLES, &variable);
    complete(settings, os_user, &variable).map(Some)
}

/// The user we run as, as libpq has it: USER may be left over from before su.
fn os_user() -> Option<String> {
    let output = Command::new("id").arg("-un").stdin(Stdio::null()).output().ok()?;
    let name = String::from_utf8(output.stdout).ok()?;
    Some(name.trim().to_owned()).filter(|name| !name.is_empty())
}

/// Fills what is left open from libpq's defaults.
fn complete(
    mut settings: Settings,
    os_user: impl Fn() -> Option<String>,
    variable: impl Fn(&str) -> Option<String>,
) -> Result<Given, Error> {
    let home = variable("HOME").map(PathBuf::from);
    let mut tls = Tls::take(&mut settings, home.as_deref())?;
    let password_file = settings
        .take("passfile")
        .map(|setting| PathBuf::from(setting.value))
        .or_else(|| Some(home.as_ref()?.join(".pgpass")));
    if settings.get("gssencmode").is_some_and(|mode| mode != "require") {
        settings.take("gssencmode");
    }
    if let Some(name) = settings.take("fallback_application_name") {
        settings.presume("application_name", &name.value);
    }
    settings.presume("application_name", "pg_etl loader");
    // libpq's 0 waits for ever, and the driver takes it so.
    settings.presume("connect_timeout", "10");
    if !settings.has("user")
        && let Some(user) = os_user()
    {
        settings.presume("user", &user);
    }
    if let Some(user) = settings.get("user").map(str::to_owned) {
        settings.presume("dbname", &user);
    }
    let mut parameters = settings.parameters()?;
    if parameters.get_hosts().is_empty() {
        if parameters.get_hostaddrs().is_empty() {
            parameters.host_path(default_socket_directory());
        }
        // A certificate may be for an address: the driver wants it as the host's name.
        for address in parameters.get_hostaddrs().to_vec() {
            parameters.host(&address.to_string());
        }
    }
    tls.fit(parameters.get_hosts())?;
    notice_dead_networks(&mut parameters);
    let password_file = password_file.filter(|_| parameters.get_password().is_none());
    let found =
        password_file.as_deref().and_then(|file| password(&password_file::contents(file)?, &parameters));
    let has_found = found.is_some();
    if let Some(password) = found {
        parameters.password(password);
    }
    Ok(Given { parameters, tls, password_file: password_file.filter(|_| has_found) })
}

/// The password of a password file. The driver has one for all hosts of a list: none of them is told another's.
fn password(contents: &str, parameters: &Parameters) -> Option<String> {
    let socket = default_socket_directory();
    let user = parameters.get_user()?;
    let database = parameters.get_dbname().unwrap_or(user);
    let ports = parameters.get_ports();
    let mut passwords = parameters.get_hosts().iter().enumerate().map(|(position, host)| {
        let host = match host {
            Host::Tcp(name) => name.clone(),
            Host::Unix(path) if *path == socket => "localhost".to_owned(),
            Host::Unix(path) => path.display().to_string(),
        };
        let port = ports.get(position).or(ports.first()).copied().unwrap_or(5432).to_string();
        password_file::find(contents, &Wanted { host: &host, port: &port, database, user })
    });
    let first = passwords.next()??;
    passwords.all(|other| other.as_ref() == Some(&first)).then_some(first)
}

/// A network that carries nothing any more is noticed within a minute, whether something was sent and never
/// acknowledged or the loader waits for an answer. Whatever the connection string says about it holds.
fn notice_dead_networks(parameters: &mut Parameters) {
    if parameters.get_tcp_user_timeout().is_none() {
        parameters.tcp_user_timeout(Duration::from_secs(60));
    }
    // The driver's default, two hours, is the one value that cannot be asked for.
    if parameters.get_keepalives_idle() == Parameters::new().get_keepalives_idle() {
        parameters.keepalives_idle(Duration::from_secs(30));
    }
    if parameters.get_keepalives_interval().is_none() {
        parameters.keepalives_interval(Duration::from_secs(10));
    }
    if parameters.get_keepalives_retries().is_none() {
        parameters.keepalives_retries(3);
    }
}

#[cfg(test)]
mod tests;
