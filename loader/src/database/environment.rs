//! Connection parameters from `--database-url`, `DATABASE_URL` and libpq's `PG*` variables.

use std::env;
use std::process::{Command, Stdio};
use std::time::Duration;

use postgres::Config as Parameters;
use postgres::config::SslMode;

use super::default_socket_directory;
use crate::error::Error;

/// The variables any of which names a database; the others (PGPASSWORD ...) only complete one.
const NAMING: [&str; 5] = ["PGHOST", "PGHOSTADDR", "PGPORT", "PGUSER", "PGDATABASE"];

/// The database that the option or the environment names, if any does.
pub(super) fn given(option: Option<&str>) -> Result<Option<Parameters>, Error> {
    from(option, os_user, |name| env::var(name).ok().filter(|value| !value.is_empty()))
}

fn from(
    option: Option<&str>,
    os_user: impl Fn() -> Option<String>,
    variable: impl Fn(&str) -> Option<String>,
) -> Result<Option<Parameters>, Error> {
    if variable("PGSERVICE").is_some() {
        return Err(Error::usage("PGSERVICE is set, and the loader does not read service files")
            .hint("unset PGSERVICE, and name the database by --database-url"));
    }
    let url = option.map(str::to_owned).or_else(|| variable("DATABASE_URL"));
    let place = if option.is_some() { "--database-url" } else { "DATABASE_URL" };
    let mut parameters = match &url {
        // The driver's messages name the faulty option, never the whole string: it may hold a password.
        Some(url) => url.parse::<Parameters>().map_err(|e| {
            Error::usage(format!("{place} is not understood"))
                .caused_by(e)
                .hint("postgres://USER@HOST:5432/DATABASE, or \"host=HOST user=USER dbname=DATABASE\"")
        })?,
        None if NAMING.iter().any(|name| variable(name).is_some()) => Parameters::new(),
        None => return Ok(None),
    };
    complete(&mut parameters, os_user, &variable)?;
    Ok(Some(parameters))
}

/// The user we run as, as libpq has it: USER may be left over from before su.
fn os_user() -> Option<String> {
    let output = Command::new("id").arg("-un").stdin(Stdio::null()).output().ok()?;
    let name = String::from_utf8(output.stdout).ok()?;
    Some(name.trim().to_owned()).filter(|name| !name.is_empty())
}

/// Fills what the parameters leave open from `PG*`, then from libpq's defaults.
fn complete(
    parameters: &mut Parameters,
    os_user: impl Fn() -> Option<String>,
    variable: impl Fn(&str) -> Option<String>,
) -> Result<(), Error> {
    let wrong = |name: &str, value: &str, rule: &str| {
        Error::usage(format!("{name} is \"{value}\": {rule}")).hint(format!("correct or unset {name}"))
    };
    if parameters.get_hosts().is_empty() && parameters.get_hostaddrs().is_empty() {
        match (variable("PGHOST"), variable("PGHOSTADDR")) {
            (None, None) => {
                parameters.host_path(default_socket_directory());
            }
            (host, address) => {
                if let Some(address) = address {
                    let parsed = address
                        .parse()
                        .map_err(|_| wrong("PGHOSTADDR", &address, "expected an IP address"))?;
                    parameters.hostaddr(parsed);
                }
                if let Some(host) = host {
                    parameters.host(&host);
                }
            }
        }
    }
    if parameters.get_ports().is_empty()
        && let Some(port) = variable("PGPORT")
    {
        parameters
            .port(port.parse().map_err(|_| wrong("PGPORT", &port, "expected a number from 1 to 65535"))?);
    }
    if parameters.get_user().is_none()
        && let Some(user) = variable("PGUSER").or_else(os_user)
    {
        parameters.user(&user);
    }
    if parameters.get_dbname().is_none()
        && let Some(name) = variable("PGDATABASE").or_else(|| parameters.get_user().map(str::to_owned))
    {
        parameters.dbname(&name);
    }
    if parameters.get_password().is_none()
        && let Some(password) = variable("PGPASSWORD")
    {
        parameters.password(password);
    }
    if parameters.get_options().is_none()
        && let Some(options) = variable("PGOPTIONS")
    {
        parameters.options(&options);
    }
    if parameters.get_application_name().is_none() {
        parameters.application_name(variable("PGAPPNAME").as_deref().unwrap_or("pg_etl loader"));
    }
    if parameters.get_connect_timeout().is_none() {
        let seconds = match variable("PGCONNECT_TIMEOUT") {
            Some(text) => {
                text.parse().map_err(|_| wrong("PGCONNECT_TIMEOUT", &text, "expected whole seconds"))?
            }
            None => 10,
        };
        // 0 waits for ever, as libpq has it.
        if seconds > 0 {
            parameters.connect_timeout(Duration::from_secs(seconds));
        }
    }
    notice_dead_networks(parameters);
    match variable("PGSSLMODE").as_deref() {
        None | Some("disable" | "allow" | "prefer") => {}
        Some(mode) => return Err(wrong("PGSSLMODE", mode, "the loader does not speak TLS")),
    }
    if parameters.get_ssl_mode() == SslMode::Require {
        return Err(Error::usage("sslmode=require is asked for, and the loader does not speak TLS")
            .hint("use a Unix socket or a tunnel (ssh -L), and leave sslmode out"));
    }
    Ok(())
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
mod tests {
    use std::collections::HashMap;

    use postgres::config::Host;

    use super::*;

    fn parameters(option: Option<&str>, variables: &[(&str, &str)]) -> Result<Option<Parameters>, Error> {
        let map: HashMap<_, _> = variables.iter().map(|(k, v)| (k.to_string(), v.to_string())).collect();
        from(option, || Some("ana".to_owned()), |name| map.get(name).cloned())
    }

    #[test]
    fn nothing_is_named() {
        assert!(parameters(None, &[("PGPASSWORD", "x")]).unwrap().is_none());
    }

    #[test]
    fn the_option_wins_over_the_url_and_the_url_over_pg_variables() {
        let variables =
            [("DATABASE_URL", "postgres://u@one/a"), ("PGDATABASE", "b"), ("PGPASSWORD", "secret")];
        let typed = parameters(Some("host=two user=ana"), &variables).unwrap().unwrap();
        assert_eq!(typed.get_hosts(), [Host::Tcp("two".to_owned())]);
        assert_eq!(typed.get_dbname(), Some("b"));
        let url = parameters(None, &variables).unwrap().unwrap();
        assert_eq!((url.get_user(), url.get_dbname()), (Some("u"), Some("a")));
        assert_eq!(url.get_password(), Some(&b"secret"[..]));
    }

    #[test]
    fn one_variable_is_enough_and_the_rest_is_as_in_libpq() {
        let found = parameters(None, &[("PGPORT", "6000")]).unwrap().unwrap();
        assert_eq!(found.get_ports(), [6000]);
        assert!(matches!(found.get_hosts(), [Host::Unix(_)]));
        assert_eq!((found.get_user(), found.get_dbname()), (Some("ana"), Some("ana")));
        let socket = parameters(None, &[("PGHOST", "/run/pg")]).unwrap().unwrap();
        assert!(matches!(socket.get_hosts(), [Host::Unix(path)] if path.ends_with("pg")));
    }

    #[test]
    fn a_dead_network_is_noticed_unless_the_connection_string_says_otherwise() {
        let seconds = Duration::from_secs;
        let usual = parameters(Some("host=db"), &[]).unwrap().unwrap();
        assert_eq!(usual.get_connect_timeout(), Some(&seconds(10)));
        assert_eq!(usual.get_tcp_user_timeout(), Some(&seconds(60)));
        assert_eq!(usual.get_keepalives_idle(), seconds(30));
        assert_eq!(
            (usual.get_keepalives_interval(), usual.get_keepalives_retries()),
            (Some(seconds(10)), Some(3))
        );
        let typed = "host=db connect_timeout=1 tcp_user_timeout=2 keepalives_idle=3 keepalives_interval=4 keepalives_retries=5";
        let typed = parameters(Some(typed), &[("PGCONNECT_TIMEOUT", "9")]).unwrap().unwrap();
        assert_eq!(typed.get_connect_timeout(), Some(&seconds(1)));
        assert_eq!(typed.get_tcp_user_timeout(), Some(&seconds(2)));
        assert_eq!(typed.get_keepalives_idle(), seconds(3));
        assert_eq!(
            (typed.get_keepalives_interval(), typed.get_keepalives_retries()),
            (Some(seconds(4)), Some(5))
        );
    }

    #[test]
    fn what_is_not_understood_is_named_without_the_password() {
        for (option, variables, word) in [
            (Some("postgres://u:hunter2@h/d?nonsense=1"), &[][..], "nonsense"),
            (None, &[("PGPORT", "many")][..], "many"),
            (None, &[("PGHOSTADDR", "home")][..], "home"),
            (None, &[("PGSERVICE", "x")][..], "PGSERVICE"),
            (Some("postgres://u:hunter2@h/d?sslmode=require"), &[][..], "TLS"),
        ] {
            let Err(error) = parameters(option, variables) else { panic!("{word} was accepted") };
            assert_eq!(error.exit(), crate::error::Exit::Usage);
            assert!(error.to_string().contains(word), "{error}");
            assert!(!error.to_string().contains("hunter2"), "{error}");
        }
    }
}
