//! The site itself, met by a client that takes bytes as they come: what is wrong must be wrong in the way it says.

use super::file::{Encoding, File, Stop};
use super::pack::gzip_bomb;
use super::page::{End, Page, RetryAfter};
use super::tls::{Authority, Certificate, Security};
use super::{Site, tls};
use std::io::{self, Read, Write};
use std::net::TcpStream;
use std::time::{Duration, Instant};

/// Asks for a path with these header lines; the connection is closed by the site, by the end of what was announced, or after a second of silence.
fn ask(site: &Site, path: &str, headers: &str) -> (String, io::Result<Vec<u8>>) {
    let mut stream = TcpStream::connect(("127.0.0.1", site.port())).unwrap();
    stream.set_read_timeout(Some(Duration::from_secs(1))).unwrap();
    write!(stream, "GET {path} HTTP/1.1\r\nHost: here\r\nConnection: close\r\n{headers}\r\n").unwrap();
    let (mut all, mut bytes) = (Vec::new(), [0; 4096]);
    let failure = loop {
        match stream.read(&mut bytes) {
            Ok(0) => break None,
            Ok(count) => all.extend(&bytes[..count]),
            Err(error) => break Some(error),
        }
    };
    let head = all.windows(4).position(|four| four == b"\r\n\r\n").map_or(all.len(), |end| end + 4);
    let body = all.split_off(head);
    (String::from_utf8(all).unwrap(), failure.map_or(Ok(body), Err))
}

fn body(site: &Site, path: &str, headers: &str) -> String {
    String::from_utf8(ask(site, path, headers).1.unwrap()).unwrap()
}

#[test]
fn pages_are_found_counted_and_take_turns() {
    let site = Site::plain();
    let page = Page::status(500, "text/plain", "not now").times(2, File::csv("a\n1\n").page());
    site.put("/a.csv", page);
    site.put("/below/*", Page::html());
    for status in ["500", "500", "200", "200"] {
        assert!(ask(&site, "/a.csv?x=1&y=2", "X-Me: you\r\n").0.starts_with(&format!("HTTP/1.1 {status} ")));
    }
    assert!(ask(&site, "/nowhere", "").0.starts_with("HTTP/1.1 404 "));
    assert!(body(&site, "/below/all", "").contains("Please sign in"));
    let asked = site.requests_of("/a.csv");
    assert_eq!((asked.len(), site.requests().len(), site.connections()), (4, 6, 6));
    assert_eq!(asked[3].nth, 3);
    assert_eq!(asked[0].header("x-me"), Some("you"));
    assert_eq!(asked[0].parameter("y"), Some("2"));
    assert!(asked[3].sent() > 4 && asked[3].sent() < 400, "{}", asked[3].sent());
    site.forget();
    assert_eq!((site.requests().len(), site.connections(), site.sent()), (0, 0, 0));
}

#[test]
fn a_file_is_known_again_and_goes_on_where_it_was_cut() {
    let site = Site::plain();
    let file = File::csv("0123456789").etag("\"one\"").modified("Mon, 01 Feb 2021 00:00:00 GMT");
    site.put("/whole", file.clone().page());
    site.put("/cut", file.clone().stops(4, Stop::Close).page());
    site.put("/other", file.clone().without_ranges().page());
    for known in ["If-None-Match: \"one\"\r\n", "If-Modified-Since: Mon, 01 Feb 2021 00:00:00 GMT\r\n"] {
        let (head, body) = ask(&site, "/whole", known);
        assert!(head.starts_with("HTTP/1.1 304 ") && body.unwrap().is_empty(), "{head}");
    }
    assert_eq!(body(&site, "/whole", "If-None-Match: \"two\"\r\n"), "0123456789");
    assert_eq!(body(&site, "/cut", ""), "0123");
    let rest = "Range: bytes=4-\r\nIf-Range: \"one\"\r\n";
    let (head, body_of_rest) = ask(&site, "/whole", rest);
    assert!(head.starts_with("HTTP/1.1 206 ") && head.contains("Content-Range: bytes 4-9/10"), "{head}");
    assert_eq!(body_of_rest.unwrap(), b"456789");
    assert_eq!(body(&site, "/whole", "Range: bytes=4-\r\nIf-Range: \"two\"\r\n"), "0123456789");
    assert_eq!(body(&site, "/other", rest), "0123456789");
    assert!(ask(&site, "/whole", "Range: bytes=10-\r\n").0.starts_with("HTTP/1.1 416 "));
}

#[test]
fn lengths_chunks_and_packing_are_as_told() {
    let site = Site::plain();
    let file = File::csv("0123456789");
    for (path, page, told, sent) in [
        ("/long", file.clone().length_off(5), "Content-Length: 15", "0123456789"),
        ("/short", file.clone().length_off(-5), "Content-Length: 5", "0123456789"),
        (
            "/chunks",
            file.clone().chunked().paced(6, Duration::ZERO),
            "chunked",
            "6\r\n012345\r\n4\r\n6789\r\n0\r\n\r\n",
        ),
        ("/closed", file.clone().until_closed(), "Connection: close", "0123456789"),
    ] {
        site.put(path, page.page());
        let (head, body) = ask(&site, path, "");
        assert!(head.contains(told), "{path}: {head}");
        assert_eq!(String::from_utf8(body.unwrap()).unwrap(), sent, "{path}");
    }
    for (path, encoding) in [("/gzip", Encoding::Gzip), ("/zstd", Encoding::Zstd)] {
        site.put(path, file.clone().packed(encoding).page());
        assert_eq!(body(&site, path, ""), "0123456789");
        let packed = ask(&site, path, "Accept-Encoding: gzip, zstd\r\n").1.unwrap();
        let unpacked = match encoding {
            Encoding::Gzip => io::read_to_string(flate2::read::GzDecoder::new(packed.as_slice())).unwrap(),
            Encoding::Zstd => String::from_utf8(zstd::decode_all(packed.as_slice()).unwrap()).unwrap(),
        };
        assert_eq!(unpacked, "0123456789");
    }
    site.put("/broken", Page::broken_chunk("text/csv", "0123456789"));
    assert!(body(&site, "/broken", "").contains("01234\r\nhow long?\r\n"));
}

#[test]
fn a_bomb_is_a_thousand_times_as_long_when_unpacked() {
    let bomb = gzip_bomb("a,b\n", "1,2\n", 8);
    let mut unpacked = Vec::new();
    let failed = flate2::read::GzDecoder::new(bomb.as_slice()).read_to_end(&mut unpacked);
    assert!(failed.is_err(), "its checksum is wrong");
    assert!(unpacked.starts_with(b"a,b\n1,2\n1,2\n") && unpacked.len() == 4 + 8 * 1024 * 1024);
    assert!(unpacked[4..].chunks(4).all(|line| line == b"1,2\n"));
    let factor = unpacked.len() / bomb.len();
    assert!(factor > 800, "{factor}");
}

#[test]
fn connections_end_as_they_are_told_to() {
    let site = Site::plain();
    site.put("/closed", Page::silent(End::Close));
    site.put("/reset", Page::silent(End::Reset));
    site.put("/half", File::csv("0123456789").stops(5, Stop::Reset).page());
    site.put("/stalls", File::csv("0123456789").stops(5, Stop::Stall).page());
    site.put("/slow", File::csv("01234").paced(1, Duration::from_millis(100)).page());
    let (head, body_of_closed) = ask(&site, "/closed", "");
    assert!(head.is_empty() && body_of_closed.unwrap().is_empty());
    for path in ["/reset", "/half"] {
        assert_eq!(ask(&site, path, "").1.unwrap_err().kind(), io::ErrorKind::ConnectionReset, "{path}");
    }
    assert_eq!(ask(&site, "/stalls", "").1.unwrap_err().kind(), io::ErrorKind::WouldBlock);
    let begun = Instant::now();
    assert_eq!(body(&site, "/slow", ""), "01234");
    assert!(begun.elapsed() >= Duration::from_millis(400), "{:?}", begun.elapsed());
    // Whoever waits for a stalled page waits no longer than the site stands.
    let port = site.port();
    drop(site);
    std::thread::sleep(Duration::from_millis(50));
    assert!(TcpStream::connect(("127.0.0.1", port)).is_err());
}

#[test]
fn endless_answers_go_on_until_the_client_goes() {
    let site = Site::plain();
    site.put("/endless", Page::long("text/csv", "a\n", "1\n", None));
    site.put("/announced", Page::long("text/csv", "a\n", "1\n", Some(10 << 30)));
    site.put("/header", Page::endless_header());
    for path in ["/endless", "/announced", "/header"] {
        let mut stream = TcpStream::connect(("127.0.0.1", site.port())).unwrap();
        write!(stream, "GET {path} HTTP/1.1\r\nHost: here\r\n\r\n").unwrap();
        let read = io::copy(&mut stream.take(5_000_000), &mut io::sink()).unwrap();
        assert_eq!(read, 5_000_000, "{path}");
    }
    site.put("/small", Page::long("text/csv", "a\n", "1\n", Some(7)));
    assert_eq!(body(&site, "/small", ""), "a\n1\n1\n1");
}

#[test]
fn later_is_said_in_seconds_and_as_a_date() {
    let site = Site::plain();
    site.put("/seconds", Page::later(503, RetryAfter::Seconds(7)));
    site.put("/date", Page::later(429, RetryAfter::Date(60)));
    assert!(ask(&site, "/seconds", "").0.contains("Retry-After: 7\r\n"));
    let head = ask(&site, "/date", "").0;
    let date = head.lines().find_map(|line| line.strip_prefix("Retry-After: ")).unwrap();
    let left = httpdate::parse_http_date(date).unwrap().duration_since(std::time::SystemTime::now()).unwrap();
    assert!((57..=60).contains(&left.as_secs()), "{left:?}");
}

/// What a client that trusts the authority finds at a site: its first page, or what is wrong.
fn ask_safely(site: &Site, authority: &Authority) -> io::Result<String> {
    let mut roots = rustls::RootCertStore::empty();
    let pem = authority.pem();
    let certificate = rustls::pki_types::pem::PemObject::from_pem_slice(pem.as_bytes()).unwrap();
    roots.add(certificate).unwrap();
    let provider = std::sync::Arc::new(rustls::crypto::ring::default_provider());
    let config = rustls::ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_root_certificates(roots)
        .with_no_client_auth();
    let session = rustls::ClientConnection::new(config.into(), "127.0.0.1".try_into().unwrap())
        .map_err(io::Error::other)?;
    let stream = TcpStream::connect(("127.0.0.1", site.port()))?;
    let mut stream = rustls::StreamOwned::new(session, stream);
    stream.write_all(b"GET / HTTP/1.1\r\nHost: here\r\nConnection: close\r\n\r\n")?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer)?;
    Ok(answer)
}

#[test]
fn certificates_are_as_good_as_they_are_told_to_be() {
    let authority = Authority::new();
    for (certificate, problem) in [
        (Certificate::Good, None),
        (Certificate::Expired, Some("Expired")),
        (Certificate::SelfSigned, Some("UnknownIssuer")),
        (Certificate::WrongHost, Some("NotValidForName")),
    ] {
        let site = Site::with(authority.security(certificate));
        assert!(site.url("/").starts_with("https://127.0.0.1:"));
        site.put("/", File::csv("a\n").page());
        match (ask_safely(&site, &authority), problem) {
            (Ok(answer), None) => assert!(answer.ends_with("a\n"), "{answer}"),
            (Err(error), Some(problem)) => {
                // Debug has the name of the problem, whatever its sentence says.
                assert!(format!("{error:?}").contains(problem), "{certificate:?}: {error:?}");
                assert!(site.requests().is_empty());
            }
            (found, _) => panic!("{certificate:?}: {found:?}"),
        }
    }
    assert!(matches!(authority.security(Certificate::Good), Security::Tls(_)));
    let stranger = Site::with(Authority::new().security(Certificate::Good));
    assert!(ask_safely(&stranger, &authority).is_err());
}

#[test]
fn a_server_of_tls_1_0_is_refused() {
    let site = Site::with(tls::Security::Tls10);
    let error = ask_safely(&site, &Authority::new()).unwrap_err();
    assert!(format!("{error:?}").contains("ServerDoesNotSupportTls12Or13"), "{error:?}");
}
