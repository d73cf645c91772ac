//! One line of the doctor's.
use crate::error::Error;

/// How things stand.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum State {
    /// As it should be.
    Ok,
    /// Worth knowing; loads work.
    Note,
    /// Keeps loads from working, or will.
    Problem,
}

impl State {
    /// As it is printed.
    pub fn word(self) -> &'static str {
        match self {
            State::Ok => "ok",
            State::Note => "note",
            State::Problem => "problem",
        }
    }
}

/// What one check found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    /// The check's name, one word.
    pub check: &'static str,
    /// How things stand.
    pub state: State,
    /// What was found, without a full stop.
    pub found: String,
    /// What to type next.
    pub next: Option<String>,
}

impl Finding {
    /// As it should be.
    pub fn ok(check: &'static str, found: impl Into<String>) -> Self {
        Finding { check, state: State::Ok, found: found.into(), next: None }
    }

    /// Worth knowing.
    pub fn note(check: &'static str, found: impl Into<String>) -> Self {
        Finding { check, state: State::Note, found: found.into(), next: None }
    }

    /// Keeps loads from working.
    pub fn problem(check: &'static str, found: impl Into<String>) -> Self {
        Finding { check, state: State::Problem, found: found.into(), next: None }
    }

    /// A check that could not be made.
    pub fn failed(check: &'static str, error: &Error) -> Self {
        let next = error.next().map(str::to_owned);
        Finding { check, state: State::Problem, found: error.in_one_line(), next }
    }

    /// With what to type next.
    #[must_use]
    pub fn next(mut self, command: impl Into<String>) -> Self {
        self.next = Some(command.into());
        self
    }
}
