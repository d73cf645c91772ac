//! The built loader, run as a user runs it, in an environment that holds nothing of the developer's.

use crate::database::Database;
use std::ffi::{OsStr, OsString};
use std::io::Write as _;
use std::os::unix::process::ExitStatusExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Output, Stdio};
use std::sync::Arc;
use std::time::{Duration, Instant};
use tempfile::TempDir;

/// How to run the loader: its environment and its working folder.
#[derive(Clone, Debug)]
pub struct Loader {
    folder: Arc<TempDir>,
    wrapper: Vec<OsString>,
    env: Vec<(OsString, OsString)>,
    stdin: Vec<u8>,
}

/// What a run of the loader said.
#[derive(Debug)]
pub struct Ran {
    /// How it ended.
    pub status: ExitStatus,
    /// Its standard output.
    pub stdout: String,
    /// Its standard error.
    pub stderr: String,
    command: String,
}

/// The loader's binary: `ETL_LOADER`, else the release build of this checkout.
///
/// # Panics
/// When it has not been built.
#[must_use]
pub fn binary() -> PathBuf {
    if let Some(path) = std::env::var_os("ETL_LOADER") {
        return path.into();
    }
    let path = target_folder().join("release/loader");
    assert!(
        path.exists(),
        "{} is not there: run `make install`, or name a loader in ETL_LOADER",
        path.display()
    );
    path
}

/// Where cargo builds: `CARGO_TARGET_DIR`, else the workspace's `target`.
#[must_use]
pub fn target_folder() -> PathBuf {
    std::env::var_os("CARGO_TARGET_DIR")
        .map_or_else(|| Path::new(env!("CARGO_MANIFEST_DIR")).join("../target"), PathBuf::from)
}

impl Default for Loader {
    fn default() -> Self {
        Self::new()
    }
}

impl Loader {
    /// A loader that knows of no database.
    ///
    /// # Panics
    /// When no temporary folder can be made.
    #[must_use]
    pub fn new() -> Self {
        let folder = tempfile::Builder::new()
            .prefix("pg_etl_home.")
            .tempdir_in("/tmp")
            .unwrap_or_else(|error| panic!("a home for the loader: {error}"));
        Self { folder: Arc::new(folder), wrapper: Vec::new(), env: Vec::new(), stdin: Vec::new() }
    }

    /// A loader with `DATABASE_URL` at a database.
    #[must_use]
    pub fn at(database: &Database<'_>) -> Self {
        Self::new().env("DATABASE_URL", database.url())
    }

    /// With one more variable in its environment.
    #[must_use]
    pub fn env(mut self, name: impl Into<OsString>, value: impl Into<OsString>) -> Self {
        self.env.push((name.into(), value.into()));
        self
    }

    /// Started by another program, which gets the loader's path and arguments after its own.
    #[must_use]
    pub fn through(mut self, wrapper: &[&str]) -> Self {
        self.wrapper = wrapper.iter().map(OsString::from).collect();
        self
    }

    /// With these bytes on its standard input.
    #[must_use]
    pub fn stdin(mut self, bytes: impl Into<Vec<u8>>) -> Self {
        self.stdin = bytes.into();
        self
    }

    /// Its working folder and home, empty at first.
    #[must_use]
    pub fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// Writes a file into its working folder and returns the path.
    ///
    /// # Panics
    /// When it cannot be written.
    pub fn file(&self, name: &str, contents: impl AsRef<[u8]>) -> PathBuf {
        let path = self.folder().join(name);
        std::fs::write(&path, contents).unwrap_or_else(|error| panic!("{path:?}: {error}"));
        path
    }

    fn command(&self, args: &[&OsStr]) -> Command {
        let mut words = self.wrapper.clone();
        words.push(binary().into());
        let mut command = Command::new(&words[0]);
        let folder = self.folder();
        command
            .args(&words[1..])
            .args(args)
            .current_dir(folder)
            .env_clear()
            .env("PATH", std::env::var_os("PATH").unwrap_or_default())
            .env("HOME", folder)
            .env("XDG_CONFIG_HOME", folder.join("config"))
            .env("XDG_DATA_HOME", folder.join("data"))
            .env("XDG_RUNTIME_DIR", folder)
            .env("LC_ALL", "C.UTF-8")
            .envs(self.env.iter().map(|(name, value)| (name, value)));
        command
    }

    /// Starts it and does not wait; its output is lost.
    ///
    /// # Panics
    /// When it cannot be started.
    pub fn spawn<A: AsRef<OsStr>>(&self, args: impl IntoIterator<Item = A>) -> Child {
        let args: Vec<A> = args.into_iter().collect();
        let args: Vec<&OsStr> = args.iter().map(AsRef::as_ref).collect();
        self.command(&args)
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap_or_else(|error| panic!("{:?}: {error}", binary()))
    }

    /// Starts it and keeps what it says: in time it is struck, or it strikes.
    ///
    /// # Panics
    /// When it cannot be started.
    pub fn begin<A: AsRef<OsStr>>(&self, args: impl IntoIterator<Item = A>) -> Running {
        let args: Vec<A> = args.into_iter().collect();
        let args: Vec<&OsStr> = args.iter().map(AsRef::as_ref).collect();
        let child = self
            .command(&args)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap_or_else(|error| panic!("{:?}: {error}", binary()));
        Running { child, command: described(&args) }
    }

    /// Runs it to its end.
    ///
    /// # Panics
    /// When it cannot be started.
    pub fn run<A: AsRef<OsStr>>(&self, args: impl IntoIterator<Item = A>) -> Ran {
        let args: Vec<A> = args.into_iter().collect();
        let args: Vec<&OsStr> = args.iter().map(AsRef::as_ref).collect();
        let mut child = self
            .command(&args)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap_or_else(|error| panic!("{:?}: {error}", binary()));
        // Written beside the reading of its output: a loader that refuses early closes the pipe, which is no error here.
        let stdin = child.stdin.take();
        let bytes = self.stdin.clone();
        let writer = std::thread::spawn(move || stdin.map(|mut stdin| stdin.write_all(&bytes)));
        let out = child.wait_with_output().unwrap_or_else(|error| panic!("{:?}: {error}", binary()));
        let _ = writer.join();
        Ran::of(out, described(&args))
    }

    /// `loader run mobilize FILE...`
    pub fn load<A: AsRef<OsStr>>(&self, files: impl IntoIterator<Item = A>) -> Ran {
        let files: Vec<A> = files.into_iter().collect();
        let words = [OsStr::new("run"), OsStr::new("mobilize")];
        self.run(words.into_iter().chain(files.iter().map(AsRef::as_ref)))
    }
}

fn described(args: &[&OsStr]) -> String {
    format!("loader {}", args.join(OsStr::new(" ")).to_string_lossy())
}

/// A loader under way. What it says fits into its pipes, so nobody need read them meanwhile.
#[derive(Debug)]
pub struct Running {
    child: Child,
    command: String,
}

impl Running {
    /// Number of its process.
    #[must_use]
    pub fn pid(&self) -> u32 {
        self.child.id()
    }

    /// Whether it has ended.
    ///
    /// # Panics
    /// When the system does not know it.
    pub fn has_ended(&mut self) -> bool {
        self.child.try_wait().unwrap_or_else(|error| panic!("{}: {error}", self.command)).is_some()
    }

    /// Sends it a signal: `INT`, `TERM`, `KILL`.
    ///
    /// # Panics
    /// When there is no such signal.
    pub fn signal(&self, name: &str) {
        // One that has ended meanwhile is no mistake.
        let sent =
            Command::new("kill").args(["-s", name, &self.pid().to_string()]).stderr(Stdio::null()).status();
        assert!(sent.is_ok(), "kill: {sent:?}");
    }

    /// Waits for its end, however long it takes.
    ///
    /// # Panics
    /// When the system does not know it.
    #[must_use]
    pub fn wait(self) -> Ran {
        let out = self.child.wait_with_output().unwrap_or_else(|error| panic!("{}: {error}", self.command));
        Ran::of(out, self.command)
    }

    /// Waits for its end.
    ///
    /// # Panics
    /// When it does not come within a minute: it hangs, and is killed.
    #[must_use]
    pub fn end(mut self) -> Ran {
        let deadline = Instant::now() + Duration::from_secs(60);
        while !self.has_ended() {
            if Instant::now() > deadline {
                let _ = self.child.kill();
                panic!("{}: hangs", self.command);
            }
            std::thread::sleep(Duration::from_millis(5));
        }
        self.wait()
    }
}

impl Ran {
    fn of(out: Output, command: String) -> Self {
        Self {
            status: out.status,
            stdout: String::from_utf8_lossy(&out.stdout).into_owned(),
            stderr: String::from_utf8_lossy(&out.stderr).into_owned(),
            command,
        }
    }

    /// Checks the exit code.
    ///
    /// # Panics
    /// With all that was said, when it is another one.
    #[track_caller]
    pub fn expect(self, code: i32) -> Self {
        assert!(
            self.status.code() == Some(code),
            "{}: exit {code} expected, {:?} (signal {:?}) found\n--- stdout\n{}\n--- stderr\n{}",
            self.command,
            self.status.code(),
            self.status.signal(),
            self.stdout,
            self.stderr
        );
        self
    }

    /// Checks that standard error holds all these words.
    ///
    /// # Panics
    /// When one is missing.
    #[track_caller]
    pub fn complains(self, words: &[&str]) -> Self {
        for word in words {
            assert!(self.stderr.contains(word), "{}: {word:?} expected in\n{}", self.command, self.stderr);
        }
        self
    }
}
