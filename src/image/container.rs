//! Containers: an empty upper over an image's layers, and what becomes of it.

use super::layer::{self, ImageLayer, Origin};
use super::{Config, History, Image, MountPoint};
use crate::fs::{Contents, Digest, EPOCH, Errno, Inode, Kind, Layer, Nodes, Tree, path};
use crate::trace::Trace;
use crate::union::{Cred, Mount, Options, StorageDriver};
use std::sync::Arc;

/// What the runtime mounts over every container; nothing written there reaches the upper, `docker
/// diff` or a commit (moby `daemon/container_operations_unix.go`, `oci/defaults.go`).
pub const MOUNTED: [&str; 6] = ["/dev", "/proc", "/sys", "/etc/hosts", "/etc/hostname", "/etc/resolv.conf"];

/// A container.
#[derive(Clone, Debug)]
pub struct Container {
    /// Its name, unique in the lab.
    pub name: String,
    /// 64 hex digits.
    pub id: String,
    /// The name the image was asked for by.
    pub image_name: String,
    /// The image it was made from.
    pub image: Arc<Image>,
    /// The image's layers with an upper of its own.
    pub mount: Mount,
    /// The image's config with what `docker run` changed.
    pub config: Config,
    /// Is its process alive?
    pub running: bool,
    /// Exit status of its process, once it has ended.
    pub exit: i32,
    /// Unix seconds.
    pub created: i64,
    /// Where directories are mounted: the image's volumes and what was asked for. Whatever the upper has
    /// there belongs to no change of the container.
    pub volumes: Vec<String>,
    /// What is mounted there, and on single files.
    pub mounts: Vec<MountPoint>,
    /// `--read-only`: the union itself can't be written to.
    pub read_only: bool,
}

impl Container {
    /// Makes a container with an empty upper and takes it as running. `number` tells containers of the
    /// same name and image apart.
    ///
    /// # Errors
    /// What mounting the layers answers.
    pub fn create(name: &str, image_name: &str, image: Arc<Image>, number: u64) -> Result<Container, Errno> {
        Container::create_with(StorageDriver::default(), name, image_name, image, number)
    }

    /// [`Container::create`] by this storage driver.
    ///
    /// # Errors
    /// What mounting the layers answers.
    pub fn create_with(
        storage: StorageDriver,
        name: &str,
        image_name: &str,
        image: Arc<Image>,
        number: u64,
    ) -> Result<Container, Errno> {
        let mount = storage.mount(image.lowers(), Tree::new(), &mut Trace::silent())?;
        let mut container = Container {
            name: name.to_owned(),
            id: Digest::of(format!("container {number} {name} {}", image.id)).hex(),
            image_name: image_name.to_owned(),
            config: image.config.clone(),
            image,
            mount,
            running: true,
            exit: 0,
            created: EPOCH,
            volumes: Vec::new(),
            mounts: Vec::new(),
            read_only: false,
        };
        // A built-in image has the mount points of its volumes, so nobody need look into its layers.
        let built_in = container.image.layers.last().is_some_and(|layer| layer.layer.is_plain());
        for volume in container.image.config.volumes.clone() {
            if built_in {
                container.volumes.push(volume);
            } else {
                container.add_volume(&volume);
            }
        }
        Ok(container)
    }

    /// Makes room for a volume without a name (`-v PATH`). A missing mount point is made in the upper, so it
    /// is part of the container's changes; what is written inside is not.
    pub fn add_volume(&mut self, at: &str) {
        let at = path::show(&path::clean(at.as_bytes())).into_owned();
        if at == "/" || self.volumes.contains(&at) {
            return;
        }
        self.make_directory(&at);
        if !self.config.volumes.contains(&at) {
            self.config.volumes.push(at.clone());
        }
        self.volumes.push(at);
    }

    /// Makes room for a mounted directory: as [`Container::add_volume`], but an image made of the container
    /// knows nothing of it.
    pub fn add_mount_point(&mut self, at: &str) {
        if at != "/" && !self.volumes.iter().any(|known| known == at) {
            self.make_directory(at);
            self.volumes.push(at.to_owned());
        }
    }

    /// Makes room for a mounted file: an empty one (runc `libcontainer/rootfs_linux.go`,
    /// `createIfNotExists`).
    pub fn add_mounted_file(&mut self, at: &str) {
        self.make_directory(&path::show(path::parent(at.as_bytes())));
        self.as_root(|mount, t| {
            if mount.lstat(at.as_bytes(), t).is_err() {
                let _ = mount.create(at.as_bytes(), 0o755, Contents::EMPTY, t);
            }
        });
    }

    fn make_directory(&mut self, at: &str) {
        self.as_root(|mount, t| {
            let mut made = Vec::new();
            for name in path::names(at.as_bytes()) {
                made.push(b'/');
                made.extend_from_slice(name);
                // What exists already answers EEXIST; what can't be made is left out, as nothing runs there.
                let _ = mount.mkdir(&made, 0o755, t);
            }
        });
    }

    /// Does what the runtime does, whoever uses the container.
    fn as_root(&mut self, work: impl FnOnce(&mut Mount, &mut Trace)) {
        let user = self.mount.cred().clone();
        self.mount.become_user(Cred::default());
        work(&mut self.mount, &mut Trace::silent());
        self.mount.become_user(user);
    }

    /// Is this path on one of the runtime's mounts or a volume, so that the upper never sees it? The
    /// mount point of a volume itself belongs to the container.
    pub fn is_mounted(&self, path: &[u8]) -> bool {
        let below = |point: &str| {
            path.strip_prefix(point.as_bytes()).is_some_and(|rest| rest.is_empty() || rest.starts_with(b"/"))
        };
        let inside = |point: &str| below(point) && path.len() > point.len();
        MOUNTED.iter().any(|point| below(point)) || self.volumes.iter().any(|point| inside(point))
    }

    /// What the container wrote, as a layer: the upper without what lies on mounts and volumes.
    pub fn changed(&self) -> Layer {
        let mut upper = self.mount.changes();
        for point in MOUNTED {
            take_out(&mut upper, point.as_bytes());
        }
        for volume in &self.volumes {
            self.empty_volume(&mut upper, volume.as_bytes());
        }
        upper.seal()
    }

    /// `SizeRw`: bytes of the upper, each symlink with the length of its text.
    pub fn size_rw(&self) -> u64 {
        layer::size(&self.changed(), Origin::Daemon)
    }

    /// `SizeRootFs`: the image and the upper.
    pub fn size_root_fs(&self) -> u64 {
        self.image.size().saturating_add(self.size_rw())
    }

    /// `docker commit`: an image with the upper as its newest layer (moby `daemon/commit.go`). Without
    /// changes there is no layer and the history's entry is empty.
    pub fn commit(&self, message: &str, author: &str) -> Image {
        self.commit_as(message, author, self.config.clone())
    }

    /// [`Container::commit`] with another config, as `--change` makes it.
    pub fn commit_as(&self, message: &str, author: &str, config: Config) -> Image {
        let mut image = Image {
            config,
            history: self.image.history.clone(),
            layers: self.image.layers.clone(),
            created: EPOCH,
            author: author.to_owned(),
            parent: Some(self.image.id),
            architecture: self.image.architecture.clone(),
            os: self.image.os.clone(),
            placeholder: self.image.placeholder,
            ..Image::default()
        };
        let layer = self.changed();
        let empty_layer = layer.entries() == 0;
        image.history.push_back_mut(History {
            created: EPOCH,
            author: author.to_owned(),
            created_by: self.config.cmd.as_deref().unwrap_or_default().join(" "),
            comment: message.to_owned(),
            empty_layer,
        });
        if !empty_layer {
            image.layers.push(ImageLayer::new(layer, Origin::Daemon, format!("commit {}", self.name)));
        }
        image.sealed()
    }

    /// A new mount of the image alone: what the container began with.
    ///
    /// # Errors
    /// What mounting the layers answers.
    pub fn fresh(&self) -> Result<Mount, Errno> {
        Mount::new(self.image.lowers(), Tree::new(), Options::default())
    }

    /// Takes a volume's contents out of an upper. A mount point that the image has goes as well, with
    /// the directories above it that are there for nothing else.
    fn empty_volume(&self, upper: &mut Tree, at: &[u8]) {
        let Ok(mut image) = self.fresh() else { return };
        if image.lstat(at, &mut Trace::silent()).is_ok() {
            take_out(upper, at);
        } else if let Some(ino) = upper.at(at) {
            let inode = upper.inode(ino);
            let bare = Inode { kind: Inode::dir(0).kind, nlink: 0, ..inode.clone() };
            if let (Kind::Dir(_), Some(dir)) = (&inode.kind, upper.at(path::parent(at))) {
                let fresh = upper.add(bare);
                upper.link(dir, path::file_name(at), fresh);
            }
        }
    }
}

/// Puts what the runtime lays between an image and every container into the merged view, empty places to
/// mount over (moby `daemon/initlayer/setup_unix.go`). `docker diff` and `commit` never see it, `docker
/// export` does. `upper` is what the container wrote on top.
pub fn add_init_layer(view: &mut Tree, upper: &Layer) {
    let folders = ["/dev", "/etc", "/dev/pts", "/dev/shm", "/proc", "/sys"];
    let files = ["/.dockerenv", "/etc/resolv.conf", "/etc/hosts", "/etc/hostname", "/dev/console"];
    let files = files.map(|file| (file, Inode::new(Kind::File(Contents::EMPTY), 0o755)));
    let link = ("/etc/mtab", Inode::symlink(b"/proc/mounts"));
    for folder in folders {
        view.mkdirs(folder.as_bytes());
    }
    // What the image has of these is replaced.
    for (at, inode) in files.into_iter().chain([link]) {
        view.put(at.as_bytes(), inode);
    }
    // Names were made in them.
    for folder in ["/dev", "/etc"] {
        if let (None, Some(ino)) = (upper.at(folder.as_bytes()), view.at(folder.as_bytes())) {
            view.inode_mut(ino).mtime = EPOCH;
        }
    }
}

/// Takes a path out of a tree, with the directories above that then hold nothing.
fn take_out(tree: &mut Tree, at: &[u8]) {
    let (mut at, mut first) = (at, true);
    while at.len() > 1 {
        let Some(dir) = tree.at(path::parent(at)) else { return };
        let Some(ino) = tree.child(dir, path::file_name(at)) else { return };
        let empty = tree.inode(ino).entries().is_some_and(|entries| entries.is_empty());
        if !(first || empty && !tree.inode(ino).is_opaque()) {
            return;
        }
        tree.unlink(dir, path::file_name(at));
        (at, first) = (path::parent(at), false);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn web() -> Container {
        let image = crate::image::catalog::image("alpine:3.19").unwrap();
        Container::create("web", "alpine:3.19", image, 0).unwrap()
    }

    #[test]
    fn what_lies_on_mounts_is_never_part_of_a_container() {
        let (mut web, mut t) = (web(), Trace::silent());
        web.mount.write(b"/etc/hosts", Contents::text("x"), &mut t).unwrap();
        assert_eq!((web.size_rw(), web.changed().entries()), (0, 0));
        web.mount.create(b"/etc/real", 0o644, Contents::text("real\n"), &mut t).unwrap();
        web.mount.symlink(b"/etc/passwd", b"/pw", &mut t).unwrap();
        assert_eq!((web.size_rw(), web.changed().entries()), (16, 3));
    }

    #[test]
    fn a_volume_leaves_only_a_new_mount_point() {
        let (mut web, mut t) = (web(), Trace::silent());
        web.add_volume("/var/cache/apk/");
        web.add_volume("/made");
        for file in [b"/var/cache/apk/v".as_slice(), b"/made/v"] {
            web.mount.create(file, 0o644, Contents::text("v"), &mut t).unwrap();
        }
        let image = web.commit("", "");
        assert_eq!(web.size_rw(), 0);
        assert_eq!(image.config.volumes, ["/var/cache/apk", "/made"]);
        let layer = &image.layers.last().unwrap().layer;
        assert!(layer.entries() == 1 && layer.at(b"/made").is_some());
    }

    #[test]
    fn commit_makes_a_layer_only_of_changes() {
        let (mut web, mut t) = (web(), Trace::silent());
        web.config.cmd = Some(vec!["sleep".to_owned(), "600".to_owned()]);
        let nothing = web.commit("none", "me");
        assert_eq!(nothing.layers.len(), 1);
        assert!(nothing.history.last().unwrap().empty_layer);
        web.mount.create(b"/c", 0o644, Contents::text("c\n"), &mut t).unwrap();
        let image = web.commit("one", "me");
        let last = image.history.last().unwrap();
        assert_eq!(
            (last.created_by.as_str(), last.comment.as_str(), last.empty_layer),
            ("sleep 600", "one", false)
        );
        assert_eq!((image.layers.len(), image.layers[1].size, image.parent), (2, 2, Some(web.image.id)));
    }
}
