//! Builds for tests: a small base image, projects, transcripts.
#![allow(dead_code)]

use indexmap::IndexMap;
use layerlab::build::{self, Build, Builder, Cache, Context, ContextEntry, EntryKind, Request};
use layerlab::dockerfile::Version;
use layerlab::fs::{Contents, Inode, Tree};
use layerlab::image::{Config, History, Image, ImageLayer, Origin, Store};
use layerlab::shell::NoPrograms;
use layerlab::trace::{Event, Sink, Trace};
use std::cell::RefCell;
use std::rc::Rc;

pub const TIME: i64 = 1_704_067_200;

/// One file of a project.
#[derive(Clone, Debug)]
pub struct File {
    pub text: String,
    pub mode: u16,
    pub mtime: i64,
    pub dir: bool,
}

/// A Dockerfile, its context and the flags.
#[derive(Clone, Debug, Default)]
pub struct Project {
    pub dockerfile: String,
    pub files: IndexMap<String, File>,
    pub args: IndexMap<String, String>,
    pub labels: IndexMap<String, String>,
    pub target: Option<String>,
    pub no_cache: bool,
    /// Goes up with every edit, so that edited files are newer.
    pub clock: i64,
}

impl Project {
    pub fn new(dockerfile: &str) -> Project {
        Project { dockerfile: dockerfile.to_owned(), clock: TIME, ..Project::default() }
    }

    pub fn file(mut self, path: &str, text: &str) -> Project {
        self.write(path, text);
        self
    }

    pub fn write(&mut self, path: &str, text: &str) {
        let mode = self.files.get(path).map_or(0o644, |file| file.mode);
        let file = File { text: text.to_owned(), mode, mtime: self.clock, dir: false };
        self.files.insert(path.to_owned(), file);
    }

    pub fn dir(mut self, path: &str, mode: u16) -> Project {
        self.files.insert(path.to_owned(), File { text: String::new(), mode, mtime: TIME, dir: true });
        self
    }

    pub fn context(&self) -> Context {
        let docker = File { text: self.dockerfile.clone(), mode: 0o644, mtime: self.clock, dir: false };
        let all =
            self.files.iter().map(|(path, file)| (path.as_str(), file)).chain([("Dockerfile", &docker)]);
        Context::from_entries(all.map(|(path, file)| ContextEntry {
            path: path.to_owned(),
            kind: if file.dir { EntryKind::Dir } else { EntryKind::File(Contents::text(&file.text)) },
            mode: file.mode,
            mtime: file.mtime,
        }))
    }

    pub fn request(&self, builder: Builder) -> Request {
        Request {
            context: self.context(),
            context_name: "app".to_owned(),
            args: self.args.clone(),
            labels: self.labels.clone(),
            target: self.target.clone(),
            no_cache: self.no_cache,
            tags: vec!["app".to_owned()],
            builder,
            version: Version::V20_10,
            strict: true,
            ..Request::default()
        }
    }
}

/// Images and caches.
#[derive(Clone, Debug)]
pub struct Lab {
    pub images: Store,
    pub cache: Cache,
}

/// A base with a shell and its tools, and one label.
pub fn base(label: &str, extra: &str) -> Image {
    let mut tree = Tree::new();
    tree.put(b"/bin/busybox", Inode::file(Contents::of_program("busybox", 1000)).with_mode(0o755));
    for tool in ["sh", "cat", "echo", "true", "mkdir", "rm", "touch", "grep"] {
        tree.put(format!("/bin/{tool}").as_bytes(), Inode::symlink(b"busybox"));
    }
    for dir in ["/etc", "/tmp", "/dev", "/proc", "/sys"] {
        tree.put(dir.as_bytes(), Inode::dir(0o755));
    }
    let passwd = "root:x:0:0:root:/root:/bin/sh\nweb:x:33:33:web:/srv:/bin/sh\n";
    tree.put(b"/etc/passwd", Inode::file(Contents::text(passwd)));
    tree.put(b"/etc/group", Inode::file(Contents::text("root:x:0:\nweb:x:33:\n")));
    tree.put(b"/etc/extra", Inode::file(Contents::text(extra)));
    let mut config = Config::default();
    config.labels.insert("v".to_owned(), label.to_owned());
    let history = History { created: TIME, created_by: "base".to_owned(), ..History::default() };
    let layer = ImageLayer::new(tree.seal(), Origin::Daemon, "FROM base");
    Image { config, history: [history].into_iter().collect(), layers: vec![layer], ..Image::default() }
}

impl Lab {
    pub fn new() -> Lab {
        let mut images = Store::default();
        let id = images.insert(base("1", "x"));
        images.tag("base", id);
        Lab { images, cache: Cache::default() }
    }

    pub fn play(&mut self, request: &Request) -> (Build, Vec<Event>) {
        let bag = Rc::new(RefCell::new(Vec::new()));
        let mut t = Trace::to(Box::new(Bag(bag.clone())));
        let built = build::build(&mut self.images, &mut self.cache, request, &mut NoPrograms, &mut t);
        assert!(t.fuel.exhausted().is_none(), "the tank ran dry");
        drop(t);
        (built, bag.take())
    }

    pub fn build(&mut self, project: &Project, builder: Builder) -> Build {
        self.play(&project.request(builder)).0
    }
}

struct Bag(Rc<RefCell<Vec<Event>>>);

impl Sink for Bag {
    fn take(&mut self, event: Event) {
        self.0.borrow_mut().push(event);
    }
}

/// One line for each decision.
pub fn decisions(built: &Build) -> String {
    let mut text = String::new();
    for step in &built.steps {
        let instruction: String = step.instruction.chars().take(34).collect();
        let line = format!(
            "{:>2} {instruction:<34} {:<13} {}",
            step.number,
            step.verdict.word(),
            step.verdict.reason()
        );
        text.push_str(line.trim_end());
        text.push('\n');
    }
    if let Err(failure) = &built.result {
        text.push_str(&format!("failed: {}\n", failure.message));
    }
    text
}
