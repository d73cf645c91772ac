//! Decompression chosen by the first bytes of the input.
use std::io::{self, BufReader, Cursor, Read};

use flate2::bufread::MultiGzDecoder;

const BUFFER_BYTES: usize = 256 * 1024;
const GZIP: &[u8] = &[0x1f, 0x8b];
const ZSTD: &[u8] = &[0x28, 0xb5, 0x2f, 0xfd];

/// The input again from its first byte: those looked at, then the rest.
type Whole<R> = BufReader<io::Chain<Cursor<Vec<u8>>, R>>;

/// An input read through the decompressor that its first bytes ask for.
pub enum Decoded<R: Read> {
    /// Not compressed.
    Plain(Whole<R>),
    /// One or more gzip members.
    Gzip(Box<MultiGzDecoder<Whole<R>>>),
    /// One or more zstd frames.
    Zstd(Box<zstd::Decoder<'static, Whole<R>>>),
}

impl<R: Read> Decoded<R> {
    /// Looks at the first bytes and chooses.
    ///
    /// # Errors
    /// What the input reports.
    pub fn new(mut input: R) -> io::Result<Self> {
        let mut first = Vec::with_capacity(ZSTD.len());
        input.by_ref().take(ZSTD.len() as u64).read_to_end(&mut first)?;
        let (is_gzip, is_zstd) = (first.starts_with(GZIP), first.starts_with(ZSTD));
        let whole = BufReader::with_capacity(BUFFER_BYTES, Cursor::new(first).chain(input));
        Ok(if is_gzip {
            Decoded::Gzip(Box::new(MultiGzDecoder::new(whole)))
        } else if is_zstd {
            let mut decoder = zstd::Decoder::with_buffer(whole)?;
            // 32 MiB: a window as large as zstd's format allows would not fit the loader's memory.
            decoder.window_log_max(25)?;
            Decoded::Zstd(Box::new(decoder))
        } else {
            Decoded::Plain(whole)
        })
    }

    /// Name of the program that tests such a file; none for plain bytes.
    pub fn compression(&self) -> Option<&'static str> {
        match self {
            Decoded::Plain(_) => None,
            Decoded::Gzip(_) => Some("gzip"),
            Decoded::Zstd(_) => Some("zstd"),
        }
    }

    /// The input beneath the decompressor.
    pub fn input(&self) -> &R {
        let whole = match self {
            Decoded::Plain(whole) => whole,
            Decoded::Gzip(decoder) => decoder.get_ref(),
            Decoded::Zstd(decoder) => decoder.get_ref(),
        };
        whole.get_ref().get_ref().1
    }

    /// Gives the input back, wherever it stands.
    pub fn into_input(self) -> R {
        let whole = match self {
            Decoded::Plain(whole) => whole,
            Decoded::Gzip(decoder) => decoder.into_inner(),
            Decoded::Zstd(decoder) => decoder.finish(),
        };
        whole.into_inner().into_inner().1
    }
}

impl<R: Read> Read for Decoded<R> {
    fn read(&mut self, chunk: &mut [u8]) -> io::Result<usize> {
        match self {
            Decoded::Plain(whole) => whole.read(chunk),
            Decoded::Gzip(decoder) => decoder.read(chunk),
            Decoded::Zstd(decoder) => decoder.read(chunk),
        }
    }
}
