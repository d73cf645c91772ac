//! What came is looked at before a transaction begins: a web server's error page with status 200 is no data.
use std::path::Path;

use crate::config::Format;
use crate::error::Error;
use crate::run::interrupt::Interrupt;
use crate::source::Source;

const CHUNK_BYTES: usize = 256 * 1024;
/// Enough of the beginning to know a page by.
const BEGINNING_BYTES: usize = 1024;

/// Refuses an empty body, an HTML page, compressed data that is damaged or grows beyond the limit.
///
/// # Errors
/// Failed (exit 1), naming which of them it is.
pub fn check(
    location: &str,
    path: &Path,
    format: Format,
    content_type: Option<&str>,
    max_bytes: u64,
    interrupt: &Interrupt,
) -> Result<(), Error> {
    let mut source = Source::open(&path.to_string_lossy())?.named(location);
    let (mut beginning, mut bytes) = (Vec::new(), 0);
    let mut chunk = vec![0; CHUNK_BYTES];
    loop {
        interrupt.check()?;
        let count = source.read(&mut chunk)?;
        if count == 0 {
            break;
        }
        bytes += count as u64;
        if bytes > max_bytes {
            return Err(Error::failed(format!(
                "{location}: longer than {max_bytes} bytes once decompressed, the limit of --max-download"
            ))
            .hint("if it should be that long: --max-download 20GiB"));
        }
        let wanted = BEGINNING_BYTES.saturating_sub(beginning.len()).min(count);
        beginning.extend_from_slice(&chunk[..wanted]);
    }
    if bytes == 0 {
        return Err(Error::failed(format!("{location}: the answer is empty"))
            .hint("see what it says: curl -i URL; an empty file of your own is loaded by its path"));
    }
    let expected = match format {
        Format::Json => "JSON",
        Format::Csv(_) => "CSV",
    };
    if is_page(&beginning, content_type) {
        return Err(Error::failed(format!(
            "{location}: is a page of HTML or XML where {expected} is expected"
        ))
        .hint("open it in a browser: it may ask to log in, or say that something is wrong"));
    }
    Ok(())
}

/// Whether it calls itself a page, or begins as one.
fn is_page(beginning: &[u8], content_type: Option<&str>) -> bool {
    let text = String::from_utf8_lossy(beginning).to_ascii_lowercase();
    let text = text.trim_start_matches('\u{feff}').trim_start();
    let begins =
        ["<!doctype", "<html", "<head", "<body", "<!--", "<?xml"].iter().any(|tag| text.starts_with(tag));
    begins || matches!(content_type, Some("text/html" | "application/xhtml+xml"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pages_are_known_by_their_beginning_or_their_type() {
        for page in ["<!DOCTYPE html><p>", "\u{feff}\r\n <HTML>", "<?xml version='1.0'?>"] {
            assert!(is_page(page.as_bytes(), Some("application/json")), "{page}");
        }
        assert!(is_page(b"Please log in", Some("text/html")));
        for data in ["[{\"a\":\"<html>\"}]", "id,html\n1,<p>\n"] {
            assert!(!is_page(data.as_bytes(), None), "{data}");
        }
    }
}
