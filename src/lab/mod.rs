//! The lab: everything that exists, as one value.
//!
//! Images, containers, mounts, the caches of both builders, what was built, and the lab's own host: a
//! plain filesystem with a working directory, where build contexts live. Cloning a [`Lab`] costs the
//! number of layers and images, not of files; undo and what-if are clones.

mod hosts;
mod mounted;
mod starting;
mod volumes;

pub use hosts::{FIRST, Machine};

use crate::build::{Build, Cache, Context};
use crate::dockerfile::Version;
use crate::error::{Error, ErrorKind};
use crate::fs::{Contents, EPOCH, Host, Inode, Nodes, Tree};
use crate::image::reference::Reference;
use crate::image::registry::{Downloads, Origins, Registry};
use crate::image::{Container, Done, Image, Store, Usage, Volume, catalog};
use crate::shell::{Packages, Urls};
use crate::trace::Trace;
use crate::union::{Mount, StatKind, StorageDriver};
use indexmap::{IndexMap, IndexSet};
use std::sync::Arc;

pub use mounted::Located;
pub use starting::Start;

/// Where the lab's own host keeps build contexts: its working directory at the start.
pub const HOME: &str = "/lab";

/// The directory of a build context on the lab's own host.
pub fn context_dir(name: &str) -> String {
    crate::fs::path::absolute(HOME, name)
}

/// See the module's text.
#[derive(Clone, Debug)]
pub struct Lab {
    /// Images that are here; built-in ones arrive when first asked for.
    pub images: Store,
    /// Both builders' caches.
    pub cache: Cache,
    /// Containers by name.
    pub containers: IndexMap<String, Container>,
    /// Volumes by name.
    pub volumes: IndexMap<String, Volume>,
    /// Volumes without a name so far: none gets the name of one that is gone.
    volumes_made: u64,
    /// Mounts made by `mount(…)`, by name.
    pub mounts: IndexMap<String, Mount>,
    /// The lab's own host.
    pub host: Mount,
    /// The host's working directory.
    pub cwd: String,
    /// Edits on the host so far: its clock moves a second with each, as a person's does.
    ticks: i64,
    /// Builds that ended, oldest first, with the name each was called by.
    pub builds: Vec<Arc<Build>>,
    /// `--base NAME=KNOWN`: what stands in for names that nobody knows.
    pub bases: IndexMap<String, String>,
    /// Refuse unknown bases and programs that are not modelled.
    pub strict: bool,
    /// Which Docker builds.
    pub version: Version,
    /// The storage driver of containers and builds to come.
    pub storage: StorageDriver,
    /// Packages that a teacher added to the tables of the package managers.
    pub packages: Packages,
    /// The addresses that a teacher gave an answer to.
    pub urls: Urls,
    /// Where the layers of this host were seen travelling.
    pub origins: Origins,
    /// What pulls that broke off have left.
    pub downloads: Downloads,
    /// Who is logged in, by registry. Passwords are never kept.
    pub logins: IndexMap<String, String>,
    /// What all hosts push to and pull from.
    pub registry: Arc<Registry>,
    /// The host that commands go to.
    here: String,
    /// Hosts that somebody named.
    known_hosts: IndexSet<String>,
    /// What the other hosts have.
    elsewhere: IndexMap<String, Machine>,
}

impl Default for Lab {
    fn default() -> Lab {
        Lab::new()
    }
}

impl Lab {
    /// An empty lab: no images fetched, no containers, a host with busybox and an empty `/lab`.
    pub fn new() -> Lab {
        Lab {
            images: Store::default(),
            cache: Cache::default(),
            containers: IndexMap::new(),
            volumes: IndexMap::new(),
            volumes_made: 0,
            mounts: IndexMap::new(),
            host: Mount::native(host_tree()),
            cwd: HOME.to_owned(),
            ticks: 0,
            builds: Vec::new(),
            bases: IndexMap::new(),
            strict: false,
            version: Version::default(),
            storage: StorageDriver::default(),
            packages: Packages::default(),
            urls: Urls::default(),
            origins: Origins::default(),
            downloads: Downloads::default(),
            logins: IndexMap::new(),
            registry: Arc::default(),
            here: FIRST.to_owned(),
            known_hosts: IndexSet::new(),
            elsewhere: IndexMap::new(),
        }
    }

    /// An edit on the lab's host begins: a second later than the one before. BuildKit takes a file of
    /// the same size and time for unchanged, so edits must differ in time.
    pub fn tick(&mut self) {
        self.ticks += 1;
        self.host.set_time(EPOCH + self.ticks);
    }

    /// An image by name or id; a built-in one is fetched when it is not here yet.
    ///
    /// # Errors
    /// Nobody knows the name; the hint names a near one or lists the known.
    pub fn image(&mut self, name: &str) -> Result<Arc<Image>, Error> {
        if let Some(image) = self.images.get(name) {
            return Ok(image);
        }
        if let Some(image) = catalog::image(name) {
            let id = self.images.share(image.clone());
            self.images.tag(name, id);
            return Ok(image);
        }
        let here: Vec<String> = self.images.names().map(|(name, _)| name.to_owned()).collect();
        let built_in = format!("help bases lists {} built-in ones", catalog::known().count());
        let hint = match here.is_empty() {
            true => built_in,
            false => format!("here are {}; {built_in}", here.join(", ")),
        };
        let known: Vec<String> = here.into_iter().chain(catalog::known().map(str::to_owned)).collect();
        let why = match Reference::parse(name) {
            Err(words) => format!(": {words}"),
            Ok(_) => String::new(),
        };
        Err(Error::new(ErrorKind::Unknown, format!("there is no image `{name}`{why}"))
            .did_you_mean(name, known.iter().map(String::as_str))
            .hint(hint))
    }

    /// A container by name or the first letters of its id.
    ///
    /// # Errors
    /// There is none.
    pub fn container(&mut self, name: &str) -> Result<&mut Container, Error> {
        let found = self
            .containers
            .iter()
            .position(|(key, container)| key == name || (name.len() >= 4 && container.id.starts_with(name)));
        let known: Vec<String> = self.containers.keys().cloned().collect();
        match found.and_then(|at| self.containers.get_index_mut(at)) {
            Some((_, container)) => Ok(container),
            None => Err(Error::new(ErrorKind::Unknown, format!("there is no container `{name}`"))
                .did_you_mean(name, known.iter().map(String::as_str))
                .hint(match known.is_empty() {
                    true => format!("start one: docker run -d --name {name} nginx:alpine"),
                    false => format!("there are {}", known.join(", ")),
                })),
        }
    }

    /// Keeps a mount under a new name: "m1", "m2" …
    pub fn keep_mount(&mut self, mount: Mount) -> String {
        let name = (1..).map(|n| format!("m{n}")).find(|n| !self.mounts.contains_key(n)).unwrap_or_default();
        self.mounts.insert(name.clone(), mount);
        name
    }

    /// Makes (or adds to) a build context: files by their path in it.
    ///
    /// # Errors
    /// A path that can't be made.
    pub fn add_to_context(
        &mut self,
        name: &str,
        files: &[(String, Inode)],
        t: &mut Trace,
    ) -> Result<(), Error> {
        let root = context_dir(name);
        t.quietly(|t| {
            self.make_directory(&root, t)?;
            for (path, inode) in files {
                let mut inode = inode.clone();
                if inode.mtime == EPOCH {
                    inode.mtime += self.ticks;
                }
                let at = format!("{root}/{}", path.trim_matches('/'));
                self.put(&at, &inode, t)?;
            }
            Ok(())
        })
    }

    fn make_directory(&mut self, path: &str, t: &mut Trace) -> Result<(), Error> {
        let mut at = Vec::new();
        for name in crate::fs::path::names(path.as_bytes()) {
            at.push(b'/');
            at.extend_from_slice(name);
            match self.host.mkdir(&at, 0o755, t) {
                Ok(()) | Err(crate::fs::Errno::EEXIST) => {}
                Err(errno) => return Err(host_error(path, errno)),
            }
        }
        Ok(())
    }

    fn put(&mut self, path: &str, inode: &Inode, t: &mut Trace) -> Result<(), Error> {
        let parent = crate::fs::path::parent(path.as_bytes()).to_vec();
        self.make_directory(&String::from_utf8_lossy(&parent), t)?;
        let at = path.as_bytes();
        let host = &mut self.host;
        let made = match &inode.kind {
            crate::fs::Kind::File(contents) => {
                let _ = host.unlink(at, t);
                host.create(at, inode.mode, contents.clone(), t)
            }
            crate::fs::Kind::Symlink(target) => {
                let _ = host.unlink(at, t);
                host.symlink(target, at, t)
            }
            crate::fs::Kind::Dir(_) => match host.mkdir(at, inode.mode, t) {
                Err(crate::fs::Errno::EEXIST) => host.chmod(at, inode.mode, t),
                other => other,
            },
            _ => Err(crate::fs::Errno::EINVAL),
        };
        made.map_err(|errno| host_error(path, errno))?;
        if !matches!(inode.kind, crate::fs::Kind::Symlink(_)) {
            host.utimes(at, inode.mtime, t).map_err(|errno| host_error(path, errno))?;
        }
        Ok(())
    }

    /// Reads a real folder and keeps it as the build context `name`.
    ///
    /// # Errors
    /// Not readable, or beyond the limits of [`crate::build::Limits`].
    pub fn open(&mut self, host: &dyn Host, folder: &str, name: &str, t: &mut Trace) -> Result<(), Error> {
        let context = Context::from_host(host, folder, crate::build::Limits::default())?;
        let mut files = Vec::new();
        context.tree().walk(&mut |path, _, inode| {
            files.push((String::from_utf8_lossy(path).into_owned(), inode.clone()));
        });
        // A fresh directory: files of an earlier opening that are gone must not stay.
        self.remove_context(name, t);
        self.add_to_context(name, &files, t)
    }

    /// Removes a build context's directory.
    pub fn remove_context(&mut self, name: &str, t: &mut Trace) {
        let root = context_dir(name);
        t.quietly(|t| {
            let Ok(mut found) = self.host.walk(root.as_bytes(), t) else { return };
            found.reverse();
            for (path, stat) in found {
                let _ = match stat.kind {
                    StatKind::Dir => self.host.rmdir(&path, t),
                    _ => self.host.unlink(&path, t),
                };
            }
        });
    }

    /// The directory of a build context on the lab's host: below the working directory, or one of `/lab`.
    ///
    /// # Errors
    /// There is none of this name.
    pub fn find_context(&mut self, name: &str, t: &mut Trace) -> Result<String, Error> {
        let beside = crate::fs::path::absolute(&self.cwd, name);
        for path in [beside, context_dir(name)] {
            if t.quietly(|t| self.host.stat(path.as_bytes(), t)).is_ok() {
                return Ok(path);
            }
        }
        let contexts = self.contexts();
        let short = name.trim_end_matches('/');
        Err(Error::new(ErrorKind::Unknown, format!("there is no build context `{name}`"))
            .did_you_mean(short, contexts.iter().map(String::as_str))
            .hint(format!("make one: context(\"{short}\", #{{ \"Dockerfile\": \"FROM alpine:3.19\\n\" }}), or load a folder: open DIR as {short}")))
    }

    /// Names of the build contexts: the directories in `/lab`.
    pub fn contexts(&mut self) -> Vec<String> {
        let mut silent = Trace::silent();
        let names = self.host.readdir(HOME.as_bytes(), &mut silent).unwrap_or_default();
        let mut dirs = Vec::new();
        for name in names {
            let path = [HOME.as_bytes(), b"/", &name].concat();
            if self.host.stat(&path, &mut silent).is_ok_and(|stat| stat.kind == StatKind::Dir) {
                dirs.push(String::from_utf8_lossy(&name).into_owned());
            }
        }
        dirs
    }

    /// Does the real host have a folder of this name? For `context("app")` and `docker build app`.
    pub fn host_folder(host: &dyn Host, name: &str) -> bool {
        !name.is_empty() && host.list(name).is_ok()
    }

    /// Differs whenever something in the lab changed: files anywhere, images, containers, builds, the
    /// users that mounts act as.
    pub fn fingerprint(&self) -> Vec<u64> {
        let mut marks = vec![self.host.generation(), self.builds.len() as u64, self.images.generation()];
        marks.push(self.cache.changes());
        marks.extend(self.host_marks());
        marks.push(self.packages.generation());
        marks.push(u64::from(self.version == Version::Current));
        marks.push(self.urls.generation());
        marks.push(self.volumes.len() as u64);
        marks.extend(self.volumes.values().map(|volume| volume.mount.generation()));
        let mounts = self.containers.values().flat_map(|container| &container.mounts);
        marks.extend(mounts.filter_map(|point| point.tmpfs.as_ref()).map(Mount::generation));
        marks.extend(self.mounts.values().map(Mount::generation));
        marks.extend(self.containers.values().map(|c| c.mount.generation() * 2 + u64::from(c.running)));
        for mount in self.mounts.values().chain(self.containers.values().map(|c| &c.mount)) {
            let cred = mount.cred();
            marks.extend([cred.uid, cred.gid].iter().chain(&cred.groups).map(|id| u64::from(*id)));
        }
        marks
    }

    /// Who uses which image and layer.
    pub fn usage(&self) -> Usage {
        Usage::of(&self.images, self.containers.values(), &self.cache.keepers())
    }

    /// Which images have which layer, whoever else does.
    pub fn image_usage(&self) -> Usage {
        Usage::of(&self.images, std::iter::empty(), &[])
    }

    /// What a removal came to: it leaves the store, and the legacy builder forgets the images.
    pub fn take_away(&mut self, done: &Done) {
        self.images.take_away(done);
        self.cache.forget_images(&done.deleted);
    }

    /// The lab's time, Unix seconds: the fixed date, and a second for each edit or executed step.
    pub fn now(&self) -> i64 {
        self.cache.now().max(EPOCH + self.ticks)
    }

    /// The last build that ended.
    pub fn last_build(&self) -> Option<&Arc<Build>> {
        self.builds.last()
    }
}

fn host_error(path: &str, errno: crate::fs::Errno) -> Error {
    Error::new(ErrorKind::Host, format!("{path} can't be made on the lab's host: {}", errno.message()))
}

/// The lab's own host: busybox's programs, a few files, an empty `/lab`.
fn host_tree() -> Tree {
    let mut tree = match catalog::image("busybox").and_then(|image| image.layers.first().cloned()) {
        Some(layer) => Tree::from_layer(&layer.layer),
        None => Tree::new(),
    };
    tree.mkdirs(HOME.as_bytes());
    tree.put(b"/tmp", Inode::dir(0o1777));
    tree.put(b"/etc/hostname", Inode::file(Contents::text("lab\n")));
    tree
}
