//! How a file's records are framed, guessed by its name and its first bytes.
use etl_core::frame::Delimiter;

use crate::config::{Csv, Format};
use crate::source::Encoding;

/// What may stand between the names of a header.
const DELIMITERS: [char; 4] = [',', ';', '\t', '|'];

/// By the name's ending, else by the first character; CSV with the delimiter that its header has most of.
pub(super) fn of(location: &str, beginning: &[u8]) -> Format {
    let name = location.to_ascii_lowercase();
    let name = name.trim_end_matches(".gz").trim_end_matches(".zst");
    let ends = |endings: &[&str]| endings.iter().any(|ending| name.ends_with(ending));
    let text = beginning.strip_prefix(b"\xef\xbb\xbf").unwrap_or(beginning);
    let first = text.iter().find(|byte| !byte.is_ascii_whitespace());
    match first {
        _ if ends(&[".json", ".jsonl", ".ndjson"]) => Format::Json,
        Some(b'{' | b'[') if !ends(&[".csv", ".tsv"]) => Format::Json,
        _ => Format::Csv(Csv { delimiter: delimiter(text), encoding: Encoding::Utf8 }),
    }
}

/// The first of those that stand most often in the header outside quotes.
fn delimiter(text: &[u8]) -> Delimiter {
    let (mut counts, mut is_quoted) = ([0; DELIMITERS.len()], false);
    for byte in text {
        match byte {
            b'"' => is_quoted = !is_quoted,
            b'\n' | b'\r' if !is_quoted => break,
            other if !is_quoted => {
                let place = DELIMITERS.iter().position(|delimiter| *delimiter == char::from(*other));
                place.into_iter().for_each(|place| counts[place] += 1);
            }
            _ => {}
        }
    }
    let most = counts.iter().copied().max().unwrap_or(0);
    let place = counts.iter().position(|count| *count == most).unwrap_or(0);
    Delimiter::new(DELIMITERS[place]).unwrap_or(Delimiter::COMMA)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn formats_are_known_by_name_or_content() {
        let csv = |delimiter| {
            Format::Csv(Csv { delimiter: Delimiter::new(delimiter).unwrap(), encoding: Encoding::Utf8 })
        };
        for (name, text, expected) in [
            ("a.csv", "a,b;c,d\n1;;;;2", csv(',')),
            ("a.csv", "\"a,b,c\";d\n", csv(';')),
            ("a.tsv.gz", "a\tb,c\td", csv('\t')),
            ("a.txt", "a|b", csv('|')),
            ("a.csv", "[a],b", csv(',')),
            ("a", "one", csv(',')),
            ("a", " \n[{", Format::Json),
            ("a.dat", "\u{feff}{", Format::Json),
            ("a.JSONL.zst", "x,y", Format::Json),
        ] {
            assert_eq!(of(name, text.as_bytes()), expected, "{name} {text}");
        }
    }
}
