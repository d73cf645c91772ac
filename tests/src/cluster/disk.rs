//! A small disk of the server's own, in memory: a tablespace that can be full without filling the machine's disk.

use super::{Cluster, is_root, must};
use std::fs::{self, File};
use std::io::Write as _;
use std::path::PathBuf;
use std::process::Command;

/// A mounted file system with a tablespace on it, `small`. The cluster's end unmounts it.
#[derive(Debug)]
pub struct SmallDisk {
    folder: PathBuf,
}

impl Cluster {
    /// Mounts a disk of so many MiB and makes the tablespace `small` on it; nothing, said aloud, where this user cannot mount.
    ///
    /// # Panics
    /// When root cannot: that is a failure, not a machine without the right.
    #[must_use]
    pub fn small_disk(&self, mib: u32) -> Option<SmallDisk> {
        if !is_root() {
            eprintln!("SKIPPED: a full disk needs a mounted one, and only root mounts");
            return None;
        }
        let folder = self.folder.join("disk");
        fs::create_dir(&folder).unwrap_or_else(|error| panic!("{folder:?}: {error}"));
        let size = format!("size={mib}m,mode=0700");
        if let Err(error) =
            must(Command::new("mount").args(["-t", "tmpfs", "-o", &size, "tmpfs"]).arg(&folder))
        {
            // Root in a container may not mount, either.
            fs::remove_dir(&folder).unwrap_or_else(|error| panic!("{folder:?}: {error}"));
            eprintln!("SKIPPED: a full disk needs a mounted one: {error}");
            return None;
        }
        must(Command::new("chown").arg("postgres:").arg(&folder)).unwrap_or_else(|error| panic!("{error}"));
        let mut client = postgres::Client::connect(&self.url("postgres", "postgres"), postgres::NoTls)
            .unwrap_or_else(|error| panic!("the tests' server: {error:?}"));
        client
            .batch_execute(&format!("create tablespace small location '{}'", folder.display()))
            .unwrap_or_else(|error| panic!("create tablespace: {error:?}"));
        Some(SmallDisk { folder })
    }
}

impl SmallDisk {
    fn ballast(&self) -> PathBuf {
        self.folder.join("ballast")
    }

    /// Fills the disk but for so many KiB.
    ///
    /// # Panics
    /// When it cannot be written to.
    pub fn fill(&self, but_kib: u64) {
        let free = Command::new("df").args(["--output=avail", "-k"]).arg(&self.folder).output();
        let free = free.unwrap_or_else(|error| panic!("df: {error}"));
        let free = String::from_utf8_lossy(&free.stdout);
        let free: u64 =
            free.lines().nth(1).and_then(|line| line.trim().parse().ok()).unwrap_or_else(|| panic!("{free}"));
        let mut file = File::create(self.ballast()).unwrap_or_else(|error| panic!("{error}"));
        let kib = [0; 1024];
        for _ in 0..free.saturating_sub(but_kib) {
            file.write_all(&kib).unwrap_or_else(|error| panic!("{error}"));
        }
    }

    /// Gives the space back.
    ///
    /// # Panics
    /// When the disk was not filled.
    pub fn free(&self) {
        fs::remove_file(self.ballast()).unwrap_or_else(|error| panic!("{error}"));
    }
}
