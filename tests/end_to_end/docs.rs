//! README and the pages under docs/ are run: every command and every SQL block, each page against a database of its own,
//! and the output compared with what the page shows. Pages that nobody runs rot.
//!
//! `UPDATE_EXPECTED=1` writes the real outputs into the pages instead; a new block starts with `?` as its output.

mod example;
mod masking;
mod page;

use std::ffi::OsString;
use std::fs::Permissions;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::{Path, PathBuf};
use std::process::Command;

use etl_tests::cluster::Cluster;
use etl_tests::database::Database;
use masking::{masked, presentable};
use page::{Input, Page, Step};

/// What the pages call the embedded cluster's folder.
const SHOWN_EMBEDDED: &str = "/home/ana/.local/share/pg_etl";

#[test]
fn readme_does_what_it_says() {
    assert!(follow("README.md") >= 5);
}

#[test]
fn docs_do_what_they_say() {
    let mut pages: Vec<_> = std::fs::read_dir(repository().join("docs"))
        .unwrap()
        .map(|entry| entry.unwrap().file_name())
        .collect();
    pages.sort();
    let steps: usize = pages.iter().map(|name| follow(&format!("docs/{}", name.to_str().unwrap()))).sum();
    assert!(steps >= 2, "only {steps} steps in docs/: the blocks are no longer recognised");
}

/// Runs a page's steps in order and compares their outputs. Returns how many there were.
fn follow(name: &str) -> usize {
    let path = repository().join(name);
    let page = Page::read(&std::fs::read_to_string(&path).unwrap());
    if page.steps.is_empty() {
        return 0;
    }
    let reader = Reader::new();
    let mut differing = Vec::new();
    let mut failures = Vec::new();
    for step in &page.steps {
        let (succeeded, output) = reader.run(&step.input);
        if !succeeded {
            failures.push(format!("{name}:{}: {:?} failed:\n{output}", step.line, step.input));
        } else if let Some(shown) = page.output(step)
            && !agree(&masked(&shown), &masked(&output))
        {
            failures.push(difference(name, step, &shown, &output));
            // Which lines to leave out only a person can say.
            if !shown.contains("\n...\n") {
                differing.push((step.clone(), presentable(&output)));
            }
        }
    }
    if std::env::var_os("UPDATE_EXPECTED").is_some() && differing.len() == failures.len() {
        std::fs::write(&path, page.with_outputs(&differing)).unwrap();
    } else {
        assert!(failures.is_empty(), "{}", failures.join("\n\n"));
    }
    page.steps.len()
}

/// Whether a page shows what was printed; a line `...` stands for lines that are left out.
fn agree(shown: &str, printed: &str) -> bool {
    let parts: Vec<&str> = shown.split("\n...\n").collect();
    let [first, .., last] = parts.as_slice() else { return shown == printed };
    let Some(mut rest) = printed.strip_prefix(first) else { return false };
    for part in &parts[1..parts.len() - 1] {
        let Some(at) = rest.find(&format!("\n{part}\n")) else { return false };
        rest = &rest[at + 1 + part.len()..];
    }
    rest.trim_end().ends_with(&format!("\n{last}"))
}

#[test]
fn lines_may_be_left_out() {
    let printed = "a\nb\nc\nd\ne";
    for (shown, expected) in [
        ("a\nb\nc\nd\ne", true),
        ("a\n...\ne", true),
        ("a\n...\nc\n...\ne", true),
        ("a\n...\nx\n...\ne", false),
        ("a\n...\nd", false),
        ("b\n...\ne", false),
        ("a\nb", false),
    ] {
        assert_eq!(agree(shown, printed), expected, "{shown}");
    }
}

fn difference(name: &str, step: &Step, shown: &str, output: &str) -> String {
    let (line, input) = (step.line, &step.input);
    format!(
        "{name}:{line}: {input:?}\n--- shown\n{shown}\n--- printed\n{output}\n\
         If what is printed is right: UPDATE_EXPECTED=1 cargo test -p etl_tests --features end_to_end docs::"
    )
}

/// Somebody who follows a page: an empty database, an embedded cluster of their own, a folder to work in, where `cd` leads on.
struct Reader {
    database: Database<'static>,
    home: tempfile::TempDir,
}

impl Reader {
    fn new() -> Reader {
        // In /tmp: an embedded cluster's socket path must be short, and root's cluster runs as a user who must enter.
        let home = tempfile::Builder::new()
            .prefix("pg_etl_docs.")
            .permissions(Permissions::from_mode(0o755))
            .tempdir_in("/tmp")
            .unwrap();
        for name in ["Cargo.toml", "Makefile", "docs", "extension", "loader", "migrations", "sql", "tests"] {
            symlink(repository().join(name), home.path().join(name)).unwrap();
        }
        std::fs::write(home.path().join("cwd"), home.path().to_str().unwrap()).unwrap();
        Reader { database: Cluster::shared().database(), home }
    }

    fn embedded(&self) -> PathBuf {
        self.home.path().join("embedded")
    }

    /// Runs one step as a shell or psql would, with stdout and stderr together, as on a terminal.
    fn run(&self, input: &Input) -> (bool, String) {
        let script = match input {
            // The build was done before the tests; what `make run` prints at its end is what it does after the build.
            Input::Command(line) if line == "make run" => {
                let loader = etl_tests::loader::binary();
                format!("make --no-print-directory LOADER={} answers", loader.display())
            }
            Input::Command(line) => line.clone(),
            Input::File(path, _) => format!("mkdir -p \"$(dirname '{path}')\" && cp \"$PAGE_SQL\" '{path}'"),
            Input::Sql(_) => {
                "psql --no-psqlrc --quiet --set ON_ERROR_STOP=1 --file \"$PAGE_SQL\" \"$DATABASE_URL\""
                    .to_owned()
            }
        };
        let (sql, cwd) = (self.home.path().join("page.sql"), self.home.path().join("cwd"));
        if let Input::Sql(text) | Input::File(_, text) = input {
            std::fs::write(&sql, text).unwrap();
        }
        let loader = etl_tests::loader::binary();
        let mut path = OsString::from(loader.parent().unwrap());
        path.push(":");
        path.push(std::env::var_os("PATH").unwrap_or_default());
        let output = Command::new("bash")
            .arg("-c")
            .arg(format!("exec 2>&1\ntrap 'pwd > \"$PAGE_CWD\"' EXIT\n{script}"))
            .current_dir(std::fs::read_to_string(&cwd).unwrap().trim_end())
            .env("PAGE_CWD", &cwd)
            .env("PATH", path)
            .env_remove("MAKEFLAGS")
            .env("LC_ALL", "C.UTF-8")
            .env("PAGE_SQL", sql)
            .env("DATABASE_URL", self.database.url())
            .env("PG_ETL_DATA_DIR", self.embedded())
            .output()
            .unwrap();
        let text = String::from_utf8_lossy(&output.stdout);
        let embedded = self.embedded();
        (output.status.success(), text.replace(embedded.to_str().unwrap(), SHOWN_EMBEDDED))
    }
}

impl Drop for Reader {
    fn drop(&mut self) {
        if self.embedded().exists() {
            let stop = "env --unset DATABASE_URL loader stop".to_owned();
            self.run(&Input::Command(stop));
        }
    }
}

fn repository() -> PathBuf {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    here.parent().unwrap().to_path_buf()
}
