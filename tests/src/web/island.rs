//! A network of the tests' own in which every address is at home: private, public, of the cloud's metadata. What a client must not reach could be
//! reached there, and is heard of.

use crate::cluster::is_root;
use rustix::thread::{LinkNameSpaceType, move_into_link_name_space};
use std::fs::File;
use std::net::{Ipv6Addr, TcpListener};
use std::os::fd::AsFd as _;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::atomic::{AtomicU32, Ordering};

/// A network namespace without any way out. Gone when dropped.
#[derive(Debug)]
pub struct Island {
    name: String,
}

impl Island {
    /// Makes it; nothing, said aloud, where this user or this machine cannot.
    #[must_use]
    pub fn new() -> Option<Self> {
        static NUMBER: AtomicU32 = AtomicU32::new(0);
        if !is_root() {
            eprintln!("SKIPPED: a network where every address is at home is made by root alone");
            return None;
        }
        let number = NUMBER.fetch_add(1, Ordering::Relaxed);
        let island = Self { name: format!("etl_island{}_{number}", std::process::id()) };
        let made = ip(&["netns", "add", &island.name])
            .and_then(|()| ip(&["-n", &island.name, "link", "set", "lo", "up"]))
            .and_then(|()| ip(&["-n", &island.name, "route", "add", "local", "0.0.0.0/0", "dev", "lo"]))
            .and_then(|()| ip(&["-n", &island.name, "-6", "route", "add", "local", "::/0", "dev", "lo"]));
        match made {
            Ok(()) => Some(island),
            Err(error) => {
                eprintln!("SKIPPED: a network where every address is at home: {error}");
                None
            }
        }
    }

    /// Listens at every address of it, at this port; 0 is any free one.
    ///
    /// # Panics
    /// When it cannot.
    #[must_use]
    pub fn listen(&self, port: u16) -> TcpListener {
        let path = Path::new("/run/netns").join(&self.name);
        // A thread goes there, and comes to its end there; the socket it has made stays there and is used from here.
        let listening = std::thread::spawn(move || -> std::io::Result<TcpListener> {
            move_into_link_name_space(File::open(&path)?.as_fd(), Some(LinkNameSpaceType::Network))?;
            TcpListener::bind((Ipv6Addr::UNSPECIFIED, port))
        });
        match listening.join() {
            Ok(Ok(listener)) => listener,
            other => panic!("a port in {}: {other:?}", self.name),
        }
    }

    /// What runs a program in it, with this file in place of the system's `/etc/hosts`.
    #[must_use]
    pub fn inside(&self, hosts: &Path) -> Vec<String> {
        let hosts: PathBuf = hosts.to_owned();
        let script = "mount --bind \"$0\" /etc/hosts && exec \"$@\"";
        let words = ["ip", "netns", "exec", &self.name, "unshare", "-m", "sh", "-c", script];
        words.iter().map(|word| (*word).to_owned()).chain([hosts.display().to_string()]).collect()
    }
}

fn ip(words: &[&str]) -> Result<(), String> {
    let out = Command::new("ip").args(words).output().map_err(|error| format!("ip: {error}"))?;
    if out.status.success() {
        return Ok(());
    }
    Err(format!("ip {}: {}", words.join(" "), String::from_utf8_lossy(&out.stderr)))
}

impl Drop for Island {
    fn drop(&mut self) {
        // Sockets that are still open keep it until they close.
        let _ = ip(&["netns", "del", &self.name]);
    }
}

#[cfg(test)]
mod tests {
    use super::Island;
    use crate::web::Site;
    use crate::web::file::File;
    use crate::web::tls::Security;
    use std::process::Command;

    #[test]
    fn every_address_is_at_home_and_names_are_ours() {
        let Some(island) = Island::new() else {
            return;
        };
        let site = Site::on(island.listen(0), Security::None);
        site.put("/", File::csv("here\n").page());
        let hosts = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(&hosts, "169.254.169.254 metadata.test\n").unwrap();
        for host in [
            "9.9.9.9",
            "10.1.2.3",
            "169.254.169.254",
            "metadata.test",
            "[::1]",
            "[fc00::1]",
            "[2002:7f00:1::]",
        ] {
            let script = format!(
                "exec 3<>/dev/tcp/{}/{}; printf 'GET / HTTP/1.1\\r\\nConnection: close\\r\\n\\r\\n' >&3; cat <&3",
                host.trim_matches(['[', ']']),
                site.port()
            );
            let words = island.inside(hosts.path());
            let out =
                Command::new(&words[0]).args(&words[1..]).args(["bash", "-c", &script]).output().unwrap();
            let said = String::from_utf8_lossy(&out.stdout);
            assert!(said.ends_with("here\n"), "{host}: {said}{}", String::from_utf8_lossy(&out.stderr));
        }
        assert_eq!(site.connections(), 7);
    }
}
