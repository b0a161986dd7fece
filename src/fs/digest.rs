//! SHA-256 digests.

use sha2::Digest as _;
use std::fmt;

/// A SHA-256 digest. Displays as `sha256:` and 64 hex digits, as the OCI image spec writes them.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Digest(pub [u8; 32]);

impl Digest {
    /// The digest of these bytes.
    pub fn of(bytes: impl AsRef<[u8]>) -> Digest {
        Digest(sha2::Sha256::digest(bytes.as_ref()).into())
    }

    /// The 64 hex digits.
    pub fn hex(&self) -> String {
        self.digits().iter().map(|digit| char::from(*digit)).collect()
    }

    /// The 64 hex digits, as bytes.
    pub fn digits(&self) -> [u8; 64] {
        const DIGITS: &[u8; 16] = b"0123456789abcdef";
        let mut digits = [0; 64];
        for (two, byte) in digits.chunks_exact_mut(2).zip(self.0) {
            two[0] = DIGITS[usize::from(byte >> 4)];
            two[1] = DIGITS[usize::from(byte & 15)];
        }
        digits
    }

    /// The first `digits` hex digits; Docker shows 12 of an image id, the lab 6 of a key.
    pub fn short(&self, digits: usize) -> String {
        let mut text = self.hex();
        text.truncate(digits);
        text
    }

    /// Reads `sha256:…` or bare hex digits.
    pub fn parse(text: &str) -> Option<Digest> {
        let hex = text.strip_prefix("sha256:").unwrap_or(text);
        if hex.len() != 64 || !hex.bytes().all(|b| b.is_ascii_hexdigit()) {
            return None;
        }
        let mut bytes = [0; 32];
        for (byte, pair) in bytes.iter_mut().zip(hex.as_bytes().chunks(2)) {
            *byte = u8::from_str_radix(std::str::from_utf8(pair).ok()?, 16).ok()?;
        }
        Some(Digest(bytes))
    }
}

impl fmt::Display for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "sha256:{}", self.hex())
    }
}

impl fmt::Debug for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl serde::Serialize for Digest {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> serde::Deserialize<'de> for Digest {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Digest, D::Error> {
        let text = <std::borrow::Cow<'de, str>>::deserialize(deserializer)?;
        Digest::parse(&text).ok_or_else(|| serde::de::Error::custom("not a sha256 digest"))
    }
}

/// Hashes digests for maps: they are as good as random already, so eight bytes of one say enough.
#[derive(Clone, Copy, Debug, Default)]
pub struct DigestHasher(u64);

impl std::hash::Hasher for DigestHasher {
    fn finish(&self) -> u64 {
        self.0
    }

    fn write(&mut self, bytes: &[u8]) {
        let mut eight = [0; 8];
        let some = bytes.len().min(8);
        eight[..some].copy_from_slice(&bytes[..some]);
        self.0 = self.0.rotate_left(23).wrapping_add(u64::from_le_bytes(eight));
    }

    // Lengths and variants tell nothing that the digests don't.
    fn write_usize(&mut self, _: usize) {}
    fn write_isize(&mut self, _: isize) {}
}

/// The hasher of maps whose keys are digests.
pub type ByDigest = std::hash::BuildHasherDefault<DigestHasher>;

/// Digests fields one after another. Every field is preceded by its length, so that two different
/// lists of fields never give the same stream.
#[derive(Clone, Default)]
pub struct Hasher(sha2::Sha256);

impl Hasher {
    /// An empty hasher.
    pub fn new() -> Hasher {
        Hasher::default()
    }

    /// Adds one field.
    pub fn field(&mut self, bytes: impl AsRef<[u8]>) -> &mut Hasher {
        let bytes = bytes.as_ref();
        self.0.update((bytes.len() as u64).to_le_bytes());
        self.0.update(bytes);
        self
    }

    /// Adds a number as a field of its own.
    pub fn number(&mut self, number: u64) -> &mut Hasher {
        self.0.update(8u64.to_le_bytes());
        self.0.update(number.to_le_bytes());
        self
    }

    /// Adds bytes without a length before them (for streams whose end is marked otherwise).
    pub fn raw(&mut self, bytes: &[u8]) -> &mut Hasher {
        self.0.update(bytes);
        self
    }

    /// The digest of all fields so far.
    pub fn finish(self) -> Digest {
        Digest(self.0.finalize().into())
    }
}
