//! Who the server runs as. PostgreSQL refuses root, so root hands the work to an unprivileged account.

use std::env;
use std::ffi::OsStr;
use std::fs;
use std::io::{ErrorKind, Write};
use std::os::unix::ffi::OsStrExt;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use crate::error::Error;

/// The account that owns the cluster's files and runs its processes.
pub(super) struct Account {
    /// User id of the owner.
    pub uid: u32,
    /// Group id of the owner.
    pub gid: u32,
    /// Whether commands must switch to it, because we are root.
    switch: bool,
}

impl Account {
    /// Ourselves, or for root the account `postgres`.
    pub fn find() -> Result<Self, Error> {
        let (uid, gid) = (rustix::process::geteuid(), rustix::process::getegid());
        if !uid.is_root() {
            return Ok(Account { uid: uid.as_raw(), gid: gid.as_raw(), switch: false });
        }
        match (id_of("-u"), id_of("-g")) {
            (Some(uid), Some(gid)) if uid != 0 => Ok(Account { uid, gid, switch: true }),
            _ => Err(Error::usage(
                "the embedded cluster cannot run as root (PostgreSQL refuses), and there is no user postgres to run it as",
            )
            .hint("adduser --system --group postgres; or run the loader as another user")),
        }
    }

    /// A command that runs as the account, from a folder every account can enter, without our `PG*` variables, and with
    /// messages in English, since some are looked at.
    pub fn command(&self, program: impl AsRef<Path>) -> Command {
        let mut command = Command::new(program.as_ref());
        for (name, _) in env::vars_os() {
            // A server started with RUST_BACKTRACE would send backtraces to its clients.
            if name.to_string_lossy().starts_with("PG") || name.to_string_lossy().starts_with("RUST_") {
                command.env_remove(name);
            }
        }
        command.env("LC_ALL", "C").current_dir("/").stdin(Stdio::null());
        if self.switch {
            // The supplementary groups of root are dropped by the standard library with this.
            command.uid(self.uid).gid(self.gid).env_remove("HOME");
        }
        command
    }

    /// Writes a file as the account: in a folder of its, root would follow whatever link somebody left there.
    pub fn write(&self, path: &Path, content: &str) -> Result<(), Error> {
        let doing = || format!("write {}", path.display());
        let mut child = self
            .command("tee")
            .arg(path)
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .spawn()
            .map_err(|e| Error::failed(format!("cannot {}", doing())).caused_by(e))?;
        if let Some(mut pipe) = child.stdin.take() {
            // A tee that could not open the file has gone, and its status says so below.
            let _ = pipe.write_all(content.as_bytes());
        }
        let output = child.wait_with_output();
        checked(doing(), output).map(drop)
    }

    /// Where a link in /proc points. root without the capability to trace is refused what the owner may see.
    pub fn read_link(&self, link: &Path) -> Option<PathBuf> {
        match fs::read_link(link) {
            Err(e) if e.kind() == ErrorKind::PermissionDenied && self.switch => {
                let output = self.command("readlink").arg("--").arg(link).output().ok()?;
                let target = output.stdout.strip_suffix(b"\n")?;
                Some(PathBuf::from(OsStr::from_bytes(target)))
            }
            found => found.ok(),
        }
    }

    /// Runs a command of the account to its end.
    pub fn run(&self, doing: impl Into<String>, command: &mut Command) -> Result<Output, Error> {
        checked(doing.into(), command.output())
    }
}

/// The id of the user `postgres`, asked of the system's own tool: accounts need not be in /etc/passwd.
fn id_of(option: &str) -> Option<u32> {
    let output = Command::new("id").args([option, "postgres"]).stdin(Stdio::null()).output().ok()?;
    String::from_utf8(output.stdout).ok()?.trim().parse().ok()
}

fn checked(doing: String, result: std::io::Result<Output>) -> Result<Output, Error> {
    let output = result.map_err(|e| Error::failed(format!("cannot {doing}")).caused_by(e))?;
    if output.status.success() {
        return Ok(output);
    }
    let said = String::from_utf8_lossy(&output.stderr);
    let said = match said.trim() {
        "" => output.status.to_string(),
        text => text.to_owned(),
    };
    Err(Error::failed(format!("cannot {doing}")).caused_by(said))
}
