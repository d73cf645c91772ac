//! Packed bodies, and what one can do to whoever unpacks it.

use std::io::Write as _;

/// Packs bytes as a `.gz` file.
///
/// # Panics
/// Never: there is nothing to fail.
#[must_use]
pub fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut packer = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    packer.write_all(bytes).and_then(|()| packer.finish()).unwrap_or_else(|error| panic!("gzip: {error}"))
}

/// Packs bytes as a `.zst` file.
///
/// # Panics
/// Never: there is nothing to fail.
#[must_use]
pub fn zstd(bytes: &[u8]) -> Vec<u8> {
    ::zstd::encode_all(bytes, 1).unwrap_or_else(|error| panic!("zstd: {error}"))
}

/// A `.gz` file of a head and a line again and again, about a thousand times as long when it is unpacked: so many MiB. Its checksum is wrong,
/// which is seen only by who unpacks it all.
///
/// # Panics
/// Never: there is nothing to fail.
#[must_use]
pub fn gzip_bomb(head: &str, line: &str, mebibytes: usize) -> Vec<u8> {
    const MEBIBYTE: usize = 1024 * 1024;
    let block = line.repeat(MEBIBYTE / line.len());
    let mut packer = flate2::Compress::new(flate2::Compression::best(), false);
    let mut pack = |bytes: &[u8]| {
        let mut packed = Vec::with_capacity(bytes.len() + 1024);
        packer
            .compress_vec(bytes, &mut packed, flate2::FlushCompress::Sync)
            .unwrap_or_else(|error| panic!("gzip: {error}"));
        packed
    };
    let mut bomb = vec![0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 255];
    bomb.extend(pack(head.as_bytes()));
    bomb.extend(pack(block.as_bytes()));
    // It looks back at the one before, which is the same, and ends on a whole byte: so it can stand again and again.
    let again = pack(block.as_bytes());
    for _ in 1..mebibytes {
        bomb.extend(&again);
    }
    // An empty last block, checksum and length.
    bomb.extend([3, 0, 0, 0, 0, 0, 0, 0, 0, 0]);
    bomb
}
