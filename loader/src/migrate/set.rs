//! A set of migrations: the ledger's, or a dataset's, embedded in the binary or from a folder that `loader.toml` names.

use std::fs;
use std::path::{Path, PathBuf};

use refinery::Migration;

use super::{LEDGER, names};
use crate::config::Config;
use crate::error::Error;
use crate::shipped;

/// Migrations that share a history table.
pub(super) struct Set {
    /// Its name, which is the dataset's: `[a-z_][a-z0-9_]*`, so it needs no quotes.
    pub name: String,
    /// The migrations, by version.
    pub migrations: Vec<Migration>,
    /// SQL that creates the load function anew after the migrations, and the file it is from.
    pub load: Option<(PathBuf, String)>,
}

impl Set {
    /// The ledger's set, then those of the datasets named, or of all that `loader.toml` has.
    ///
    /// # Errors
    /// A dataset that is not known or has no migrations (exit 2); files that are badly named (exit 6).
    pub fn all(datasets: &[String], config: &Config) -> Result<Vec<Self>, Error> {
        let embedded = shipped::set(LEDGER)
            .ok_or_else(|| Error::failed("this loader was built without its migrations"))?;
        let mut sets = vec![Self::new(LEDGER, embedded.iter().copied(), "the loader")?];
        let all: Vec<String>;
        let wanted = if datasets.is_empty() {
            all = config.datasets.iter().map(|dataset| dataset.name.clone()).collect();
            &all
        } else {
            datasets
        };
        for name in wanted {
            if sets.iter().all(|set| set.name != *name) {
                sets.push(Self::of(name, config)?);
            }
        }
        Ok(sets)
    }

    fn of(name: &str, config: &Config) -> Result<Self, Error> {
        let known = config.datasets.iter().find(|dataset| dataset.name == name);
        let mut set = match (known.and_then(|dataset| dataset.migrations.as_ref()), shipped::set(name)) {
            (Some(folder), _) => Self::from_folder(name, folder)?,
            (None, Some(files)) if name != LEDGER => Self::new(name, files.iter().copied(), "the loader")?,
            _ if known.is_none() => {
                return Err(config.dataset(name).map_or_else(|error| error, |_| Error::usage(name)));
            }
            _ => {
                return Err(Error::usage(format!(
                    "dataset \"{name}\" has no migrations in this loader or in {}",
                    config.origin
                ))
                .hint(format!("add to [dataset.{name}]: migrations = \"migrations/{name}\"")));
            }
        };
        if let Some(path) = known.and_then(|dataset| dataset.load.as_ref()) {
            let text = fs::read_to_string(path).map_err(|e| {
                Error::usage(format!("cannot read {}, the load file of {name}", path.display())).caused_by(e)
            })?;
            set.load = Some((path.clone(), text));
        }
        Ok(set)
    }

    fn from_folder(name: &str, folder: &Path) -> Result<Self, Error> {
        let unreadable = |e: std::io::Error, path: &Path| {
            Error::usage(format!("cannot read {}, the migrations of {name}", path.display())).caused_by(e)
        };
        let mut files = Vec::new();
        for entry in fs::read_dir(folder).map_err(|e| unreadable(e, folder))? {
            let path = entry.map_err(|e| unreadable(e, folder))?.path();
            // Whatever looks like a migration counts, so that a badly named one is not passed over.
            if path.extension().is_some_and(|e| e.eq_ignore_ascii_case("sql")) {
                let text = fs::read_to_string(&path).map_err(|e| unreadable(e, &path))?;
                let file = path.file_name().map(|name| name.to_string_lossy().into_owned());
                files.push((file.unwrap_or_default(), text));
            }
        }
        if files.is_empty() {
            return Err(Error::usage(format!("{} holds no migrations for {name}", folder.display()))
                .hint("write the first one, V1__tables.sql, into it"));
        }
        files.sort();
        let files = files.iter().map(|(file, text)| (file.as_str(), text.as_str()));
        Self::new(name, files, &folder.display().to_string())
    }

    /// Checks the names and parses them; `place` is named in messages.
    fn new<'a>(
        name: &str,
        files: impl Iterator<Item = (&'a str, &'a str)> + Clone,
        place: &str,
    ) -> Result<Self, Error> {
        let problems = names::problems(files.clone().map(|(file, _)| file));
        if !problems.is_empty() {
            return Err(Error::mismatch(format!(
                "the migrations of {name} in {place} cannot be used, and nothing was run:\n  {}",
                problems.join("\n  ")
            ))
            .hint("rename the files, then loader migrate"));
        }
        let mut migrations = files
            .map(|(file, text)| Migration::unapplied(file, text))
            .collect::<Result<Vec<_>, _>>()
            .map_err(|e| {
                Error::mismatch(format!("the migrations of {name} in {place} cannot be used")).caused_by(e)
            })?;
        migrations.sort();
        Ok(Set { name: name.to_owned(), migrations, load: None })
    }

    /// The table that says what was applied.
    pub fn history(&self) -> String {
        format!("etl.{}_history", self.name)
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;

    #[test]
    fn every_embedded_file_is_a_migration_and_every_file_is_embedded() {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../migrations");
        let folders: Vec<PathBuf> =
            fs::read_dir(folder).unwrap().map(|e| e.unwrap().path()).filter(|p| p.is_dir()).collect();
        assert_eq!(shipped::SETS.len(), folders.len());
        for folder in folders {
            let name = folder.file_name().unwrap().to_str().unwrap();
            let embedded = shipped::set(name).unwrap();
            assert_eq!(embedded.len(), fs::read_dir(&folder).unwrap().count(), "{name}");
            let set = Set::new(name, embedded.iter().copied(), "the loader").unwrap();
            let versions: Vec<i32> = set.migrations.iter().map(Migration::version).collect();
            assert_eq!(versions, (1..=embedded.len() as i32).collect::<Vec<_>>(), "{name}");
            for (file, text) in embedded {
                assert_eq!(*text, fs::read_to_string(folder.join(file)).unwrap(), "{file}");
                assert!(!text.contains('\r'), "{file}: refinery hashes bytes, line ends are LF");
            }
        }
    }

    #[test]
    fn a_folder_is_read_whole_or_refused() {
        let folder = tempfile::tempdir().unwrap();
        assert!(Set::from_folder("rides", folder.path()).is_err());
        fs::write(folder.path().join("README.md"), "not SQL").unwrap();
        fs::write(folder.path().join("V2__more.sql"), "select 2").unwrap();
        fs::write(folder.path().join("V1__tables.sql"), "select 1").unwrap();
        let set = Set::from_folder("rides", folder.path()).unwrap();
        assert_eq!(
            set.migrations.iter().map(ToString::to_string).collect::<Vec<_>>(),
            ["V1__tables", "V2__more"]
        );
        assert_eq!(set.history(), "etl.rides_history");
        fs::write(folder.path().join("V05_bad.sql"), "select 5").unwrap();
        let Err(error) = Set::from_folder("rides", folder.path()) else {
            panic!("V05_bad.sql was passed over")
        };
        assert_eq!(error.exit(), crate::error::Exit::Mismatch);
        assert!(error.to_string().contains("V05_bad.sql"), "{error}");
    }
}
