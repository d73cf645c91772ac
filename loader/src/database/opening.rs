//! Opening a connection: with TLS or without, as `sslmode` has it, and within a time.

use std::net::ToSocketAddrs;
use std::sync::mpsc;
use std::thread;
use std::time::Duration;

use postgres::config::{Host, SslMode};
use postgres::error::SqlState;
use postgres::{Client, Config as Parameters};
use tokio_postgres_rustls::MakeRustlsConnect;

use super::tls::{Mode, refusal};

/// Why there is no connection.
pub(super) enum Failure {
    /// What the driver says.
    Driver(postgres::Error),
    /// Something listens there, and has not let us in within this time.
    Silence(Duration),
    /// No thread to connect in.
    System(std::io::Error),
}

/// A connection, by one of the ways that the mode has.
///
/// # Errors
/// The last way's failure; that of TLS, where only the plain way was refused after it.
pub(super) fn open(parameters: &Parameters, mode: Mode, tls: &MakeRustlsConnect) -> Result<Client, Failure> {
    let mut first: Option<postgres::Error> = None;
    for way in mode.attempts() {
        let mut parameters = parameters.clone();
        parameters.ssl_mode(*way);
        match (within(parameters, tls.clone()), first.take()) {
            (Ok(client), _) => return Ok(client),
            (Err(Failure::Driver(error)), None) if leads_on(&error, *way) => first = Some(error),
            // Refused both ways: what TLS failed at says more.
            (Err(Failure::Driver(error)), Some(before)) if is_refused(&error) => {
                return Err(Failure::Driver(before));
            }
            (Err(failure), _) => return Err(failure),
        }
    }
    Err(match first {
        Some(error) => Failure::Driver(error),
        None => Failure::System(std::io::Error::other("no way to connect")),
    })
}

/// Whether the next way may succeed where this one failed.
fn leads_on(error: &postgres::Error, way: SslMode) -> bool {
    is_refused(error) || (way == SslMode::Prefer && refusal::is_tls(error))
}

/// `pg_hba.conf` has no line for this way.
fn is_refused(error: &postgres::Error) -> bool {
    error.code() == Some(&SqlState::INVALID_AUTHORIZATION_SPECIFICATION)
}

/// Connects, and gives up on a server that lets nobody in: the driver's own timeout ends where the socket is open.
fn within(parameters: Parameters, tls: MakeRustlsConnect) -> Result<Client, Failure> {
    let Some(timeout) = parameters.get_connect_timeout().copied() else {
        return parameters.connect(tls).map_err(Failure::Driver);
    };
    // The driver tries every address of every host for so long.
    let timeout = timeout.saturating_mul(addresses(&parameters));
    let (report, answer) = mpsc::channel();
    thread::Builder::new()
        .name("connecting".into())
        .spawn(move || drop(report.send(parameters.connect(tls))))
        .map_err(Failure::System)?;
    match answer.recv_timeout(timeout) {
        Ok(answer) => answer.map_err(Failure::Driver),
        Err(_) => Err(Failure::Silence(timeout)),
    }
}

fn addresses(parameters: &Parameters) -> u32 {
    if !parameters.get_hostaddrs().is_empty() {
        return u32::try_from(parameters.get_hostaddrs().len()).unwrap_or(1);
    }
    let hosts = parameters.get_hosts().iter().map(|host| match host {
        Host::Tcp(name) => (name.as_str(), 0).to_socket_addrs().map_or(1, Iterator::count).max(1),
        Host::Unix(_) => 1,
    });
    u32::try_from(hosts.sum::<usize>()).unwrap_or(1).max(1)
}
