//! The bill: the same few things done with every storage driver, and what each of them pays.
//!
//! Sources of the rules: moby `daemon/graphdriver/{overlay2,overlay,aufs,vfs}`; the counts themselves are
//! those of the mounts' own events.

use super::stack::bytes;
use super::storage::{StorageDriver, flatten};
use super::{Lower, Mount, Open, Rename, StatKind};
use crate::fs::path::{parent, show};
use crate::fs::{Contents, Errno, Kind, Layer, Nodes, Tree};
use crate::trace::{BillRow, Cost, Event, Trace};

/// Containers, and images, that share a base in the bill.
const MANY: u64 = 10;

/// Drivers that have a bill, the usual one first.
pub const BILLED: [StorageDriver; 5] = [
    StorageDriver::Overlay2,
    StorageDriver::Overlay,
    StorageDriver::Aufs,
    StorageDriver::Unionfs,
    StorageDriver::Vfs,
];

/// What a driver's disk holds once these layers (topmost first) were pulled or built: bytes, inodes, and for
/// `overlay` the hard links of every layer to the one below it.
///
/// # Errors
/// `EINTR` when the fuel runs out.
pub fn stored(driver: StorageDriver, layers: &[Layer], t: &mut Trace) -> Result<Cost, Errno> {
    let mut sum = Cost::default();
    for at in (0..layers.len()).rev() {
        sum += stored_layer(driver, &layers[at..], t)?;
    }
    Ok(sum)
}

/// What the topmost of these layers adds to the disk.
///
/// # Errors
/// `EINTR` when the fuel runs out.
pub fn stored_layer(driver: StorageDriver, layers: &[Layer], t: &mut Trace) -> Result<Cost, Errno> {
    let Some(top) = layers.first() else { return Ok(Cost::default()) };
    let own = Cost { copied: top.bytes(), inodes: top.inodes() as u64, ..Cost::default() };
    if !t.fuel.spend(top.entries() as u64) {
        return Err(Errno::EINTR);
    }
    match driver {
        StorageDriver::Overlay2 | StorageDriver::Unionfs => Ok(own),
        StorageDriver::Aufs => {
            // All whiteouts of a branch are links to one file.
            let mut marks = 0;
            top.walk(&mut |_, _, inode| marks += u64::from(inode.is_whiteout()));
            let inodes = own.inodes.saturating_sub(marks);
            Ok(Cost { inodes: inodes + u64::from(marks > 0), links: marks, ..own })
        }
        StorageDriver::Vfs | StorageDriver::Native => {
            let whole = whole(layers, t)?;
            Ok(Cost { copied: whole.bytes(), inodes: whole.inodes() as u64, ..Cost::default() })
        }
        StorageDriver::Overlay => {
            let whole = whole(layers, t)?;
            let (mut directories, mut links) = (0, 0);
            whole.walk(&mut |path, _, inode| match inode.kind {
                Kind::Dir(_) => directories += 1,
                _ => links += u64::from(top.at(path).is_none()),
            });
            let mut files = 0;
            top.walk(&mut |_, _, inode| {
                files += u64::from(!inode.kind.is_dir() && !inode.is_whiteout());
            });
            Ok(Cost { copied: top.bytes(), inodes: directories + files, links, ..Cost::default() })
        }
    }
}

fn whole(layers: &[Layer], t: &mut Trace) -> Result<Layer, Errno> {
    flatten(lowers(layers), t)
}

fn lowers(layers: &[Layer]) -> Vec<Lower> {
    layers.iter().map(|layer| Lower { layer: layer.clone(), label: "".into() }).collect()
}

/// The bill for an image's layers, topmost first. `name` is what the layers are called.
///
/// # Errors
/// `EINTR` when the fuel runs out; `EINVAL` for more layers than a driver takes.
pub fn bill(name: &str, layers: &[Layer], t: &mut Trace) -> Result<Event, Errno> {
    let subjects = Subjects::of(&whole(layers, t)?);
    let mut rows: Vec<BillRow> = Vec::new();
    for driver in BILLED {
        for (at, (what, outcome)) in played(driver, layers, &subjects, t)?.into_iter().enumerate() {
            let row = match rows.get_mut(at) {
                Some(row) => row,
                None => {
                    rows.push(BillRow { what, costs: Vec::new(), refused: Vec::new() });
                    let last = rows.len() - 1;
                    &mut rows[last]
                }
            };
            row.costs.push(outcome.0);
            row.refused.push(outcome.1.map(|errno| errno.name().to_owned()));
        }
    }
    let drivers = BILLED.iter().map(|driver| driver.name().to_owned()).collect();
    Ok(Event::Bill { name: name.to_owned(), drivers, rows })
}

/// What the bill touches: the largest file, the directory whose files have most bytes, the widest one.
struct Subjects {
    file: Option<(Vec<u8>, u64)>,
    directory: Option<(Vec<u8>, usize)>,
    widest: (Vec<u8>, usize),
}

impl Subjects {
    fn of(whole: &Layer) -> Subjects {
        let mut file: Option<(Vec<u8>, u64)> = None;
        let mut widest = (b"/".to_vec(), whole.inode(0).entries().map_or(0, |entries| entries.len()));
        let mut below: std::collections::BTreeMap<Vec<u8>, usize> = Default::default();
        whole.walk(&mut |path, _, inode| match &inode.kind {
            Kind::File(contents) => {
                *below.entry(parent(path).to_vec()).or_default() += 1;
                if file.as_ref().is_none_or(|(_, size)| contents.len() > *size) {
                    file = Some((path.to_vec(), contents.len()));
                }
            }
            Kind::Dir(entries) if entries.len() > widest.1 => widest = (path.to_vec(), entries.len()),
            _ => {}
        });
        below.remove(&b"/"[..]);
        let directory = below.into_iter().max_by(|a, b| a.1.cmp(&b.1).then(b.0.cmp(&a.0)));
        Subjects { file, directory, widest }
    }
}

/// What came of one thing: its cost, and what a single call for it answered where it took several.
type Outcome = (Cost, Option<Errno>);

fn played(
    driver: StorageDriver,
    layers: &[Layer],
    subjects: &Subjects,
    t: &mut Trace,
) -> Result<Vec<(String, Outcome)>, Errno> {
    let mut rows = Vec::new();
    let all = stored(driver, layers, t)?;
    rows.push((format!("keep the image, {} layers", layers.len()), (all, None)));
    let top = stored_layer(driver, layers, t)?;
    let base = all - top;
    rows.push((format!("keep {MANY} images on one base"), (base + top * MANY, None)));
    let fresh = |t: &mut Trace| driver.mount(lowers(layers), Tree::new(), t);
    let one = fresh(t)?.account();
    rows.push((format!("start {MANY} containers"), (one * MANY, None)));
    if let Some((file, size)) = &subjects.file {
        let name = format!("{} ({})", show(file), bytes(*size));
        let mut m = fresh(t)?;
        let reading = Open { read: true, ..Open::default() };
        let cost = paid(&mut m, t, &mut |m, t| m.open(file, reading, None, false, t).map(drop));
        rows.push((format!("open {}", show(file)), cost));
        let mut m = fresh(t)?;
        let mut step = |what: &str, run: &mut dyn FnMut(&mut Mount, &mut Trace) -> Result<(), Errno>| {
            let cost = paid(&mut m, t, run);
            rows.push((what.to_owned(), cost));
        };
        let mut append = |m: &mut Mount, t: &mut Trace| m.append(file, Contents::text("x"), t);
        step(&format!("write 1 B to {name}"), &mut append);
        step("write 1 B to it again", &mut append);
        let mut m = fresh(t)?;
        let cost = paid(&mut m, t, &mut |m, t| m.chmod(file, 0o600, t));
        rows.push(("chmod it, untouched before".to_owned(), cost));
        let mut m = fresh(t)?;
        let cost = paid(&mut m, t, &mut |m, t| m.unlink(file, t));
        rows.push(("delete it".to_owned(), cost));
    }
    if let Some((directory, files)) = &subjects.directory {
        let mut m = fresh(t)?;
        let to = [directory, &b".moved"[..]].concat();
        let mut refused = None;
        let (cost, _) = paid(&mut m, t, &mut |m, t| {
            refused = m.rename(directory, &to, Rename::Plain, t).err();
            if refused.is_some() { move_by_copy(m, directory, &to, t) } else { Ok(()) }
        });
        rows.push((format!("mv {} ({files} files)", show(directory)), (cost, refused)));
    }
    let (widest, names) = &subjects.widest;
    let mut m = fresh(t)?;
    let cost = paid(&mut m, t, &mut |m, t| m.readdir(widest, t).map(drop));
    rows.push((format!("list {} ({names} names)", show(widest)), cost));
    Ok(rows)
}

/// Runs one thing and sees what the mount paid for it.
fn paid(
    m: &mut Mount,
    t: &mut Trace,
    run: &mut dyn FnMut(&mut Mount, &mut Trace) -> Result<(), Errno>,
) -> Outcome {
    let before = m.account();
    let (result, _) = t.collect(|t| run(m, t));
    (m.account() - before, result.err())
}

/// What mv does where rename is refused: copy everything, then delete it (coreutils mv).
fn move_by_copy(m: &mut Mount, from: &[u8], to: &[u8], t: &mut Trace) -> Result<(), Errno> {
    let found = m.walk(from, t)?;
    for (path, stat) in &found {
        let at = [to, path.get(from.len()..).unwrap_or_default()].concat();
        match stat.kind {
            StatKind::Dir => m.mkdir(&at, stat.mode, t)?,
            StatKind::File => {
                let contents = m.read(path, t)?;
                m.create(&at, stat.mode, contents, t)?;
            }
            StatKind::Symlink => {
                let target = m.readlink(path, t)?;
                m.symlink(&target, &at, t)?;
            }
            StatKind::Fifo => m.mkfifo(&at, stat.mode, t)?,
            StatKind::CharDev(major, minor) => m.mkchar(&at, stat.mode, major, minor, t)?,
        }
    }
    for (path, stat) in found.iter().rev() {
        match stat.kind {
            StatKind::Dir => m.rmdir(path, t)?,
            _ => m.unlink(path, t)?,
        }
    }
    Ok(())
}
