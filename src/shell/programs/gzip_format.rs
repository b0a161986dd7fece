//! gzip (RFC 1952) over `flate2`.

use flate2::Compression;
use flate2::read::MultiGzDecoder;
use flate2::write::GzEncoder;
use std::io::{Read, Write};

/// Compressed as `gzip -6` does, without a name or time.
pub(super) fn compress(bytes: &[u8]) -> Option<Vec<u8>> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
    encoder.write_all(bytes).ok()?;
    encoder.finish().ok()
}

/// The plain bytes; none when it is no gzip, is damaged, or gives more than `most`.
pub(super) fn decompress(bytes: &[u8], most: u64) -> Option<Vec<u8>> {
    let mut plain = Vec::new();
    let read = MultiGzDecoder::new(bytes).take(most + 1).read_to_end(&mut plain).ok()?;
    (read as u64 <= most).then_some(plain)
}
