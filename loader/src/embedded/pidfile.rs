//! `postmaster.pid`: whether the server it speaks of still runs.
//!
//! PostgreSQL itself gets rid of a file left by a killed postmaster, unless its process id has meanwhile gone to another
//! process of the same user: then it refuses to start for ever. Deleting the file would also delete the key of the
//! shared memory by which PostgreSQL notices backends that outlived their postmaster. So only the id is replaced, by one
//! that no process has.

use std::fs;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use super::account::Account;
use crate::error::Error;

/// Above what Linux hands out (2^22), so `kill` finds nobody.
const NOBODY: i32 = i32::MAX - 1;

/// What the file says.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Found {
    /// Process id of the postmaster.
    pub pid: i32,
    /// Folder of its socket; none before the server has got that far.
    pub socket: Option<PathBuf>,
    text: String,
}

fn path(data: &Path) -> PathBuf {
    data.join("postmaster.pid")
}

/// Reads the file, if there is one with a process id in it.
pub(super) fn read(data: &Path) -> Result<Option<Found>, Error> {
    match fs::read_to_string(path(data)) {
        Ok(text) => Ok(parse(text)),
        Err(e) if e.kind() == std::io::ErrorKind::NotFound => Ok(None),
        Err(e) => Err(Error::usage(format!("cannot read {}", path(data).display())).caused_by(e)),
    }
}

fn parse(text: String) -> Option<Found> {
    let mut lines = text.lines();
    let pid = lines.next()?.trim().parse().ok().filter(|pid| *pid > 0)?;
    // Lines: process id, data directory, start time, port, socket folder, listen address, shared memory, status.
    let socket = lines.nth(3).filter(|line| line.starts_with('/')).map(PathBuf::from);
    Some(Found { pid, socket, text })
}

/// Whether the process is a PostgreSQL server at work in `data`. Where that cannot be told, it is taken for one if it is
/// the account's: waiting in vain is better than two servers on the same files.
pub(super) fn is_server(account: &Account, pid: i32, data: &Path) -> bool {
    let process = Path::new("/proc").join(pid.to_string());
    if Path::new("/proc/self").exists() {
        return works_in(account, &process, data);
    }
    rustix::process::Pid::from_raw(pid).is_some_and(|pid| rustix::process::test_kill_process(pid).is_ok())
}

/// Every process of PostgreSQL goes to the data directory and stays there.
fn works_in(account: &Account, process: &Path, data: &Path) -> bool {
    if !fs::metadata(process).is_ok_and(|found| found.uid() == account.uid) {
        return false;
    }
    let link = |name: &str| account.read_link(&process.join(name));
    let (Some(program), Some(folder)) = (link("exe"), link("cwd")) else {
        // Gone in the meantime, or not ours to see.
        return process.exists();
    };
    let is_postgres = program.file_name().is_some_and(|name| name.to_string_lossy().starts_with("postgres"));
    is_postgres && data.canonicalize().is_ok_and(|data| folder == data)
}

/// Processes of PostgreSQL at work in `data`: after the death of their postmaster, the ones to wait for.
pub(super) fn orphans(account: &Account, data: &Path) -> Vec<i32> {
    processes().filter(|pid| is_server(account, *pid, data)).collect()
}

/// A `pg_ctl` at work on `data`: one that a killed loader left behind still brings its server up, which has no
/// `postmaster.pid` at first.
pub(super) fn starter(account: &Account, data: &Path) -> Option<i32> {
    let is_starter = |pid: &i32| {
        let process = Path::new("/proc").join(pid.to_string());
        let is_ours = fs::metadata(&process).is_ok_and(|found| found.uid() == account.uid);
        let words = fs::read(process.join("cmdline")).unwrap_or_default();
        let mut words = words.split(|byte| *byte == 0);
        let is_pg_ctl = words.next().is_some_and(|program| program.ends_with(b"pg_ctl"));
        is_ours && is_pg_ctl && words.any(|word| word == data.as_os_str().as_encoded_bytes())
    };
    processes().find(is_starter)
}

fn processes() -> impl Iterator<Item = i32> {
    let entries = fs::read_dir("/proc").into_iter().flatten().flatten();
    entries.filter_map(|entry| entry.file_name().to_str()?.parse().ok())
}

/// Makes a file whose process is not a server harmless; call it under the lock, when no server runs here.
pub(super) fn disarm(account: &Account, data: &Path, socket: &Path) -> Result<(), Error> {
    match read(data)? {
        Some(found) if found.pid != NOBODY => {
            let rest = found.text.split_once('\n').map_or("", |(_, rest)| rest);
            account.write(&path(data), &format!("{NOBODY}\n{rest}"))?;
        }
        Some(_) => {}
        // Empty or cut off: it holds no key either, and PostgreSQL refuses it for ever.
        None => remove(&path(data))?,
    }
    // The socket has a lock file of the same kind, in a folder that is ours alone, without any such key.
    remove(&socket.join(".s.PGSQL.5432.lock"))?;
    remove(&socket.join(".s.PGSQL.5432"))
}

fn remove(path: &Path) -> Result<(), Error> {
    match fs::remove_file(path) {
        Err(e) if e.kind() != std::io::ErrorKind::NotFound => {
            Err(Error::failed(format!("cannot remove {}", path.display())).caused_by(e))
        }
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_lines_are_understood_however_many_there_are() {
        let whole = "123\n/d\n1700000000\n5432\n/tmp/s\n\n  1234  5\nready   \n";
        let found = parse(whole.to_owned()).unwrap();
        assert_eq!((found.pid, found.socket), (123, Some(PathBuf::from("/tmp/s"))));
        assert_eq!(parse("123\n/d\n17\n".to_owned()).unwrap().socket, None);
        for broken in ["", "\n", "abc\n", "-5\n", "0\n"] {
            assert_eq!(parse(broken.to_owned()), None, "{broken:?}");
        }
    }

    #[test]
    fn another_process_is_not_taken_for_a_server() {
        let here = std::env::current_dir().unwrap();
        let account = Account::find().unwrap();
        assert!(!is_server(&account, std::process::id() as i32, &here));
        assert!(!is_server(&account, NOBODY, &here));
    }
}
