//! Servers that are none, or mean ill: each is refused within seconds, whatever it says.

use etl_tests::loader::Loader;
use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::time::{Duration, Instant};

/// Asks for TLS: its answer is one byte.
const SSL_REQUEST: [u8; 8] = [0, 0, 0, 8, 4, 210, 22, 47];

/// Plays a server to every client that comes.
fn server(play: fn(TcpStream) -> std::io::Result<()>) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    std::thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            // A client that hangs up early is what is wanted.
            std::thread::spawn(move || drop(play(stream)));
        }
    });
    address
}

/// A message of the protocol.
fn message(kind: u8, body: &[u8]) -> Vec<u8> {
    let length = u32::try_from(body.len() + 4).unwrap();
    [&[kind][..], &length.to_be_bytes(), body].concat()
}

/// Reads one message: its kind, and its body. The first one of a session has no kind.
fn read(stream: &mut TcpStream, is_first: bool) -> std::io::Result<(u8, Vec<u8>)> {
    let mut kind = [0];
    if !is_first {
        stream.read_exact(&mut kind)?;
    }
    let mut length = [0; 4];
    stream.read_exact(&mut length)?;
    let mut body = vec![0; (u32::from_be_bytes(length) as usize).saturating_sub(4)];
    stream.read_exact(&mut body)?;
    Ok((kind[0], body))
}

/// Says that there is no TLS, and takes the client's first words.
fn begin(stream: &mut TcpStream) -> std::io::Result<()> {
    let mut request = [0; 8];
    stream.read_exact(&mut request)?;
    assert_eq!(request, SSL_REQUEST);
    stream.write_all(b"N")?;
    read(stream, true).map(drop)
}

const SASL: &[u8] = b"\0\0\0\x0aSCRAM-SHA-256\0\0";

fn asks_for_a_billion_rounds(mut stream: TcpStream) -> std::io::Result<()> {
    begin(&mut stream)?;
    stream.write_all(&message(b'R', SASL))?;
    let (_, body) = read(&mut stream, false)?;
    let said = String::from_utf8_lossy(&body).into_owned();
    let nonce = said.split("r=").nth(1).unwrap_or_default();
    let answer = format!("r={nonce}x,s=c2FsdHNhbHRzYWx0c2FsdA==,i=1000000000");
    stream.write_all(&message(b'R', &[b"\0\0\0\x0b", answer.as_bytes()].concat()))?;
    read(&mut stream, false).map(drop)
}

/// Lets anybody in, and answers a question by a row that is shorter than it says.
fn sends_a_short_row(mut stream: TcpStream) -> std::io::Result<()> {
    begin(&mut stream)?;
    let ready = message(b'Z', b"I");
    stream.write_all(&[message(b'R', &[0; 4]), ready.clone()].concat())?;
    let column = [&b"version\0"[..], &[0; 6], &23u32.to_be_bytes(), &4u16.to_be_bytes(), &[0; 6]].concat();
    let description = message(b'T', &[&1u16.to_be_bytes()[..], &column].concat());
    loop {
        let answer = match read(&mut stream, false)?.0 {
            b'Q' => [message(b'C', b"SET\0"), ready.clone()].concat(),
            b'P' => message(b'1', b""),
            b'D' => [message(b't', &[0, 0]), description.clone()].concat(),
            b'B' => message(b'2', b""),
            // Two columns announced, none there.
            b'E' => [message(b'D', &[0, 2]), message(b'C', b"SELECT 1\0")].concat(),
            b'S' => ready.clone(),
            b'X' => return Ok(()),
            _ => Vec::new(),
        };
        stream.write_all(&answer)?;
    }
}

fn says_nothing(mut stream: TcpStream) -> std::io::Result<()> {
    stream.read_to_end(&mut Vec::new()).map(drop)
}

fn promises_tls_and_says_nothing(mut stream: TcpStream) -> std::io::Result<()> {
    stream.read_exact(&mut [0; 8])?;
    stream.write_all(b"S")?;
    says_nothing(stream)
}

fn promises_tls_and_speaks_http(mut stream: TcpStream) -> std::io::Result<()> {
    stream.read_exact(&mut [0; 8])?;
    stream.write_all(b"SHTTP/1.1 400 Bad Request\r\n\r\n")?;
    says_nothing(stream)
}

/// What is behind the answer to the request for TLS was said by nobody who has the key (CVE-2021-23222).
fn says_more_before_tls(mut stream: TcpStream) -> std::io::Result<()> {
    stream.read_exact(&mut [0; 8])?;
    let ready = message(b'Z', b"I");
    stream.write_all(&[b"S".to_vec(), message(b'R', &[0; 4]), ready].concat())?;
    says_nothing(stream)
}

fn hangs_up(mut stream: TcpStream) -> std::io::Result<()> {
    stream.read_exact(&mut [0; 8])
}

/// Checks that the loader refuses within ten seconds, and says why.
fn check(play: fn(TcpStream) -> std::io::Result<()>, settings: &str, words: &[&str]) {
    let address = server(play);
    let url = format!("host=127.0.0.1 port={} user=ana dbname=votes {settings}", address.port());
    let loader = Loader::new().env("DATABASE_URL", url).env("PGPASSWORD", "canary-of-a-password");
    let begun = Instant::now();
    let ran = loader.begin(["status"]).end().expect(4).complains(words).complains(&["next: "]);
    assert!(begun.elapsed() < Duration::from_secs(10), "{settings}: after {:?}", begun.elapsed());
    assert!(
        !ran.stderr.contains("canary-of-a-password") && !ran.stderr.contains("panicked"),
        "{}",
        ran.stderr
    );
}

#[test]
fn passwords_are_not_hashed_for_ever() {
    check(asks_for_a_billion_rounds, "", &["iteration count"]);
}

#[test]
fn a_short_row_is_no_row() {
    check(sends_a_short_row, "", &["cannot connect"]);
}

#[test]
fn whoever_says_nothing_is_given_up() {
    check(says_nothing, "connect_timeout=2", &["nobody in for 2 s", "connect_timeout"]);
    check(promises_tls_and_says_nothing, "connect_timeout=2 sslmode=require", &["nobody in for 2 s"]);
    check(hangs_up, "", &["cannot connect"]);
}

#[test]
fn whoever_does_not_speak_tls_is_refused() {
    for play in [promises_tls_and_speaks_http, says_more_before_tls] {
        check(play, "sslmode=require", &["TLS could not be set up"]);
    }
}
