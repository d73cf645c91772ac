//! A file that appears under its name only when it is whole.
use std::fs::{self, File};
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};

use crate::error::Error;

/// A file being written beside its final name; dropped without [`NewFile::finish`] it is removed.
pub struct NewFile {
    path: PathBuf,
    temporary: PathBuf,
    out: Option<BufWriter<File>>,
}

impl NewFile {
    /// Begins the file `name` in `folder`.
    ///
    /// # Errors
    /// Failed (exit 1) when the folder cannot be written.
    pub fn create(folder: &Path, name: &str) -> Result<Self, Error> {
        let path = folder.join(name);
        // Two exports into one folder do not write into each other's files.
        let temporary = folder.join(format!(".{name}.{}.part", std::process::id()));
        let file = File::create(&temporary).map_err(|error| {
            Error::failed(format!("{} cannot be written", temporary.display())).caused_by(error)
        })?;
        Ok(NewFile { path, temporary, out: Some(BufWriter::with_capacity(256 * 1024, file)) })
    }

    /// The name it will have.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Gives the file its name, replacing what had it.
    ///
    /// # Errors
    /// Failed (exit 1), such as for a full disk.
    pub fn finish(mut self) -> Result<PathBuf, Error> {
        let closed = match self.out.take() {
            Some(out) => {
                out.into_inner().map_err(io::IntoInnerError::into_error).and_then(|file| file.sync_all())
            }
            None => Ok(()),
        };
        closed
            .and_then(|()| fs::rename(&self.temporary, &self.path))
            .map_err(|error| self.unwritable(&error))?;
        Ok(self.path.clone())
    }

    /// The error of a failed write.
    pub fn unwritable(&self, error: &io::Error) -> Error {
        Error::failed(format!("{} cannot be written: {error}", self.path.display()))
    }

    /// An error of printing into this file, which speaks of standard output.
    pub fn named(&self, error: Error) -> Error {
        let cause = std::error::Error::source(&error).and_then(|cause| cause.downcast_ref::<io::Error>());
        match cause {
            Some(cause) => self.unwritable(cause),
            None => error,
        }
    }
}

impl Write for NewFile {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        match &mut self.out {
            Some(out) => out.write(bytes),
            None => Ok(0),
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        self.out.as_mut().map_or(Ok(()), Write::flush)
    }
}

impl Drop for NewFile {
    fn drop(&mut self) {
        // After a finish the temporary name is gone already.
        let _ = fs::remove_file(&self.temporary);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(folder: &Path) -> Vec<String> {
        let entries = fs::read_dir(folder).unwrap();
        entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect()
    }

    #[test]
    fn a_file_appears_whole_or_not_at_all() {
        let folder = tempfile::tempdir().unwrap();
        let mut dropped = NewFile::create(folder.path(), "a.csv").unwrap();
        dropped.write_all(b"half").unwrap();
        drop(dropped);
        assert_eq!(names(folder.path()), Vec::<String>::new());

        fs::write(folder.path().join("a.csv"), "old").unwrap();
        let mut whole = NewFile::create(folder.path(), "a.csv").unwrap();
        whole.write_all(b"new").unwrap();
        assert_eq!(fs::read(folder.path().join("a.csv")).unwrap(), b"old");
        whole.finish().unwrap();
        assert_eq!(fs::read(folder.path().join("a.csv")).unwrap(), b"new");
        assert_eq!(names(folder.path()), ["a.csv"]);
    }
}
