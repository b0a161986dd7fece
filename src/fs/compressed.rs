//! Compressed files: gzip, bzip2, xz and zstd, known by their first bytes.

use std::io::{self, BufRead, Read, Write};

/// Memory that one decoder may take for its window, in bytes.
const WINDOW: u64 = 128 << 20;

/// How bytes are compressed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Compression {
    /// RFC 1952.
    Gzip,
    /// Julian Seward's block sorter.
    Bzip2,
    /// LZMA2 in the .xz format.
    Xz,
    /// RFC 8878.
    Zstd,
}

impl Compression {
    /// What a file is compressed with by its first six bytes; none when it is plain.
    pub fn of(head: &[u8]) -> Option<Compression> {
        let known: [(&[u8], Compression); 4] = [
            (b"\x1f\x8b", Compression::Gzip),
            (b"BZh", Compression::Bzip2),
            (b"\xfd7zXZ\0", Compression::Xz),
            (b"\x28\xb5\x2f\xfd", Compression::Zstd),
        ];
        known.into_iter().find(|(magic, _)| head.starts_with(magic)).map(|(_, kind)| kind)
    }

    /// The program that does it: `gzip`, `bzip2`, `xz`, `zstd`.
    pub fn word(self) -> &'static str {
        match self {
            Compression::Gzip => "gzip",
            Compression::Bzip2 => "bzip2",
            Compression::Xz => "xz",
            Compression::Zstd => "zstd",
        }
    }

    /// The plain bytes; none when they are damaged or more than `most`.
    pub fn unpack(self, bytes: &[u8], most: u64) -> Option<Vec<u8>> {
        let mut plain = Vec::new();
        self.unpack_to(bytes, most, &mut plain).ok()?;
        Some(plain)
    }

    /// Writes the plain bytes to `out`, piece by piece; how many.
    ///
    /// # Errors
    /// They are damaged, more than `most`, or `out` refuses.
    pub fn unpack_to(self, packed: impl Read, most: u64, out: &mut dyn Write) -> Result<u64, Unpacking> {
        let mut packed = io::BufReader::with_capacity(64 << 10, packed);
        let mut done = 0;
        match self {
            Compression::Gzip => pour(flate2::bufread::MultiGzDecoder::new(packed), most, &mut done, out)?,
            Compression::Bzip2 => pour(bzip2::bufread::MultiBzDecoder::new(packed), most, &mut done, out)?,
            Compression::Xz => {
                let limit = (WINDOW >> 10) as u32;
                pour(lzma_rust2::XzReader::new_mem_limit(packed, true, limit), most, &mut done, out)?;
            }
            // One frame after another.
            Compression::Zstd => loop {
                if packed.fill_buf().map_err(Unpacking::damaged)?.is_empty() {
                    break;
                }
                let decoder =
                    ruzstd::decoding::StreamingDecoder::new_with_max_window_size(&mut packed, WINDOW);
                pour(decoder.map_err(Unpacking::damaged)?, most, &mut done, out)?;
            },
        }
        Ok(done)
    }

    /// What can be unpacked of damaged or big bytes: the first 512, and whether `most` and more would come.
    pub fn beginning(self, bytes: &[u8], most: u64) -> (Vec<u8>, bool) {
        let mut reader: Box<dyn Read + '_> = match self {
            Compression::Gzip => Box::new(flate2::read::MultiGzDecoder::new(bytes)),
            Compression::Bzip2 => Box::new(bzip2::read::MultiBzDecoder::new(bytes)),
            Compression::Xz => {
                Box::new(lzma_rust2::XzReader::new_mem_limit(bytes, true, (WINDOW >> 10) as u32))
            }
            Compression::Zstd => match ruzstd::decoding::StreamingDecoder::new(bytes) {
                Ok(decoder) => Box::new(decoder),
                Err(_) => return (Vec::new(), false),
            },
        };
        let mut head = Vec::new();
        if reader.by_ref().take(512).read_to_end(&mut head).is_err() {
            return (head, false);
        }
        let rest = std::io::copy(&mut reader.take(most), &mut std::io::sink());
        (head, rest.is_ok_and(|rest| rest + 512 > most))
    }

    /// The bytes compressed, always in the same way; none when that fails.
    pub fn pack(self, bytes: &[u8]) -> Option<Vec<u8>> {
        match self {
            Compression::Gzip => gzip(flate2::GzBuilder::new(), bytes),
            Compression::Bzip2 => {
                let mut encoder = bzip2::write::BzEncoder::new(Vec::new(), bzip2::Compression::best());
                encoder.write_all(bytes).ok()?;
                encoder.finish().ok()
            }
            Compression::Xz => {
                let options = lzma_rust2::XzOptions::with_preset(1);
                let mut encoder = lzma_rust2::XzWriter::new(Vec::new(), options).ok()?;
                encoder.write_all(bytes).ok()?;
                encoder.finish().ok()
            }
            Compression::Zstd => {
                let level = ruzstd::encoding::CompressionLevel::Fastest;
                Some(ruzstd::encoding::compress_to_vec(bytes, level))
            }
        }
    }
}

/// gzip with the name and the time (seconds since 1970) of the file, as `gzip FILE` writes them.
pub fn gzip_named(bytes: &[u8], name: &[u8], time: u32) -> Option<Vec<u8>> {
    if name.contains(&0) {
        return None;
    }
    gzip(flate2::GzBuilder::new().filename(name.to_vec()).mtime(time), bytes)
}

fn gzip(header: flate2::GzBuilder, bytes: &[u8]) -> Option<Vec<u8>> {
    const UNIX: u8 = 3;
    let mut encoder = header.operating_system(UNIX).write(Vec::new(), flate2::Compression::default());
    encoder.write_all(bytes).ok()?;
    encoder.finish().ok()
}

/// Why bytes could not be unpacked.
#[derive(Debug)]
pub enum Unpacking {
    /// Damaged or cut short; the decoder's words.
    Damaged(String),
    /// More than was allowed.
    TooMuch,
    /// Whoever takes the plain bytes refused.
    Refused(io::Error),
}

impl Unpacking {
    fn damaged(error: impl std::fmt::Display) -> Unpacking {
        Unpacking::Damaged(error.to_string())
    }
}

fn pour(mut plain: impl Read, most: u64, done: &mut u64, out: &mut dyn Write) -> Result<(), Unpacking> {
    let mut block = vec![0; 128 << 10];
    loop {
        let n = match plain.read(&mut block) {
            Ok(0) => return Ok(()),
            Ok(n) => n,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
            Err(error) => return Err(Unpacking::damaged(error)),
        };
        *done += n as u64;
        if *done > most {
            return Err(Unpacking::TooMuch);
        }
        out.write_all(&block[..n]).map_err(Unpacking::Refused)?;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_kind_packs_and_unpacks() {
        let text = b"one two three ".repeat(300);
        for kind in [Compression::Gzip, Compression::Bzip2, Compression::Xz, Compression::Zstd] {
            let packed = kind.pack(&text).unwrap();
            assert_eq!(Compression::of(&packed), Some(kind));
            assert!(packed.len() < text.len() / 4, "{} {}", kind.word(), packed.len());
            assert_eq!(kind.unpack(&packed, 1 << 20).as_deref(), Some(&text[..]), "{}", kind.word());
            assert_eq!(kind.unpack(&packed, 100), None, "more than was allowed");
            assert_eq!(kind.unpack(&packed[..packed.len() / 2], 1 << 20), None, "{} cut short", kind.word());
            assert_eq!(kind.unpack(b"no such thing", 1 << 20), None);
        }
    }

    #[test]
    fn bytes_of_the_real_programs_are_read() {
        let of = |hex: &str| -> Vec<u8> {
            let digits: Vec<u32> = hex.chars().filter_map(|c| c.to_digit(16)).collect();
            digits.chunks(2).map(|pair| (pair[0] * 16 + pair[1]) as u8).collect()
        };
        for (kind, hex) in SAMPLES {
            assert_eq!(kind.unpack(&of(hex), 100).as_deref(), Some(&b"hello\n"[..]), "{}", kind.word());
        }
    }

    const SAMPLES: [(Compression, &str); 3] = [
        (
            Compression::Bzip2,
            "425a6839314159265359c1c080e2000001410000100244a00030cd00c3462997177245385090c1c080e2",
        ),
        (
            Compression::Xz,
            "fd377a585a000004e6d6b4460200210116000000742fe5a301000568656c6c6f0a000000a56097f194f6fde000011e06c12fa41d1fb6f37d010000000004595a",
        ),
        (Compression::Zstd, "28b52ffd045831000068656c6c6f0a5388bd91"),
    ];
}
