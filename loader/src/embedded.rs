//! The embedded default: a private cluster, made, started, found again and stopped by the loader.

use std::path::PathBuf;

use postgres::Config as Parameters;

use crate::error::Error;

/// A server that answers.
pub struct Server {
    pub home: PathBuf,
    pub socket: PathBuf,
}
impl Server {
    pub fn parameters(&self) -> Parameters {
        let mut p = Parameters::new();
        p.host_path(&self.socket).user("postgres");
        p
    }
}
pub enum Stopped {
    Now(PathBuf),
    Already(PathBuf),
}
pub fn ensure_running(_quiet: bool) -> Result<Server, Error> {
    Err(Error::failed("the embedded cluster is not built yet"))
}
pub fn ensure_database(_server: &Server, _database: &str) -> Result<(), Error> {
    Ok(())
}
pub fn stop() -> Result<Stopped, Error> {
    Err(Error::failed("the embedded cluster is not built yet"))
}
pub fn psql_binary() -> PathBuf {
    PathBuf::from("psql")
}
