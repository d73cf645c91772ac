//! A network of the tests' own, whose cable can be pulled: packets are lost and nobody is told, which no proxy can imitate.

use crate::cluster::is_root;
use std::net::{IpAddr, Ipv4Addr};
use std::process::Command;

/// A network namespace, joined to this one by one cable.
#[derive(Debug)]
pub struct Network {
    name: String,
    here: Ipv4Addr,
}

fn ip(words: &str) -> Result<(), String> {
    let out = Command::new("ip").args(words.split(' ')).output().map_err(|error| format!("ip: {error}"))?;
    if out.status.success() {
        return Ok(());
    }
    Err(format!("ip {words}: {}", String::from_utf8_lossy(&out.stderr)))
}

impl Network {
    /// Lays the cable; nothing, said aloud, where this user or this machine cannot.
    #[must_use]
    pub fn new() -> Option<Self> {
        if !is_root() {
            eprintln!("SKIPPED: a dead network needs a network of its own, and only root makes one");
            return None;
        }
        let number = std::process::id();
        let name = format!("etl{number}");
        // Addresses that are for tests of network devices (RFC 2544), so they are nobody's.
        let [high, low] = u16::try_from(number % 16_000).unwrap_or_default().to_be_bytes();
        let address = |last: u8| Ipv4Addr::new(198, 18 | (high >> 6 & 1), low, (high & 0x3f) << 2 | last);
        let (here, there) = (address(1), address(2));
        let network = Self { name: name.clone(), here };
        let laid = [
            format!("netns add {name}"),
            format!("link add {name}a type veth peer name {name}b netns {name}"),
            format!("addr add {here}/30 dev {name}a"),
            format!("link set {name}a up"),
            format!("-n {name} addr add {there}/30 dev {name}b"),
            format!("-n {name} link set {name}b up"),
        ]
        .iter()
        .try_for_each(|words| ip(words));
        if let Err(error) = laid {
            eprintln!("SKIPPED: a dead network needs a network of its own: {error}");
            return None;
        }
        Some(network)
    }

    /// This end's address: where to listen.
    #[must_use]
    pub fn address(&self) -> IpAddr {
        self.here.into()
    }

    /// What runs a program at the other end.
    #[must_use]
    pub fn at_the_other_end(&self) -> [&str; 4] {
        ["ip", "netns", "exec", &self.name]
    }

    /// Pulls the cable, or puts it back.
    ///
    /// # Panics
    /// When there is none.
    pub fn set_connected(&self, is_connected: bool) {
        let state = if is_connected { "up" } else { "down" };
        ip(&format!("link set {}a {state}", self.name)).unwrap_or_else(|error| panic!("{error}"));
    }
}

impl Drop for Network {
    fn drop(&mut self) {
        // The cable goes with either end.
        let _ = ip(&format!("link del {}a", self.name));
        let _ = ip(&format!("netns del {}", self.name));
    }
}
