//! A server that listens on 127.0.0.1: its certificate, and whom it lets in.

use super::{Cluster, QUICK, is_root, must};
use postgres::{Client, NoTls};
use std::io;
use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use std::os::unix::fs::PermissionsExt;
use std::process::Command;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, Instant};

/// Reloads so far, each with a number of its own.
static RELOADS: AtomicU32 = AtomicU32::new(1);

impl Cluster {
    /// As [`Cluster::quick`], listening on 127.0.0.1 as well, without TLS at first.
    ///
    /// # Errors
    /// When `initdb` or the server fails.
    pub fn on_loopback() -> io::Result<Self> {
        let mut tries = 3;
        loop {
            let port = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?.local_addr()?.port();
            match Self::start(&format!("{QUICK} -c listen_addresses=127.0.0.1"), port) {
                // Somebody else may have taken the port meanwhile.
                Err(_) if tries > 1 => tries -= 1,
                started => return started,
            }
        }
    }

    /// Where it listens, when it does.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        (Ipv4Addr::LOCALHOST, self.port).into()
    }

    /// Speaks TLS from now on, with this certificate and its key in PEM.
    ///
    /// # Panics
    /// When the server does not take them.
    pub fn encrypt_with(&self, name: &str, certificate: &str, key: &str) {
        self.keep(&format!("{name}.crt"), certificate);
        self.keep(&format!("{name}.key"), key);
        self.set("ssl_cert_file", &format!("{name}.crt"));
        self.set("ssl_key_file", &format!("{name}.key"));
        self.set("ssl", "on");
    }

    /// Writes a file of the server's own.
    ///
    /// # Panics
    /// When it cannot be written.
    pub fn keep(&self, name: &str, text: &str) {
        let file = self.folder.join("data").join(name);
        let written = std::fs::write(&file, text)
            .and_then(|()| std::fs::set_permissions(&file, std::fs::Permissions::from_mode(0o600)))
            .and_then(|()| match is_root() {
                true => must(Command::new("chown").arg("postgres:").arg(&file)),
                false => Ok(()),
            });
        written.unwrap_or_else(|error| panic!("{file:?}: {error}"));
    }

    /// Changes a setting that a reload takes over, and waits until new sessions have it.
    ///
    /// # Panics
    /// When they never have.
    pub fn set(&self, name: &str, value: &str) {
        let url = self.url("postgres", "postgres");
        let connect = || Client::connect(&url, NoTls).unwrap_or_else(|error| panic!("{url}: {error}"));
        let run = |sql: &str| connect().simple_query(sql).unwrap_or_else(|error| panic!("{sql}: {error:?}"));
        run(&format!("alter system set {name} = '{value}'"));
        run("select pg_reload_conf()");
        let begun = Instant::now();
        let shown = || {
            let row = connect().query_one("select current_setting($1)", &[&name]);
            row.unwrap_or_else(|error| panic!("{name}: {error:?}")).get::<_, String>(0)
        };
        while shown() != value {
            assert!(begun.elapsed() < Duration::from_secs(20), "the server does not take {name} = {value}");
            std::thread::sleep(Duration::from_millis(10));
        }
    }

    /// Lets in whom these lines of `pg_hba.conf` let in; the tests' own sessions over the socket always.
    ///
    /// # Panics
    /// When the server does not take them.
    pub fn admit(&self, lines: &str) {
        self.keep("pg_hba.conf", &format!("local all all trust\n{lines}\n"));
        // What is read with it can be waited for.
        let number = RELOADS.fetch_add(1, Ordering::Relaxed);
        self.set("log_line_prefix", &format!("%m [%p] {number} "));
    }
}
