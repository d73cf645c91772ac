//! `loader init`: drafts a dataset from sample files, to be read and corrected by whoever knows them.
//!
//! Types, nullability, keys and references are what the beginning of each file shows, and the drafts say so in comments:
//! counts and lengths, never a value.
mod column;
mod draft;
mod name;
mod sample;
mod table;
#[cfg(test)]
mod tests;

use std::fs::{self, File};
use std::hash::RandomState;
use std::io::Write;
use std::path::{self, Path, PathBuf};

use crate::cli::{Context, InitArgs};
use crate::config;
use crate::error::{Error, Exit};
use crate::output;
use crate::shipped;
use crate::source::STANDARD_INPUT;
use draft::Draft;
use name::Names;
use table::Table;

/// Runs `loader init`: prints the files written, and what to add to a `loader.toml` that is there already.
///
/// # Errors
/// Usage (exit 2) for a name that is no dataset's or is taken, a sample that cannot be read, a file that would be
/// overwritten; failed (exit 1) when a file cannot be written.
pub fn run(args: &InitArgs, context: &Context) -> Result<Exit, Error> {
    check_name(&args.dataset, context)?;
    let state = RandomState::new();
    let mut names = Names::default();
    let mut tables = Vec::new();
    for file in &args.files {
        if file == STANDARD_INPUT {
            return Err(Error::usage("loader init reads files, not standard input"));
        }
        tables.push(Table::of(sample::read(file, &state)?, &mut names));
    }
    let draft = Draft { dataset: &args.dataset, tables: table::relate(tables) };

    let configuration = args.dir.join("loader.toml");
    let section = draft.section(|location| path_from(&args.dir, location));
    let mut files = draft.files();
    let has_configuration = configuration.exists();
    if !has_configuration {
        files.push((PathBuf::from("loader.toml"), format!("{}{section}", draft::CONFIGURATION)));
    }
    let files: Vec<(PathBuf, String)> =
        files.into_iter().map(|(path, text)| (args.dir.join(path), text)).collect();
    refuse_to_overwrite(&files)?;
    for (path, text) in &files {
        write(path, text)?;
    }
    output::to_stdout(|out| {
        for (path, _) in &files {
            writeln!(out, "{}", shown(path))?;
        }
        Ok(())
    })?;
    for note in draft.notes() {
        context.note(note);
    }
    if has_configuration {
        context.note(format!("{} is there already; add to it:\n", shown(&configuration)));
        output::to_stdout(|out| Ok(write!(out, "{section}")?))?;
    }
    let files: Vec<&str> = args.files.iter().map(String::as_str).collect();
    context.note(format!(
        "next: read the drafts, correct them, then: loader run {} {}",
        args.dataset,
        draft.in_load_order(&files).join(" ")
    ));
    Ok(Exit::Done)
}

/// A dataset's name, that nobody has.
fn check_name(dataset: &str, context: &Context) -> Result<(), Error> {
    if let Some(rule) = config::broken_rule(dataset) {
        return Err(Error::usage(format!("dataset \"{dataset}\": {rule}")).hint("loader init NAME FILE ..."));
    }
    let is_taken =
        shipped::set(dataset).is_some() || context.config.datasets.iter().any(|known| known.name == dataset);
    match is_taken {
        true => Err(Error::usage(format!("dataset \"{dataset}\" is there already"))
            .hint("choose another name: loader init NAME FILE ...")),
        false => Ok(()),
    }
}

/// A sample's path as `loader.toml` in `dir` names it: relative to there where that is as it was typed.
fn path_from(dir: &Path, location: &str) -> String {
    if dir == Path::new(".") {
        return location.to_owned();
    }
    path::absolute(location).map_or_else(|_| location.to_owned(), |path| path.to_string_lossy().into_owned())
}

fn refuse_to_overwrite(files: &[(PathBuf, String)]) -> Result<(), Error> {
    let there: Vec<String> =
        files.iter().map(|(path, _)| path).filter(|path| path.exists()).map(|path| shown(path)).collect();
    match there.is_empty() {
        true => Ok(()),
        false => {
            Err(Error::usage(format!("{} would be overwritten, and nothing was written", there.join(", ")))
                .hint("loader init NAME FILE ... --dir ANOTHER_FOLDER"))
        }
    }
}

/// Writes a file that is not there yet.
fn write(path: &Path, text: &str) -> Result<(), Error> {
    let failed = |error| Error::failed(format!("{} cannot be written", shown(path))).caused_by(error);
    if let Some(folder) = path.parent() {
        fs::create_dir_all(folder).map_err(failed)?;
    }
    let mut file = File::create_new(path).map_err(failed)?;
    file.write_all(text.as_bytes()).map_err(failed)
}

/// A path without the `./` of the current folder.
fn shown(path: &Path) -> String {
    path.strip_prefix(".").unwrap_or(path).display().to_string()
}
