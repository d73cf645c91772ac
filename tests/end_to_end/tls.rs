//! TLS to the server, and passwords that nobody sees: a real server on 127.0.0.1, with certificates made for the test.

/// Ctrl-C over TLS.
mod cancel;
/// Authorities and certificates.
mod certificates;
/// What each `sslmode` makes of each certificate.
mod modes;
/// Passwords: where they come from, and where they never are.
mod secrets;
/// Servers that are none.
mod strange;

use certificates::Authority;
use etl_tests::cluster::Cluster;
use etl_tests::database::Database;
use etl_tests::loader::{Loader, Ran};

/// Says whether its own session is encrypted.
const SSL: &str =
    "select concat_ws(' ', ssl::text, version) as ssl from pg_stat_ssl where pid = pg_backend_pid()";

/// A server with the certificate of an authority for `db.test` and 127.0.0.1.
fn encrypted() -> (Cluster, Authority) {
    let cluster = Cluster::on_loopback().unwrap();
    let authority = Authority::new("the tests' authority");
    let right = authority.certify(&["db.test", "127.0.0.1"]);
    cluster.encrypt_with("right", &right.certificate, &right.key);
    (cluster, authority)
}

/// A connection string over the network to a host of that name, as superuser.
fn over_the_network(database: &Database<'_>, host: &str, more: &str) -> String {
    let port = database.cluster().address().port();
    format!("host={host} hostaddr=127.0.0.1 port={port} user=postgres dbname={} {more}", database.name())
}

/// Asks the loader how its session is encrypted.
fn ask(loader: &Loader) -> Ran {
    loader.file("ssl.sql", SSL);
    loader.run(["query", "ssl.sql", "--format", "csv"])
}
