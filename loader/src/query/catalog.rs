//! Where questions are found: embedded in the binary, in the folders that loader.toml names, or a file of the
//! user's.
use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use super::question::Question;
use crate::config::Config;
use crate::error::Error;
use crate::shipped;

/// Every question there is, by dataset and name. A folder's question takes the place of an embedded one of
/// the same name.
///
/// # Errors
/// Usage (exit 2) for a folder that cannot be read or a question whose header is malformed.
pub fn all(config: &Config) -> Result<Vec<Question>, Error> {
    let mut found: BTreeMap<(Option<String>, String), Question> = BTreeMap::new();
    let mut add = |question: Question| {
        found.insert((question.dataset.clone(), question.name.clone()), question);
    };
    for (dataset, name, sql) in shipped::QUESTIONS {
        if config.datasets.iter().any(|known| known.name == *dataset) {
            add(Question::parse(Some(dataset), name, sql)?);
        }
    }
    for dataset in &config.datasets {
        if let Some(folder) = &dataset.questions {
            in_folder(folder, Some(&dataset.name))?.into_iter().for_each(&mut add);
        }
    }
    if let Some(folder) = &config.questions {
        in_folder(folder, None)?.into_iter().for_each(&mut add);
    }
    Ok(found.into_values().collect())
}

/// The question meant by `NAME`, `DATASET/NAME` or `FILE.sql`.
///
/// # Errors
/// Usage (exit 2) when there is none, or more than one.
pub fn find(config: &Config, name: &str) -> Result<Question, Error> {
    if Path::new(name).extension().is_some_and(|extension| extension == "sql") {
        return from_file(Path::new(name), None);
    }
    let questions = all(config)?;
    let is_meant = |question: &&Question| match (name.split_once('/'), &question.dataset) {
        (Some((dataset, short)), Some(of)) => dataset == of && short == question.name,
        _ => name == question.name,
    };
    let meant: Vec<&Question> = questions.iter().filter(is_meant).collect();
    match meant.as_slice() {
        [one] => Ok((*one).clone()),
        [] => Err(Error::usage(format!(
            "no question is called {name}; there are: {}",
            names(&questions.iter().collect::<Vec<_>>())
        ))
        .hint("loader query")),
        several => Err(Error::usage(format!("{name} may be {}", names(several)))
            .hint("say which: loader query DATASET/NAME")),
    }
}

fn names(questions: &[&Question]) -> String {
    let name = |question: &&Question| match &question.dataset {
        Some(dataset) => format!("{dataset}/{}", question.name),
        None => question.name.clone(),
    };
    questions.iter().map(name).collect::<Vec<_>>().join(", ")
}

fn in_folder(folder: &Path, dataset: Option<&str>) -> Result<Vec<Question>, Error> {
    let unreadable = |error| {
        Error::usage(format!("questions folder {} cannot be read", folder.display())).caused_by(error)
    };
    let mut questions = Vec::new();
    for entry in fs::read_dir(folder).map_err(unreadable)? {
        let path = entry.map_err(unreadable)?.path();
        if path.extension().is_some_and(|extension| extension == "sql") {
            questions.push(from_file(&path, dataset)?);
        }
    }
    Ok(questions)
}

fn from_file(path: &Path, dataset: Option<&str>) -> Result<Question, Error> {
    let sql = fs::read_to_string(path).map_err(|error| {
        Error::usage(format!("question {} cannot be read", path.display())).caused_by(error)
    })?;
    let name = path.file_stem().map_or_else(String::new, |stem| stem.to_string_lossy().into_owned());
    Question::parse(dataset, &name, &sql)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::{Dataset, Embedded};

    fn config(folder: &Path) -> Config {
        let dataset = |name: &str| Dataset {
            name: name.into(),
            sources: Vec::new(),
            migrations: None,
            load: None,
            questions: Some(folder.join(name)),
        };
        Config {
            embedded: Embedded::Never,
            database: None,
            datasets: vec![dataset("one"), dataset("two")],
            questions: None,
            snapshots: "snapshots".into(),
            keep_copies: true,
            origin: "loader.toml".into(),
        }
    }

    #[test]
    fn names_are_found_and_doubtful_ones_are_refused() {
        let folder = tempfile::tempdir().unwrap();
        for (dataset, name) in [("one", "size"), ("two", "size"), ("two", "weight")] {
            fs::create_dir_all(folder.path().join(dataset)).unwrap();
            fs::write(folder.path().join(dataset).join(format!("{name}.sql")), "-- How?\nselect 1").unwrap();
        }
        let config = config(folder.path());
        assert_eq!(find(&config, "weight").unwrap().dataset.as_deref(), Some("two"));
        assert_eq!(find(&config, "one/size").unwrap().dataset.as_deref(), Some("one"));
        assert!(find(&config, "size").unwrap_err().to_string().contains("one/size, two/size"));
        assert!(find(&config, "height").unwrap_err().to_string().contains("two/weight"));
        let file = folder.path().join("two/weight.sql");
        assert_eq!(find(&config, file.to_str().unwrap()).unwrap().dataset, None);
    }

    #[test]
    fn every_embedded_question_has_a_sentence_and_a_sound_header() {
        for (dataset, name, sql) in shipped::QUESTIONS {
            let question = Question::parse(Some(dataset), name, sql).unwrap();
            assert!(question.sentence.ends_with(['.', '?']), "{dataset}/{name}: {}", question.sentence);
        }
    }
}
