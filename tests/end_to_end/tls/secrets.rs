//! A password that comes by every way, and is seen on none.

use super::{ask, encrypted, over_the_network};
use etl_tests::cluster::Cluster;
use etl_tests::database::Database;
use etl_tests::inputs;
use etl_tests::loader::{Loader, Ran};
use std::os::unix::fs::PermissionsExt;

const CANARY: &str = "canary-of-a-password";

/// A role that needs the password, over TLS and with SCRAM only. Who makes it does not log it.
fn with_a_role(cluster: &Cluster) -> Database<'_> {
    let database = cluster.database();
    database.execute(&format!("create role ana superuser login password '{CANARY}'"));
    cluster.admit("hostssl all ana 127.0.0.1/32 scram-sha-256");
    cluster.set("log_statement", "all");
    cluster.set("log_connections", "on");
    cluster.set("log_min_messages", "debug1");
    database
}

fn url(database: &Database<'_>, more: &str) -> String {
    over_the_network(database, "db.test", more).replace("user=postgres", "user=ana")
}

/// Puts a file where only its owner reads it.
fn private(loader: &Loader, name: &str, text: &str) -> String {
    let file = loader.file(name, text);
    std::fs::set_permissions(&file, std::fs::Permissions::from_mode(0o600)).unwrap();
    file.display().to_string()
}

/// Loaders that get the password by each way but the command line.
fn ways(database: &Database<'_>) -> Vec<(&'static str, Loader)> {
    let port = database.cluster().address().port();
    let name = database.name();
    let place =
        format!("host=db.test\nhostaddr=127.0.0.1\nport={port}\ndbname={name}\nuser=ana\nsslmode=require\n");
    let bare = url(database, "sslmode=require");
    let at = || Loader::new().env("DATABASE_URL", &bare);
    let home = at();
    private(&home, ".pgpass", &format!("# ours\nother:*:*:*:x\ndb.test:{port}:{name}:ana:{CANARY}\n"));
    let file = at();
    let path = private(&file, "passwords", &format!("*:*:*:*:{CANARY}\n"));
    let service = Loader::new().env("PGSERVICE", "votes");
    private(&service, ".pg_service.conf", &format!("[votes]\n{place}password={CANARY}\n"));
    let named = Loader::new().env("DATABASE_URL", "service=votes");
    let services = private(&named, "services", &format!("[votes]\n{place}password={CANARY}\n"));
    vec![
        ("PGPASSWORD", at().env("PGPASSWORD", CANARY)),
        (
            "DATABASE_URL",
            Loader::new().env("DATABASE_URL", url(database, &format!("sslmode=require password={CANARY}"))),
        ),
        (".pgpass", home),
        ("PGPASSFILE", file.env("PGPASSFILE", path)),
        ("PGSERVICE", service),
        ("PGSERVICEFILE", named.env("PGSERVICEFILE", services)),
    ]
}

fn check_silence(database: &Database<'_>, ran: &[Ran]) {
    let said = ran.iter().flat_map(|ran| [("stdout", ran.stdout.clone()), ("stderr", ran.stderr.clone())]);
    let ledger = database.dump("etl").into_values().map(|rows| ("the ledger", rows));
    for (place, text) in said.chain(ledger).chain([("the server's log", database.cluster().log())]) {
        assert!(!text.contains(CANARY), "{place} tells the password:\n{text}");
    }
}

/// What anybody sees of a process.
fn command_line(pid: u32) -> String {
    let bytes = std::fs::read(format!("/proc/{pid}/cmdline")).unwrap();
    String::from_utf8_lossy(&bytes).replace('\0', " ")
}

#[test]
fn a_password_comes_by_six_ways_and_is_seen_on_none() {
    let (cluster, _) = encrypted();
    let database = with_a_role(&cluster);
    for (way, loader) in ways(&database) {
        let file = loader.file("a.json", inputs::array(&inputs::mobilize(20, 71).collect()));
        // While somebody else holds a table, there is a process to look at.
        loader.run(["migrate", "mobilize"]).expect(0);
        let mut other = database.client();
        let mut other = other.transaction().unwrap();
        other.batch_execute("lock table mobilize.people in access exclusive mode").unwrap();
        let mut running = loader.begin(["run", "mobilize", file.to_str().unwrap()]);
        let deadline = std::time::Instant::now() + std::time::Duration::from_secs(30);
        let waiting = "pg_locks where not granted and locktype = 'relation'";
        while database.count(waiting) == 0 {
            assert!(!running.has_ended() && std::time::Instant::now() < deadline, "{way}: does not wait");
            std::thread::sleep(std::time::Duration::from_millis(10));
        }
        let seen = command_line(running.pid());
        assert!(seen.contains("mobilize") && !seen.contains(CANARY), "{way}: {seen}");
        other.rollback().unwrap();
        let encrypted = ask(&loader).expect(0);
        assert_eq!(encrypted.stdout.trim(), "ssl\ntrue TLSv1.3", "{way}");
        let sql = "select current_user || ' ' || ssl from pg_stat_ssl where pid = pg_backend_pid()";
        let psql = loader.run(["psql", "--", "-XAtc", sql]).expect(0);
        assert_eq!(psql.stdout.trim(), "ana true", "{way}: {}", psql.stderr);
        let shell = loader.run(["psql", "-XAtc", "\\! cat /proc/$PPID/cmdline"]).expect(0);
        assert!(shell.stdout.contains("psql"), "{way}: {}", shell.stdout);
        let failed = loader.run(["run", "mobilize", "missing.json"]);
        check_silence(
            &database,
            &[running.end().expect(0), encrypted, psql, shell, loader.run(["status"]), failed],
        );
    }
    assert!(cluster.log().contains("SCRAM") || cluster.log().contains("scram"), "the log says how it let in");
}

#[test]
fn a_wrong_password_is_not_repeated() {
    let (cluster, _) = encrypted();
    let database = with_a_role(&cluster);
    let typed = url(&database, "sslmode=require password=wrong-canary");
    for loader in [
        Loader::new().env("DATABASE_URL", &typed),
        Loader::new()
            .env("DATABASE_URL", url(&database, "sslmode=require"))
            .env("PGPASSWORD", "wrong-canary"),
    ] {
        let ran = loader.run(["status"]).expect(4).complains(&["28P01"]);
        assert!(!ran.stderr.contains("wrong-canary"), "{}", ran.stderr);
    }
    assert!(!cluster.log().contains("wrong-canary"));
}

#[test]
fn a_password_that_others_can_see_draws_a_warning() {
    let (cluster, _) = encrypted();
    let database = with_a_role(&cluster);
    let typed = url(&database, &format!("sslmode=require password={CANARY}"));
    for line in [&["--database-url", &typed, "status"][..], &["--quiet", "status", "--database-url", &typed]]
    {
        let loader = Loader::new();
        let ran = loader.run(line).complains(&["warning: ", "PGPASSWORD", ".pgpass", "DATABASE_URL"]);
        assert_eq!(ran.stderr.matches("warning: ").count(), 1, "{}", ran.stderr);
        check_silence_of(&ran);
    }
    let bare = url(&database, "sslmode=require");
    let ran = Loader::new().env("PGPASSWORD", CANARY).run(["--database-url", &bare, "status"]);
    assert!(!ran.stderr.contains("warning"), "{}", ran.stderr);
    // A password file that others may read is as good as none.
    let loader = Loader::new().env("DATABASE_URL", bare);
    let file = loader.file(".pgpass", format!("*:*:*:*:{CANARY}\n"));
    std::fs::set_permissions(&file, std::fs::Permissions::from_mode(0o644)).unwrap();
    let ran = loader.run(["status"]).expect(4).complains(&["warning: ", ".pgpass", "chmod 0600"]);
    check_silence_of(&ran);
}

#[test]
fn a_password_on_the_command_line_would_be_seen() {
    // Nobody takes the connection, so there is a process to look at.
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    let typed = format!("postgres://ana:{CANARY}@127.0.0.1:{port}/votes?connect_timeout=2");
    let running = Loader::new().begin(["--database-url", &typed, "status"]);
    let deadline = std::time::Instant::now() + std::time::Duration::from_secs(2);
    while !command_line(running.pid()).contains(CANARY) {
        assert!(std::time::Instant::now() < deadline, "the other tests look in the wrong place");
    }
    check_silence_of(&running.end().expect(4).complains(&["warning: "]));
}

fn check_silence_of(ran: &Ran) {
    assert!(!ran.stdout.contains(CANARY) && !ran.stderr.contains(CANARY), "{}{}", ran.stdout, ran.stderr);
}

#[test]
fn scram_is_bound_to_the_channel() {
    let (cluster, _) = encrypted();
    let database = with_a_role(&cluster);
    let loader = Loader::new().env("PGPASSWORD", CANARY);
    let bound = url(&database, "sslmode=require channel_binding=require");
    ask(&loader.clone().env("DATABASE_URL", bound)).expect(0);
    cluster.admit("host all ana 127.0.0.1/32 scram-sha-256");
    let plain = url(&database, "sslmode=disable channel_binding=require");
    ask(&loader.env("DATABASE_URL", plain)).expect(4);
}

#[test]
fn an_unknown_service_is_a_usage_error_that_names_the_files() {
    let loader = Loader::new().env("PGSERVICE", "nobody");
    loader.file(".pg_service.conf", "[votes]\nhost=db\n");
    loader.run(["status"]).expect(2).complains(&["nobody", ".pg_service.conf", "pg_service.conf"]);
}
