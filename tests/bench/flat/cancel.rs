//! How soon Ctrl-C is obeyed: loads interrupted at moments spread over their length.

use crate::Outcome;
use crate::backends::OTHERS;
use crate::setting::Bench;
use etl_tests::database::Database;
use etl_tests::loader::Loader;
use std::ffi::OsString;
use std::time::{Duration, Instant};

/// How many moments.
const MOMENTS: u32 = 12;

/// What a loader exits with that was interrupted.
const INTERRUPTED: i32 = 130;

/// Seconds from the signal until loader and backend are gone, of each moment. A load takes about `length` seconds; one that has ended before its signal is
/// not counted.
pub fn measure(bench: &Bench, words: &[OsString], length: f64) -> Outcome<Vec<f64>> {
    let mut answers = Vec::new();
    for moment in 0..MOMENTS {
        let after = length * (f64::from(moment) + 0.5) / f64::from(MOMENTS);
        match interrupt(&bench.migrated(), words, Duration::from_secs_f64(after))? {
            Some(seconds) => answers.push(seconds),
            None => eprintln!("interrupted after {after:.2} s: too late, the load was done"),
        }
    }
    if answers.is_empty() {
        return Err("every load was done before it was interrupted".into());
    }
    Ok(answers)
}

fn interrupt(database: &Database<'_>, words: &[OsString], after: Duration) -> Outcome<Option<f64>> {
    database.execute("checkpoint");
    let mut client = database.client();
    let others = client.prepare(OTHERS)?;
    let loader = Loader::at(database);
    let mut running = loader.begin(words);
    std::thread::sleep(after);
    let begun = Instant::now();
    running.signal("INT");
    while !running.has_ended() || !client.query(&others, &[])?.is_empty() {
        if begun.elapsed() > Duration::from_secs(60) {
            return Err(format!("interrupted after {after:?}, it is still there a minute later").into());
        }
        std::thread::sleep(Duration::from_millis(2));
    }
    let seconds = begun.elapsed().as_secs_f64();
    let ran = running.wait();
    match ran.status.code() {
        Some(0) => Ok(None),
        // The signal came before the loader listened for it, or it said so.
        None | Some(INTERRUPTED) if database.count("mobilize.attendances") == 0 => Ok(Some(seconds)),
        _ => Err(format!("interrupted after {after:?}: {}\n{}", ran.status, ran.stderr).into()),
    }
}
