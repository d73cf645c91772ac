//! The extension's side: is it on the server, in the database, and of the loader's version?

use postgres::error::SqlState;

use super::administrator;
use crate::database::Database;
use crate::error::Error;

/// The extension's name.
pub(super) const NAME: &str = "pg_etl";

/// The version this loader belongs to.
pub(super) const VERSION: &str = env!("CARGO_PKG_VERSION");

/// What server and database say.
pub(super) struct Extension {
    /// Version that the server's files would create; none if it has none.
    pub available: Option<String>,
    /// Version in the database; none if it has not been created.
    pub installed: Option<String>,
}

impl Extension {
    /// Asks the catalog.
    pub fn look(db: &mut Database) -> Result<Self, Error> {
        let row = db
            .client
            .query_opt(
                "select default_version, installed_version
                 from pg_catalog.pg_available_extensions
                 where name = $1",
                &[&NAME],
            )
            .map_err(|e| Error::database("look for the extension", e))?;
        let found = row.map(|row| (row.get(0), row.get(1)));
        match found {
            Some((available, installed)) => Ok(Extension { available, installed }),
            // The files may be gone from the server while the database still has the functions.
            None => {
                let row = db
                    .client
                    .query_opt("select extversion from pg_catalog.pg_extension where extname = $1", &[&NAME])
                    .map_err(|e| Error::database("look for the extension", e))?;
                Ok(Extension { available: None, installed: row.map(|row| row.get(0)) })
            }
        }
    }

    /// Whether nothing is to be done.
    pub fn is_current(&self) -> bool {
        self.available.is_some() && self.installed.as_deref() == Some(VERSION)
    }

    /// The statement that brings the database to the loader's version, if one is needed.
    ///
    /// # Errors
    /// The server's files are missing or of another version (exit 6).
    pub fn statement(&self, db: &Database) -> Result<Option<String>, Error> {
        if self.is_current() {
            return Ok(None);
        }
        let Some(available) = &self.available else {
            return Err(Error::mismatch(format!(
                "extension {NAME} {VERSION} is not installed on the server of {}",
                db.label
            ))
            .hint("on that machine, in a checkout of pg_etl: make install; then loader migrate"));
        };
        if available != VERSION {
            let remedy = if is_older(available) {
                "on that machine, in a checkout of this loader's version: make install; then loader migrate"
                    .to_owned()
            } else {
                format!("use the loader of version {available}")
            };
            return Err(Error::mismatch(format!(
                "extension {NAME} {available} is installed on the server of {}, and this loader needs {VERSION}",
                db.label
            ))
            .hint(remedy));
        }
        Ok(Some(match &self.installed {
            None => {
                format!("create extension if not exists {NAME} schema public version '{VERSION}'")
            }
            Some(_) => format!("alter extension {NAME} update to '{VERSION}'"),
        }))
    }

    /// Creates or updates it; a line that says so.
    ///
    /// # Errors
    /// Those of [`Extension::statement`]; the role is not a superuser (exit 1, with what a superuser types).
    pub fn bring(&self, db: &mut Database) -> Result<String, Error> {
        let Some(statement) = self.statement(db)? else {
            return Ok(format!("extension {NAME}: already up to date ({VERSION})"));
        };
        if let Err(e) = db.client.batch_execute(&statement) {
            let denied = e.code() == Some(&SqlState::INSUFFICIENT_PRIVILEGE);
            let error = Error::database(format!("bring extension {NAME} to version {VERSION}"), e);
            return Err(if denied { error.hint(administrator::statements(db)) } else { error });
        }
        Ok(match &self.installed {
            None => format!("extension {NAME}: created {VERSION}"),
            Some(old) => format!("extension {NAME}: updated from {old} to {VERSION}"),
        })
    }
}

/// Whether a version of the server's comes before ours; one that is no version of ours counts as older.
fn is_older(version: &str) -> bool {
    let numbers = |text: &str| -> Option<Vec<u32>> { text.split('.').map(|n| n.parse().ok()).collect() };
    numbers(version) < numbers(VERSION)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_are_compared_by_number() {
        assert!(is_older("0.0.9") && is_older("nonsense"));
        assert!(!is_older(VERSION) && !is_older("10.0.0"));
    }
}
