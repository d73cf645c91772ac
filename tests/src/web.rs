//! A web server of the tests' own, on real sockets and with real TLS, that answers as badly as it is told to.
//!
//! HTTP/1.1 is written by hand here, because most of its answers must be wrong at the level of bytes, which no library lets one do. Every
//! request is kept with its time, so that a test can say how often and in which rhythm the loader asked, and what it told of itself.

pub mod api;
pub mod file;
pub mod island;
pub mod pack;
pub mod page;
pub mod request;
pub mod tls;
pub mod wire;

use page::{End, Page};
use request::Request;
use std::collections::BTreeMap;
use std::net::{Ipv4Addr, Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use tls::Security;
use wire::Wire;

/// A site that serves its pages until it is dropped.
#[derive(Debug)]
pub struct Site {
    address: SocketAddr,
    host: String,
    shared: Arc<Shared>,
}

/// A page and how often it was asked for since it was put there.
#[derive(Debug)]
struct Slot {
    page: Page,
    asked: usize,
}

#[derive(Debug)]
struct Shared {
    security: Security,
    pages: Mutex<BTreeMap<String, Slot>>,
    requests: Mutex<Vec<Request>>,
    connections: AtomicUsize,
    open: Mutex<Vec<TcpStream>>,
    is_over: Arc<AtomicBool>,
}

fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    // A test that failed while it held the lock has said why; the others go on.
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Site {
    /// A site without TLS on 127.0.0.1, on any free port.
    ///
    /// # Panics
    /// When there is no port.
    #[must_use]
    pub fn plain() -> Self {
        Self::with(Security::None)
    }

    /// A site on 127.0.0.1, on any free port.
    ///
    /// # Panics
    /// When there is no port.
    #[must_use]
    pub fn with(security: Security) -> Self {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))
            .unwrap_or_else(|error| panic!("a port for the site: {error}"));
        Self::on(listener, security)
    }

    /// A site that answers wherever this one listens.
    ///
    /// # Panics
    /// When it does not listen.
    #[must_use]
    pub fn on(listener: TcpListener, security: Security) -> Self {
        let address = listener.local_addr().unwrap_or_else(|error| panic!("the site's port: {error}"));
        let shared = Arc::new(Shared {
            security,
            pages: Mutex::default(),
            requests: Mutex::default(),
            connections: AtomicUsize::new(0),
            open: Mutex::default(),
            is_over: Arc::default(),
        });
        let accepting = Arc::clone(&shared);
        std::thread::spawn(move || accept(&listener, &accepting));
        let host = if address.ip().is_unspecified() { "127.0.0.1".into() } else { address.ip().to_string() };
        Self { address, host, shared }
    }

    /// The same site, whose URLs name it by this host.
    #[must_use]
    pub fn named(mut self, host: &str) -> Self {
        host.clone_into(&mut self.host);
        self
    }

    /// Its port.
    #[must_use]
    pub fn port(&self) -> u16 {
        self.address.port()
    }

    /// Scheme, host and port.
    #[must_use]
    pub fn origin(&self) -> String {
        self.origin_as(&self.host)
    }

    /// The same by another name of its host.
    #[must_use]
    pub fn origin_as(&self, host: &str) -> String {
        let scheme = if matches!(self.shared.security, Security::None) { "http" } else { "https" };
        format!("{scheme}://{host}:{}", self.port())
    }

    /// The URL of a path, which begins with `/`.
    #[must_use]
    pub fn url(&self, path: &str) -> String {
        self.origin() + path
    }

    /// From now on this page is at a path; a path that ends with `*` has everything below it.
    pub fn put(&self, path: &str, page: Page) {
        locked(&self.shared.pages).insert(path.to_owned(), Slot { page, asked: 0 });
    }

    /// The same, and the URL of it.
    #[must_use]
    pub fn at(&self, path: &str, page: Page) -> String {
        self.put(path, page);
        self.url(path)
    }

    /// Every request so far, in order.
    #[must_use]
    pub fn requests(&self) -> Vec<Request> {
        locked(&self.shared.requests).clone()
    }

    /// Every request of a path so far, in order.
    #[must_use]
    pub fn requests_of(&self, path: &str) -> Vec<Request> {
        self.requests().into_iter().filter(|request| request.path == path).collect()
    }

    /// Forgets the requests and connections so far.
    pub fn forget(&self) {
        locked(&self.shared.requests).clear();
        self.shared.connections.store(0, Ordering::SeqCst);
    }

    /// Bytes sent so far in answers to the requests that are remembered, without those of TLS.
    #[must_use]
    pub fn sent(&self) -> u64 {
        self.requests().iter().map(Request::sent).sum()
    }

    /// How many connections were made, whether or not anything was asked over them.
    #[must_use]
    pub fn connections(&self) -> usize {
        self.shared.connections.load(Ordering::SeqCst)
    }
}

impl Drop for Site {
    fn drop(&mut self) {
        self.shared.is_over.store(true, Ordering::SeqCst);
        for stream in locked(&self.shared.open).drain(..) {
            // One that is closed already is what is wanted.
            let _ = stream.shutdown(Shutdown::Both);
        }
    }
}

impl Shared {
    /// Notes a request and returns its page.
    fn note(&self, request: &mut Request) -> Option<Page> {
        let mut pages = locked(&self.pages);
        let is_of = |path: &str| {
            path == request.path
                || path.strip_suffix('*').is_some_and(|start| request.path.starts_with(start))
        };
        // The longest: a page of its own goes before one that has everything below it.
        let path = pages.keys().filter(|path| is_of(path)).max_by_key(|path| path.len()).cloned();
        let slot = path.and_then(|path| pages.get_mut(&path));
        let page = slot.map(|slot| {
            request.nth = slot.asked;
            slot.asked += 1;
            slot.page.clone()
        });
        locked(&self.requests).push(request.clone());
        page
    }

    /// Answers the requests of one connection.
    fn serve(&self, stream: TcpStream) {
        let mut wire = match Wire::new(stream, &self.security, Arc::clone(&self.is_over)) {
            Ok(Some(wire)) => wire,
            // A client that goes while it greets is a client that refuses us: nothing to tell.
            Ok(None) | Err(_) => return,
        };
        while let Some(mut request) = Request::read(&mut wire) {
            let page = self.note(&mut request);
            wire.count_into(request.counter());
            let end = match page {
                Some(page) => page.answer(&request, &mut wire),
                None => Page::status(404, "text/plain", "there is no such page").answer(&request, &mut wire),
            };
            match end {
                Ok(End::Stay) if !request.wants_close() => {}
                Ok(End::Reset) => return wire.reset(),
                Ok(_) | Err(_) => return wire.close(),
            }
        }
    }
}

fn accept(listener: &TcpListener, shared: &Arc<Shared>) {
    // The site's end is seen without a connection, because not every site can reach itself.
    if listener.set_nonblocking(true).is_err() {
        return;
    }
    while !shared.is_over.load(Ordering::SeqCst) {
        let Ok((stream, _)) = listener.accept() else {
            std::thread::sleep(std::time::Duration::from_millis(2));
            continue;
        };
        shared.connections.fetch_add(1, Ordering::SeqCst);
        if stream.set_nonblocking(false).is_err() {
            continue;
        }
        if let Ok(other) = stream.try_clone() {
            locked(&shared.open).push(other);
        }
        let shared = Arc::clone(shared);
        std::thread::spawn(move || shared.serve(stream));
    }
}

#[cfg(test)]
mod tests;
