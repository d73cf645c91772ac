//! What every session of the loader pins, so that neither a load nor an answer depends on the settings of the server,
//! the database or the role.
use postgres::Client;

use crate::error::Error;

/// Text of dates and times is ISO and UTC, whatever postgresql.conf says. The search path is pinned where the connection
/// is made (`migrations/session.sql`), before anything is asked.
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
";

/// Pins the session's settings.
///
/// # Errors
/// Failed (exit 1) when the server refuses them.
pub fn pin(client: &mut Client) -> Result<(), Error> {
    client.batch_execute(PINNED).map_err(|error| Error::database("pin the session's settings", error))
}

/// Pins the settings of a session that loads: JIT would compile statements that run once; a broken client is noticed
/// within half a second, so that a killed loader's locks are gone within one.
///
/// # Errors
/// Failed (exit 1) when the server refuses them.
pub fn pin_for_loading(client: &mut Client) -> Result<(), Error> {
    pin(client)?;
    client.batch_execute("set jit = off").map_err(|error| Error::database("turn JIT off", error))?;
    // Since PostgreSQL 14, and only where the server's system can tell that a socket was closed: refused elsewhere,
    // and the load then works without.
    let _ = client.batch_execute("set client_connection_check_interval = '500ms'");
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
