//! Which datasets a `loader run` loads, and from which files.
use std::path::Path;

use super::files::{self, SourceFile};
use crate::cli::RunArgs;
use crate::config::{Config, Dataset};
use crate::error::{Error, Exit};

/// One dataset to be loaded.
#[derive(Debug)]
pub struct Job<'a> {
    /// The dataset.
    pub dataset: &'a Dataset,
    /// Its files in load order.
    pub files: Vec<SourceFile>,
}

/// What is to be done, and notes on what is not.
#[derive(Debug)]
pub struct Plan<'a> {
    /// Datasets in the order of loader.toml.
    pub jobs: Vec<Job<'a>>,
    /// Datasets left out, with the reason.
    pub skipped: Vec<String>,
}

/// Chooses: the dataset named with the files named, else with its files of loader.toml; without a name every
/// dataset that has all its sources.
///
/// # Errors
/// Usage (exit 2) for an unknown dataset, files that cannot be assigned or read, and when there is nothing to
/// run.
pub fn choose<'a>(config: &'a Config, args: &RunArgs) -> Result<Plan<'a>, Error> {
    let snapshots = args.snapshots.as_deref().unwrap_or(&config.snapshots);
    let Some(name) = &args.dataset else {
        return every(config, snapshots);
    };
    let dataset = config.dataset(name)?;
    let mut files = match args.files.as_slice() {
        [] => files::configured(dataset, snapshots)?,
        given => files::assign(dataset, given)?,
    };
    if let Some(encoding) = args.encoding {
        files = files::encoded(files, encoding)?;
    }
    if files.is_empty() {
        return Err(Error::usage(format!("dataset {name} of {} has no sources", config.origin)));
    }
    Ok(Plan { jobs: vec![Job { dataset, files }], skipped: Vec::new() })
}

fn every<'a>(config: &'a Config, snapshots: &Path) -> Result<Plan<'a>, Error> {
    let mut plan = Plan { jobs: Vec::new(), skipped: Vec::new() };
    for dataset in &config.datasets {
        match files::configured(dataset, snapshots) {
            Ok(files) if !files.is_empty() => plan.jobs.push(Job { dataset, files }),
            Ok(_) => plan.skipped.push(format!("skipped {}: it has no sources", dataset.name)),
            // A snapshot that is damaged, not one that is not there.
            Err(error) if error.exit() == Exit::Failed => return Err(error),
            Err(error) => {
                let text = error.to_string();
                plan.skipped.push(format!("skipped {}: {}", dataset.name, text.lines().next().unwrap_or("")));
            }
        }
    }
    match plan.jobs.is_empty() {
        true => Err(Error::usage(format!(
            "nothing to run: no dataset of {} has its sources\n  {}",
            config.origin,
            plan.skipped.join("\n  ")
        ))
        .hint("name the files: loader run DATASET FILE ...")),
        false => Ok(plan),
    }
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::*;
    use crate::cli::{Cli, Command};
    use crate::config::{Embedded, Format, Source};

    fn config(paths: &[(&str, Option<&str>)]) -> Config {
        let dataset = |(name, path): &(&str, Option<&str>)| Dataset {
            name: (*name).to_owned(),
            sources: vec![Source {
                name: "things".into(),
                format: Format::Json,
                path: path.map(str::to_owned),
            }],
            migrations: None,
            load: None,
            questions: None,
        };
        Config {
            embedded: Embedded::Never,
            database: None,
            datasets: paths.iter().map(dataset).collect(),
            questions: None,
            snapshots: "snapshots".into(),
            keep_copies: true,
            origin: "loader.toml".into(),
        }
    }

    fn args(line: &[&str]) -> RunArgs {
        let cli = Cli::try_parse_from(["loader", "run"].iter().chain(line)).unwrap();
        match cli.command {
            Command::Run(args) => args,
            _ => unreachable!(),
        }
    }

    #[test]
    fn without_a_name_those_that_have_their_sources_run_and_the_others_are_named() {
        let config = config(&[("one", Some("-")), ("two", None), ("three", Some("/no/such/file"))]);
        let plan = choose(&config, &args(&[])).unwrap();
        assert_eq!(plan.jobs.iter().map(|job| job.dataset.name.as_str()).collect::<Vec<_>>(), ["one"]);
        assert_eq!(
            plan.skipped,
            ["skipped two: no file for things", "skipped three: /no/such/file: no such file"]
        );
    }

    #[test]
    fn nothing_to_run_is_a_usage_error_that_says_why() {
        let message = choose(&config(&[("two", None)]), &args(&[])).unwrap_err().to_string();
        assert!(message.contains("skipped two: no file for things"), "{message}");
    }

    #[test]
    fn an_unknown_dataset_is_refused() {
        assert!(choose(&config(&[("one", Some("-"))]), &args(&["won"])).is_err());
    }
}
