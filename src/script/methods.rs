//! What scripts can call, as a table: help, completion and "did you mean" read it, and a test holds it
//! against what is registered.

/// A function or method.
#[derive(Clone, Copy, Debug)]
pub struct Method {
    /// The types that have it; empty for a function.
    pub of: &'static [&'static str],
    /// Its name.
    pub name: &'static str,
    /// Its parameters, as help shows them; none for a property.
    pub parameters: Option<&'static str>,
    /// One line.
    pub about: &'static str,
}

impl Method {
    /// "write(path, text)" or "size".
    pub fn signature(&self) -> String {
        match self.parameters {
            Some(parameters) => format!("{}({parameters})", self.name),
            None => self.name.to_owned(),
        }
    }
}

const USED: &[&str] = &["Mount", "Container"];
const CONTEXT: &[&str] = &["Context"];
const FILE: &[&str] = &["File"];
const FILES: &[&str] = &["Mount", "Container", "Volume", "Context", "Sh"];

const fn on(
    of: &'static [&'static str],
    name: &'static str,
    parameters: &'static str,
    about: &'static str,
) -> Method {
    Method { of, name, parameters: Some(parameters), about }
}

const fn get(of: &'static [&'static str], name: &'static str, about: &'static str) -> Method {
    Method { of, name, parameters: None, about }
}

/// All of them, by subject.
pub const METHODS: &[Method] = &[
    // Functions.
    on(&[], "layer", "#{ path: entry, … }", "a sealed layer; text is a file"),
    on(&[], "file", "text, #{ mode, uid, gid, mtime, xattrs }", "an entry: a file"),
    on(&[], "filled", "bytes", "an entry: a file of that many bytes, described, not held"),
    on(&[], "dir", "mode, #{ uid, gid, xattrs, opaque, redirect }", "an entry: a directory; dir(mode) does"),
    on(&[], "symlink", "target", "an entry: a symbolic link"),
    on(&[], "hardlink", "path", "an entry: a second name of another entry"),
    on(&[], "fifo", "", "an entry: a named pipe"),
    on(&[], "chardev", "major, minor", "an entry: a character device"),
    on(&[], "whiteout", "", "an entry: deletes the name in the layers below"),
    on(&[], "opaque", "", "an entry: a directory that hides all below it; opaque(\"x\") marks another thing"),
    on(&[], "xwhiteout", "", "an entry: a whiteout made of an attribute on an empty file"),
    on(&[], "mount", "[top, …, base], #{ redirect_dir: true, … }", "mounts layers with a fresh upper"),
    on(
        &[],
        "context",
        "name, #{ path: text, … }",
        "makes a build context; context(name) fetches or loads one",
    ),
    on(&[], "host", "name", "a Docker host with its own images, containers and build cache"),
    on(&[], "registry", "name", "what the hosts push to and pull from: registry(\"localhost:5000\")"),
    on(&[], "image", "name", "an image by name or id; image(name, #{ … }) defines one"),
    on(&[], "container", "name", "a container that docker run made"),
    on(&[], "volume", "name", "a volume's own files: docker volume create or run -v made it"),
    on(&[], "docker", "line", "runs a docker command: #{ ok, exit, out, err, rows }"),
    on(&[], "dive", "line", "dive on an image or archive; rows: what could be saved"),
    on(&[], "sh", "line", "runs a shell line on the lab's own host"),
    on(&[], "command", "name, |sh, args| …", "teaches RUN a program"),
    on(CONTEXT, "why", "#{ change: [path], arg: #{ X: \"2\" }, … }", "what a build would do after an edit"),
    on(CONTEXT, "order", "#{ edits: [\"change a.js\"] }", "a better order of the Dockerfile's lines"),
    on(CONTEXT, "graph", "#{ format, target }", "the Dockerfile's stages and what they take"),
    on(
        &[],
        "packages",
        "manager, #{ name, version, size, … }",
        "teaches a package manager; packages(file) reads JSON",
    ),
    on(&[], "docker_version", "version", "which Docker builds: \"current\" or \"20.10\""),
    on(
        &[],
        "urls",
        "#{ url: answer, … }",
        "what addresses answer to curl, wget, git, ADD; urls(file) reads JSON",
    ),
    on(&["Image"], "bill", "", "what each storage driver pays for it"),
    on(
        &[],
        "bill",
        "image or [top, …, base]",
        "what each storage driver pays; bill(layers, |m| …): for a script",
    ),
    on(&[], "step", "text", "tells what comes next"),
    on(&[], "check", "name, actual, expected", "a check; check(name, condition) shows both sides"),
    on(&[], "predict", "instruction, verdict", "predicts HIT or MISS for the next build"),
    // Files: reading.
    on(FILES, "read", "path", "the file's text"),
    on(FILES, "readlink", "path", "where a symlink points"),
    on(FILES, "ls", "path", "names in a directory"),
    on(FILES, "readdir", "path", "names in a directory"),
    on(FILES, "stat", "path", "#{ type, mode, uid, gid, size, nlink }, symlinks followed"),
    on(FILES, "lstat", "path", "as stat, of the symlink itself"),
    on(FILES, "exists", "path", "is the name in the merged view?"),
    on(FILES, "getxattr", "path, name", "an extended attribute"),
    on(FILES, "listxattr", "path", "names of the user.* attributes"),
    // Files: writing.
    on(FILES, "write", "path, text", "replaces the contents; makes the file when missing"),
    on(FILES, "append", "path, text", "adds to the end; makes the file when missing"),
    on(FILES, "create", "path, text, mode", "makes a file; fails when the name is taken"),
    on(FILES, "fill", "path, bytes", "writes that many bytes, described, not held"),
    on(FILES, "truncate", "path, bytes", "cuts or lengthens"),
    on(
        FILES,
        "open",
        "path, flags, #{ data, read, mode }",
        "keeps it open: \"r\" \"r+\" \"w\" \"a\" \"O_RDWR\"; \"RDWR|CREAT\" or a third argument: one call",
    ),
    on(FILES, "open_rw_noop", "path", "opens for writing and writes nothing: copies up all the same"),
    // Files: names.
    on(FILES, "mkdir", "path, mode", "makes a directory"),
    on(FILES, "rmdir", "path", "removes an empty directory"),
    on(FILES, "unlink", "path", "removes a name"),
    on(FILES, "rm", "path", "removes a name and all below it"),
    on(FILES, "rename", "from, to", "moves a name"),
    on(FILES, "rename_noreplace", "from, to", "moves a name unless the target is taken"),
    on(FILES, "rename_exchange", "from, to", "exchanges two names"),
    on(FILES, "link", "existing, path", "gives a file a second name"),
    on(FILES, "symlink", "target, path", "makes a symbolic link"),
    on(FILES, "mkfifo", "path, mode", "makes a named pipe"),
    on(FILES, "mkchar", "path, major, minor, mode", "makes a character device"),
    // Files: attributes.
    on(FILES, "chmod", "path, mode", "changes permission bits"),
    on(FILES, "chown", "path, uid, gid", "changes the owner; -1 leaves one as it is"),
    on(FILES, "lchown", "path, uid, gid", "changes the owner of the symlink itself"),
    on(FILES, "utimes", "path, seconds", "sets the modification time; utimes(path) to now"),
    on(FILES, "touch", "path", "makes a file, or its time a second newer"),
    on(FILES, "setxattr", "path, name, value", "sets an extended attribute"),
    on(FILES, "removexattr", "path, name", "removes an extended attribute"),
    // Files: explaining.
    on(FILES, "which", "path", "which layer wins for a path, and why"),
    on(FILES, "tree", "", "the merged view as lines"),
    on(FILES, "upper", "", "the raw upper: path → #{ type, mode, … }, whiteouts and marks too"),
    on(FILES, "upper_tree", "", "the raw upper as lines"),
    on(FILES, "lower", "n", "a lower layer; lower(0) is the topmost"),
    get(FILES, "lowers", "number of lower layers"),
    get(&["Mount", "Container", "Volume"], "account", "what it paid: #{ read, written, copied, inodes, … }"),
    get(&["Mount"], "driver", "the storage driver: overlay2, aufs …"),
    on(&["Mount"], "branch", "number", "a branch of aufs or unionfs as it is stored; 0 is the first"),
    get(FILES, "name", "its name in the lab"),
    // Mounts and containers.
    on(&["Mount"], "commit", "label", "seals the upper as a new top lower; the layer"),
    on(&["Mount"], "remount", "", "the same as commit"),
    on(&["Mount", "Container"], "restart", "", "unmounts and mounts the same layers again"),
    on(USED, "as_user", "uid, gid, [group, …]", "who performs what follows; as_user(\"app\") looks it up"),
    on(USED, "as_root", "", "root performs what follows"),
    on(USED, "access", "path, mode", "may the user read (4), write (2), execute (1)?"),
    on(&["Container", "Sh"], "exec", "line", "runs a shell line inside: #{ exit, out, err }"),
    on(&["Container"], "diff", "", "lines of docker diff"),
    get(&["Container"], "volumes", "what it mounts: [#{ type, source, target, read_only }, …]"),
    get(&["Volume"], "size", "bytes of its files"),
    get(&["Volume"], "users", "the containers that mount it"),
    on(&["Container"], "commit", "tag", "makes an image of it"),
    on(&["Mount"], "forget_volatile", "", "removes the mark that stops a volatile mount from restarting"),
    // Files kept open.
    on(FILE, "read", "bytes", "reads on from the position; read() to the end"),
    on(FILE, "pread", "offset, bytes", "reads there; the position stays"),
    on(FILE, "write", "text", "writes at the position, or at the end; bytes written"),
    on(FILE, "pwrite", "offset, text", "writes there; the position stays"),
    on(FILE, "seek", "offset, \"SET\"", "moves the position: from SET, CUR or END"),
    on(FILE, "truncate", "bytes", "cuts or lengthens"),
    on(FILE, "stat", "", "what the file is now, with a name or without"),
    on(FILE, "chmod", "mode", "changes permission bits"),
    on(FILE, "chown", "uid, gid", "changes the owner; -1 leaves one as it is"),
    on(FILE, "setxattr", "name, value", "sets an extended attribute"),
    on(FILE, "getxattr", "name", "an extended attribute"),
    on(FILE, "fsync", "", "writes it out; on a volatile mount it does nothing"),
    on(FILE, "ls", "", "of a directory: the names from the position on; seek(0) begins anew"),
    on(FILE, "open", "path, mode", "of a directory: opens a path that begins here"),
    on(FILE, "map", "", "maps the file into memory, shared and for reading"),
    on(FILE, "close", "", "closes it"),
    get(FILE, "fd", "its number"),
    on(&["MemoryMap"], "read", "", "what the map shows: a copy-up leaves it behind"),
    on(&["MemoryMap"], "unmap", "", "gives it back"),
    // Layers and images.
    on(&["Layer"], "entries", "", "path → #{ type, mode, … }"),
    on(&["Layer"], "tree", "", "its entries as lines"),
    get(&["Layer"], "bytes", "bytes of its files"),
    get(&["Layer"], "count", "number of its entries"),
    get(&["Host"], "name", "what it is called"),
    on(&["Host"], "docker", "line", "a docker command there, as docker -H NAME line"),
    on(&["Host"], "image", "name", "one of its images"),
    on(&["Registry"], "cut_after", "bytes", "the next pull from it breaks off after that many bytes"),
    get(&["Registry"], "repositories", "names of what was pushed to it"),
    on(&["Registry"], "tags", "repository", "the tags of one of them"),
    get(&["Registry"], "bytes", "bytes of its layers, each once"),
    get(&["Image"], "id", "sha256 of its config"),
    get(&["Image"], "size", "bytes of all layers"),
    get(&["Image"], "layers", "its layers, bottom first"),
    get(&["Image"], "layer_sizes", "bytes of each layer, bottom first"),
    get(&["Image"], "digests", "diff ids, bottom first"),
    on(&["Image"], "history", "", "rows of docker history, newest first"),
    get(&["Image"], "config", "what containers start with"),
    // A program's machine.
    on(&["Sh"], "out", "text", "prints a line"),
    on(&["Sh"], "err", "text", "prints a line on standard error"),
    on(&["Sh"], "env", "name", "a variable's value"),
    get(&["Sh"], "cwd", "the working directory"),
];

/// The methods of a type.
pub fn of(kind: &str) -> impl Iterator<Item = &'static Method> {
    METHODS.iter().filter(move |method| method.of.contains(&kind))
}

/// Functions that belong to no type.
pub fn functions() -> impl Iterator<Item = &'static Method> {
    METHODS.iter().filter(|method| method.of.is_empty())
}
