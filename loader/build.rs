//! Embeds roles, migrations and questions, so that the loader is one file.
//!
//! refinery's own macro does not notice a new file (rust-db/refinery#309) and silently skips one that is badly named;
//! here every `.sql` file is taken, and the names are checked by a test and again before anything runs.

use std::env;
use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};

fn main() {
    let root = PathBuf::from(env::var_os("CARGO_MANIFEST_DIR").expect("cargo sets it")).join("..");
    let root = root.canonicalize().expect("the workspace is there");
    let mut code = String::new();

    for (constant, file) in [("ROLES", "migrations/roles.sql"), ("SESSION", "migrations/session.sql")] {
        writeln!(code, "pub static {constant}: &str = {};", include(&root.join(file))).expect("strings grow");
    }

    code.push_str("pub static SETS: &[(&str, &[(&str, &str)])] = &[\n");
    for set in folders(&root.join("migrations")) {
        writeln!(code, "    ({:?}, &[", name(&set)).expect("strings grow");
        for file in sql_files(&set) {
            writeln!(code, "        ({:?}, {}),", name(&file), include(&file)).expect("strings grow");
        }
        code.push_str("    ]),\n");
    }
    code.push_str("];\n");

    code.push_str("pub static QUESTIONS: &[(&str, &str, &str)] = &[\n");
    for dataset in folders(&root.join("sql")).into_iter().filter(|dir| name(dir) != "load") {
        for file in sql_files(&dataset) {
            let question = file.file_stem().expect("it ends in .sql").to_string_lossy();
            writeln!(code, "    ({:?}, {question:?}, {}),", name(&dataset), include(&file))
                .expect("strings grow");
        }
    }
    code.push_str("];\n");

    let out = PathBuf::from(env::var_os("OUT_DIR").expect("cargo sets it"));
    fs::write(out.join("embedded.rs"), code).expect("the build's own folder can be written");
}

/// An expression that is the file's text; cargo looks at the file again before the next build.
fn include(file: &Path) -> String {
    println!("cargo::rerun-if-changed={}", file.display());
    format!("include_str!({:?})", file.display().to_string())
}

/// The folder's entries in order; a new entry makes cargo run this script again.
fn entries(folder: &Path) -> Vec<PathBuf> {
    println!("cargo::rerun-if-changed={}", folder.display());
    let Ok(found) = fs::read_dir(folder) else {
        return Vec::new();
    };
    let mut paths: Vec<PathBuf> = found.map(|entry| entry.expect("a readable folder").path()).collect();
    paths.sort();
    paths
}

fn folders(folder: &Path) -> Vec<PathBuf> {
    entries(folder).into_iter().filter(|path| path.is_dir()).collect()
}

fn sql_files(folder: &Path) -> Vec<PathBuf> {
    let is_sql = |path: &PathBuf| path.extension().is_some_and(|e| e.eq_ignore_ascii_case("sql"));
    entries(folder).into_iter().filter(is_sql).collect()
}

fn name(path: &Path) -> String {
    path.file_name().expect("a path that was listed").to_string_lossy().into_owned()
}
