//! Encodings that are not UTF-8, read as UTF-8.
use encoding_rs::{WINDOWS_1252, mem};

/// Bytes that Windows-1252 gives no meaning to.
const UNDEFINED: [u8; 5] = [0x81, 0x8D, 0x8F, 0x90, 0x9D];

/// How the text of a CSV source is encoded.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, serde::Deserialize, clap::ValueEnum)]
pub enum Encoding {
    /// UTF-8, with or without a byte order mark.
    #[default]
    #[serde(rename = "utf-8")]
    #[value(name = "utf-8")]
    Utf8,
    /// ISO 8859-1: each byte is the character of its number.
    #[serde(rename = "latin1")]
    #[value(name = "latin1")]
    Latin1,
    /// Windows-1252: Latin-1 with `€`, quotation marks and dashes at 0x80 to 0x9F.
    #[serde(rename = "windows-1252")]
    #[value(name = "windows-1252")]
    Windows1252,
}

/// Reads chunks of one encoding as UTF-8, through a buffer that is used again.
#[derive(Debug, Default)]
pub struct Transcoder {
    encoding: Encoding,
    text: Vec<u8>,
}

impl Transcoder {
    /// A transcoder from this encoding.
    pub fn new(encoding: Encoding) -> Self {
        Transcoder { encoding, text: Vec::new() }
    }

    /// The chunk in UTF-8. A byte that Windows-1252 does not define stays as it is, which is no UTF-8: its record is
    /// found faulty (22021) and not filled with a character that nobody wrote.
    pub fn utf8<'a>(&'a mut self, chunk: &'a [u8]) -> &'a [u8] {
        self.text.clear();
        match self.encoding {
            Encoding::Utf8 => return chunk,
            Encoding::Latin1 => {
                self.text.resize(2 * chunk.len(), 0);
                let length = mem::convert_latin1_to_utf8(chunk, &mut self.text);
                self.text.truncate(length);
            }
            Encoding::Windows1252 => {
                for part in chunk.split_inclusive(|byte| UNDEFINED.contains(byte)) {
                    let (defined, undefined) = match part.split_last() {
                        Some((last, rest)) if UNDEFINED.contains(last) => (rest, Some(*last)),
                        _ => (part, None),
                    };
                    let (text, _) = WINDOWS_1252.decode_without_bom_handling(defined);
                    self.text.extend_from_slice(text.as_bytes());
                    self.text.extend(undefined);
                }
            }
        }
        &self.text
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn utf8(encoding: Encoding, bytes: &[u8]) -> Vec<u8> {
        Transcoder::new(encoding).utf8(bytes).to_owned()
    }

    #[test]
    fn latin_1_is_the_character_of_each_byte() {
        let all: Vec<u8> = (0..=255).collect();
        let expected: String = (0..=255u8).map(char::from).collect();
        assert_eq!(utf8(Encoding::Latin1, &all), expected.as_bytes());
        assert_eq!(utf8(Encoding::Utf8, &all), all);
    }

    #[test]
    fn windows_1252_has_marks_where_latin_1_has_controls() {
        assert_eq!(utf8(Encoding::Windows1252, b"caf\xe9 \x80 \x93x\x94 \x96"), "café € “x” –".as_bytes());
        for byte in UNDEFINED {
            let text = utf8(Encoding::Windows1252, &[b'a', byte, b'\xe9', byte]);
            assert_eq!(text, [b"a".as_slice(), &[byte], "é".as_bytes(), &[byte]].concat());
            assert!(std::str::from_utf8(&text).is_err());
        }
    }

    #[test]
    fn chunks_do_not_matter() {
        let bytes: Vec<u8> = (0..=255).cycle().take(5_000).collect();
        for encoding in [Encoding::Latin1, Encoding::Windows1252] {
            let mut transcoder = Transcoder::new(encoding);
            let pieces: Vec<u8> =
                bytes.chunks(7).flat_map(|piece| transcoder.utf8(piece).to_owned()).collect();
            assert_eq!(pieces, utf8(encoding, &bytes));
        }
    }
}
