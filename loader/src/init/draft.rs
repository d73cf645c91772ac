//! The texts of a draft: migration, load file, question, and the section of `loader.toml`.
mod load;
mod migration;

use std::path::PathBuf;

use etl_core::frame::Delimiter;

use super::table::Table;
use crate::config::{Csv, Format};
use crate::output::printable;
use crate::source::Encoding;

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
            let path = toml::Value::String(path(&table.location));
            text.push_str(&format!(
                "
[[dataset.{dataset}.sources]]
name = \"{}\"
{}path = {path}
",
                table.name,
                format(table.format)
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
        1 => ", 1 damaged one left out".to_owned(),
        damaged => format!(", {damaged} damaged ones left out"),
    };
    let records = if table.records == 1 { "record" } else { "records" };
    format!("{extent} {} {records} of {}{damaged}", table.records, printable(&table.location))
}

/// The lines of a source that say how its records are framed.
fn format(format: Format) -> String {
    let Format::Csv(Csv { delimiter, encoding }) = format else {
        return "format = \"json\"\n".to_owned();
    };
    let mut text = "format = \"csv\"\n".to_owned();
    if delimiter != Delimiter::COMMA {
        let delimiter = toml::Value::String(char::from(delimiter.byte()).to_string());
        text.push_str(&format!("delimiter = {delimiter}\n"));
    }
    if encoding == Encoding::Windows1252 {
        text.push_str("encoding = \"windows-1252\" # a guess: it is not UTF-8; or latin1\n");
    }
    text
}
