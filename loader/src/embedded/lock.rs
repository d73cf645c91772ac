//! One loader at a time makes, starts or stops the cluster.

use std::fs::{File, OpenOptions};
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;
use std::thread::sleep;
use std::time::{Duration, Instant};

use rustix::fs::{FlockOperation, OFlags, flock};
use rustix::io::Errno;

use crate::error::Error;

/// Holds the lock until it is dropped, or its process ends in whatever way.
pub(super) struct Lock {
    _file: File,
}

impl Lock {
    /// Waits for the lock at most `patience`.
    pub fn take(home: &Path, patience: Duration) -> Result<Self, Error> {
        let path = home.join("lock");
        let file = OpenOptions::new()
            .write(true)
            .create(true)
            .truncate(false)
            .mode(0o600)
            // The folder may be another account's, and we root: no link is followed.
            .custom_flags(OFlags::NOFOLLOW.bits() as i32)
            .open(&path)
            .map_err(|e| Error::failed(format!("cannot open {}", path.display())).caused_by(e))?;
        let begun = Instant::now();
        loop {
            match flock(&file, FlockOperation::NonBlockingLockExclusive) {
                Ok(()) => return Ok(Lock { _file: file }),
                Err(Errno::WOULDBLOCK | Errno::INTR) if begun.elapsed() < patience => {
                    sleep(Duration::from_millis(50));
                }
                Err(Errno::WOULDBLOCK) => {
                    return Err(Error::lock_timeout(format!(
                        "another loader has been making, starting or stopping the embedded cluster for {} s ({})",
                        patience.as_secs(),
                        path.display()
                    ))
                    .hint(format!("look for it: fuser -v {}", path.display())));
                }
                Err(e) => {
                    return Err(Error::failed(format!("cannot lock {}", path.display())).caused_by(e));
                }
            }
        }
    }
}
