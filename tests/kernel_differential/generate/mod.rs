//! Random sequences. A seed and a number give the same sequence every time.

mod handles;
mod layers;
mod ops;

use crate::case::{Case, Options};
use crate::excluded::keep_in_scope;
use crate::random::Random;

/// What a sequence is to be about.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Profile {
    /// Any options over ordinary layers.
    Plain,
    /// All options off, as Docker mounts.
    Default,
    /// Many opaque directories.
    Opaque,
    /// Layers with redirects and metacopies that nobody but us would make.
    Marks,
    /// `userxattr`.
    UserXattr,
    /// Hard links, with the index.
    Links,
    /// Names so long that redirects and paths hit their limits.
    Long,
    /// Many layers, few names.
    Deep,
    /// Whiteouts made of attributes.
    XWhiteouts,
    /// Data-only lowers, and metacopies that lead to them.
    Data,
    /// Files that stay open while their names change.
    Handles,
    /// Operations of unprivileged users, owners and modes that matter to them.
    Users,
}

const PROFILES: &[(usize, Profile)] = &[
    (30, Profile::Plain),
    (15, Profile::Default),
    (10, Profile::Opaque),
    (10, Profile::Marks),
    (8, Profile::UserXattr),
    (15, Profile::Links),
    (4, Profile::Long),
    (8, Profile::Deep),
    (8, Profile::XWhiteouts),
    (6, Profile::Data),
    (20, Profile::Handles),
    (35, Profile::Users),
];

/// The sequence of this number; of root alone where `users` is false.
pub fn sequence(seed: u64, number: u64, users: bool) -> Case {
    let mut random = Random::new(seed, number);
    let mut profile = random.weighted(PROFILES);
    if profile == Profile::Users && !users {
        profile = Profile::Plain;
    }
    of_profile(profile, &mut random, format!("{profile:?}-{seed}-{number}").to_lowercase())
}

fn of_profile(profile: Profile, random: &mut Random, name: String) -> Case {
    let options = options(profile, random);
    let names = names(profile);
    let depth = match profile {
        Profile::Deep => random.pick(&[5, 8, 12]),
        _ => random.pick(&[1, 1, 2, 2, 3, 4]),
    };
    let mut layer = || layers::layer(profile, &names, random);
    let lowers: Vec<_> = (0..depth).map(|_| layer()).collect();
    let (upper, first, second) = (layer(), layer(), layer());
    let upper = if random.chance(40) { upper } else { Default::default() };
    let data = match profile {
        Profile::Data => random.pick(&[vec![first.clone()], vec![first, second]]),
        _ => Vec::new(),
    };
    let mut case = Case { name, options, lowers, data, upper, ops: Vec::new() };
    case.ops = ops::ops(profile, &case, &names, random);
    keep_in_scope(&mut case);
    case
}

fn options(profile: Profile, random: &mut Random) -> Options {
    let [redirect_dir, metacopy, index, xino] = [(); 4].map(|()| random.chance(50));
    let mut options = Options { redirect_dir, metacopy, index, xino, userxattr: false };
    match profile {
        Profile::Default => options = Options::default(),
        Profile::UserXattr => {
            options = Options { redirect_dir: false, metacopy: false, userxattr: true, ..options };
        }
        Profile::Links => (options.redirect_dir, options.index) = (true, true),
        Profile::Data if random.chance(90) => (options.redirect_dir, options.metacopy) = (true, true),
        Profile::XWhiteouts if random.chance(30) => {
            options = Options { redirect_dir: false, metacopy: false, userxattr: true, ..options };
        }
        Profile::Long => options.redirect_dir = true,
        _ => {}
    }
    // One refused mount in a while is enough.
    if options.metacopy && !random.chance(2) {
        options.redirect_dir = true;
    }
    options
}

fn names(profile: Profile) -> Vec<String> {
    match profile {
        Profile::Long => {
            ["a".to_owned(), "b".to_owned(), "L".repeat(100), "M".repeat(120), "d".to_owned()].into()
        }
        Profile::Links | Profile::Deep | Profile::Handles => ["a", "b", "c"].map(str::to_owned).into(),
        _ => ["a", "b", "c", "d"].map(str::to_owned).into(),
    }
}
