//! `loader psql`: psql on the database in use.

use std::os::unix::process::CommandExt;
use std::process::Command;

use postgres::config::Host;

use crate::cli::{Context, PsqlArgs};
use crate::database;
use crate::embedded;
use crate::error::{Error, Exit};

/// Replaces this process by psql. The connection goes through the environment, where a password is not seen by others.
///
/// # Errors
/// As [`database::target`]; psql is not installed (exit 1).
pub fn run(args: PsqlArgs, context: &Context) -> Result<Exit, Error> {
    let target = database::target(&context.settings)?;
    let mut psql = Command::new(embedded::psql_binary());
    let parameters = &target.parameters;
    let host = match parameters.get_hosts().first() {
        Some(Host::Tcp(name)) => Some(name.clone().into()),
        Some(Host::Unix(path)) => Some(path.clone().into_os_string()),
        None => None,
    };
    if let Some(host) = host {
        psql.env("PGHOST", host);
    }
    if let Some(address) = parameters.get_hostaddrs().first() {
        psql.env("PGHOSTADDR", address.to_string());
    }
    if let Some(port) = parameters.get_ports().first() {
        psql.env("PGPORT", port.to_string());
    }
    if let Some(user) = parameters.get_user() {
        psql.env("PGUSER", user);
    }
    if let Some(name) = parameters.get_dbname() {
        psql.env("PGDATABASE", name);
    }
    if let Some(password) = parameters.get_password() {
        use std::os::unix::ffi::OsStrExt;
        psql.env("PGPASSWORD", std::ffi::OsStr::from_bytes(password));
    }
    if let Some(options) = parameters.get_options() {
        psql.env("PGOPTIONS", options);
    }
    let error = psql.args(&args.arguments).exec();
    Err(Error::failed("cannot start psql")
        .caused_by(error)
        .hint("install it: apt-get install postgresql-client"))
}
