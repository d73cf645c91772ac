//! One run of a script written by hand, measured.

use crate::Outcome;
use crate::sheet::Taken;
use etl_tests::database::Database;
use std::fs::File;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Instant;

/// The place of a script of the benchmark.
pub fn path(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("bench").join(name)
}

/// Runs a script in psql after a checkpoint, in a folder, perhaps with a file as its standard input.
pub fn script(database: &Database<'_>, path: &Path, folder: &Path, input: Option<&Path>) -> Outcome<Taken> {
    database.execute("checkpoint");
    let before = database.wal();
    let stdin = match input {
        Some(file) => File::open(file)?.into(),
        None => Stdio::null(),
    };
    let begun = Instant::now();
    let out = Command::new("psql")
        .args(["-X", "-q", "-d", &database.url(), "-f"])
        .arg(path)
        .current_dir(folder)
        .stdin(stdin)
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .output()?;
    let seconds = begun.elapsed().as_secs_f64();
    if out.status.success() {
        Ok(Taken { wal: (database.wal() - before) as f64, ..Taken::seconds(seconds) })
    } else {
        Err(format!("{}: {}", path.display(), String::from_utf8_lossy(&out.stderr)).into())
    }
}
