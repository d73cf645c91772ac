//! The loader's one error: what failed, why (every cause beneath it), what to type next, and the exit code it means.
//!
//! `postgres::Error` and refinery's both display as "db error" and keep the cause one or two `source()` steps down,
//! so the whole chain is printed, and a server's error is written out with its SQLSTATE, hint and the names it concerns.
//! What a server says may quote records, and standard error ends in logs: [`server`] leaves the values out.

mod advice;

use std::error::Error as StdError;
use std::fmt;
use std::process::ExitCode;

use etl_core::frame::Refused;
use postgres::error::{DbError, SqlState};

mod server;

/// How the loader ends, as scripts see it. 130 and 143 (interrupted) are the signals' own.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub enum Exit {
    /// Everything asked for was done.
    Done = 0,
    /// Something failed, and what had been begun was rolled back.
    Failed = 1,
    /// The command line or the configuration cannot be followed.
    Usage = 2,
    /// Done, but records were newly rejected and no budget was given for them.
    Rejected = 3,
    /// No connection to a database.
    NoConnection = 4,
    /// Another session held a lock for too long.
    LockTimeout = 5,
    /// Migrations or the extension do not match this loader.
    Mismatch = 6,
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        ExitCode::from(exit as u8)
    }
}

/// What went wrong: a sentence, its causes, and the next command to type.
#[derive(Debug)]
pub struct Error {
    exit: Exit,
    message: String,
    hint: Option<String>,
    source: Option<Box<dyn StdError + Send + Sync>>,
}

impl Error {
    /// An error that ends the loader with `exit`. The message names what, where, the value found and the rule.
    pub fn new(exit: Exit, message: impl Into<String>) -> Self {
        Error { exit, message: message.into(), hint: None, source: None }
    }

    /// Work failed and was rolled back (exit 1).
    pub fn failed(message: impl Into<String>) -> Self {
        Self::new(Exit::Failed, message)
    }

    /// The command line or the configuration is wrong (exit 2).
    pub fn usage(message: impl Into<String>) -> Self {
        Self::new(Exit::Usage, message)
    }

    /// No database answers (exit 4).
    pub fn no_connection(message: impl Into<String>) -> Self {
        Self::new(Exit::NoConnection, message)
    }

    /// Somebody else held a lock for too long (exit 5).
    pub fn lock_timeout(message: impl Into<String>) -> Self {
        Self::new(Exit::LockTimeout, message)
    }

    /// Migrations or the extension do not match (exit 6).
    pub fn mismatch(message: impl Into<String>) -> Self {
        Self::new(Exit::Mismatch, message)
    }

    /// The server refused a statement while `doing` something: a lock timeout (55P03) is exit 5, all else exit 1.
    pub fn database(doing: impl fmt::Display, error: postgres::Error) -> Self {
        let exit = match error.code() {
            Some(&SqlState::LOCK_NOT_AVAILABLE) => Exit::LockTimeout,
            _ => Exit::Failed,
        };
        Self::new(exit, format!("cannot {doing}")).caused_by(error)
    }

    /// Adds what to type next.
    #[must_use]
    pub fn hint(mut self, next_command: impl Into<String>) -> Self {
        self.hint = Some(next_command.into());
        self
    }

    /// Adds the error beneath this one; its own `source()` chain is printed too.
    #[must_use]
    pub fn caused_by(mut self, error: impl Into<Box<dyn StdError + Send + Sync>>) -> Self {
        self.source = Some(error.into());
        self
    }

    /// The same error, with what it is about before its message.
    #[must_use]
    pub fn about(mut self, what: &str) -> Self {
        self.message = format!("{what}: {}", self.message);
        self
    }

    /// The same error with another exit code.
    #[must_use]
    pub fn with_exit(mut self, exit: Exit) -> Self {
        self.exit = exit;
        self
    }

    /// What to type next, where that is known.
    pub fn next(&self) -> Option<&str> {
        self.hint.as_deref()
    }

    /// What failed and why, without what to type next.
    pub fn in_one_line(&self) -> String {
        let text = self.to_string();
        let told = text.split("\n  next: ").next().unwrap_or(&text);
        told.lines().map(str::trim_start).collect::<Vec<_>>().join("; ")
    }

    /// The exit code this error means.
    pub fn exit(&self) -> Exit {
        self.exit
    }

    /// SQLSTATE of the server's error beneath this one, or the framing's where a source was refused as a whole.
    pub fn sqlstate(&self) -> Option<&str> {
        let server = self.chain().find_map(|e| e.downcast_ref::<DbError>()).map(|e| e.code().code());
        server.or_else(|| self.chain().find_map(|e| e.downcast_ref::<Refused>()).map(|e| e.sqlstate))
    }

    /// What may be kept in the ledger: the loader's own words, and of the server's the names of what they concern. Its
    /// message may quote a record.
    pub fn without_values(&self) -> String {
        let concerned = self.chain().find_map(|e| e.downcast_ref::<DbError>()).and_then(server::concerned);
        let lines = self.message.lines().map(str::to_owned).chain(concerned);
        lines.collect::<Vec<_>>().join("\n")
    }

    /// True where the reader of our output went away (`loader query ... | head`), which is no failure. A server that
    /// went away breaks a pipe too, but deeper in the chain.
    pub fn is_broken_pipe(&self) -> bool {
        self.chain()
            .next()
            .and_then(|e| e.downcast_ref::<std::io::Error>())
            .is_some_and(|e| e.kind() == std::io::ErrorKind::BrokenPipe)
    }

    fn chain(&self) -> impl Iterator<Item = &(dyn StdError + 'static)> {
        let first = self.source.as_deref().map(|e| e as &(dyn StdError + 'static));
        std::iter::successors(first, |e| (*e).source())
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)?;
        for cause in self.chain() {
            if let Some(server) = cause.downcast_ref::<DbError>() {
                for (word, text) in server::lines(server) {
                    write!(f, "\n  {word}: {}", text.replace('\n', "\n    "))?;
                }
            } else {
                let text = cause.to_string();
                // Drivers say "db error" and leave the matter to their source, which comes next.
                let says_nothing = cause.source().is_some() && text.contains("db error");
                if !says_nothing && !self.message.ends_with(&text) {
                    write!(f, "\n  cause: {}", text.trim_end().replace('\n', "\n    "))?;
                }
            }
        }
        let advice = || self.sqlstate().and_then(advice::on);
        if let Some(hint) = self.hint.as_deref().or_else(advice) {
            write!(f, "\n  next: {}", hint.replace('\n', "\n    "))?;
        }
        Ok(())
    }
}

impl StdError for Error {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        self.source.as_deref().map(|e| e as &(dyn StdError + 'static))
    }
}

impl From<std::io::Error> for Error {
    /// For writing results to standard output; elsewhere say what was being read or written.
    fn from(error: std::io::Error) -> Self {
        Self::failed("cannot write to standard output").caused_by(error)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_whole_chain_and_the_next_command_are_printed() {
        let error = Error::failed("cannot read a.json")
            .caused_by(std::io::Error::other("disk on fire"))
            .hint("loader run mobilize b.json");
        assert_eq!(
            error.to_string(),
            "cannot read a.json\n  cause: disk on fire\n  next: loader run mobilize b.json"
        );
        assert_eq!(error.exit(), Exit::Failed);
        assert_eq!(error.sqlstate(), None);
    }

    #[test]
    fn the_ledger_keeps_words_and_places_not_causes() {
        let error = Error::failed("cannot merge\n  3  mobilize.people 23514")
            .caused_by(std::io::Error::other("ana@example.org"))
            .hint("loader status");
        assert_eq!(error.without_values(), "cannot merge\n  3  mobilize.people 23514");
    }

    #[test]
    fn a_broken_pipe_is_recognised_beneath_other_errors() {
        let pipe = std::io::Error::from(std::io::ErrorKind::BrokenPipe);
        assert!(Error::from(pipe).is_broken_pipe());
        assert!(!Error::from(std::io::Error::other("x")).is_broken_pipe());
    }
}
