//! `loader psql`: psql on the database in use.

use std::ffi::{OsStr, OsString};
use std::os::unix::process::CommandExt;
use std::process::Command;

use postgres::config::Host;

use crate::cli::{Context, PsqlArgs};
use crate::database;
use crate::embedded;
use crate::error::{Error, Exit};

/// Variables that would lead psql elsewhere.
const OVERRULED: [&str; 15] = [
    "PGHOST",
    "PGHOSTADDR",
    "PGPORT",
    "PGUSER",
    "PGDATABASE",
    "PGPASSWORD",
    "PGOPTIONS",
    "PGSERVICE",
    "PGSSLMODE",
    "PGSSLROOTCERT",
    "PGSSLCERT",
    "PGSSLKEY",
    "PGSSLNEGOTIATION",
    "PGCHANNELBINDING",
    "PGTARGETSESSIONATTRS",
];

/// Replaces this process by psql. The connection goes through the environment, where a password is not seen by others.
///
/// # Errors
/// As [`database::target`]; psql is not installed (exit 1).
pub fn run(args: PsqlArgs, context: &Context) -> Result<Exit, Error> {
    let target = database::target(&context.settings)?;
    let mut psql = Command::new(embedded::psql_binary());
    let parameters = &target.parameters;
    // All that the environment had to say is in the parameters already, or was overruled.
    for name in OVERRULED {
        psql.env_remove(name);
    }
    let hosts: Vec<OsString> = parameters
        .get_hosts()
        .iter()
        .map(|host| match host {
            Host::Tcp(name) => name.into(),
            Host::Unix(path) => path.into(),
        })
        .collect();
    if !hosts.is_empty() {
        psql.env("PGHOST", hosts.join(OsStr::new(",")));
    }
    let listed = |values: Vec<String>| (!values.is_empty()).then(|| values.join(","));
    if let Some(addresses) = listed(parameters.get_hostaddrs().iter().map(ToString::to_string).collect()) {
        psql.env("PGHOSTADDR", addresses);
    }
    if let Some(ports) = listed(parameters.get_ports().iter().map(ToString::to_string).collect()) {
        psql.env("PGPORT", ports);
    }
    if let Some(user) = parameters.get_user() {
        psql.env("PGUSER", user);
    }
    if let Some(name) = parameters.get_dbname() {
        psql.env("PGDATABASE", name);
    }
    psql.envs(target.secrets_and_encryption());
    if let Some(options) = parameters.get_options() {
        psql.env("PGOPTIONS", options);
    }
    let error = psql.args(&args.arguments).exec();
    Err(Error::failed("cannot start psql")
        .caused_by(error)
        .hint("install it: apt-get install postgresql-client"))
}
