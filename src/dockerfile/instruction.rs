//! What the instructions of a Dockerfile say, after parsing and before any variable is expanded.
//!
//! Source of the shapes: moby/buildkit `frontend/dockerfile/instructions/commands.go`.

use super::spans::{LineMap, Place, Word};

/// One instruction.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Instruction {
    /// The logical line: continuations joined, comments dropped, outer blanks removed, the keyword
    /// as written. This is the text that histories and cache keys are made of.
    pub original: String,
    /// The keyword in capitals: "RUN".
    pub keyword: &'static str,
    /// Where the keyword stands; its line is the line that Docker names in errors.
    pub place: Place,
    /// The last physical line that belongs to it, heredoc bodies included.
    pub last_line: u32,
    /// The comment lines directly above it, without `#` and the blank after it.
    pub comments: Vec<String>,
    /// The flags as written, in order.
    pub flags: Vec<Flag>,
    /// Bodies that follow the line, in order.
    pub heredocs: Vec<Heredoc>,
    /// Flags and arguments, understood.
    pub kind: Kind,
    /// Where each byte of `original` came from.
    pub map: LineMap,
}

impl Instruction {
    /// The place of the bytes `from..to` of the logical line.
    pub fn place_of(&self, from: usize, to: usize) -> Place {
        self.map.place(&self.original, from, to)
    }

    /// Where what looks like a comment at the end of a COPY or ADD begins. To Docker `#` and the words
    /// after it are more files, so the build fails on them; a person wants to be told why.
    pub fn end_comment(&self) -> Option<Place> {
        let (Kind::Copy(copy) | Kind::Add(copy)) = &self.kind else { return None };
        let words = copy.sources.iter().chain([&copy.destination]).skip(1);
        words.filter(|_| !copy.json).find(|word| word.text.starts_with('#')).map(|word| word.place)
    }

    /// The logical line's text after the keyword, without the blanks between.
    pub fn rest(&self) -> &str {
        let end = self.original.find(char::is_whitespace).unwrap_or(self.original.len());
        self.original.get(end..).unwrap_or("").trim_start()
    }
}

/// A flag as written: `--name=value` or `--name`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Flag {
    /// Without dashes.
    pub name: String,
    /// Text after `=`, without the quotes around it; absent for a bare flag. Placed at the value.
    pub value: Option<Word>,
    /// Where the whole flag stands.
    pub place: Place,
}

/// A body given below an instruction: `RUN <<EOF`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Heredoc {
    /// The delimiter without its quotes; for COPY also the file's name.
    pub name: String,
    /// The body, each line with its newline.
    pub content: String,
    /// Variables are expanded in it: its delimiter had no quotes.
    pub expand: bool,
    /// Leading tabs are to be removed from each line: `<<-`.
    pub chomp: bool,
    /// The file descriptor written before `<<`; 0 when none is.
    pub descriptor: u32,
    /// Where `<<NAME` stands.
    pub place: Place,
}

/// A command in one of its two forms.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Command {
    /// One string for the shell; may be empty.
    Shell(Word),
    /// A JSON array: the argument vector itself; may be empty.
    Exec(Vec<Word>),
}

impl Command {
    /// Is it the shell form with nothing in it?
    pub fn is_empty_shell(&self) -> bool {
        matches!(self, Command::Shell(word) if word.text.is_empty())
    }
}

/// `key=value` of ENV and LABEL, or `name[=default]` of ARG; both sides as written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pair {
    /// Left of `=`.
    pub key: Word,
    /// Right of `=`; absent for an ARG without a default.
    pub value: Option<Word>,
    /// Written in the old form `ENV key value with blanks`.
    pub old_form: bool,
}

/// FROM.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct From {
    /// The image or stage, as written.
    pub image: Word,
    /// The stage's name in lower case, if it has one. Placed at the name as written.
    pub name: Option<Word>,
    /// `--platform`, as written.
    pub platform: Option<Word>,
}

/// COPY and ADD.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Copy {
    /// Source paths as written, heredocs left out.
    pub sources: Vec<Word>,
    /// Sources that are heredocs.
    pub contents: Vec<Heredoc>,
    /// Where to.
    pub destination: Word,
    /// Written as a JSON array.
    pub json: bool,
    /// `--from` (COPY).
    pub from: Option<Word>,
    /// `--chown`.
    pub chown: Option<Word>,
    /// `--chmod`.
    pub chmod: Option<Word>,
    /// `--link`.
    pub link: bool,
    /// `--parents` (COPY).
    pub parents: bool,
    /// `--exclude`, each.
    pub exclude: Vec<Word>,
    /// `--checksum` (ADD).
    pub checksum: Option<Word>,
    /// `--keep-git-dir` (ADD).
    pub keep_git_dir: bool,
    /// `--unpack` (ADD), when it was given.
    pub unpack: Option<bool>,
}

/// RUN.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Run {
    /// The command.
    pub command: Command,
    /// `--mount`, each. Values may still hold variables.
    pub mounts: Vec<RunMount>,
    /// `--network`: "default", "none", "host"; "default" when not given.
    pub network: String,
    /// `--security`: "sandbox", "insecure"; "sandbox" when not given.
    pub security: String,
    /// `--device`, each.
    pub devices: Vec<Word>,
}

/// What kind of file system a `RUN --mount` brings.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum MountType {
    /// Files of the context, a stage or an image.
    #[default]
    Bind,
    /// A directory that outlives the build.
    Cache,
    /// Memory.
    Tmpfs,
    /// A secret file or variable.
    Secret,
    /// An agent's socket.
    Ssh,
}

impl MountType {
    /// The word after `type=`.
    pub fn word(self) -> &'static str {
        match self {
            MountType::Bind => "bind",
            MountType::Cache => "cache",
            MountType::Tmpfs => "tmpfs",
            MountType::Secret => "secret",
            MountType::Ssh => "ssh",
        }
    }
}

/// One `RUN --mount`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RunMount {
    /// `type`.
    pub kind: MountType,
    /// `from`: a stage or an image; empty for the context.
    pub from: String,
    /// `source`.
    pub source: String,
    /// `target`, as written.
    pub target: String,
    /// May the RUN not write to it?
    pub read_only: bool,
    /// `size` in bytes (tmpfs), when given.
    pub size: Option<u64>,
    /// `id`; for a cache the cleaned target when not given.
    pub id: String,
    /// `sharing` (cache): "shared", "private", "locked".
    pub sharing: String,
    /// `required` (secret, ssh).
    pub required: bool,
    /// `mode`, when given.
    pub mode: Option<u64>,
    /// `uid`, when given.
    pub uid: Option<u64>,
    /// `gid`, when given.
    pub gid: Option<u64>,
    /// `env` (secret), when given.
    pub env: Option<String>,
    /// The text after `--mount=`, and where it stands.
    pub written: Word,
}

/// HEALTHCHECK. Durations are nanoseconds; 0 means "not given".
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Healthcheck {
    /// `NONE`: switches off an inherited check.
    None,
    /// `CMD …`.
    Cmd {
        /// The command.
        command: Command,
        /// `--interval`.
        interval: i64,
        /// `--timeout`.
        timeout: i64,
        /// `--start-period`.
        start_period: i64,
        /// `--start-interval`.
        start_interval: i64,
        /// `--retries`; 0 means "not given".
        retries: i64,
    },
}

/// ONBUILD.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Onbuild {
    /// The trigger's text, as the image's config keeps it (heredoc bodies follow it).
    pub expression: String,
    /// The trigger understood, when its words can be. Docker looks at it only when a child is built.
    pub inner: Option<Box<Instruction>>,
}

/// What an instruction says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Kind {
    /// ADD.
    Add(Copy),
    /// ARG.
    Arg(Vec<Pair>),
    /// CMD.
    Cmd(Command),
    /// COPY.
    Copy(Copy),
    /// ENTRYPOINT.
    Entrypoint(Command),
    /// ENV.
    Env(Vec<Pair>),
    /// EXPOSE: the words, sorted, not yet expanded.
    Expose(Vec<Word>),
    /// FROM.
    From(From),
    /// HEALTHCHECK.
    Healthcheck(Healthcheck),
    /// LABEL.
    Label(Vec<Pair>),
    /// MAINTAINER.
    Maintainer(Word),
    /// ONBUILD.
    Onbuild(Onbuild),
    /// RUN.
    Run(Run),
    /// SHELL.
    Shell(Vec<Word>),
    /// STOPSIGNAL.
    Stopsignal(Word),
    /// USER.
    User(Word),
    /// VOLUME.
    Volume(Vec<Word>),
    /// WORKDIR.
    Workdir(Word),
}
