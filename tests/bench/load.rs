//! One run of the loader, measured.

use crate::Outcome;
use crate::backends::Backends;
use crate::sheet::Taken;
use etl_tests::database::Database;
use etl_tests::loader::Loader;
use etl_tests::measure::Sampler;
use std::ffi::OsString;
use std::path::Path;
use std::time::Instant;

/// Words of a run: a dataset, and its sources in files of a folder.
pub fn words(dataset: &str, folder: &Path, sources: &[(&str, &str)]) -> Vec<OsString> {
    let sources = sources.iter().map(|(source, file)| {
        let mut word = OsString::from(format!("{source}="));
        word.push(folder.join(file));
        word
    });
    [OsString::from("run"), OsString::from(dataset)].into_iter().chain(sources).collect()
}

/// Runs the loader after a checkpoint: no step pays for the pages that the one before left dirty.
pub fn load(database: &Database<'_>, words: &[OsString]) -> Outcome<Taken> {
    load_ending(database, words, 0)
}

/// The same where another exit code is expected.
pub fn load_ending(database: &Database<'_>, words: &[OsString], code: i32) -> Outcome<Taken> {
    database.execute("checkpoint");
    let before = database.wal();
    let backends = Backends::of(database)?;
    let taken = run(database, words, code)?;
    let backend = backends.end()? as f64;
    Ok(Taken { backend, wal: (database.wal() - before) as f64, ..taken })
}

/// Seconds and the loader's own memory.
pub fn run(database: &Database<'_>, words: &[OsString], code: i32) -> Outcome<Taken> {
    let loader = Loader::at(database);
    let begun = Instant::now();
    let running = loader.begin(words);
    let own = Sampler::of(running.pid());
    let ran = running.wait();
    let seconds = begun.elapsed().as_secs_f64();
    let (_, peak) = own.end();
    if ran.status.code() != Some(code) {
        return Err(format!("{words:?}: {}\n{}\n{}", ran.status, ran.stdout, ran.stderr).into());
    }
    Ok(Taken { loader: peak as f64, ..Taken::seconds(seconds) })
}
