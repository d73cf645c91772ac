//! The embedded default: a private cluster, made, started, found again and stopped by the loader.
//!
//! Everything lies in one folder, closed to others (0700): `data` (the cluster), `server.log`, `lock`, and the Unix socket.
//! Who may enter that folder may read the data files too, so the socket trusts whoever reaches it: a password or a
//! mapping of users would keep out nobody else. The server listens nowhere else.
//!
//! Making, starting and stopping happen under a lock on `lock`: of several loaders one works, and the others wait and
//! find the server running. A server that answers is used without the lock.

use std::path::PathBuf;
use std::thread::sleep;
use std::time::{Duration, Instant};

use postgres::error::SqlState;
use postgres::{Config as Parameters, NoTls};

use crate::database::quoted;
use crate::error::Error;

mod account;
mod binaries;
mod cluster;
mod lock;
mod pidfile;
mod place;
mod settings;

use binaries::Binaries;
use lock::Lock;
use place::Place;

/// The cluster's superuser, whoever owns the files.
const SUPERUSER: &str = "postgres";

/// How long a server may take to recover, or to shut down, before we give up waiting.
const PATIENCE: Duration = Duration::from_secs(300);

/// How long processes without a server of theirs are waited for before one is started beside them.
const SETTLING: Duration = Duration::from_secs(5);

/// A server that answers.
pub struct Server {
    /// The folder that holds everything of it.
    pub home: PathBuf,
    socket: PathBuf,
}

/// What [`stop`] found.
pub enum Stopped {
    /// It ran, and does no longer.
    Now(PathBuf),
    /// It was not running.
    Already(PathBuf),
}

/// What a knock at the socket says.
enum Knock {
    Answers,
    /// Starting up, recovering or shutting down.
    Busy,
    Silence,
}

impl Server {
    /// How to connect to it as its superuser; the database is left open.
    pub fn parameters(&self) -> Parameters {
        let mut parameters = Parameters::new();
        parameters.host_path(&self.socket).user(SUPERUSER).connect_timeout(Duration::from_secs(10));
        parameters
    }

    fn knock(&self) -> Result<Knock, Error> {
        match self.parameters().dbname("postgres").connect(NoTls) {
            Ok(_) => Ok(Knock::Answers),
            Err(e) => match e.code() {
                Some(&SqlState::CANNOT_CONNECT_NOW) => Ok(Knock::Busy),
                // Nobody there, or the connection was cut by a server that is going down.
                None => Ok(Knock::Silence),
                Some(_) => Err(Error::no_connection(format!(
                    "the embedded cluster {} runs, and does not let us in",
                    self.home.display()
                ))
                .caused_by(e)),
            },
        }
    }
}

/// The embedded cluster, made and started if need be; notes about that go to stderr unless `quiet`.
///
/// # Errors
/// No PostgreSQL is installed, or the place is not ours (exit 2); the server cannot be made or started (exit 4).
pub fn ensure_running(quiet: bool) -> Result<Server, Error> {
    let place = Place::find()?;
    if let Some(server) = answering(&place)? {
        return Ok(server);
    }
    place.prepare()?;
    let _lock = Lock::take(&place.home, PATIENCE)?;

    let begun = Instant::now();
    loop {
        if let Some(server) = answering(&place)? {
            return Ok(server);
        }
        let Some(pid) = at_work(&place, begun.elapsed())? else { break };
        if begun.elapsed() > PATIENCE {
            return Err(Error::no_connection(format!(
                "the embedded cluster {} (process {pid}) does not answer after {} s",
                place.home.display(),
                PATIENCE.as_secs()
            ))
            .hint(format!("loader stop; what it says is in {}", place.log().display())));
        }
        sleep(Duration::from_millis(100));
    }
    let note = |text: String| {
        if !quiet {
            eprintln!("{text}");
        }
    };
    let binaries = cluster::ensure_made(&place, note)?;
    cluster::start(&place, &binaries)?;
    note(format!("started embedded {}", place.home.display()));
    Ok(place.server())
}

fn answering(place: &Place) -> Result<Option<Server>, Error> {
    let server = place.server();
    match server.knock()? {
        Knock::Answers => Ok(Some(server)),
        Knock::Busy | Knock::Silence => Ok(None),
    }
}

/// A process that is, or may yet become, the server: the one that its file names, a `pg_ctl` that brings it up, and for
/// a moment any process of PostgreSQL in the data directory, which may be a server that has not written its file yet, or
/// backends about to follow their dead server.
fn at_work(place: &Place, waited: Duration) -> Result<Option<i32>, Error> {
    if let Some(pid) = running(place)?.or_else(|| pidfile::starter(&place.account, &place.data())) {
        return Ok(Some(pid));
    }
    let others = pidfile::orphans(&place.account, &place.data());
    Ok(others.into_iter().next().filter(|_| waited < SETTLING))
}

/// The process of the server, whether or not it answers (yet, or any more).
fn running(place: &Place) -> Result<Option<i32>, Error> {
    let found = pidfile::read(&place.data())?;
    Ok(found
        .filter(|found| pidfile::is_server(&place.account, found.pid, &place.data()))
        .map(|found| found.pid))
}

/// Creates the database if it is missing.
///
/// # Errors
/// The server refuses (exit 4).
pub fn ensure_database(server: &Server, database: &str) -> Result<(), Error> {
    let refused = |e| {
        Error::no_connection(format!("cannot create database \"{database}\" in the embedded cluster"))
            .caused_by(e)
    };
    let mut client = server.parameters().dbname("postgres").connect(NoTls).map_err(refused)?;
    let known = client
        .query_opt("select from pg_catalog.pg_database where datname = $1", &[&database])
        .map_err(refused)?;
    if known.is_some() {
        return Ok(());
    }
    // template0: encoding and locale are initdb's, and nothing somebody put into template1 comes along.
    let created = client.batch_execute(&format!("create database {} template template0", quoted(database)));
    match created {
        // Another loader was quicker.
        Err(e) if matches!(e.code(), Some(&SqlState::DUPLICATE_DATABASE | &SqlState::UNIQUE_VIOLATION)) => {
            Ok(())
        }
        other => other.map_err(refused),
    }
}

/// Stops the cluster: its sessions are ended, their transactions rolled back.
///
/// # Errors
/// The place is not ours (exit 2); the server does not stop (exit 1).
pub fn stop() -> Result<Stopped, Error> {
    let place = Place::find()?;
    if !place.exists()? {
        return Ok(Stopped::Already(place.home));
    }
    let _lock = Lock::take(&place.home, PATIENCE)?;
    if running(&place)?.is_none() {
        return Ok(Stopped::Already(place.home));
    }
    let binaries = Binaries::for_cluster(&place)?;
    cluster::stop(&place, &binaries)?;
    Ok(Stopped::Now(place.home))
}

/// psql of the installed PostgreSQL, or whatever PATH has under that name.
pub fn psql_binary() -> PathBuf {
    binaries::psql()
}
