//! The texts of a draft: migration, load file, question, and the section of `loader.toml`.
mod load;
mod migration;

use std::path::PathBuf;

use super::table::Table;
use crate::config::Format;
use crate::output::printable;

/// What a new `loader.toml` begins with.
pub const CONFIGURATION: &str = "\
# Found by the loader where it is started in this folder, else by --config. Datasets that come with the loader are
# named here to be loaded beside one's own, such as: [dataset.mobilize]
";

/// A dataset to be.
pub struct Draft<'a> {
    /// Its name.
    pub dataset: &'a str,
    /// Its tables, parents first.
    pub tables: Vec<Table>,
}

impl Draft<'_> {
    /// Path and text of the files of SQL.
    pub fn files(&self) -> Vec<(PathBuf, String)> {
        let dataset = self.dataset;
        let mut files = vec![
            (format!("migrations/{dataset}/V1__tables.sql"), migration::text(self)),
            (format!("load/{dataset}.sql"), load::text(self)),
        ];
        files.extend(
            self.tables
                .first()
                .map(|table| (format!("questions/{dataset}/count_{}.sql", table.name), self.question(table))),
        );
        files.into_iter().map(|(path, text)| (PathBuf::from(path), text)).collect()
    }

    fn question(&self, table: &Table) -> String {
        let (dataset, name) = (self.dataset, &table.name);
        format!(
            "-- How many rows does {dataset}.{name} have?\nselect count(*) as {name}\nfrom {dataset}.{name};\n"
        )
    }

    /// The section of `loader.toml`; `path` says how it names a file.
    pub fn section(&self, path: impl Fn(&str) -> String) -> String {
        let dataset = self.dataset;
        let mut text = format!(
            "
[dataset.{dataset}]
migrations = \"migrations/{dataset}\"
load = \"load/{dataset}.sql\"
questions = \"questions/{dataset}\"
"
        );
        for table in &self.tables {
            let format = match table.format {
                Format::Csv(_) => "csv",
                Format::Json => "json",
            };
            let path = toml::Value::String(path(&table.location));
            text.push_str(&format!(
                "
[[dataset.{dataset}.sources]]
name = \"{}\"
format = \"{format}\"
path = {path}
",
                table.name
            ));
        }
        text
    }

    /// What was found out, a line a table.
    pub fn notes(&self) -> Vec<String> {
        let note = |table: &Table| {
            let key = match table.key.as_slice() {
                [] => "no columns that tell its records apart: its key is made of all values".to_owned(),
                key => format!("key {}", key.join(", ")),
            };
            format!("{}.{}: {}; {key}", self.dataset, table.name, sampled(table))
        };
        self.tables.iter().map(note).collect()
    }

    /// The files as `loader run` wants them: in the order of the sources.
    pub fn in_load_order<'a>(&self, files: &[&'a str]) -> Vec<&'a str> {
        let of = |table: &Table| files.iter().copied().find(|file| *file == table.location);
        self.tables.iter().filter_map(of).collect()
    }
}

/// Which records were looked at.
fn sampled(table: &Table) -> String {
    let extent = if table.is_whole { "all" } else { "the first" };
    let damaged = match table.damaged {
        0 => String::new(),
        damaged => format!(", {damaged} damaged ones left out"),
    };
    let records = if table.records == 1 { "record" } else { "records" };
    format!("{extent} {} {records} of {}{damaged}", table.records, printable(&table.location))
}
