//! Making, starting and stopping the cluster by PostgreSQL's own programs; always under the lock.

use std::fs::{self, File};
use std::io::{Read, Seek, SeekFrom};
use std::path::Path;
use std::thread::sleep;
use std::time::{Duration, Instant};

use super::binaries::Binaries;
use super::place::Place;
use super::{PATIENCE, SUPERUSER, pidfile, settings};
use crate::error::{Error, Exit};

/// How long backends that outlived their postmaster are waited for.
const ORPHANS: Duration = Duration::from_secs(30);

/// Sees to it that there is a whole cluster; the programs that fit it.
///
/// It is made under another name and renamed when complete, so `data` is whole or not there.
pub(super) fn ensure_made(place: &Place, note: impl Fn(String)) -> Result<Binaries, Error> {
    let data = place.data();
    // initdb writes this one after all the rest that matters; without it there has never been a cluster.
    if data.join("global/pg_control").exists() {
        return Binaries::for_cluster(place);
    }
    let binaries = Binaries::newest()?;
    let account = &place.account;
    if data.symlink_metadata().is_ok() {
        let aside = unused(place, "data.incomplete");
        note(format!("{} is not a whole cluster: moved to {}", data.display(), aside.display()));
        fs::rename(&data, aside)
            .map_err(|e| Error::failed(format!("cannot move {} aside", data.display())).caused_by(e))?;
    }
    for left in leftovers(place) {
        // Not ours to insist on: the initdb of a killed loader may still be writing there, and ours has another name.
        // What stays is removed the next time a cluster is made.
        let _ = fs::remove_dir_all(&left);
    }

    note(format!("making a private PostgreSQL {} cluster in {}", binaries.major, place.home.display()));
    // The name is our own: an initdb whose loader was killed may still be writing under another.
    let making = place.home.join(format!("data.making-{}", std::process::id()));
    // Collation C compares bytes: quick, and no index breaks when the system's locales are updated. The character
    // types of C.UTF-8 know letters beyond ASCII; where the system lacks that locale, plain C does.
    let initdb = |character_types: &str| {
        let mut command = account.command(binaries.program("initdb"));
        command.arg("--pgdata").arg(&making).args([
            "--encoding=UTF8",
            "--locale=C",
            character_types,
            "--auth-local=trust",
            "--auth-host=reject",
            "--no-instructions",
        ]);
        command.arg(format!("--username={SUPERUSER}"));
        if binaries.major >= 18 {
            // With checksums, reading rows for the first time after a load writes WAL.
            command.arg("--no-data-checksums");
        }
        account.run("make the embedded cluster", &mut command)
    };
    initdb("--lc-ctype=C.UTF-8").or_else(|_| initdb("--lc-ctype=C")).map_err(unanswered)?;

    let configuration = making.join("postgresql.conf");
    let shipped = fs::read_to_string(&configuration)
        .map_err(|e| Error::failed(format!("cannot read {}", configuration.display())).caused_by(e))?;
    account.write(&configuration, &format!("{shipped}\n{}\n", settings::INCLUDE))?;
    fs::rename(&making, &data)
        .map_err(|e| Error::failed(format!("cannot name {}", data.display())).caused_by(e))?;
    // The new name survives a power cut; initdb has seen to the files.
    let _ = File::open(&place.home).and_then(|folder| folder.sync_all());
    Ok(binaries)
}

fn leftovers(place: &Place) -> Vec<std::path::PathBuf> {
    let entries = fs::read_dir(&place.home).into_iter().flatten().flatten();
    entries
        .filter(|e| e.file_name().to_string_lossy().starts_with("data.making-"))
        .map(|e| e.path())
        .collect()
}

fn unused(place: &Place, name: &str) -> std::path::PathBuf {
    let numbered = (1..).map(|n| place.home.join(format!("{name}-{n}")));
    numbered
        .into_iter()
        .find(|path| path.symlink_metadata().is_err())
        .unwrap_or_else(|| place.home.join(name))
}

/// Starts the server, and returns when it answers. It outlives us and our terminal: pg_ctl gives it a session of its
/// own, and its output goes to the log.
pub(super) fn start(place: &Place, binaries: &Binaries) -> Result<(), Error> {
    let (account, data) = (&place.account, place.data());
    account.write(&data.join(settings::FILE), &settings::text(&place.socket(), binaries.major))?;
    pidfile::disarm(account, &data, &place.socket())?;
    let begun = Instant::now();
    loop {
        let log_length = fs::metadata(place.log()).map_or(0, |found| found.len());
        let mut pg_ctl = account.command(binaries.program("pg_ctl"));
        pg_ctl.arg("start").arg("--pgdata").arg(&data).arg("--log").arg(place.log());
        pg_ctl.args(["--wait", "--silent", "--timeout"]).arg(PATIENCE.as_secs().to_string());
        let failed = match account.run("start the embedded cluster", &mut pg_ctl) {
            Ok(_) => return Ok(()),
            Err(error) => error,
        };
        let said = since(&place.log(), log_length);
        // Backends of a killed postmaster leave by themselves, but for one in the middle of a long statement.
        let orphans = pidfile::orphans(account, &data);
        if !orphans.is_empty() && begun.elapsed() < ORPHANS {
            sleep(Duration::from_millis(200));
            continue;
        }
        let mut error = unanswered(failed);
        if !said.is_empty() {
            error = error.caused_by(said);
        }
        if orphans.is_empty() {
            error = error.hint(format!("read {}", place.log().display()));
        } else {
            let pids: Vec<String> = orphans.iter().map(ToString::to_string).collect();
            error =
                error.hint(format!("backends of the server that died still run: kill {}", pids.join(" ")));
        }
        return Err(error);
    }
}

/// Stops the server: sessions are ended, a checkpoint is written.
pub(super) fn stop(place: &Place, binaries: &Binaries) -> Result<(), Error> {
    let mut pg_ctl = place.account.command(binaries.program("pg_ctl"));
    pg_ctl.arg("stop").arg("--pgdata").arg(place.data());
    pg_ctl.args(["--mode=fast", "--wait", "--silent", "--timeout"]).arg(PATIENCE.as_secs().to_string());
    place.account.run("stop the embedded cluster", &mut pg_ctl).map(drop)
}

/// A cluster that cannot be made or started is one nobody can connect to.
fn unanswered(error: Error) -> Error {
    error.with_exit(Exit::NoConnection)
}

/// The end of what the log has gained.
fn since(log: &Path, start: u64) -> String {
    const SHOWN: u64 = 4096;
    let read = || {
        let mut file = File::open(log)?;
        let end = file.metadata()?.len();
        file.seek(SeekFrom::Start(start.max(end.saturating_sub(SHOWN)).min(end)))?;
        let mut bytes = Vec::new();
        file.read_to_end(&mut bytes)?;
        Ok::<_, std::io::Error>(String::from_utf8_lossy(&bytes).trim().to_owned())
    };
    read().unwrap_or_default()
}
