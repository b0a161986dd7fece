//! Random projects, and what happens to them between builds.

mod edits;
mod files;
mod lines;
pub use lines::STAGES;
mod run;

use crate::case::{Build, Builder, Case};
use crate::random::Random;

/// The sequence of this number.
pub fn case(seed: u64, at: u64, builder: Builder) -> Case {
    let mut random = Random::new(seed, at);
    let random = &mut random;
    let mut first = Build { context: files::context(random), ..Build::default() };
    first.lines = lines::dockerfile(random, builder, &first);
    if random.chance(25) {
        first.ignore = Some(files::ignore(random));
    }
    if first.lines.iter().any(|line| line.starts_with("ARG")) && random.chance(50) {
        first.args.insert("V".to_owned(), random.pick(&["1", "2", "a b"]).to_owned());
    }
    first.edits = "first build".to_owned();
    let mut builds = vec![first];
    for number in 1..=2 + random.below(3) {
        let next = edits::next(random, builder, &builds, number as i64);
        builds.push(next);
    }
    Case { name: format!("g_{seed}_{at}"), builder, builds }
}
