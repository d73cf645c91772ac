//! `loader.toml`: which datasets there are, where their sources lie, and whether the embedded cluster may be used.
//!
//! Searched in this order, the first one found is read alone: `--config`, `./loader.toml`,
//! `$XDG_CONFIG_HOME/pg_etl/loader.toml` (`~/.config` without it), `/etc/pg_etl/loader.toml`, the default in the binary.

use std::env;
use std::fs;
use std::path::{Path, PathBuf};

use etl_core::frame::Delimiter;

use crate::error::Error;
use crate::source::Encoding;

mod file;
mod format;
pub use file::broken_rule;

/// The configuration embedded in the binary: the shipped datasets, no places of data.
const DEFAULT: &str = include_str!("../loader.toml");

/// What `loader.toml` says, with every path resolved against its folder.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Config {
    /// Whether the embedded cluster is used.
    pub embedded: Embedded,
    /// Name of the database inside the embedded cluster; `pg_etl` where nothing is said.
    pub database: Option<String>,
    /// The datasets, in the order of the file, which is the order `loader run` loads them in.
    pub datasets: Vec<Dataset>,
    /// Folder of questions that belong to no dataset.
    pub questions: Option<PathBuf>,
    /// Folder of snapshots that `loader fetch` writes, a folder a dataset in it; `snapshots` where nothing is said.
    pub snapshots: PathBuf,
    /// Whether copies of transferred sources are kept; true where nothing is said.
    pub keep_copies: bool,
    /// Where this configuration was read: a path, or words for the default.
    pub origin: String,
}

/// `embedded = true | false | "always"`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Embedded {
    /// `true`: where neither `--database-url` nor the environment names a database.
    Fallback,
    /// `false`: never; missing settings are a usage error.
    Never,
    /// `"always"`: whatever the environment says (the samples never go into somebody's database).
    Always,
}

/// One dataset: a schema, a migrations set, a load function and questions, all of the same name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Dataset {
    /// Name in every layer: `[a-z_][a-z0-9_]*`.
    pub name: String,
    /// Sources in load order.
    pub sources: Vec<Source>,
    /// Folder of migrations, for a dataset that is not embedded.
    pub migrations: Option<PathBuf>,
    /// File that creates `etl_load_<name>`, applied by `loader migrate`, for a dataset the extension does not have.
    pub load: Option<PathBuf>,
    /// Folder of the dataset's questions, for a dataset that is not embedded.
    pub questions: Option<PathBuf>,
}

/// One file or URL that a dataset is read from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Source {
    /// Name of the source, part of the identity of quarantined records.
    pub name: String,
    /// How records are framed in it.
    pub format: Format,
    /// Path, already resolved against the folder of `loader.toml`, or URL; none where it is named on the command line.
    pub path: Option<String>,
}

/// How records are framed in a source.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Format {
    /// An array, lines, `{data:[...]}` pages or one object.
    Json,
    /// Values with a delimiter between them, under a header line.
    Csv(Csv),
}

/// How a CSV source is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Csv {
    /// What stands between two values.
    pub delimiter: Delimiter,
    /// How its text is encoded.
    pub encoding: Encoding,
}

impl Config {
    /// Reads the first configuration of the search order.
    ///
    /// # Errors
    /// A named file that cannot be read, and anything in it that is not understood (exit 2).
    pub fn load(named: Option<&Path>) -> Result<Self, Error> {
        let path = match named {
            Some(path) => Some(path.to_owned()),
            None => search_order().into_iter().find(|path| path.exists()),
        };
        let Some(path) = path else {
            let here = env::current_dir().unwrap_or_default();
            return file::parse(DEFAULT, "the loader's default configuration", &here);
        };
        let text = fs::read_to_string(&path).map_err(|e| {
            Error::usage(format!("cannot read the configuration {}", path.display())).caused_by(e)
        })?;
        // Relative to the folder of the file as it was named, so that printed paths look like what was typed.
        let folder = path.parent().unwrap_or(Path::new(""));
        let config = file::parse(&text, &path.display().to_string(), folder)?;
        config.check_sources()?;
        Ok(config)
    }

    /// The sources of a shipped dataset have the names that its load function knows; one that is misspelt would be loaded
    /// as a source of nothing.
    fn check_sources(&self) -> Result<(), Error> {
        let shipped = file::parse(DEFAULT, "the loader's default configuration", Path::new(""))?;
        for dataset in self.datasets.iter().filter(|dataset| dataset.load.is_none()) {
            let Some(known) = shipped.datasets.iter().find(|known| known.name == dataset.name) else {
                continue;
            };
            let is_wrong = |source: &&Source| known.sources.iter().all(|known| known.name != source.name);
            if let Some(wrong) = dataset.sources.iter().find(is_wrong) {
                let names: Vec<&str> = known.sources.iter().map(|source| source.name.as_str()).collect();
                return Err(Error::usage(format!(
                    "{}: dataset \"{}\" has no source \"{}\"; its sources are {}",
                    self.origin,
                    dataset.name,
                    wrong.name,
                    names.join(", ")
                ))
                .hint("correct the name; compare it with the default configuration, loader/loader.toml"));
            }
        }
        Ok(())
    }

    /// The dataset of that name.
    ///
    /// # Errors
    /// There is none (exit 2); the message lists those there are.
    pub fn dataset(&self, name: &str) -> Result<&Dataset, Error> {
        self.datasets.iter().find(|d| d.name == name).ok_or_else(|| {
            let known: Vec<&str> = self.datasets.iter().map(|d| d.name.as_str()).collect();
            Error::usage(format!(
                "dataset \"{name}\" is not in {} (it has: {})",
                self.origin,
                known.join(", ")
            ))
            .hint("correct the name, or add a [dataset.NAME] section to loader.toml")
        })
    }
}

/// The places looked at where `--config` is not given.
fn search_order() -> Vec<PathBuf> {
    let user = env::var_os("XDG_CONFIG_HOME")
        .filter(|dir| Path::new(dir).is_absolute())
        .map(PathBuf::from)
        .or_else(|| env::home_dir().map(|home| home.join(".config")));
    let mut places = vec![PathBuf::from("loader.toml")];
    places.extend(user.map(|dir| dir.join("pg_etl/loader.toml")));
    places.push(PathBuf::from("/etc/pg_etl/loader.toml"));
    places
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_shipped_dataset_has_the_sources_it_ships_with() {
        let of = |text: &str| file::parse(text, "loader.toml", Path::new("/x")).unwrap().check_sources();
        let source = "[[dataset.mobilize.sources]]\nname = \"atendances\"\nformat = \"json\"";
        let error = of(source).unwrap_err();
        assert_eq!(error.exit(), crate::error::Exit::Usage);
        assert!(error.to_string().contains("\"atendances\"; its sources are attendances"), "{error}");
        // One's own load function knows other names.
        of(&format!("[dataset.mobilize]\nload = \"mine.sql\"\n{source}")).unwrap();
        of(&source.replace("atendances", "attendances")).unwrap();
        of(&source.replace("mobilize", "members")).unwrap();
    }

    #[test]
    fn the_default_configuration_is_understood_and_names_no_place_of_this_machine() {
        let config = file::parse(DEFAULT, "default", Path::new("/x")).unwrap();
        assert_eq!(config.embedded, Embedded::Fallback);
        assert!(!config.datasets.is_empty());
        for source in config.datasets.iter().flat_map(|d| &d.sources) {
            let is_public = source.path.as_ref().is_none_or(|path| path.starts_with("https://"));
            assert!(is_public, "{}", source.name);
        }
        let error = config.dataset("nothing").unwrap_err().to_string();
        assert!(error.contains("\"nothing\"") && error.contains(&config.datasets[0].name), "{error}");
    }
}
