//! What a session of the loader pins, so that a load does not depend on the server's, database's or role's
//! settings.
use postgres::Client;

use crate::error::Error;

/// Text of dates and times is ISO and UTC, whatever postgresql.conf says; JIT would compile statements that
/// run once; a broken client is noticed within half a second, so that a killed loader's locks are gone within
/// one.
const PINNED: &str = "
    set timezone = 'UTC';
    set datestyle = 'ISO, YMD';
    set intervalstyle = 'postgres';
    set extra_float_digits = 1;
    set bytea_output = 'hex';
    set xmloption = 'content';
    set client_encoding = 'UTF8';
    set standard_conforming_strings = on;
    set client_min_messages = warning;
    set search_path = pg_catalog, pg_temp;
    set jit = off;
";

/// Pins the session's settings.
///
/// # Errors
/// Failed (exit 1) when the server refuses them.
pub fn pin(client: &mut Client) -> Result<(), Error> {
    client
        .batch_execute(PINNED)
        .map_err(|error| Error::failed("session settings were refused").caused_by(error))?;
    // Since PostgreSQL 14, and only where the server's system can tell that a socket was closed.
    let supported = client
        .query_opt("select from pg_catalog.pg_settings where name = 'client_connection_check_interval'", &[])
        .map_err(|error| Error::failed("session settings cannot be read").caused_by(error))?;
    if supported.is_some() {
        // Refused where the system cannot do it: the load then works without.
        let _ = client.batch_execute("set client_connection_check_interval = '500ms'");
    }
    // A network that died without a word: the backend, and the dataset's lock with it, go within a minute instead of
    // after the system's two hours. No matter on a Unix socket, nor where the system cannot.
    for setting in [
        "tcp_keepalives_idle = 30",
        "tcp_keepalives_interval = 10",
        "tcp_keepalives_count = 3",
        "tcp_user_timeout = '60s'",
    ] {
        let _ = client.batch_execute(&format!("set {setting}"));
    }
    Ok(())
}
