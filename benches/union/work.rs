//! The work: 20 layers, each with the same 500 directories `/srv/dNN/sNN` and 10 files of 4 KB in
//! every one of them, all file names distinct: 100,000 files.

use crate::table::Table;
use criterion::Criterion;
use std::hint::black_box;
use std::ops::Range;
use std::time::{Duration, Instant};

pub const LAYERS: usize = 20;
pub const FILES_IN_EACH: usize = 10;
pub const FILE_BYTES: usize = 4096;
/// Large files, at the bottom only.
pub const BIG_FILES: usize = 64;
pub const BIG_BYTES: usize = 1 << 20;

pub struct Work {
    /// `/srv/dNN/sNN`.
    pub dirs: Vec<String>,
    /// The files in random order, as they are changed.
    pub changed: Vec<String>,
    /// Files of layer 0 (the topmost), then of layer 1 …
    pub files: Vec<String>,
    /// `/srv/big/NN`, in the bottom layer.
    pub big: Vec<String>,
    /// Paths to stat in random order: every file, and among them 10 % names that no layer has.
    pub stats: Vec<String>,
}

impl Work {
    pub fn new() -> Work {
        let dirs: Vec<String> = (0..500).map(|n| format!("/srv/d{:02}/s{:02}", n / 20, n % 20)).collect();
        let in_layer = |layer: usize| {
            dirs.iter()
                .flat_map(move |dir| (0..FILES_IN_EACH).map(move |n| format!("{dir}/f{layer:02}_{n}.txt")))
        };
        let files: Vec<String> = (0..LAYERS).flat_map(in_layer).collect();
        let mut random = Random(0x5eed);
        let mut order: Vec<usize> = (0..files.len()).collect();
        for at in (1..order.len()).rev() {
            order.swap(at, random.below(at + 1));
        }
        let mut stats = Vec::new();
        for file in &order {
            if random.below(9) == 0 {
                stats.push(format!("{}/absent{}", dirs[random.below(dirs.len())], random.below(50)));
            }
            stats.push(files[*file].clone());
        }
        let changed = order.iter().map(|file| files[*file].clone()).collect();
        let big = (0..BIG_FILES).map(|n| format!("/srv/big/{n:02}")).collect();
        Work { dirs, changed, files, big, stats }
    }

    /// The files of one layer.
    pub fn layer(&self, layer: usize) -> &[String] {
        let each = self.files.len() / LAYERS;
        &self.files[layer * each..(layer + 1) * each]
    }
}

/// The bytes of a file, different for each.
pub fn bytes(file: usize, len: usize) -> Vec<u8> {
    let mut bytes = vec![b'a' + (file % 26) as u8; len];
    bytes[..8].copy_from_slice(&(file as u64).to_le_bytes());
    bytes
}

/// xorshift64*: the order is the same in every run.
pub struct Random(pub u64);

impl Random {
    pub fn below(&mut self, n: usize) -> usize {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        (self.0.wrapping_mul(0x2545_f491_4f6c_dd1d) >> 33) as usize % n
    }
}

/// Whoever does the work.
pub trait Contender {
    fn name(&self) -> &'static str;
    /// Does it emit events only, so that what changes nothing isn't worth a second look?
    fn only_changes(&self) -> bool {
        false
    }
    /// An empty upper, cold caches.
    fn fresh(&mut self);
    /// Before each measured stretch.
    fn rested(&mut self) {}
    /// `work.stats[at]`: is it there?
    fn stat(&mut self, at: usize) -> bool;
    /// `work.dirs[at]`: its names, all looked at; how many.
    fn list(&mut self, at: usize) -> usize;
    /// One byte to the end of `work.changed[at]`.
    fn append(&mut self, at: usize);
    /// One byte to the end of `work.big[at]`.
    fn append_big(&mut self, at: usize);
    /// Removes `work.changed[at]`.
    fn unlink(&mut self, at: usize);
}

/// Operations in one measured stretch.
const BLOCK: usize = 250;

/// How long one sample goes on.
const ENOUGH: Duration = Duration::from_millis(60);

pub fn median(samples: &[f64]) -> f64 {
    let mut sorted = samples.to_vec();
    sorted.sort_by(f64::total_cmp);
    sorted.get(sorted.len() / 2).copied().unwrap_or(f64::NAN)
}

/// Measures all of one contender. Each stretch has a fixed size, whatever number of iterations is
/// asked for: what comes before it (a fresh upper, warm caches) takes far longer than itself.
pub fn measure(c: &mut Criterion, who: &mut dyn Contender, work: &Work, table: &mut Table) {
    if !who.only_changes() {
        reads(c, who, work, table);
    }
    warm_up(who, work);
    let mut files = Changes::new((0..work.changed.len()).collect());
    run(c, who, "append, copy-up of 4 KB", table, |who| {
        files.stretch(who, work, BLOCK, |who, at| who.append(at))
    });
    let mut big = Changes::new((0..BIG_FILES).collect());
    run(c, who, "append, copy-up of 1 MB", table, |who| {
        big.stretch(who, work, BIG_FILES / 4, |who, at| who.append_big(at))
    });
    let mut files = Changes::new((0..work.changed.len()).collect());
    run(c, who, "unlink", table, |who| files.stretch(who, work, BLOCK, |who, at| who.unlink(at)));
}

/// Every file once, unmeasured: memory that a process touches for the first time is the machine's price,
/// and would be a quarter of ours.
fn warm_up(who: &mut dyn Contender, work: &Work) {
    who.fresh();
    stats(who, 0..work.stats.len());
    (0..work.changed.len()).for_each(|file| who.append(file));
}

fn reads(c: &mut Criterion, who: &mut dyn Contender, work: &Work, table: &mut Table) {
    run(c, who, "stat, cold", table, |who| {
        who.fresh();
        (timed(|| stats(who, 0..8 * BLOCK)), 8 * BLOCK)
    });
    who.fresh();
    stats(who, 0..work.stats.len());
    let mut at = 0;
    run(c, who, "stat, warm", table, |who| {
        at = (at + 5 * BLOCK) % (work.stats.len() - 5 * BLOCK);
        (timed(|| stats(who, at..at + 5 * BLOCK)), 5 * BLOCK)
    });
    // Some of the directories: `vfs` needs half a minute for all.
    let all = |who: &mut dyn Contender| (0..work.dirs.len()).step_by(10).map(|dir| who.list(dir)).sum();
    run(c, who, "list, first", table, |who| {
        who.fresh();
        counted(|| all(who))
    });
    run(c, who, "list, warm", table, |who| counted(|| all(who)));
}

fn stats(who: &mut dyn Contender, paths: Range<usize>) {
    for at in paths {
        black_box(who.stat(at));
    }
}

/// One benchmark. `stretch` gives the time and the number of operations it took.
fn run(
    c: &mut Criterion,
    who: &mut dyn Contender,
    what: &str,
    table: &mut Table,
    mut stretch: impl FnMut(&mut dyn Contender) -> (Duration, usize),
) {
    let (name, mut samples) = (who.name(), Vec::new());
    c.bench_function(&format!("{what}/{name}"), |b| {
        samples.clear();
        b.iter_custom(|n| {
            // Many short stretches: whoever else uses the machine disturbs a few of them, not the median.
            let (begin, first) = (Instant::now(), samples.len());
            while samples.len() == first || (begin.elapsed() < ENOUGH && samples.len() < first + 40) {
                let (time, done) = stretch(who);
                samples.push(time.as_secs_f64() * 1e9 / done as f64);
            }
            Duration::from_secs_f64(median(&samples[first..]) * n as f64 / 1e9)
        });
    });
    table.add(what, name, samples);
}

/// Changes one file after the other in random order, on a fresh upper when none is left.
struct Changes {
    order: Vec<usize>,
    next: usize,
}

impl Changes {
    fn new(order: Vec<usize>) -> Changes {
        Changes { next: order.len(), order }
    }

    /// The names are known and most directories in the upper already: measured is the file's own.
    fn stretch(
        &mut self,
        who: &mut dyn Contender,
        work: &Work,
        length: usize,
        change: impl Fn(&mut dyn Contender, usize),
    ) -> (Duration, usize) {
        if self.next + length > self.order.len() {
            who.fresh();
            stats(who, 0..work.stats.len());
            self.next = length;
            self.order[..length].iter().for_each(|file| change(who, *file));
        }
        who.rested();
        let files = &self.order[self.next..self.next + length];
        self.next += length;
        (timed(|| files.iter().for_each(|file| change(who, *file))), length)
    }
}

fn counted(f: impl FnOnce() -> usize) -> (Duration, usize) {
    let mut count = 0;
    (timed(|| count = f()), count)
}

fn timed(f: impl FnOnce()) -> Duration {
    let begin = Instant::now();
    f();
    begin.elapsed()
}
