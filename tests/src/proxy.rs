//! A TCP port in front of the server's Unix socket, whose connections can be cut at any byte.

use crate::cluster::Cluster;
use std::io::{Read, Write};
use std::net::{IpAddr, Shutdown, TcpListener, TcpStream};
use std::os::unix::net::UnixStream;
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

/// How a connection ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Cut {
    /// Reset: a process was killed, or a firewall lost its memory.
    Reset,
    /// Closed: the other side went in order, in the middle of things.
    Close,
    /// Nothing more is carried, and nobody is told.
    Silence,
}

/// When a connection is cut.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Moment {
    /// After so many bytes to the server.
    ToServer(u64),
    /// After so many bytes to the client.
    ToClient(u64),
    /// The client says COMMIT: the server never hears it.
    BeforeCommit,
    /// The server has committed: the client never hears of it.
    AfterCommit,
}

/// What the driver sends for a commit.
const COMMIT: &[u8] = b"Q\0\0\0\x0bCOMMIT\0";

#[derive(Debug, Default)]
struct State {
    plan: Mutex<Option<(Moment, Cut)>>,
    to_server: AtomicU64,
    to_client: AtomicU64,
    is_cut: AtomicBool,
    is_committing: AtomicBool,
    is_refusing: AtomicBool,
    is_over: AtomicBool,
}

impl State {
    fn plan(&self) -> MutexGuard<'_, Option<(Moment, Cut)>> {
        self.plan.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A listening proxy. Connections made after a cut are carried as if nothing had been.
#[derive(Debug)]
pub struct Proxy {
    address: std::net::SocketAddr,
    state: Arc<State>,
}

impl Proxy {
    /// Listens on this address, on any free port.
    ///
    /// # Panics
    /// When it cannot.
    #[must_use]
    pub fn before(cluster: &Cluster, address: IpAddr) -> Self {
        let listener = TcpListener::bind((address, 0)).unwrap_or_else(|error| panic!("{address}: {error}"));
        let address = listener.local_addr().unwrap_or_else(|error| panic!("{error}"));
        let server = cluster.socket().join(".s.PGSQL.5432");
        let state = Arc::new(State::default());
        let shared = Arc::clone(&state);
        std::thread::spawn(move || accept(&listener, &server, &shared));
        Self { address, state }
    }

    /// A connection string through it, as superuser.
    #[must_use]
    pub fn url(&self, database: &str, options: &str) -> String {
        format!("postgresql://postgres@{}/{database}?{options}", self.address)
    }

    /// Cuts a connection at that moment, once; counting begins anew.
    pub fn cut(&self, moment: Moment, cut: Cut) {
        for counter in [&self.state.to_server, &self.state.to_client] {
            counter.store(0, Ordering::SeqCst);
        }
        for flag in [&self.state.is_cut, &self.state.is_committing, &self.state.is_refusing] {
            flag.store(false, Ordering::SeqCst);
        }
        *self.state.plan() = Some((moment, cut));
    }

    /// Whether the moment has come.
    #[must_use]
    pub fn has_cut(&self) -> bool {
        self.state.is_cut.load(Ordering::SeqCst)
    }

    /// From now on connections are closed as soon as they are made.
    pub fn refuse(&self) {
        self.state.is_refusing.store(true, Ordering::SeqCst);
    }

    /// Bytes carried to the server and to the client.
    #[must_use]
    pub fn carried(&self) -> (u64, u64) {
        (self.state.to_server.load(Ordering::SeqCst), self.state.to_client.load(Ordering::SeqCst))
    }
}

impl Drop for Proxy {
    fn drop(&mut self) {
        self.state.is_over.store(true, Ordering::SeqCst);
        // Wakes the listener, which sees that all is over.
        drop(TcpStream::connect(self.address));
    }
}

fn accept(listener: &TcpListener, server: &PathBuf, state: &Arc<State>) {
    for client in listener.incoming().flatten() {
        if state.is_over.load(Ordering::SeqCst) {
            return;
        }
        let is_refused = state.is_refusing.load(Ordering::SeqCst) && state.is_cut.load(Ordering::SeqCst);
        if let (false, Ok(server)) = (is_refused, UnixStream::connect(server)) {
            let pair = Arc::new(Pair {
                client,
                server,
                is_silent: AtomicBool::new(false),
                state: Arc::clone(state),
            });
            let other = Arc::clone(&pair);
            std::thread::spawn(move || pair.carry(true));
            std::thread::spawn(move || other.carry(false));
        }
    }
}

/// Both ends of one connection.
struct Pair {
    client: TcpStream,
    server: UnixStream,
    is_silent: AtomicBool,
    state: Arc<State>,
}

impl Pair {
    /// Carries bytes one way until the connection ends or is cut.
    fn carry(&self, is_to_server: bool) {
        let mut bytes = [0; 16 * 1024];
        loop {
            let count =
                if is_to_server { (&self.client).read(&mut bytes) } else { (&self.server).read(&mut bytes) };
            let bytes = match count {
                Ok(count @ 1..) => &bytes[..count],
                _ => break,
            };
            if self.is_silent.load(Ordering::SeqCst) {
                continue;
            }
            let planned = *self.state.plan();
            let (keep, cut) = self.judge(is_to_server, bytes, planned);
            let written = if is_to_server {
                self.state.to_server.fetch_add(keep as u64, Ordering::SeqCst);
                (&self.server).write_all(&bytes[..keep])
            } else {
                self.state.to_client.fetch_add(keep as u64, Ordering::SeqCst);
                (&self.client).write_all(&bytes[..keep])
            };
            match cut {
                Some(cut) => return self.cut(cut),
                None if written.is_err() => break,
                None => {}
            }
        }
        self.close();
    }

    /// How many of the bytes still pass, and whether it ends then.
    fn judge(&self, is_to_server: bool, bytes: &[u8], plan: Option<(Moment, Cut)>) -> (usize, Option<Cut>) {
        let all = bytes.len();
        let Some((moment, cut)) = plan else { return (all, None) };
        let has_commit = is_to_server && bytes.windows(COMMIT.len()).any(|window| window == COMMIT);
        let limit = match moment {
            Moment::ToServer(limit) if is_to_server => {
                limit.saturating_sub(self.state.to_server.load(Ordering::SeqCst))
            }
            Moment::ToClient(limit) if !is_to_server => {
                limit.saturating_sub(self.state.to_client.load(Ordering::SeqCst))
            }
            Moment::BeforeCommit if has_commit => 0,
            Moment::AfterCommit if has_commit => {
                self.state.is_committing.store(true, Ordering::SeqCst);
                return (all, None);
            }
            Moment::AfterCommit if !is_to_server && self.state.is_committing.load(Ordering::SeqCst) => 0,
            _ => return (all, None),
        };
        match usize::try_from(limit) {
            Ok(limit) if limit < all => (limit, Some(cut)),
            _ => (all, None),
        }
    }

    fn cut(&self, cut: Cut) {
        *self.state.plan() = None;
        self.state.is_cut.store(true, Ordering::SeqCst);
        match cut {
            Cut::Reset => {
                // With no time to linger, closing resets. Only reading is shut, which tells nobody: the other thread wakes and lets go.
                let _ = rustix::net::sockopt::set_socket_linger(&self.client, Some(Duration::ZERO));
                let _ = self.client.shutdown(Shutdown::Read);
                let _ = self.server.shutdown(Shutdown::Both);
            }
            Cut::Close => self.close(),
            // Both ends stay, until the next plan: whoever waits here waits for ever.
            Cut::Silence => {
                self.is_silent.store(true, Ordering::SeqCst);
                while !self.state.is_over.load(Ordering::SeqCst) && self.state.plan().is_none() {
                    std::thread::sleep(Duration::from_millis(20));
                }
                self.close();
            }
        }
    }

    fn close(&self) {
        // An end that is gone already is closed.
        let _ = self.server.shutdown(Shutdown::Both);
        let _ = self.client.shutdown(Shutdown::Both);
    }
}
