//! Sparse files in tar archives: which stretches of a file the archive holds; the rest are zero bytes.
//!
//! GNU's old header (GNU tar manual, "Old GNU Format") and its pax records 0.0, 0.1 and 1.0 ("PAX
//! Format, Versions …"), as Go's `archive/tar` reads them.

use super::contents::Contents;
use super::stored::Stored;
use super::tarball::{BLOCK, decimal, number};

/// Stretches of one file, at most.
const MOST_STRETCHES: usize = 1 << 16;

/// Where the stretches lie, in order: offset and length in bytes.
#[derive(Debug, Default)]
pub(super) struct Map {
    stretches: Vec<(u64, u64)>,
    real_size: u64,
}

impl Map {
    /// The whole file; `data` are its stretches one behind the other.
    pub(super) fn contents(&self, data: &Stored, most: u64) -> Result<Contents, String> {
        if self.real_size > most {
            return Err(format!("a sparse file of {} bytes, more than the limit of {most}", self.real_size));
        }
        let bad = || "the map of a sparse file makes no sense".to_owned();
        let (mut contents, mut taken) = (Vec::new(), 0u64);
        let mut end = 0u64;
        for (offset, length) in &self.stretches {
            let gap = offset.checked_sub(end).ok_or_else(bad)?;
            end = offset.checked_add(*length).filter(|end| *end <= self.real_size).ok_or_else(bad)?;
            contents.extend(Contents::fill(0, gap).pieces().iter().cloned());
            let stretch = data.part(taken, *length).ok_or_else(bad)?;
            taken += length;
            contents.extend(Contents::stored(stretch).pieces().iter().cloned());
        }
        if taken != data.len() {
            return Err(bad());
        }
        contents.extend(Contents::fill(0, self.real_size - end).pieces().iter().cloned());
        Ok(Contents::from_pieces(contents))
    }

    fn push(&mut self, offset: u64, length: u64) -> Result<(), String> {
        if self.stretches.len() >= MOST_STRETCHES {
            return Err(format!("a sparse file of more than {MOST_STRETCHES} stretches"));
        }
        self.stretches.push((offset, length));
        Ok(())
    }
}

/// The old header's map; `more` reads the blocks that continue it.
pub(super) fn old(
    header: &[u8; BLOCK as usize],
    mut more: impl FnMut() -> Result<Option<[u8; BLOCK as usize]>, String>,
) -> Result<Map, String> {
    let bad = || "the map of a sparse file makes no sense".to_owned();
    let size = number(&header[483..495]).and_then(|size| u64::try_from(size).ok()).ok_or_else(bad)?;
    let mut map = Map { real_size: size, ..Map::default() };
    let mut goes_on = pairs(&header[386..482], header[482], &mut map)?;
    while goes_on {
        let block = more()?.ok_or("the archive ends inside the map of a sparse file")?;
        goes_on = pairs(&block[..504], block[504], &mut map)?;
    }
    Ok(map)
}

/// Pairs of offset and length; the first empty one is the last. Does the map go on?
fn pairs(fields: &[u8], continued: u8, map: &mut Map) -> Result<bool, String> {
    for pair in fields.chunks_exact(24) {
        if pair.first() == Some(&0) {
            break;
        }
        let value = |field: &[u8]| number(field).and_then(|value| u64::try_from(value).ok());
        let (offset, length) =
            value(&pair[..12]).zip(value(&pair[12..])).ok_or("the map of a sparse file makes no sense")?;
        map.push(offset, length)?;
    }
    Ok(continued != 0)
}

/// What pax records tell of a sparse file.
#[derive(Debug, Default)]
pub(super) struct Records {
    /// The file's own name.
    pub(super) name: Option<Vec<u8>>,
    major: Option<u32>,
    real_size: Option<u64>,
    numbers: Vec<u64>,
}

impl Records {
    /// Takes `GNU.sparse.KEY`. None: it makes no sense.
    pub(super) fn take(&mut self, key: &[u8], value: &[u8]) -> Option<()> {
        match key {
            b"major" => self.major = Some(decimal(value)?),
            b"name" if value.contains(&0) => return None,
            b"name" => self.name = Some(value.to_vec()),
            b"size" | b"realsize" => self.real_size = Some(decimal(value)?),
            // Version 0.0 repeats the two, 0.1 has all in one.
            b"offset" | b"numbytes" => self.numbers.push(decimal(value)?),
            b"map" => {
                self.numbers = value.split(|byte| *byte == b',').map(decimal).collect::<Option<_>>()?;
            }
            _ => {}
        }
        (self.numbers.len() <= 2 * MOST_STRETCHES).then_some(())
    }

    /// The map, and the data behind it; none when the file is not sparse.
    pub(super) fn finished(&self, data: &Stored) -> Result<Option<(Map, Stored)>, String> {
        let Some(real_size) = self.real_size else { return Ok(None) };
        let mut map = Map { real_size, ..Map::default() };
        if self.major == Some(1) {
            let data = in_data(data, &mut map)?;
            return Ok(Some((map, data)));
        }
        for pair in self.numbers.chunks(2) {
            let [offset, length] = pair else {
                return Err("the map of a sparse file makes no sense".to_owned());
            };
            map.push(*offset, *length)?;
        }
        Ok(Some((map, data.clone())))
    }
}

/// Version 1.0: the data begins with the map, a number a line, padded to a whole block.
fn in_data(data: &Stored, map: &mut Map) -> Result<Stored, String> {
    let bad = || "the map of a sparse file makes no sense".to_owned();
    let (mut line, mut at, mut numbers) = (Vec::new(), 0u64, Vec::new());
    let mut wanted = None::<usize>;
    let mut block = [0; BLOCK as usize];
    while wanted.is_none_or(|wanted| numbers.len() < wanted) {
        if data.read_at(at, &mut block).map_err(|error| error.to_string())? < block.len() {
            return Err(bad());
        }
        at += BLOCK;
        for byte in block {
            if wanted.is_some_and(|wanted| numbers.len() >= wanted) {
                break;
            }
            match byte {
                b'\n' => {
                    let number: u64 = decimal(&line).ok_or_else(bad)?;
                    line.clear();
                    match wanted {
                        Some(_) => numbers.push(number),
                        None if number > MOST_STRETCHES as u64 => return Err(bad()),
                        None => wanted = Some(2 * number as usize),
                    }
                }
                byte if line.len() < 20 => line.push(byte),
                _ => return Err(bad()),
            }
        }
    }
    for pair in numbers.chunks_exact(2) {
        map.push(pair[0], pair[1])?;
    }
    data.part(at, data.len().saturating_sub(at)).ok_or_else(bad)
}
