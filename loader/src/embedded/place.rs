//! Where the cluster lies, and that the place is ours and closed to others.

use std::env;
use std::fs::{self, DirBuilder, Permissions};
use std::io::ErrorKind;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::{DirBuilderExt, MetadataExt, PermissionsExt, chown};
use std::path::{Path, PathBuf};

use sha2::{Digest, Sha256};

use super::account::Account;
use super::{Server, pidfile};
use crate::error::Error;
use crate::source::fingerprint::hex;

/// Environment variable that names another folder for the embedded cluster.
pub(super) const VARIABLE: &str = "PG_ETL_DATA_DIR";

/// Bytes of a Unix socket's path on Linux (`sun_path`, without the final zero).
const SOCKET_PATH_LIMIT: usize = 107;

/// The cluster's folder and its owner.
pub(super) struct Place {
    /// The folder: absolute, without links where it exists.
    pub home: PathBuf,
    /// Who owns it.
    pub account: Account,
}

impl Place {
    /// `$PG_ETL_DATA_DIR`, else `/var/lib/pg_etl` for root, else `pg_etl` in the user's data directory.
    pub fn find() -> Result<Self, Error> {
        let account = Account::find()?;
        let not_empty = |name| env::var_os(name).filter(|value| !value.is_empty()).map(PathBuf::from);
        let home = if let Some(named) = not_empty(VARIABLE) {
            std::path::absolute(named)
                .map_err(|e| Error::usage(format!("{VARIABLE} is not the path of a folder")).caused_by(e))?
        } else if rustix::process::geteuid().is_root() {
            PathBuf::from("/var/lib/pg_etl")
        } else if let Some(data) = not_empty("XDG_DATA_HOME").filter(|dir| dir.is_absolute()) {
            data.join("pg_etl")
        } else if let Some(home) = env::home_dir().filter(|dir| dir.is_absolute()) {
            home.join(".local/share/pg_etl")
        } else {
            return Err(Error::usage(
                "there is no place for the embedded cluster: neither HOME nor XDG_DATA_HOME is set",
            )
            .hint(format!("{VARIABLE}=/some/folder loader ...; or name a database by --database-url")));
        };
        let home = home.canonicalize().unwrap_or(home);
        // pg_ctl puts the path into a shell's double quotes as it is.
        let meaningful = |c: char| c.is_control() || "\"$`\\".contains(c);
        if home.to_str().is_none_or(|path| path.contains(meaningful)) {
            return Err(Error::usage(format!(
                "{} cannot hold the embedded cluster: its path must be UTF-8 without quotes (\"), $, `, \\ and control characters",
                home.display()
            ))
            .hint(format!("{VARIABLE}=/another/folder loader ...")));
        }
        Ok(Place { home, account })
    }

    /// PostgreSQL's data directory.
    pub fn data(&self) -> PathBuf {
        self.home.join("data")
    }

    /// What the server says.
    pub fn log(&self) -> PathBuf {
        self.home.join("server.log")
    }

    /// Whether there is anything, and if so, that it is ours.
    pub fn exists(&self) -> Result<bool, Error> {
        match fs::symlink_metadata(&self.home) {
            Ok(_) => self.check_owner().map(|()| true),
            Err(e) if e.kind() == ErrorKind::NotFound => Ok(false),
            Err(e) => Err(Error::usage(format!("cannot look at {}", self.home.display())).caused_by(e)),
        }
    }

    /// Makes the folder and the socket's, and checks that both are the account's alone.
    pub fn prepare(&self) -> Result<(), Error> {
        if let Some(parent) = self.home.parent() {
            fs::create_dir_all(parent).map_err(|e| cannot("make the folder", parent).caused_by(e))?;
        }
        match DirBuilder::new().mode(0o700).create(&self.home) {
            Ok(()) => self.take_over(&self.home)?,
            Err(e) if e.kind() == ErrorKind::AlreadyExists => {
                // An empty folder that somebody made for us, such as mktemp -d.
                let empty = fs::read_dir(&self.home).is_ok_and(|mut entries| entries.next().is_none());
                if empty {
                    self.take_over(&self.home)?;
                }
            }
            Err(e) => return Err(cannot("make the folder", &self.home).caused_by(e)),
        }
        self.check_owner()?;
        // root passes everywhere, the account may be stopped by a closed folder above.
        let entered = self.account.command("test").arg("-x").arg(&self.home).status();
        if !entered.is_ok_and(|status| status.success()) {
            return Err(Error::usage(format!(
                "the user postgres, who runs the server for root, cannot enter {}: a folder above is closed to it",
                self.home.display()
            ))
            .hint(format!("{VARIABLE}=/var/lib/pg_etl loader ...; or chmod o+x the folder above")));
        }
        let socket = self.socket();
        if socket != self.home {
            match DirBuilder::new().mode(0o700).create(&socket) {
                Ok(()) => self.take_over(&socket)?,
                Err(e) if e.kind() == ErrorKind::AlreadyExists => {}
                Err(e) => return Err(cannot("make the folder", &socket).caused_by(e)),
            }
            self.check_private(&socket)?;
        }
        Ok(())
    }

    fn take_over(&self, folder: &Path) -> Result<(), Error> {
        fs::set_permissions(folder, Permissions::from_mode(0o700))
            .and_then(|()| chown(folder, Some(self.account.uid), Some(self.account.gid)))
            .map_err(|e| cannot("take over the folder", folder).caused_by(e))
    }

    fn check_owner(&self) -> Result<(), Error> {
        self.check_private(&self.home)
    }

    /// The folder is a folder, the account's, and closed to others: the socket in it trusts whoever comes in.
    fn check_private(&self, folder: &Path) -> Result<(), Error> {
        let found = fs::symlink_metadata(folder).map_err(|e| cannot("look at", folder).caused_by(e))?;
        let (problem, remedy) = if !found.is_dir() {
            ("is not a folder".to_owned(), String::new())
        } else if found.uid() != self.account.uid {
            let (owner, server) = (found.uid(), self.account.uid);
            (format!("belongs to user {owner}, not to user {server}, who runs the server"), String::new())
        } else if found.mode() & 0o077 != 0 {
            let problem = format!("is open to others (mode {:o})", found.mode() & 0o777);
            (problem, format!("chmod 700 {}, if it is the cluster's; or ", folder.display()))
        } else {
            return Ok(());
        };
        Err(Error::usage(format!(
            "{} {problem}: the embedded cluster needs a folder of its own",
            folder.display()
        ))
        .hint(format!("{remedy}{VARIABLE}=/another/folder loader ...")))
    }

    /// The server as it can be reached now: where the running one says its socket is, else where ours will be.
    pub fn server(&self) -> Server {
        let running = pidfile::read(&self.data()).ok().flatten();
        let socket = running.and_then(|found| found.socket).unwrap_or_else(|| self.socket());
        Server { home: self.home.clone(), socket }
    }

    /// Folder of the socket: home itself, or where its path is too long for a socket one in /tmp that is named after
    /// it. (Not in XDG_RUNTIME_DIR: that goes when the user's last session ends, and the server stays.)
    pub fn socket(&self) -> PathBuf {
        let bytes = self.home.as_os_str().as_bytes();
        let fits = bytes.len() + "/.s.PGSQL.5432".len() <= SOCKET_PATH_LIMIT;
        if fits {
            return self.home.clone();
        }
        let name = hex(&Sha256::digest(bytes)[..8]);
        PathBuf::from(format!("/tmp/pg_etl-{}-{name}", self.account.uid))
    }
}

fn cannot(doing: &str, folder: &Path) -> Error {
    Error::usage(format!("cannot {doing} {} for the embedded cluster", folder.display()))
        .hint(format!("{VARIABLE}=/another/folder loader ...; or name a database by --database-url"))
}
