//! `tests/cases/<dataset>/<case>`: files in `input/`, loaded in the order of their names, and in `expected/` what was printed, what stands in the tables
//! and what was kept out. A folder in `input/` is one run of its files, each named as its source. `UPDATE_EXPECTED=1` writes `expected/` anew; read the difference before committing it.

use etl_tests::accounting;
use etl_tests::cluster::Cluster;
use etl_tests::database::Database;
use etl_tests::loader::Loader;
use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::io::Read as _;
use std::path::{Path, PathBuf};

const DATASETS: [&str; 5] = ["mobilize", "people", "posts", "vaccines", "rides"];

fn folders(path: &Path) -> Vec<PathBuf> {
    let mut found: Vec<PathBuf> = std::fs::read_dir(path)
        .unwrap_or_else(|error| panic!("{path:?}: {error}"))
        .map(|entry| entry.unwrap().path())
        .collect();
    found.sort();
    found
}

/// Takes out what differs from run to run: the run's number, the database's place and the seconds.
fn normalised(text: &str, database: &Database<'_>, folder: &Path) -> String {
    let socket = database.cluster().socket().display().to_string();
    let text = text
        .replace(&folder.display().to_string(), "…")
        .replace(&socket, "SOCKET")
        .replace(database.name(), "DATABASE");
    let mut out = String::new();
    for line in text.lines() {
        let mut words: Vec<String> = line.split(' ').map(str::to_owned).collect();
        let seconds = words.len().checked_sub(2);
        if let Some(at) = seconds
            && words[at + 1] == "s"
            && words[at].parse::<f64>().is_ok()
        {
            words[at] = "0.0".to_owned();
        }
        out.push_str(words.join(" ").trim_end());
        out.push('\n');
    }
    out
}

fn rows_of(database: &Database<'_>, sql: &str) -> String {
    let mut rows = String::new();
    database
        .client()
        .copy_out(&format!("copy ({sql}) to stdout (format csv, header)"))
        .unwrap_or_else(|error| panic!("{sql}: {error:?}"))
        .read_to_string(&mut rows)
        .unwrap();
    rows
}

/// Copies the input of one run into the loader's folder and returns how it is named on the command line: a file as it is, the files of a folder each with
/// the source that its name begins with.
fn sources(input: &Path, home: &Path) -> Vec<String> {
    let name = input.file_name().unwrap().to_string_lossy().into_owned();
    if input.is_file() {
        std::fs::copy(input, home.join(&name)).unwrap();
        return vec![name];
    }
    std::fs::create_dir(home.join(&name)).unwrap();
    folders(input)
        .into_iter()
        .map(|file| {
            let path = format!("{name}/{}", file.file_name().unwrap().to_string_lossy());
            std::fs::copy(&file, home.join(&path)).unwrap();
            format!("{}={path}", file.file_stem().unwrap().to_string_lossy())
        })
        .collect()
}

/// Runs one case and returns the files it makes.
fn run(dataset: &str, case: &Path) -> BTreeMap<String, String> {
    let database = Cluster::shared().database();
    let loader = Loader::at(&database);
    loader.run(["migrate", dataset]).expect(0);
    let mut said = String::new();
    for input in folders(&case.join("input")) {
        let names = sources(&input, loader.folder());
        let ran = loader.run(["run", dataset].into_iter().chain(names.iter().map(String::as_str)));
        let code = ran.status.code().unwrap_or(-1);
        // Notes and progress are not part of a case, nor is the place in a function's text; what a refusal says is, and so is what a load warns of.
        let is_progress = |line: &str| ["read ", "merging ", "  in: "].iter().any(|it| line.starts_with(it));
        let is_said = |line: &&str| (code == 1 && !is_progress(line)) || line.starts_with("warning: ");
        let errors: Vec<&str> = ran.stderr.lines().filter(is_said).collect();
        let _ = writeln!(
            said,
            "$ loader run {dataset} {}\n{}{}exit {code}\n",
            names.join(" "),
            normalised(&ran.stdout, &database, loader.folder()),
            normalised(&errors.join("\n"), &database, loader.folder()),
        );
        accounting::check(&database, dataset);
    }
    let mut made = BTreeMap::from([("said.txt".to_owned(), said)]);
    for table in database.tables(dataset) {
        if database.count(&table) > 0 {
            made.insert(
                format!("{}.csv", table.trim_start_matches(&format!("{dataset}."))),
                rows_of(&database, &format!("select * from {table} as t order by t::text collate \"C\"")),
            );
        }
    }
    if database.count("etl.quarantine") > 0 {
        made.insert(
            "quarantine.csv".to_owned(),
            rows_of(
                &database,
                "select outcome, target, source_name, occurrence, copies, first_run, source, line, byte, field, sqlstate, constraint_name, message, parents, closed_run, closed_as
                 from etl.quarantine order by target, line, occurrence, quarantine_id",
            ),
        );
    }
    made
}

#[test]
fn every_case_comes_out_as_expected() {
    let update = std::env::var_os("UPDATE_EXPECTED").is_some();
    let mut differences = String::new();
    let mut cases = 0;
    for dataset in DATASETS {
        let cases_folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("cases").join(dataset);
        for case in folders(&cases_folder) {
            if !case.is_dir() {
                continue;
            }
            cases += 1;
            let made = run(dataset, &case);
            let expected = case.join("expected");
            if update {
                let _ = std::fs::remove_dir_all(&expected);
                std::fs::create_dir_all(&expected).unwrap();
                for (name, text) in &made {
                    std::fs::write(expected.join(name), text).unwrap();
                }
                continue;
            }
            let was: BTreeMap<String, String> = folders(&expected)
                .into_iter()
                .map(|path| {
                    let name = path.file_name().unwrap().to_string_lossy().into_owned();
                    (name, std::fs::read_to_string(path).unwrap())
                })
                .collect();
            for name in was.keys().chain(made.keys().filter(|name| !was.contains_key(*name))) {
                let (was, is) = (was.get(name), made.get(name));
                if was != is {
                    let _ = writeln!(
                        differences,
                        "== {} {name}\n--- expected\n{}\n--- found\n{}",
                        case.display(),
                        was.map_or("(no such file)", String::as_str),
                        is.map_or("(no such file)", String::as_str)
                    );
                }
            }
        }
    }
    assert!(cases >= 10, "only {cases} cases were found");
    assert!(
        differences.is_empty(),
        "{differences}\nWhere the new outcome is right: UPDATE_EXPECTED=1, and review the difference."
    );
}
