//! The installed PostgreSQL programs.

use std::env;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use super::place::Place;
use crate::error::Error;

/// Oldest major version whose clusters the loader makes.
const OLDEST: u32 = 14;

/// A folder with `initdb`, `pg_ctl` and `postgres` of one version.
pub(super) struct Binaries {
    folder: PathBuf,
    /// Major version, such as 15.
    pub major: u32,
}

impl Binaries {
    /// The programs a new cluster is made with: those that `pg_config` belongs to, because the extension is built and
    /// installed for it, else the newest in the usual places, else PATH's.
    pub fn newest() -> Result<Self, Error> {
        candidates().into_iter().filter_map(Self::at).find(|found| found.major >= OLDEST).ok_or_else(|| {
            Error::usage(format!(
                "no PostgreSQL {OLDEST} or later is installed for the embedded cluster: looked for initdb, pg_ctl and \
                 postgres in pg_config --bindir, /usr/lib/postgresql/*/bin, /usr/pgsql-*/bin and PATH"
            ))
            .hint("apt-get install postgresql-15; or name a database by --database-url")
        })
    }

    /// The programs that fit the cluster there is.
    pub fn for_cluster(place: &Place) -> Result<Self, Error> {
        let path = place.data().join("PG_VERSION");
        let text = fs::read_to_string(&path)
            .map_err(|e| Error::failed(format!("cannot read {}", path.display())).caused_by(e))?;
        let major: u32 = text.trim().parse().map_err(|_| {
            Error::failed(format!(
                "{} holds \"{}\": expected a version such as 15",
                path.display(),
                text.trim()
            ))
        })?;
        candidates().into_iter().filter_map(Self::at).find(|found| found.major == major).ok_or_else(|| {
            Error::usage(format!(
                "the embedded cluster {} was made by PostgreSQL {major}, which is not installed any more",
                place.home.display()
            ))
            .hint(format!(
                "apt-get install postgresql-{major}; or move {} away, and a new cluster is made and loaded again",
                place.home.display()
            ))
        })
    }

    fn at(folder: PathBuf) -> Option<Self> {
        let whole = ["initdb", "pg_ctl", "postgres"].iter().all(|name| folder.join(name).is_file());
        if !whole {
            return None;
        }
        let said = output(Command::new(folder.join("postgres")).arg("--version"))?;
        Some(Binaries { major: major(&said)?, folder })
    }

    /// One of the programs.
    pub fn program(&self, name: &str) -> PathBuf {
        self.folder.join(name)
    }
}

/// psql from PATH, whose wrapper on Debian picks a version, else from the usual places.
pub(super) fn psql() -> PathBuf {
    let on_path = paths().into_iter().map(|folder| folder.join("psql")).find(|path| path.is_file());
    on_path
        .or_else(|| candidates().into_iter().map(|folder| folder.join("psql")).find(|path| path.is_file()))
        .unwrap_or_else(|| PathBuf::from("psql"))
}

fn candidates() -> Vec<PathBuf> {
    let mut folders: Vec<PathBuf> = output(Command::new("pg_config").arg("--bindir"))
        .map(|said| PathBuf::from(said.trim()))
        .into_iter()
        .collect();
    for (parent, prefix) in [("/usr/lib/postgresql", ""), ("/usr", "pgsql-")] {
        let mut versions: Vec<(u32, PathBuf)> = fs::read_dir(parent)
            .into_iter()
            .flatten()
            .flatten()
            .filter_map(|entry| {
                let version = entry.file_name().to_str()?.strip_prefix(prefix)?.parse().ok()?;
                Some((version, entry.path().join("bin")))
            })
            .collect();
        versions.sort_by_key(|(version, _)| std::cmp::Reverse(*version));
        folders.extend(versions.into_iter().map(|(_, path)| path));
    }
    folders.extend(paths());
    folders
}

fn paths() -> Vec<PathBuf> {
    // An empty or relative entry would mean wherever we happen to stand.
    let path = env::var_os("PATH").unwrap_or_default();
    env::split_paths(&path).filter(|folder: &PathBuf| Path::is_absolute(folder)).collect()
}

fn output(command: &mut Command) -> Option<String> {
    let output = command.stdin(Stdio::null()).stderr(Stdio::null()).output().ok()?;
    output.status.success().then(|| String::from_utf8_lossy(&output.stdout).into_owned())
}

/// The major version in `postgres (PostgreSQL) 15.20 (Debian 15.20-0+deb12u1)`.
fn major(said: &str) -> Option<u32> {
    let number = said.split_once("(PostgreSQL) ")?.1;
    let digits = number.split(|c: char| !c.is_ascii_digit()).next()?;
    digits.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_are_read() {
        assert_eq!(major("postgres (PostgreSQL) 15.20 (Debian 15.20-0+deb12u1)\n"), Some(15));
        assert_eq!(major("postgres (PostgreSQL) 19beta1\n"), Some(19));
        assert_eq!(major("psql something"), None);
    }
}
