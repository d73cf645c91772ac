//! Cautions, on standard error: about secrets that others can see, and about what is not whole.

use std::sync::{Mutex, PoisonError};

/// What has been said: a session that is opened again is no news.
static SAID: Mutex<Vec<String>> = Mutex::new(Vec::new());

/// Says it once, and with `--quiet` too: as psql does of a password file.
pub fn caution(text: &str) {
    let mut said = SAID.lock().unwrap_or_else(PoisonError::into_inner);
    if said.iter().all(|known| known != text) {
        eprintln!("warning: {text}");
        said.push(text.to_owned());
    }
}
