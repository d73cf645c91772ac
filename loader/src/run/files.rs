//! Which file belongs to which source of a dataset.
use std::path::Path;

use url::Url;

use super::snapshots;
use super::transfer::Transfer;
use crate::caution::caution;
use crate::config::{Dataset, Format, Source};
use crate::error::Error;
use crate::fetch;
use crate::http;
use crate::snapshot::{Folder, SnapshotFile};
use crate::source::{self, Encoding};

/// One file of a run.
#[derive(Debug)]
pub struct SourceFile {
    /// Name of the dataset's source.
    pub source: String,
    /// Path as it was given, `-` for standard input; a URL without its secrets.
    pub location: String,
    /// How its records are framed.
    pub format: Format,
    /// Where it is to be transferred from.
    pub url: Option<Url>,
    /// What the transfer brought.
    pub transfer: Option<Transfer>,
    /// What a file of a snapshot must be.
    pub snapshot: Option<SnapshotFile>,
}

impl SourceFile {
    /// A file that can be read; a URL that can be asked for.
    ///
    /// # Errors
    /// Usage (exit 2) for a path that cannot be read and a URL that is none.
    pub fn of(source: &Source, location: &str) -> Result<Self, Error> {
        let format = format_of(source, location);
        let source = source.name.clone();
        if http::is_url(location) {
            let url = http::parse(location).map_err(|error| error.about(&format!("source {source}")))?;
            return Ok(SourceFile {
                source,
                location: http::shown(&url),
                format,
                url: Some(url),
                transfer: None,
                snapshot: None,
            });
        }
        source::check(location)?;
        Ok(SourceFile {
            source,
            location: location.to_owned(),
            format,
            url: None,
            transfer: None,
            snapshot: None,
        })
    }

    /// Path of the bytes, `-` for standard input.
    pub fn path(&self) -> &str {
        // A temporary file's name is made of ours and of the folder's, which came as text.
        self.transfer.as_ref().and_then(|transfer| transfer.path.to_str()).unwrap_or(&self.location)
    }
}

/// The files named on the command line, in load order: by source, then as they were given.
///
/// Each is taken by `source=path`, else by its name (`votes*.json*` and `*_votes.json` belong to `votes`), else in the order of
/// the sources that have none yet; all files of a dataset with one source belong to it.
///
/// # Errors
/// Usage (exit 2) for a source the dataset does not have, or more files than there are sources to take them.
pub fn assign(dataset: &Dataset, given: &[String]) -> Result<Vec<SourceFile>, Error> {
    let mut taken: Vec<Option<usize>> = Vec::with_capacity(given.len());
    let mut locations: Vec<&str> = Vec::with_capacity(given.len());
    for argument in given {
        let (source, location) = named(dataset, argument)?;
        taken.push(source.or_else(|| by_name(dataset, location)));
        locations.push(location);
    }
    for at in 0..taken.len() {
        if taken[at].is_none() {
            let free = (0..dataset.sources.len()).find(|source| !taken.contains(&Some(*source)));
            taken[at] = if dataset.sources.len() == 1 { Some(0) } else { free };
        }
    }
    let mut files = Vec::with_capacity(given.len());
    for (position, source) in dataset.sources.iter().enumerate() {
        for (location, _) in locations.iter().zip(&taken).filter(|(_, taken)| **taken == Some(position)) {
            files.push((source, *location));
        }
    }
    let homeless = locations.iter().zip(&taken).find(|(_, taken)| taken.is_none());
    if files.iter().any(|(_, location)| http::has_credentials(location)) {
        caution(
            "a user or password in a URL on the command line can be seen by every user of this machine: \
             put the URL into loader.toml, as path of its source",
        );
    }
    match homeless {
        Some((location, _)) => Err(Error::usage(format!(
            "{}: not clear which source of {} it is; its sources are {}",
            http::presentable(location),
            dataset.name,
            source_names(dataset)
        ))
        .hint(format!(
            "say it: loader run {} {}={}",
            dataset.name,
            dataset.sources[0].name,
            http::presentable(location)
        ))),
        None => checked(&files),
    }
}

/// The files that loader.toml names for a dataset; where it names none, those of the newest snapshot.
///
/// # Errors
/// What keeps the dataset from being run: a source without a path, or one that cannot be read.
pub fn configured(dataset: &Dataset, snapshots: &Path) -> Result<Vec<SourceFile>, Error> {
    if dataset.sources.iter().all(|source| source.path.is_none()) {
        let fetched = snapshots::files(dataset, &Folder::of(snapshots, &dataset.name))?;
        if !fetched.is_empty() {
            return Ok(fetched);
        }
    }
    let mut files = Vec::with_capacity(dataset.sources.len());
    for source in &dataset.sources {
        let Some(path) = &source.path else {
            let by_hand = format!("loader run {} {}=FILE", dataset.name, source.name);
            return Err(match dataset.name == fetch::DATASET {
                true => Error::usage(format!(
                    "no file for {}, and no snapshot in {}",
                    source.name,
                    snapshots.display()
                ))
                .hint(format!("loader fetch {} --organization ID; or {by_hand}", dataset.name)),
                false => Error::usage(format!("no file for {}", source.name)).hint(by_hand),
            });
        };
        files.push((source, path.as_str()));
    }
    checked(&files)
}

/// The files with another encoding of the CSV ones, as `--encoding` says.
///
/// # Errors
/// Usage (exit 2) if none is CSV.
pub fn encoded(mut files: Vec<SourceFile>, encoding: Encoding) -> Result<Vec<SourceFile>, Error> {
    let mut any = false;
    for file in &mut files {
        if let Format::Csv(csv) = &mut file.format {
            csv.encoding = encoding;
            any = true;
        }
    }
    match any {
        true => Ok(files),
        false => Err(Error::usage("--encoding is for CSV files, and there is none in this run")
            .hint("leave it away: JSON is read as UTF-8")),
    }
}

/// `source=path` where the left side is a source; a path with `=` in it is a path if it is there.
fn named<'a>(dataset: &Dataset, argument: &'a str) -> Result<(Option<usize>, &'a str), Error> {
    let Some((name, location)) = argument.split_once('=') else {
        return Ok((None, argument));
    };
    match dataset.sources.iter().position(|source| source.name == name) {
        Some(position) => Ok((Some(position), location)),
        // A path, or the query of a URL.
        None if name.contains('/') || Path::new(argument).exists() => Ok((None, argument)),
        None => Err(Error::usage(format!(
            "{} has no source {name}; its sources are {}",
            dataset.name,
            source_names(dataset)
        ))
        .hint(format!(
            "loader run {} {}={}",
            dataset.name,
            dataset.sources[0].name,
            http::presentable(location)
        ))),
    }
}

/// The format of a file: its source's, but a file of a CSV source that is named as JSON is JSON. Both are staged alike,
/// and records that `loader quarantine export` has written come back that way.
fn format_of(declared: &Source, location: &str) -> Format {
    let name = source::short_name(location);
    let name = name.strip_suffix(".gz").or_else(|| name.strip_suffix(".zst")).unwrap_or(name);
    let is_json = [".json", ".jsonl", ".ndjson"].iter().any(|end| name.ends_with(end));
    if is_json { Format::Json } else { declared.format }
}

/// The source with the longest name that the file's name begins with; else the only one whose name is a word in it, as in
/// `devops_votes.json`: taken by order, such a file alone would be read as the first source.
fn by_name(dataset: &Dataset, location: &str) -> Option<usize> {
    let name = source::short_name(location).to_lowercase();
    let words: Vec<String> = dataset.sources.iter().map(|source| source.name.to_lowercase()).collect();
    let all = 0..words.len();
    let longest = all.clone().filter(|at| name.starts_with(&words[*at])).max_by_key(|at| words[*at].len());
    let mut inside = all.filter(|at| has_word(&name, &words[*at]));
    let only = inside.next().filter(|_| inside.next().is_none());
    longest.or(only)
}

/// Whether the word stands in the name with no letter or digit at its sides.
fn has_word(name: &str, word: &str) -> bool {
    let is_free = |beside: Option<char>| !beside.is_some_and(char::is_alphanumeric);
    name.match_indices(word).any(|(at, _)| {
        is_free(name[..at].chars().next_back()) && is_free(name[at + word.len()..].chars().next())
    })
}

fn checked(files: &[(&Source, &str)]) -> Result<Vec<SourceFile>, Error> {
    if files.iter().filter(|(_, location)| *location == source::STANDARD_INPUT).count() > 1 {
        return Err(Error::usage("standard input (-) can be only one of the files"));
    }
    if i16::try_from(files.len()).is_err() {
        return Err(Error::usage(format!("{} files are more than one run takes (32767)", files.len())));
    }
    files.iter().map(|(source, location)| SourceFile::of(source, location)).collect()
}

fn source_names(dataset: &Dataset) -> String {
    dataset.sources.iter().map(|source| source.name.as_str()).collect::<Vec<_>>().join(", ")
}

#[cfg(test)]
mod tests;
