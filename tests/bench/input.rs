//! Generated files, made once and kept under `target/`.

use crate::Outcome;
use etl_tests::loader;
use std::fs::{self, File};
use std::io::{self, BufWriter};
use std::path::{Path, PathBuf};

/// The folder of that name, filled by `make` unless it is there.
pub fn made(name: &str, make: impl FnOnce(&Path) -> io::Result<()>) -> Outcome<PathBuf> {
    let all = loader::target_folder().join("bench/input");
    fs::create_dir_all(&all)?;
    let folder = fs::canonicalize(all)?.join(name);
    if !folder.exists() {
        eprintln!("making {}", folder.display());
        let half_made = folder.with_extension("part");
        if half_made.exists() {
            fs::remove_dir_all(&half_made)?;
        }
        fs::create_dir_all(&half_made)?;
        make(&half_made)?;
        fs::rename(&half_made, &folder)?;
    }
    Ok(folder)
}

/// A file to be written.
pub fn create(folder: &Path, name: &str) -> io::Result<BufWriter<File>> {
    Ok(BufWriter::new(File::create(folder.join(name))?))
}
