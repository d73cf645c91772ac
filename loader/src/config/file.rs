//! The text of a `loader.toml` as serde sees it, and its translation into [`Config`].

use std::collections::BTreeMap;
use std::path::Path;

use serde::Deserialize;
use toml::Spanned;

use super::{Config, Dataset, Embedded, Source, format};
use crate::error::Error;
use crate::http;
use crate::source::Encoding;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    #[serde(default)]
    embedded: EmbeddedValue,
    database: Option<String>,
    questions: Option<String>,
    snapshots: Option<String>,
    keep_copies: Option<bool>,
    // A TOML table has no order of its own: the place of the key in the file gives it.
    #[serde(default)]
    dataset: BTreeMap<Spanned<String>, DatasetTable>,
}

#[derive(Deserialize)]
#[serde(untagged, expecting = "embedded is true, false or \"always\"")]
enum EmbeddedValue {
    Allowed(bool),
    Always(Always),
}

#[derive(Deserialize)]
#[serde(rename_all = "lowercase")]
enum Always {
    Always,
}

impl Default for EmbeddedValue {
    fn default() -> Self {
        EmbeddedValue::Allowed(true)
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct DatasetTable {
    #[serde(default)]
    sources: Vec<SourceTable>,
    migrations: Option<String>,
    load: Option<String>,
    questions: Option<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct SourceTable {
    name: String,
    format: format::Name,
    delimiter: Option<String>,
    encoding: Option<Encoding>,
    path: Option<String>,
}

/// Parses `text`; relative paths are resolved against `folder`, `origin` names the file in messages.
pub(super) fn parse(text: &str, origin: &str, folder: &Path) -> Result<Config, Error> {
    let file: File = toml::from_str(text).map_err(|e| not_understood(text, origin, &e))?;
    let refuse = |message: String| Err(Error::usage(format!("{origin}: {message}")));
    let under = |path: String| folder.join(path);

    let mut tables: Vec<_> = file.dataset.into_iter().collect();
    tables.sort_by_key(|(name, _)| name.span().start);
    let mut datasets = Vec::new();
    for (name, table) in tables {
        let name = name.into_inner();
        if let Some(rule) = broken_rule(&name) {
            return refuse(format!("dataset \"{name}\": {rule}"));
        }
        let mut sources: Vec<Source> = Vec::new();
        for SourceTable { name: source, format, delimiter, encoding, path } in table.sources {
            if source.is_empty() || source.contains('=') || sources.iter().any(|s| s.name == source) {
                return refuse(format!(
                    "dataset \"{name}\", source \"{source}\": names of sources are not empty, without \"=\" and differ"
                ));
            }
            let format = match format::of(format, delimiter.as_deref(), encoding) {
                Ok(format) => format,
                Err(rule) => return refuse(format!("dataset \"{name}\", source \"{source}\": {rule}")),
            };
            let path =
                path.map(|p| if http::is_url(&p) { p } else { under(p).to_string_lossy().into_owned() });
            sources.push(Source { name: source, format, path });
        }
        datasets.push(Dataset {
            name,
            sources,
            migrations: table.migrations.map(under),
            load: table.load.map(under),
            questions: table.questions.map(under),
        });
    }
    if file.database.as_deref().is_some_and(|name| name.is_empty() || name.len() > 63 || name.contains('\0'))
    {
        return refuse("database: a name has 1 to 63 bytes".to_owned());
    }
    Ok(Config {
        embedded: match file.embedded {
            EmbeddedValue::Allowed(true) => Embedded::Fallback,
            EmbeddedValue::Allowed(false) => Embedded::Never,
            EmbeddedValue::Always(Always::Always) => Embedded::Always,
        },
        database: file.database,
        datasets,
        questions: file.questions.map(under),
        snapshots: under(file.snapshots.unwrap_or_else(|| "snapshots".to_owned())),
        keep_copies: file.keep_copies.unwrap_or(true),
        origin: origin.to_owned(),
    })
}

/// What is wrong with the name of a dataset, which is a schema, part of a table's and of a function's name.
pub fn broken_rule(name: &str) -> Option<&'static str> {
    let mut bytes = name.bytes();
    let first = bytes.next().is_some_and(|b| b.is_ascii_lowercase() || b == b'_');
    if !first || !bytes.all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'_') {
        return Some("a dataset's name matches [a-z_][a-z0-9_]*");
    }
    // etl_load_<name> and <name>_history are identifiers of at most 63 bytes.
    if name.len() > 54 {
        return Some("a dataset's name has at most 54 bytes");
    }
    if matches!(name, "etl" | "staging" | "public" | "information_schema") || name.starts_with("pg_") {
        return Some("the name is taken by a schema of the loader's or the server's own");
    }
    None
}

/// Where the mistake is and what it is, without the line itself: it may hold a password.
fn not_understood(text: &str, origin: &str, error: &toml::de::Error) -> Error {
    let before = error.span().and_then(|span| text.get(..span.start)).unwrap_or_default();
    let line = before.matches('\n').count() + 1;
    let column = before.chars().rev().take_while(|c| *c != '\n').count() + 1;
    Error::usage(format!("{origin}, line {line}, column {column}: {}", error.message()))
        .hint("compare it with the default configuration, loader/loader.toml")
}

#[cfg(test)]
mod tests {
    use etl_core::frame::Delimiter;

    use super::*;
    use crate::config::{Csv, Format};

    fn parse_here(text: &str) -> Result<Config, Error> {
        parse(text, "loader.toml", Path::new("/cfg"))
    }

    #[test]
    fn a_mistake_is_placed_without_showing_its_line() {
        let error = parse_here("embedded = true\ndatabase_url = \"postgres://u:hunter2@/x\"\n")
            .unwrap_err()
            .to_string();
        assert!(error.contains("loader.toml, line 2, column 1: unknown field `database_url`"), "{error}");
        assert!(!error.contains("hunter2"), "{error}");
    }

    #[test]
    fn the_order_of_the_file_is_kept_and_paths_are_resolved() {
        let config = parse_here(
            r#"
            embedded = "always"
            database = "demo"
            [dataset.zebra]
            migrations = "m"
            load = "/abs/load.sql"
            [[dataset.zebra.sources]]
            name = "b"
            format = "csv"
            delimiter = ";"
            encoding = "windows-1252"
            path = "b.csv"
            [[dataset.zebra.sources]]
            name = "a"
            format = "json"
            path = "https://example.org/a.json"
            [dataset.ant]
            "#,
        )
        .unwrap();
        assert_eq!(config.embedded, Embedded::Always);
        assert_eq!(config.database.as_deref(), Some("demo"));
        let names: Vec<_> = config.datasets.iter().map(|d| d.name.as_str()).collect();
        assert_eq!(names, ["zebra", "ant"]);
        let zebra = &config.datasets[0];
        assert_eq!(zebra.migrations.as_deref(), Some(Path::new("/cfg/m")));
        assert_eq!(zebra.load.as_deref(), Some(Path::new("/abs/load.sql")));
        assert_eq!(zebra.sources[0].path.as_deref(), Some("/cfg/b.csv"));
        let delimiter = Delimiter::new(';').unwrap();
        let csv = Format::Csv(Csv { delimiter, encoding: Encoding::Windows1252 });
        assert_eq!(zebra.sources[0].format, csv);
        assert_eq!(zebra.sources[1].format, Format::Json);
        assert_eq!(zebra.sources[1].path.as_deref(), Some("https://example.org/a.json"));
    }

    #[test]
    fn what_is_not_understood_is_named() {
        for (text, word) in [
            ("embeded = true", "embeded"),
            ("embedded = \"sometimes\"", "always"),
            ("[dataset.Upper]", "Upper"),
            ("[dataset.etl]", "etl"),
            ("[dataset.pg_x]", "pg_x"),
            ("[dataset.\"a;b\"]", "a;b"),
            ("[dataset.a]\nsource = 1", "source"),
            ("[[dataset.a.sources]]\nname = \"x\"\nformat = \"xml\"", "xml"),
            ("[[dataset.a.sources]]\nname = \"x=y\"\nformat = \"csv\"", "x=y"),
            (
                "[[dataset.a.sources]]\nname = \"x\"\nformat = \"csv\"\ndelimiter = \";;\"",
                "delimiter is \";;\"",
            ),
            ("[[dataset.a.sources]]\nname = \"x\"\nformat = \"json\"\ndelimiter = \";\"", "delimiter is for"),
            ("[[dataset.a.sources]]\nname = \"x\"\nformat = \"csv\"\nencoding = \"utf-16\"", "latin1"),
            ("database = \"\"", "database"),
        ] {
            let error = parse_here(text).unwrap_err();
            assert_eq!(error.exit(), crate::error::Exit::Usage, "{text}");
            assert!(error.to_string().contains(word), "{text}: {error}");
        }
    }
}
