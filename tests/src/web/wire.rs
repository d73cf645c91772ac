//! One connection, plain or encrypted, that can be slow and can end in every way a connection ends.

use super::tls::{self, Security};
use rustls::{ServerConnection, StreamOwned};
use std::io::{self, Read, Write};
use std::net::{Shutdown, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant};

/// The server's end of a connection.
#[derive(Debug)]
pub struct Wire {
    stream: Stream,
    sent: Arc<AtomicU64>,
    is_over: Arc<AtomicBool>,
}

#[derive(Debug)]
enum Stream {
    Plain(TcpStream),
    Tls(Box<StreamOwned<ServerConnection, TcpStream>>),
}

impl Wire {
    /// Greets the client; nothing where the greeting is all it gets.
    pub(super) fn new(
        mut stream: TcpStream,
        security: &Security,
        is_over: Arc<AtomicBool>,
    ) -> io::Result<Option<Self>> {
        // What is written goes out as it is written: a byte a second is a byte a second.
        stream.set_nodelay(true)?;
        let stream = match security {
            Security::None => Stream::Plain(stream),
            Security::Tls(config) => {
                let session = ServerConnection::new(Arc::clone(config)).map_err(io::Error::other)?;
                Stream::Tls(Box::new(StreamOwned::new(session, stream)))
            }
            Security::Tls10 => {
                tls::greet_in_tls_1_0(&mut stream)?;
                return Ok(None);
            }
        };
        Ok(Some(Self { stream, sent: Arc::default(), is_over }))
    }

    pub(super) fn count_into(&mut self, counter: Arc<AtomicU64>) {
        self.sent = counter;
    }

    pub(super) fn read(&mut self, bytes: &mut [u8]) -> io::Result<usize> {
        match &mut self.stream {
            Stream::Plain(stream) => stream.read(bytes),
            Stream::Tls(stream) => stream.read(bytes),
        }
    }

    /// Sends bytes, at once.
    ///
    /// # Errors
    /// When the client has gone.
    pub fn send(&mut self, bytes: impl AsRef<[u8]>) -> io::Result<()> {
        let bytes = bytes.as_ref();
        // In pieces, so that what is counted is not far from what was sent when the client goes in the middle.
        for piece in bytes.chunks(64 * 1024) {
            match &mut self.stream {
                Stream::Plain(stream) => stream.write_all(piece)?,
                Stream::Tls(stream) => stream.write_all(piece).and_then(|()| stream.flush())?,
            }
            self.sent.fetch_add(piece.len() as u64, Ordering::SeqCst);
        }
        Ok(())
    }

    /// Sends a status line, headers and the empty line after them.
    ///
    /// # Errors
    /// When the client has gone.
    pub fn head(&mut self, status: u16, headers: &[(&str, &str)]) -> io::Result<()> {
        let headers: String = headers.iter().map(|(name, value)| format!("{name}: {value}\r\n")).collect();
        // Clients look at the number alone.
        self.send(format!("HTTP/1.1 {status} Status\r\n{headers}\r\n"))
    }

    /// Sends nothing for so long, or until the site goes.
    ///
    /// # Errors
    /// When the site goes.
    pub fn pause(&self, length: Duration) -> io::Result<()> {
        let end = Instant::now() + length;
        loop {
            if self.is_over.load(Ordering::SeqCst) {
                return Err(io::Error::other("the site is gone"));
            }
            let left = end.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return Ok(());
            }
            std::thread::sleep(left.min(Duration::from_millis(20)));
        }
    }

    fn socket(&self) -> &TcpStream {
        match &self.stream {
            Stream::Plain(stream) => stream,
            Stream::Tls(stream) => &stream.sock,
        }
    }

    /// Ends the connection in order.
    pub(super) fn close(mut self) {
        if let Stream::Tls(stream) = &mut self.stream {
            stream.conn.send_close_notify();
            let _ = stream.flush();
        }
        // A client that is gone already knows.
        let _ = self.socket().shutdown(Shutdown::Both);
    }

    /// Ends the connection with a reset: what is under way is thrown away on both sides.
    pub(super) fn reset(self) {
        // The system resets a connection whose socket is told to be connected to nobody, whoever else has a handle of it.
        let _ = rustix::net::connect_unspec(self.socket());
    }
}
