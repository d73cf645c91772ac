//! A PostgreSQL server of the tests' own: made in a temporary folder, on a Unix socket only, gone when its owner is.
//!
//! Nothing on the machine is touched: no port, no existing cluster, no configuration. The server is stopped by a small child process that waits for a
//! pipe from here to close, so it also goes when the tests are killed or when a `static` holds the cluster and is never dropped.

pub mod disk;
mod loopback;
mod mishaps;

use crate::database::Database;
use std::io;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU32, Ordering};

/// A running server.
#[derive(Debug)]
pub struct Cluster {
    folder: PathBuf,
    options: String,
    /// Of the socket's name, and on 127.0.0.1 where the server listens there.
    port: u16,
    reaper: Child,
    databases: AtomicU32,
    /// Backends that a test has killed: what the log says of as many is no crash.
    killed: AtomicU32,
}

/// Options of a server that does not wait for the disk.
const QUICK: &str = "-F -c log_error_verbosity=verbose -c max_connections=200";

/// True when the tests run as root: PostgreSQL's programs refuse that, so they run as the package's user.
#[must_use]
pub fn is_root() -> bool {
    Command::new("id").arg("-u").output().is_ok_and(|id| id.stdout.trim_ascii() == b"0")
}

/// The folder with `initdb` and `pg_ctl`: that of `pg_config`, else the newest Debian package's.
///
/// # Panics
/// When there is no PostgreSQL server on the machine.
#[must_use]
pub fn programs() -> PathBuf {
    let configured = Command::new("pg_config")
        .arg("--bindir")
        .output()
        .ok()
        .and_then(|out| String::from_utf8(out.stdout).ok())
        .map(|folder| PathBuf::from(folder.trim()));
    let packaged = std::fs::read_dir("/usr/lib/postgresql")
        .into_iter()
        .flatten()
        .flatten()
        .map(|version| version.path().join("bin"));
    let mut found: Vec<PathBuf> = packaged.filter(|folder| folder.join("initdb").exists()).collect();
    found.sort();
    configured
        .filter(|folder| folder.join("initdb").exists())
        .or_else(|| found.pop())
        .expect("no PostgreSQL server programs: run `make setup`")
}

/// A command that runs as PostgreSQL's user when we are root, as ourselves otherwise.
fn unprivileged(program: &Path) -> Command {
    if is_root() {
        let mut command = Command::new("runuser");
        command.args(["-u", "postgres", "--"]).arg(program);
        command
    } else {
        Command::new(program)
    }
}

fn must(command: &mut Command) -> io::Result<()> {
    // A server started with RUST_BACKTRACE sends backtraces to its clients, and takes its time over each.
    let command = command.env_remove("PGOPTIONS").env_remove("RUST_BACKTRACE").env("LC_ALL", "C.UTF-8");
    let out = command.current_dir("/").output()?;
    if out.status.success() {
        return Ok(());
    }
    Err(io::Error::other(format!(
        "{command:?}: {}\n{}{}",
        out.status,
        String::from_utf8_lossy(&out.stdout),
        String::from_utf8_lossy(&out.stderr)
    )))
}

impl Cluster {
    /// The one cluster that the tests of this process share.
    ///
    /// # Panics
    /// When no server can be started: a test without its server has failed, it is not skipped.
    pub fn shared() -> &'static Self {
        static SHARED: OnceLock<Cluster> = OnceLock::new();
        SHARED.get_or_init(|| Self::quick().expect("the tests' server"))
    }

    /// A cluster that does not wait for the disk: for tests.
    ///
    /// # Errors
    /// When `initdb` or the server fails.
    pub fn quick() -> io::Result<Self> {
        Self::start(QUICK, 5432)
    }

    /// A cluster as it comes, durable and with the default settings: for measuring.
    ///
    /// # Errors
    /// When `initdb` or the server fails.
    pub fn plain() -> io::Result<Self> {
        Self::start("", 5432)
    }

    fn start(options: &str, port: u16) -> io::Result<Self> {
        // In /tmp whatever TMPDIR says: the path of a Unix socket has room for 107 bytes.
        let folder = tempfile::Builder::new().prefix("pg_etl_tests.").tempdir_in("/tmp")?.keep();
        let data = folder.join("data");
        let programs = programs();
        let pg_ctl = programs.join("pg_ctl");
        if is_root() {
            must(Command::new("chown").arg("postgres:").arg(&folder))?;
        }
        let mut reaper = Self::reaper(&folder, &pg_ctl)?;
        let options = format!("-c listen_addresses='' -p {port} -k {} {options}", folder.display());
        let started = must(
            unprivileged(&programs.join("initdb"))
                .arg("-D")
                .arg(&data)
                .args(["-U", "postgres", "-A", "trust", "-E", "UTF8"])
                .args(["--no-locale", "--no-sync"]),
        )
        .and_then(|()| Self::start_server(&folder, &options));
        if let Err(error) = started {
            let log = std::fs::read_to_string(folder.join("log")).unwrap_or_default();
            drop(reaper.stdin.take());
            let _ = reaper.wait();
            return Err(io::Error::other(format!("{error}\n{log}")));
        }
        Ok(Self { folder, options, port, reaper, databases: AtomicU32::new(0), killed: AtomicU32::new(0) })
    }

    fn start_server(folder: &Path, options: &str) -> io::Result<()> {
        must(
            unprivileged(&programs().join("pg_ctl"))
                .arg("-D")
                .arg(folder.join("data"))
                .arg("-l")
                .arg(folder.join("log"))
                .args(["-o", options, "-w", "start"]),
        )
    }

    /// Starts the process that stops the server and removes the folder once our end of its standard input is closed.
    fn reaper(folder: &Path, pg_ctl: &Path) -> io::Result<Child> {
        let runuser = if is_root() { "runuser -u postgres --" } else { "" };
        Command::new("sh")
            .arg("-c")
            .arg(format!(
                "read -r _; {runuser} '{}' -D '{folder}/data' -m immediate -w stop
                if [ -d '{folder}/disk' ]; then umount -l '{folder}/disk'; fi
                rm -rf --one-file-system '{folder}'",
                pg_ctl.display(),
                folder = folder.display()
            ))
            .current_dir("/")
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            // A group of its own: Ctrl-C ends the tests, not the one that tidies up after them.
            .process_group(0)
            .spawn()
    }

    /// The folder of the server's socket.
    #[must_use]
    pub fn socket(&self) -> &Path {
        &self.folder
    }

    /// A connection string for a database of this cluster.
    #[must_use]
    pub fn url(&self, user: &str, database: &str) -> String {
        let port = if self.port == 5432 { String::new() } else { format!("&port={}", self.port) };
        format!("postgresql://{user}@/{database}?host={}{port}", self.folder.display())
    }

    /// A fresh, empty database.
    ///
    /// # Panics
    /// When it cannot be created.
    pub fn database(&self) -> Database<'_> {
        self.database_like("template1")
    }

    /// A copy of another database, to which nobody is connected.
    ///
    /// # Panics
    /// When it cannot be created.
    pub fn database_like(&self, template: &str) -> Database<'_> {
        let number = self.databases.fetch_add(1, Ordering::Relaxed);
        Database::create(self, &format!("test{number}"), template)
    }

    /// What the server has logged so far.
    #[must_use]
    pub fn log(&self) -> String {
        String::from_utf8_lossy(&std::fs::read(self.folder.join("log")).unwrap_or_default()).into_owned()
    }

    /// Checks that no backend crashed but those that a test has killed, nothing panicked, and no internal error was reported.
    ///
    /// # Panics
    /// When one did.
    pub fn check_soundness(&self) {
        let mut killed = self.killed.load(Ordering::Relaxed);
        for line in self.log().lines() {
            if killed > 0 && line.contains("was terminated by signal 9") {
                killed -= 1;
                continue;
            }
            for sign in ["PANIC:", "was terminated by signal", "XX000:", "TRAP:"] {
                assert!(!line.contains(sign), "the server's log says: {line}");
            }
        }
    }
}

impl Drop for Cluster {
    fn drop(&mut self) {
        drop(self.reaper.stdin.take());
        let _ = self.reaper.wait();
    }
}
