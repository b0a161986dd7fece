//! `mount([…], #{ … })`: layers under any storage driver, and what is done with the mount as a whole.

use super::layers::{build, tree_map};
use super::objects::{lab, with};
use crate::error::{Error, ErrorKind};
use crate::fs::Tree;
use crate::script::core::Shared;
use crate::script::handle::{Answer, Files, Kind, LayerValue, OfMount, Place, refuse, thrown, type_word};
use crate::trace::Event;
use crate::union::{Access, Branch, CopyUp, Create, DRIVERS, Lower, Mount, Options, Policies, StorageDriver};
use rhai::{Array, Dynamic, Engine, INT, Map};

/// Registers `mount` and what a mount has beside its files.
pub fn register(engine: &mut Engine, core: &Shared) {
    let shared = core.clone();
    engine.register_fn("mount", move |lowers: Array| mount(&shared, &lowers, &Map::new()));
    let shared = core.clone();
    engine.register_fn("mount", move |lowers: Array, options: Map| mount(&shared, &lowers, &options));
    engine.register_fn("commit", |m: &mut Files<OfMount>| commit(m, "commit"));
    engine.register_fn("commit", commit);
    engine.register_fn("restart", restart::<OfMount>);
    engine.register_fn("forget_volatile", |m: &mut Files<OfMount>| m.on(|mount, _| mount.forget_volatile()));
    engine.register_fn("remount", |m: &mut Files<OfMount>| commit(m, "commit"));
    engine.register_fn("branch", branch);
    engine.register_get("driver", |m: &mut Files<OfMount>| m.on(|mount, _| mount.storage().name()));
}

/// Unmounts and mounts again; for containers as well.
pub fn restart<K: Kind>(m: &mut Files<K>) -> Answer<()> {
    m.on(|mount, t| mount.restart(t))?.map_err(|errno| thrown("restart", "/", errno))
}

fn commit(m: &mut Files<OfMount>, label: &str) -> Answer<LayerValue> {
    m.on(|mount, t| mount.commit(label, t))?.map(LayerValue).map_err(|errno| thrown("commit", "/", errno))
}

/// A branch of aufs or unionfs as it is stored; 0 is the first.
fn branch(m: &mut Files<OfMount>, number: INT) -> Answer<Map> {
    let found = m.on(|mount, _| {
        let branch = usize::try_from(number).ok().and_then(|number| mount.branch(number));
        (branch, mount.branches(), mount.storage().name())
    })?;
    match found {
        (Some(tree), ..) => Ok(tree_map(&tree)),
        (None, 0, name) => Err(refuse(&format!("{name} has no branches; m.upper() is what it stores"))),
        (None, count, _) => {
            Err(refuse(&format!("there is no branch({number}): they are 0 to {}", count - 1)))
        }
    }
}

/// What a mount option asks for that is not here, and what to do instead.
const NOT_MODELLED: &[(&str, &str)] = &[
    ("nfs_export", "it serves NFS file handles; nothing that a program on the mount sees changes"),
    ("verity", "fs-verity digests of data-only files; leave it out, the contents are the same"),
    ("uuid", "it sets an identifier that only statfs shows; leave it out"),
    ("fsync", "the lab never crashes, so when data reaches the disk doesn't show; leave it out"),
    ("dirren", "it lets aufs rename directories of several branches, with lists in hidden files"),
    ("udba", "it says how aufs watches changes made behind its back; here nobody makes any"),
    ("xino", "it says where aufs keeps inode numbers; the lab needs no such file"),
];

/// Options that a driver takes beside `upper` and `driver`.
const OVERLAY: &[&str] = &["redirect_dir", "metacopy", "index", "xino", "userxattr", "volatile", "data"];
const BRANCHES: &[&str] = &["branches", "create", "cpup"];

/// The policies of aufs that need free space or turns, which a lab without disks has not (aufs(5)).
const OTHER_POLICIES: &[&str] = &[
    "tdmfs",
    "tdmfsv",
    "rr",
    "round-robin",
    "mfs",
    "mfsv",
    "most-free-space",
    "mfsrr",
    "mfsrrv",
    "pmfs",
    "pmfsv",
    "pmfsrr",
    "pmfsrrv",
    "bu",
    "bottom-up",
];

struct Wanted {
    driver: StorageDriver,
    upper: Tree,
    data: Vec<Lower>,
    overlay: Options,
    branches: Option<Vec<Access>>,
    policies: Policies,
}

fn mount(core: &Shared, lowers: &Array, options: &Map) -> Answer<Files<OfMount>> {
    let userxattr = options.get("userxattr").is_some_and(|value| switch("userxattr", value).unwrap_or(false));
    let layers = lower_layers(core, lowers, userxattr)?;
    let wanted = wanted(core, options, userxattr)?;
    let mount = match wanted.driver {
        StorageDriver::Overlay2 => overlay(core, layers, wanted)?,
        StorageDriver::Aufs | StorageDriver::Unionfs => branched(core, layers, wanted)?,
        driver => with(core, |core| {
            let made = driver.mount(layers, wanted.upper, &mut core.trace);
            made.map_err(|errno| thrown("mount", "", errno))
        })?,
    };
    let name = with(core, |core| {
        let name = core.lab.keep_mount(mount);
        core.name_it("Mount", &name);
        Ok(name)
    })?;
    Ok(Files::new(core, Place::Mount(name)))
}

fn wanted(core: &Shared, options: &Map, userxattr: bool) -> Answer<Wanted> {
    let driver = options.get("driver").map_or(Ok(StorageDriver::default()), |value| driver(core, value))?;
    let mut wanted = Wanted {
        driver,
        upper: Tree::new(),
        data: Vec::new(),
        overlay: Options::default(),
        branches: None,
        policies: Policies::default(),
    };
    let own = match driver {
        StorageDriver::Overlay2 => OVERLAY,
        StorageDriver::Aufs => BRANCHES,
        StorageDriver::Unionfs => &BRANCHES[..1],
        _ => &[],
    };
    for (key, value) in options {
        match key.as_str() {
            "driver" => {}
            "upper" => {
                let map = value
                    .clone()
                    .try_cast::<Map>()
                    .ok_or_else(|| refuse("upper is a map of path to entry"))?;
                wanted.upper = Tree::from_layer(&build(&map)?);
            }
            key if own.contains(&key) => take(core, &mut wanted, key, value, userxattr)?,
            key => return Err(unknown(core, driver, key, own)),
        }
    }
    Ok(wanted)
}

fn take(core: &Shared, wanted: &mut Wanted, key: &str, value: &Dynamic, userxattr: bool) -> Answer<()> {
    let chosen = &mut wanted.overlay;
    match key {
        "data" => {
            let list = value.clone().try_cast::<Array>().ok_or_else(|| {
                refuse("data is a list of layers, topmost first: mount([top], #{ data: [d1, d2] })")
            })?;
            wanted.data = lower_layers(core, &list, userxattr)?;
        }
        "branches" => wanted.branches = Some(accesses(core, value)?),
        "create" => {
            policy(core, key, value, &["tdp", "top-down-parent"])?;
            wanted.policies.create = Create::TopDownParent;
        }
        "cpup" => {
            let known = &["bup", "bottom-up-parent", "tdp", "top-down-parent"];
            let named = policy(core, key, value, known)?;
            wanted.policies.copy_up = match named.starts_with('b') {
                true => CopyUp::BottomUpParent,
                false => CopyUp::TopDownParent,
            };
        }
        _ => {
            let on = switch(key, value)?;
            match key {
                "redirect_dir" => (chosen.redirect_dir, chosen.redirect_dir_off) = (on, !on),
                "metacopy" => chosen.metacopy = on,
                "index" => chosen.index = on,
                "xino" => chosen.xino = on,
                "userxattr" => chosen.userxattr = on,
                _ => chosen.volatile = on,
            }
        }
    }
    Ok(())
}

/// The driver of this name.
fn driver(core: &Shared, value: &Dynamic) -> Answer<StorageDriver> {
    let name =
        value.clone().into_string().map_err(|_| refuse("driver is a name: \"overlay2\", \"aufs\" …"))?;
    let known =
        || DRIVERS.iter().flat_map(|row| std::iter::once(row.name).chain(row.aliases.iter().copied()));
    StorageDriver::of_mount(&name).map_or_else(
        || {
            lab(core, |_| {
                Err(Error::new(ErrorKind::Unknown, format!("there is no storage driver `{name}`"))
                    .did_you_mean(&name, known())
                    .hint(
                        "there are overlay2, overlay1 (one lower directory), aufs, unionfs, vfs and native",
                    ))
            })
        },
        Ok,
    )
}

/// `rw`, `ro`, `ro+wh`, `rr`, `rr+wh` for each layer of the list (aufs(5), "Branch Syntax").
fn accesses(core: &Shared, value: &Dynamic) -> Answer<Vec<Access>> {
    const WORDS: &[(&str, Access)] = &[
        ("rw", Access::Write),
        ("ro", Access::Read { whiteouts: false }),
        ("ro+wh", Access::Read { whiteouts: true }),
        ("rr", Access::Real { whiteouts: false }),
        ("rr+wh", Access::Real { whiteouts: true }),
    ];
    let list = value
        .clone()
        .try_cast::<Array>()
        .ok_or_else(|| refuse("branches is a list with a permission for each layer: [\"rw\", \"ro+wh\"]"))?;
    let access = |value: &Dynamic| {
        let word = value.clone().into_string().unwrap_or_default();
        WORDS.iter().find(|(known, _)| *known == word).map(|(_, access)| *access).map_or_else(
            || {
                lab(core, |_| {
                    Err(Error::new(ErrorKind::Usage, format!("`{word}` is no permission of a branch"))
                        .did_you_mean(&word, WORDS.iter().map(|(known, _)| *known))
                        .hint("rw, ro, rr; with +wh the whiteouts of a read-only branch count"))
                })
            },
            Ok,
        )
    };
    list.iter().map(access).collect()
}

fn policy(core: &Shared, key: &str, value: &Dynamic, known: &[&str]) -> Answer<String> {
    let word = value.clone().into_string().unwrap_or_default();
    if known.contains(&word.as_str()) {
        return Ok(word);
    }
    let bare = word.split(':').next().unwrap_or_default().to_owned();
    lab(core, |_| {
        let error = match OTHER_POLICIES.contains(&bare.as_str()) {
            true => Error::new(ErrorKind::Usage, format!("the policy {key}={word} is not modelled")),
            false => Error::new(ErrorKind::Usage, format!("there is no policy {key}={word}"))
                .did_you_mean(&bare, known.iter().copied()),
        };
        Err(error.hint(format!("modelled: {}", known.join(", "))))
    })
}

fn unknown(core: &Shared, driver: StorageDriver, key: &str, own: &[&str]) -> Box<rhai::EvalAltResult> {
    let name = driver.name();
    let not_modelled = NOT_MODELLED.iter().find(|(what, _)| *what == key);
    let result: Answer<()> = lab(core, |_| {
        if let Some((what, why)) = not_modelled {
            return Err(Error::new(ErrorKind::Usage, format!("the mount option `{what}` is not modelled"))
                .hint(format!("{why}; `help mounting` tells of those that are")));
        }
        let all = || own.iter().copied().chain(["upper", "driver"]);
        let list = all().collect::<Vec<_>>().join(", ");
        let elsewhere = OVERLAY.contains(&key) || BRANCHES.contains(&key);
        let words = match elsewhere {
            true => format!("{name} has no mount option `{key}`"),
            false => format!("there is no mount option `{key}`"),
        };
        Err(Error::new(ErrorKind::Usage, words).did_you_mean(key, all()).hint(format!("there are {list}")))
    });
    match result {
        Err(error) => error,
        Ok(()) => refuse("an unknown mount option"),
    }
}

fn overlay(core: &Shared, layers: Vec<Lower>, wanted: Wanted) -> Answer<Mount> {
    let Wanted { data, upper, overlay: chosen, .. } = wanted;
    let (lowers, apart) = (layers.clone(), data.clone());
    Mount::with_data(layers, data, upper, chosen)
        .map_err(|errno| refused(core, "overlay", errno, || Mount::why_not(&lowers, &apart, &chosen)))
}

fn branched(core: &Shared, layers: Vec<Lower>, wanted: Wanted) -> Answer<Mount> {
    let Wanted { driver, upper, branches, policies, .. } = wanted;
    let (count, name) = (layers.len(), driver.name());
    let accesses = branches.unwrap_or_else(|| vec![Access::Read { whiteouts: true }; count]);
    if accesses.len() != count {
        return Err(refuse(&format!(
            "branches has {} permissions for {count} layers; the upper is one more branch, always rw",
            accesses.len()
        )));
    }
    let first = Branch { layer: upper.into_layer(), label: "".into(), access: Access::Write };
    let below = layers.into_iter().zip(accesses);
    let below = below.map(|(Lower { layer, label }, access)| Branch { layer, label, access });
    Mount::of_branches(driver, std::iter::once(first).chain(below).collect(), policies).map_err(|errno| {
        refused(core, name, errno, || format!("{} branches; {name} has at most 127", count + 1))
    })
}

/// A mount that the kernel refuses: an event that says why, and an errno for the script.
fn refused(
    core: &Shared,
    what: &str,
    errno: crate::fs::Errno,
    why: impl FnOnce() -> String,
) -> Box<rhai::EvalAltResult> {
    let _ = with(core, |core| {
        core.trace.emit(|| Event::Failed {
            op: "mount".to_owned(),
            path: what.to_owned(),
            other: None,
            errno: errno.name().to_owned(),
            why: why(),
        });
        Ok(())
    });
    thrown("mount", "", errno)
}

/// Layers, and mounts whose merged directory is to be one.
fn lower_layers(core: &Shared, lowers: &Array, userxattr: bool) -> Answer<Vec<Lower>> {
    let mut layers = Vec::new();
    for (index, value) in lowers.iter().enumerate() {
        if let Some(layer) = value.clone().try_cast::<LayerValue>() {
            layers.push(Lower { layer: layer.0, label: "".into() });
            continue;
        }
        let Some(inner) = value.clone().try_cast::<Files<OfMount>>() else {
            return Err(refuse(&format!(
                "mount takes a list of layers (or mounts), topmost first; entry {index} is {}",
                type_word(value)
            )));
        };
        let name = inner.name().to_owned();
        let layer = inner
            .on(|mount, t| t.quietly(|t| mount.as_lower(userxattr, t)))?
            .map_err(|errno| thrown("mount", "", errno))?;
        with(core, |core| {
            core.emit(Event::Hint {
                text: format!(
                    "{name} is a lower layer as it is now; the kernel calls it undefined what a \
                     change below a mounted overlay does, so later changes of {name} don't show here"
                ),
            });
            Ok(())
        })?;
        layers.push(Lower { layer, label: format!("merged {name}").into() });
    }
    Ok(layers)
}

fn switch(key: &str, value: &Dynamic) -> Answer<bool> {
    if let Ok(on) = value.as_bool() {
        return Ok(on);
    }
    match value.clone().into_string().as_deref() {
        Ok("on") => Ok(true),
        Ok("off") => Ok(false),
        _ => Err(refuse(&format!("{key} is true or false"))),
    }
}
