//! What the server warns of while it works, such as a load function's `raise warning`: kept until the work is done, so that
//! neither COPY nor the progress bar waits for it.
use std::sync::{Arc, Mutex, PoisonError};

use postgres::error::{DbError, Severity};

use crate::output::printable;

/// A load function that warns row by row must not fill the memory, nor the screen.
const KEPT: usize = 20;

/// Characters of a warning that are shown.
const SHOWN: usize = 500;

/// The warnings of a session; clones share them.
#[derive(Debug, Clone, Default)]
pub struct Warnings(Arc<Mutex<Heard>>);

#[derive(Debug, Default)]
struct Heard {
    lines: Vec<String>,
    more: u64,
}

impl Warnings {
    /// Takes in what the server says. Only warnings are kept: notices and infos speak to whoever asked for them.
    pub fn hear(&self, said: &DbError) {
        if said.parsed_severity() == Some(Severity::Warning) {
            self.keep(said.message());
        }
    }

    fn keep(&self, message: &str) {
        let mut heard = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if heard.lines.len() < KEPT {
            heard.lines.push(format!("warning: {}", in_one_line(message)));
        } else {
            heard.more += 1;
        }
    }

    /// Drops what was heard: it was about work that is undone.
    pub fn forget(&self) {
        self.take();
    }

    /// The warnings since the last time, a line each; of very many the first, and how many more there were.
    pub fn take(&self) -> Vec<String> {
        let Heard { mut lines, more } =
            std::mem::take(&mut *self.0.lock().unwrap_or_else(PoisonError::into_inner));
        if more > 0 {
            lines.push(format!("warning: and {more} more warnings"));
        }
        lines
    }
}

/// Blanks and line ends run together, control characters escaped, the end cut off where it is long.
fn in_one_line(message: &str) -> String {
    let words = message.split_whitespace().collect::<Vec<_>>().join(" ");
    let shown = printable(&words);
    match shown.char_indices().nth(SHOWN) {
        Some((end, _)) => format!("{}...", &shown[..end]),
        None => shown,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_warning_is_one_short_line_that_does_not_speak_to_the_terminal() {
        assert_eq!(in_one_line("two\n  lines\tand \u{1b}[2J"), "two lines and \\u{1b}[2J");
        let long = in_one_line(&"ö".repeat(501));
        assert_eq!(long, format!("{}...", "ö".repeat(500)));
        assert_eq!(in_one_line(&"ö".repeat(500)), "ö".repeat(500));
    }

    #[test]
    fn warnings_are_told_once_and_the_first_of_very_many() {
        let warnings = Warnings::default();
        warnings.keep("undone");
        warnings.forget();
        for number in 0..25 {
            warnings.clone().keep(&number.to_string());
        }
        let told = warnings.take();
        assert_eq!((told.len(), told[0].as_str()), (21, "warning: 0"));
        assert_eq!(told[20], "warning: and 5 more warnings");
        assert_eq!(warnings.take(), Vec::<String>::new());
    }
}
