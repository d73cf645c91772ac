//! The embedded cluster from outside: made, stopped, started, and found again after accidents.
//!
//! Needs PostgreSQL's programs, not the extension. Works as root (who hands the cluster to `postgres`) and as anybody.
#![allow(
    clippy::unwrap_used,
    reason = "a test states its expectations so; clippy knows tests, not their helpers"
)]

use std::fs::{self, Permissions};
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::path::PathBuf;
use std::process::{Command, Output, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use tempfile::TempDir;

/// A folder for one embedded cluster, which is stopped and removed with it.
struct Place {
    folder: TempDir,
    home: PathBuf,
}

impl Place {
    fn new() -> Self {
        let folder = tempfile::Builder::new().prefix("pg_etl-").tempdir_in("/tmp").unwrap();
        // Where root runs the tests, postgres must be able to come by.
        fs::set_permissions(folder.path(), Permissions::from_mode(0o755)).unwrap();
        let home = folder.path().join("cluster");
        Place { folder, home }
    }

    fn loader(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_loader"));
        for name in ["DATABASE_URL", "PGHOST", "PGHOSTADDR", "PGPORT", "PGUSER", "PGDATABASE", "PGSERVICE"] {
            command.env_remove(name);
        }
        command.args(arguments).env("PG_ETL_DATA_DIR", &self.home).current_dir(self.folder.path());
        command.stdin(Stdio::null());
        command
    }

    fn output(&self, arguments: &[&str]) -> Output {
        self.loader(arguments).output().unwrap()
    }

    /// Runs a command that must succeed; what it printed, results and notes.
    fn done(&self, arguments: &[&str]) -> (String, String) {
        let output = self.output(arguments);
        let (out, err) = texts(&output);
        assert!(output.status.success(), "{arguments:?}: {:?}\n{out}{err}", output.status);
        (out, err)
    }

    fn sql(&self, sql: &str) -> String {
        self.done(&["psql", "-XAtq", "-v", "ON_ERROR_STOP=1", "-c", sql]).0.trim().to_owned()
    }

    fn pid(&self) -> i32 {
        let text = fs::read_to_string(self.home.join("data/postmaster.pid")).unwrap();
        text.lines().next().unwrap().parse().unwrap()
    }

    /// Kills the postmaster without notice, and waits until it is gone.
    fn kill(&self) {
        let pid = self.pid();
        signal("-KILL", pid);
        until("the postmaster is gone", || !alive(pid));
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let _ = self.loader(&["stop"]).output();
    }
}

fn texts(output: &Output) -> (String, String) {
    (
        String::from_utf8_lossy(&output.stdout).into_owned(),
        String::from_utf8_lossy(&output.stderr).into_owned(),
    )
}

fn signal(name: &str, pid: i32) {
    assert!(Command::new("kill").args([name, &pid.to_string()]).status().unwrap().success());
}

fn alive(pid: i32) -> bool {
    // A zombie that nobody has waited for is dead.
    fs::read_to_string(format!("/proc/{pid}/stat")).is_ok_and(|stat| !stat.contains(") Z "))
}

fn until(what: &str, mut reached: impl FnMut() -> bool) {
    let begun = Instant::now();
    while !reached() {
        assert!(begun.elapsed() < Duration::from_secs(30), "waited 30 s until {what}");
        thread::sleep(Duration::from_millis(20));
    }
}

/// A command that runs as the owner of the cluster's files.
fn as_owner(place: &Place, program: &str) -> Command {
    use std::os::unix::process::CommandExt;
    let owner = fs::metadata(place.home.join("data")).unwrap().uid();
    let mut command = Command::new(program);
    if owner != fs::metadata("/proc/self").unwrap().uid() {
        command.uid(owner).gid(fs::metadata(place.home.join("data")).unwrap().gid());
    }
    command.current_dir("/");
    command
}

#[test]
fn made_at_first_use_stopped_and_started_again() {
    let place = Place::new();
    let (out, err) =
        place.done(&["psql", "-XAtqc", "create table kept as select 1 as n; select current_database()"]);
    assert_eq!(out, "pg_etl\n");
    assert!(err.contains("making a private PostgreSQL"), "{err}");
    assert_eq!(fs::metadata(&place.home).unwrap().mode() & 0o777, 0o700);
    assert_eq!(place.sql("show listen_addresses"), "");
    assert_eq!(place.sql("show fsync"), "on");
    assert_eq!(place.sql("show server_encoding"), "UTF8");
    let pid = place.pid();
    assert_eq!(place.done(&["psql", "-XAtqc", "select n from kept"]), ("1\n".to_owned(), String::new()));
    assert_eq!(place.pid(), pid, "the running server is found, not started anew");

    let (_, err) = place.done(&["stop"]);
    assert!(err.starts_with("stopped embedded"), "{err}");
    assert!(!alive(pid));
    let (_, err) = place.done(&["stop"]);
    assert!(err.contains("is not running"), "{err}");
    assert_eq!(place.sql("select n from kept"), "1");
}

#[test]
fn the_server_has_a_session_of_its_own() {
    let place = Place::new();
    place.sql("select 1");
    let pid = place.pid();
    // The session is field 6 of stat; fields are counted after the name, which may hold spaces.
    let stat = fs::read_to_string(format!("/proc/{pid}/stat")).unwrap();
    let session = stat.rsplit_once(") ").unwrap().1.split(' ').nth(3).unwrap().to_owned();
    assert_eq!(session, pid.to_string());
    for fd in ["0", "1", "2"] {
        let file = as_owner(&place, "readlink").arg(format!("/proc/{pid}/fd/{fd}")).output().unwrap();
        let file = String::from_utf8(file.stdout).unwrap();
        assert!(file.ends_with("server.log\n") || file == "/dev/null\n", "{fd}: {file}");
    }
}

#[test]
fn a_killed_postmaster_is_replaced() {
    let place = Place::new();
    place.sql("create table kept as select 1 as n");
    for _ in 0..3 {
        place.kill();
        assert_eq!(place.sql("select n from kept"), "1");
    }
}

#[test]
fn a_process_id_that_went_to_another_process_does_not_stop_the_start() {
    let place = Place::new();
    place.sql("create table kept as select 1 as n");
    place.kill();
    let mut other = as_owner(&place, "sleep").arg("600").spawn().unwrap();
    for name in ["data/postmaster.pid", ".s.PGSQL.5432.lock"] {
        let path = place.home.join(name);
        let text = fs::read_to_string(&path).unwrap();
        let rest = text.split_once('\n').unwrap().1;
        fs::write(&path, format!("{}\n{rest}", other.id())).unwrap();
    }
    assert_eq!(place.sql("select n from kept"), "1");
    assert!(alive(other.id() as i32), "the other process is left alone");
    other.kill().unwrap();
    other.wait().unwrap();
}

#[test]
fn a_cut_off_pid_file_does_not_stop_the_start() {
    let place = Place::new();
    place.sql("select 1");
    place.kill();
    fs::write(place.home.join("data/postmaster.pid"), "").unwrap();
    assert_eq!(place.sql("select 1"), "1");
}

#[test]
fn backends_that_outlive_their_postmaster_are_waited_for() {
    let place = Place::new();
    place.sql("create table kept as select 1 as n");
    // A loop that never waits does not notice that the postmaster is gone.
    let busy = "do $$ begin while clock_timestamp() < now() + interval '4 s' loop end loop; end $$";
    let mut session = place.loader(&["psql", "-Xqc", busy]).stderr(Stdio::null()).spawn().unwrap();
    until("the loop runs", || {
        place.sql("select count(*) from pg_stat_activity where query like 'do %' and state = 'active'") == "1"
    });
    place.kill();
    let begun = Instant::now();
    assert_eq!(place.sql("select n from kept"), "1");
    assert!(begun.elapsed() > Duration::from_secs(1), "no second server beside a living backend");
    session.wait().unwrap();
}

#[test]
fn what_an_interrupted_initdb_left_is_replaced_and_nothing_whole_is_deleted() {
    let place = Place::new();
    place.sql("select 1");
    place.done(&["stop"]);
    // As if there were a folder that has never been a cluster, and one that was being made.
    fs::rename(place.home.join("data"), place.home.join("kept")).unwrap();
    fs::create_dir_all(place.home.join("data/base")).unwrap();
    fs::write(place.home.join("data/PG_VERSION"), "15\n").unwrap();
    fs::create_dir_all(place.home.join("data.making-1/base")).unwrap();
    let (out, err) = place.done(&["psql", "-XAtqc", "select 1"]);
    assert_eq!(out, "1\n");
    assert!(err.contains("is not a whole cluster"), "{err}");
    assert!(place.home.join("data.incomplete-1/base").exists());
    assert!(!place.home.join("data.making-1").exists());
}

#[test]
fn loaders_killed_while_they_make_the_cluster_leave_nothing_that_stops_the_next() {
    let place = Place::new();
    for milliseconds in [30, 100, 300, 500, 700, 900, 1200] {
        let mut killed = place
            .loader(&["psql", "-c", "select 1"])
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        thread::sleep(Duration::from_millis(milliseconds));
        killed.kill().unwrap();
        killed.wait().unwrap();
    }
    assert_eq!(place.sql("select 1"), "1");
}

#[test]
fn several_loaders_at_once_make_one_cluster() {
    let place = Place::new();
    for round in 0..3 {
        let started: Vec<String> = thread::scope(|scope| {
            let loaders: Vec<_> =
                (0..6).map(|_| scope.spawn(|| place.done(&["psql", "-XAtqc", "select 'here'"]))).collect();
            loaders
                .into_iter()
                .map(|loader| {
                    let (out, err) = loader.join().unwrap();
                    assert_eq!(out, "here\n");
                    err
                })
                .collect()
        });
        let count = |word: &str| started.iter().filter(|err| err.contains(word)).count();
        assert_eq!(count("making"), usize::from(round == 0), "{started:?}");
        assert_eq!(count("started"), 1, "{started:?}");
        place.kill();
    }
}

#[test]
fn a_folder_too_deep_for_a_socket_gets_its_socket_in_a_private_folder_elsewhere() {
    let mut place = Place::new();
    place.home = place.folder.path().join("a folder, with 'quotes' ones").join("x".repeat(90));
    assert_eq!(place.sql("select 1"), "1");
    let folder = PathBuf::from(place.sql("show unix_socket_directories").trim_matches('"'));
    assert!(folder.starts_with("/tmp"), "{}", folder.display());
    assert_eq!(fs::metadata(&folder).unwrap().mode() & 0o777, 0o700);
    place.done(&["stop"]);
    // Somebody else's folder under that name: not used, though it stands where ours would.
    fs::remove_dir(&folder).unwrap();
    fs::create_dir(&folder).unwrap();
    fs::set_permissions(&folder, Permissions::from_mode(0o777)).unwrap();
    let output = place.output(&["psql", "-c", "select 1"]);
    assert_eq!(output.status.code(), Some(2), "{}", texts(&output).1);
    fs::remove_dir(&folder).unwrap();
}

#[test]
fn a_path_that_a_shell_would_read_is_refused() {
    let mut place = Place::new();
    place.home = place.folder.path().join("$(touch surprise)");
    let output = place.output(&["psql", "-c", "select 1"]);
    assert_eq!(output.status.code(), Some(2), "{}", texts(&output).1);
    assert!(!place.home.exists());
}

#[test]
fn a_folder_with_other_things_in_it_is_refused() {
    let place = Place::new();
    fs::create_dir(&place.home).unwrap();
    fs::set_permissions(&place.home, Permissions::from_mode(0o755)).unwrap();
    fs::write(place.home.join("thesis.txt"), "years of work").unwrap();
    let output = place.output(&["psql", "-c", "select 1"]);
    let (_, err) = texts(&output);
    assert_eq!(output.status.code(), Some(2), "{err}");
    assert!(err.contains("PG_ETL_DATA_DIR"), "{err}");
    let left: Vec<_> = fs::read_dir(&place.home).unwrap().collect();
    assert_eq!(left.len(), 1);
}

#[test]
fn the_configuration_decides_whether_it_is_used() {
    let place = Place::new();
    let config = place.folder.path().join("loader.toml");
    fs::write(&config, "embedded = false").unwrap();
    let output = place.output(&["psql", "-c", "select 1"]);
    let (_, err) = texts(&output);
    assert_eq!(output.status.code(), Some(2), "{err}");
    assert!(err.contains("DATABASE_URL") && err.contains("PGHOST"), "{err}");
    assert!(!place.home.exists());

    fs::write(&config, "embedded = \"always\"\ndatabase = \"pg_etl_demo\"").unwrap();
    let output = place
        .loader(&["psql", "-XAtqc", "select current_database()"])
        .env("DATABASE_URL", "postgres://nobody@127.0.0.1:1/nothing")
        .output()
        .unwrap();
    assert_eq!(texts(&output).0, "pg_etl_demo\n", "{}", texts(&output).1);
}
