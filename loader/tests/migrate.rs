//! `loader migrate` from outside, on clusters of its own.
//!
//! The extension need not be installed: a second PostgreSQL installation is laid out (links to the first, its programs
//! copied, because they look for their files beside themselves) whose pg_etl is an empty script of the loader's version.
#![allow(
    clippy::unwrap_used,
    reason = "a test states its expectations so; clippy knows tests, not their helpers"
)]

use std::fs::{self, Permissions};
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::thread;
use std::time::Duration;

use tempfile::TempDir;

const VERSION: &str = env!("CARGO_PKG_VERSION");

/// An installation, a cluster made by it, and a `loader.toml` with one dataset of its own, `members`.
struct Place {
    folder: TempDir,
    programs: PathBuf,
    control: PathBuf,
}

impl Place {
    fn new() -> Self {
        let folder = tempfile::Builder::new().prefix("pg_etl-").tempdir_in("/tmp").unwrap();
        fs::set_permissions(folder.path(), Permissions::from_mode(0o755)).unwrap();
        let (programs, share) = installation(&folder.path().join("installation"));
        let place = Place { programs, control: share.join("extension/pg_etl.control"), folder };
        place.server_has(VERSION);
        fs::write(share.join(format!("extension/pg_etl--{VERSION}.sql")), "").unwrap();
        fs::create_dir(place.path("members")).unwrap();
        place.migration(
            "V1__tables.sql",
            "create schema members;\ncreate table members.people (id integer primary key);",
        );
        place.configure("pg_etl");
        place
    }

    /// The version that the server's files of the extension have.
    fn server_has(&self, version: &str) {
        let text = format!("default_version = '{version}'\nrelocatable = false\nsuperuser = true\n");
        fs::write(&self.control, text).unwrap();
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn migration(&self, file: &str, sql: &str) {
        fs::write(self.path("members").join(file), sql).unwrap();
    }

    fn configure(&self, database: &str) {
        let text = format!(
            "embedded = \"always\"\ndatabase = \"{database}\"\n[dataset.members]\nmigrations = \"members\"\n{}",
            if self.path("load.sql").exists() { "load = \"load.sql\"\n" } else { "" }
        );
        fs::write(self.path("loader.toml"), text).unwrap();
    }

    fn loader(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_loader"));
        for name in ["DATABASE_URL", "PGHOST", "PGHOSTADDR", "PGPORT", "PGUSER", "PGDATABASE", "PGSERVICE"] {
            command.env_remove(name);
        }
        let path = std::env::var_os("PATH").unwrap_or_default();
        let path =
            std::env::join_paths([self.programs.clone()].into_iter().chain(std::env::split_paths(&path)))
                .unwrap();
        command.env("PATH", path).env("PG_ETL_DATA_DIR", self.path("cluster"));
        command.args(arguments).current_dir(self.folder.path()).stdin(Stdio::null());
        command
    }

    /// Exit code and what was printed, results then notes.
    fn said(&self, arguments: &[&str]) -> (i32, String) {
        said(&self.loader(arguments).output().unwrap())
    }

    fn done(&self, arguments: &[&str]) -> String {
        let (code, text) = self.said(arguments);
        assert_eq!(code, 0, "{arguments:?}\n{text}");
        text
    }

    fn sql(&self, sql: &str) -> String {
        let output = self.loader(&["psql", "-XAtq", "-v", "ON_ERROR_STOP=1", "-c", sql]).output().unwrap();
        assert!(output.status.success(), "{sql}\n{}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8(output.stdout).unwrap().trim().to_owned()
    }

    /// The next transaction id: unchanged means that nothing was written.
    fn next_transaction(&self) -> String {
        self.sql("select pg_snapshot_xmax(pg_current_snapshot())")
    }

    /// Migrating is refused with exit 6 and all of the words, and writes nothing.
    fn refused(&self, words: &[&str]) {
        let before = self.next_transaction();
        for arguments in [&["migrate"][..], &["migrate", "--dry-run"]] {
            let (code, text) = self.said(arguments);
            assert_eq!(code, 6, "{arguments:?}\n{text}");
            for word in words {
                assert!(text.contains(word), "{word:?} is not in: {text}");
            }
        }
        assert_eq!(self.next_transaction(), before, "a refused migration wrote something");
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let _ = self.loader(&["stop"]).output();
    }
}

fn said(output: &Output) -> (i32, String) {
    let text = [&output.stdout[..], &output.stderr[..]].concat();
    (output.status.code().unwrap_or(-1), String::from_utf8_lossy(&text).into_owned())
}

/// Lays out a second installation under `root`; its folders of programs and of shared files.
fn installation(root: &Path) -> (PathBuf, PathBuf) {
    let of = |option: &str| {
        let output = Command::new("pg_config").arg(option).output().expect("pg_config is installed");
        PathBuf::from(String::from_utf8(output.stdout).unwrap().trim())
    };
    let under = |path: &Path| root.join(path.strip_prefix("/").unwrap());
    let (programs, libraries, share) = (of("--bindir"), of("--pkglibdir"), of("--sharedir"));
    let linked = |from: &Path, except: &str| {
        fs::create_dir_all(under(from)).unwrap();
        for entry in fs::read_dir(from).unwrap() {
            let entry = entry.unwrap();
            let name = entry.file_name();
            if !name.to_string_lossy().starts_with(except) {
                symlink(entry.path(), under(from).join(name)).unwrap();
            }
        }
    };
    fs::create_dir_all(under(&programs)).unwrap();
    for program in ["postgres", "initdb", "pg_ctl", "pg_config"] {
        fs::copy(programs.join(program), under(&programs).join(program)).unwrap();
    }
    fs::create_dir_all(under(&libraries).parent().unwrap()).unwrap();
    symlink(&libraries, under(&libraries)).unwrap();
    linked(&share, "extension");
    linked(&share.join("extension"), "pg_etl");
    (under(&programs), under(&share))
}

#[test]
fn applied_once_by_the_owner_and_then_up_to_date() {
    let place = Place::new();
    let text = place.done(&["migrate", "--status"]);
    assert!(text.contains("pending") && !text.contains("applied"), "{text}");
    let dry = place.done(&["migrate", "--dry-run"]);
    assert!(dry.contains("create table members.people") && dry.contains("create role"), "{dry}");
    assert_eq!(
        place.sql("select count(*) from pg_roles where rolname like 'etl%'"),
        "0",
        "a dry run creates no roles"
    );

    let text = place.done(&["migrate"]);
    assert!(text.contains(&format!("extension pg_etl: created {VERSION}")), "{text}");
    assert!(
        text.contains("etl: applied V1__ledger") && text.contains("members: applied V1__tables"),
        "{text}"
    );
    let owners = "select distinct pg_get_userbyid(relowner) from pg_class
                  where relnamespace in ('etl'::regnamespace, 'members'::regnamespace)";
    assert_eq!(place.sql(owners), "etl_owner");
    assert_eq!(
        place.sql("select extnamespace::regnamespace from pg_extension where extname = 'pg_etl'"),
        "public"
    );

    let before = place.next_transaction();
    let text = place.done(&["migrate"]);
    assert!(text.contains("members: already up to date (V1)"), "{text}");
    assert!(!text.contains("applied") && !text.contains("created"), "{text}");
    assert_eq!(place.next_transaction(), before, "nothing is written where nothing is to do");

    place.migration("V2__more.sql", "alter table members.people add name text;");
    assert!(place.done(&["migrate", "members"]).contains("members: applied V2__more"));
    let json = place.done(&["migrate", "--status", "--format", "json"]);
    assert!(json.contains("\"version\":\"V2\"") && json.contains("applied on"), "{json}");
}

#[test]
fn a_failing_migration_takes_its_whole_set_back() {
    let place = Place::new();
    place.migration("V2__fails.sql", "create table members.half ();\nselect 1 / 0;");
    let (code, text) = place.said(&["migrate"]);
    assert_eq!(code, 1, "{text}");
    for word in ["V2__fails", "division by zero", "22012", "etl: applied V1__ledger"] {
        assert!(text.contains(word), "{word}: {text}");
    }
    assert_eq!(
        place.sql("select to_regclass('members.people') is null, count(*) from etl.members_history"),
        "t|0"
    );
    place.migration("V2__fails.sql", "create table members.whole ();");
    assert!(place.done(&["migrate"]).contains("members: applied V1__tables, V2__fails"));
}

#[test]
fn what_does_not_match_is_named_and_left_alone() {
    let place = Place::new();
    place.migration("V2__two.sql", "create table members.two ();");
    place.done(&["migrate"]);

    place.migration("V05_bad.sql", "select 1");
    place.refused(&["V05_bad.sql"]);
    fs::remove_file(place.path("members/V05_bad.sql")).unwrap();

    place.migration("V2__again.sql", "select 1");
    place.refused(&["V2__again.sql", "V2__two.sql", "same version"]);
    fs::remove_file(place.path("members/V2__again.sql")).unwrap();

    place.migration("V4__four.sql", "select 1");
    place.refused(&["V3 is missing"]);
    fs::remove_file(place.path("members/V4__four.sql")).unwrap();

    // Changed line ends are an edit too: refinery hashes bytes.
    place.migration("V2__two.sql", "create table members.two ();\r\n");
    place.refused(&["V2__two", "was edited"]);
    assert_eq!(place.said(&["migrate", "--status"]).0, 6);

    fs::remove_file(place.path("members/V2__two.sql")).unwrap();
    place.refused(&["V2__two", "newer loader"]);

    place.migration("V2__deux.sql", "create table members.two ();");
    place.refused(&["V2__two", "V2__deux"]);
    fs::remove_file(place.path("members/V2__deux.sql")).unwrap();

    place.migration("V2__two.sql", "create table members.two ();");
    place.sql("delete from etl.members_history where version = 1");
    place.refused(&["V1__tables was not applied, and V2 after it was"]);
}

#[test]
fn an_extension_that_does_not_fit_is_named() {
    let place = Place::new();
    place.server_has("0.0.1");
    place.refused(&["0.0.1", VERSION, "make install"]);
    place.server_has("99.0.0");
    place.refused(&["99.0.0", VERSION, "use the loader of version 99.0.0"]);
    fs::remove_file(&place.control).unwrap();
    place.refused(&["is not installed on the server", "make install"]);
    let (code, text) = place.said(&["migrate", "--status"]);
    assert_eq!((code, text.contains("not installed on the server")), (6, true), "{text}");
}

#[test]
fn a_role_that_may_not_is_told_what_an_administrator_types() {
    let place = Place::new();
    place.sql("create role ana login");
    place.sql("create database campaign owner ana");
    let url = format!("host={} user=ana dbname=campaign", place.path("cluster").display());
    fs::write(place.path("loader.toml"), "[dataset.members]\nmigrations = \"members\"\n").unwrap();
    let (code, text) = place.said(&["migrate", "--database-url", &url]);
    assert_eq!(code, 1, "{text}");
    let statements: Vec<&str> = text.lines().map(str::trim).filter(|line| line.ends_with(';')).collect();
    assert!(statements.contains(&"create role etl_owner nologin;"), "{text}");
    assert!(statements.contains(&"create extension pg_etl schema public;"), "{text}");
    // Once the administrator has typed them, the same role may.
    let typed = statements.join("\n");
    let mut psql =
        place.loader(&["psql", "-Xq", "-v", "ON_ERROR_STOP=1", "-c", "\\c campaign", "-c", &typed]);
    assert!(psql.status().unwrap().success(), "{typed}");
    let text = place.done(&["migrate", "--database-url", &url]);
    assert!(text.contains("members: applied V1__tables"), "{text}");
    assert!(place.done(&["migrate", "--database-url", &url]).contains("already up to date"));
}

#[test]
fn a_load_file_of_ones_own_is_applied_and_owned() {
    let place = Place::new();
    let load = "create or replace function members.etl_load_members(run_id bigint) returns bigint language sql as 'select VALUE::bigint'";
    fs::write(place.path("load.sql"), load.replace("VALUE", "1")).unwrap();
    place.configure("pg_etl");
    assert!(place.done(&["migrate"]).contains("load.sql"));
    fs::write(place.path("load.sql"), load.replace("VALUE", "2")).unwrap();
    place.done(&["migrate"]);
    assert_eq!(place.sql("select members.etl_load_members(0)"), "2");
    assert_eq!(
        place.sql("select proowner::regrole from pg_proc where proname = 'etl_load_members'"),
        "etl_owner"
    );
}

#[test]
fn four_migrators_at_once_leave_one_row_a_version() {
    let place = Place::new();
    place.migration("V2__more.sql", "alter table members.people add name text;");
    // Few: the end-to-end tests do this with the real extension, for longer.
    let rounds = 5;
    for round in 0..rounds {
        place.configure(&format!("round_{round}"));
        let texts: Vec<(i32, String)> = thread::scope(|scope| {
            let migrators: Vec<_> = (0..4).map(|_| scope.spawn(|| place.said(&["migrate"]))).collect();
            migrators.into_iter().map(|migrator| migrator.join().unwrap()).collect()
        });
        assert!(texts.iter().all(|(code, _)| *code == 0), "round {round}: {texts:#?}");
        let worked = texts.iter().filter(|(_, text)| text.contains("applied V1__tables, V2__more")).count();
        assert_eq!(worked, 1, "round {round}: {texts:#?}");
        let rows = "select string_agg(version::text, ',' order by version) from etl.members_history";
        assert_eq!(place.sql(rows), "1,2", "round {round}");
    }
}

#[test]
fn a_migrator_killed_anywhere_does_not_stop_the_next() {
    let place = Place::new();
    // Slow enough to be met in the middle.
    place.migration(
        "V2__slow.sql",
        "create table members.slow ();\nselect pg_sleep(0.1);\ncreate table members.end ();",
    );
    place.sql("select 1");
    let mut unfinished = 0;
    for round in 0..10 {
        place.configure(&format!("killed_{round}"));
        place.sql("select 1");
        let mut killed =
            place.loader(&["migrate"]).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
        thread::sleep(Duration::from_millis(30 * round));
        unfinished += usize::from(killed.try_wait().unwrap().is_none());
        killed.kill().unwrap();
        killed.wait().unwrap();
        place.done(&["migrate"]);
        let rows = "select string_agg(version::text, ',' order by version) from etl.members_history";
        assert_eq!(place.sql(rows), "1,2", "round {round}");
        assert_eq!(place.sql("select to_regclass('members.end') is not null"), "t", "round {round}");
    }
    assert!(unfinished > 2, "only {unfinished} of 10 migrators were met at work");
}
