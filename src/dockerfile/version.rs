//! Where Docker versions differ: one table that the code asks and `help versions` shows.

/// Which Docker is played. Ordered by age.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Version {
    /// Docker 20.10 with its built-in builders: what the recordings were made with.
    V20_10,
    /// Docker and BuildKit of today.
    #[default]
    Current,
}

impl Version {
    /// The word in `docker_version`.
    pub fn word(self) -> &'static str {
        match self {
            Version::V20_10 => "20.10",
            Version::Current => "current",
        }
    }

    /// Reads `current`, `20.10`, `20.10.24`.
    pub fn from_word(word: &str) -> Option<Version> {
        match word {
            "current" => Some(Version::Current),
            _ if word == "20.10" || word.starts_with("20.10.") => Some(Version::V20_10),
            _ => None,
        }
    }

    /// Does this version behave as the row's `current` column says?
    pub fn has(self, difference: Difference) -> bool {
        self >= difference.row().since
    }
}

/// A row of the table.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Row {
    /// Which difference.
    pub difference: Difference,
    /// The first version that behaves as `current` says.
    pub since: Version,
    /// What it is about, in two or three words.
    pub name: &'static str,
    /// What Docker does today.
    pub current: &'static str,
    /// What Docker 20.10 does.
    pub v20_10: &'static str,
}

macro_rules! differences {
    ($($(#[$doc:meta])* $id:ident: $name:literal, $current:literal, $old:literal;)*) => {
        /// A difference between versions.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        pub enum Difference { $($(#[$doc])* $id,)* }

        /// All differences, in the order `help versions` shows them.
        pub const DIFFERENCES: &[Row] = &[$(Row {
            difference: Difference::$id, since: Version::Current, name: $name, current: $current, v20_10: $old,
        },)*];
    };
}

differences! {
    /// RUN, COPY and ADD take bodies below them.
    Heredocs: "heredocs", "RUN, COPY and ADD take <<NAME bodies", "<<NAME is ordinary text";
    /// `# check=` is a directive.
    CheckDirective: "# check directive", "known", "a comment, and it ends the directives";
    /// `docker build --check`, and its rules in passing.
    BuildChecks: "build checks", "docker build --check; a build ends with what the checks found", "there are none";
    /// Empty lines inside a continuation are warned about.
    EmptyContinuation: "blank line in a continuation", "skipped with a warning", "skipped in silence";
    /// `--link`, `--parents`, `--exclude`, `--network` … are known.
    NewFlags: "newer flags",
        "--link --parents --exclude --checksum --keep-git-dir --unpack --network --security --device --start-interval",
        "unknown flags";
    /// Flag errors show dashes and suggest a known flag.
    FlagErrors: "flag errors", "unknown flag: --x (did you mean --y?)", "Unknown flag: x";
    /// An unknown instruction is answered with a suggestion.
    InstructionSuggestion: "unknown instruction", "with a suggestion", "without a suggestion";
    /// `${v-w}`, `${v#p}`, `${v/p/r}` … exist.
    Substitutions: "substitution forms", "${v-w} ${v+w} ${v#p} ${v%p} ${v/p/r} and their kin",
        "only ${v} ${v:-w} ${v:+w} ${v:?m} ${v?m}";
    /// ARG's pairs on one line see each other from left to right (BuildKit).
    ArgLeftToRight: "ARG a=1 b=$a", "BuildKit: b is 1", "b is empty";
    /// A JSON array may be followed by nothing.
    TextAfterJson: "CMD [\"a\"] b", "shell form: text after the array", "exec form: text after the array is dropped";
    /// The escape directive's token works in flags.
    FlagEscape: "escapes in flags", "the token of # escape=", "always \\";
    /// HEALTHCHECK accepts `0s` and `--retries=0`.
    ZeroHealthcheck: "HEALTHCHECK with zeros", "0s and --retries=0 mean the default", "refused";
    /// Values of `RUN --mount` are expanded.
    MountExpansion: "variables in RUN --mount", "expanded", "taken as they are";
    /// A pattern of `.dockerignore` that matches a directory matches all below it.
    IgnoreParents: ".dockerignore below a match", "a match of any directory above counts",
        "only as many segments as the pattern has are compared";
    /// `+ ( ) | { }` are ordinary in `.dockerignore`.
    IgnoreEscapes: ".dockerignore and a.(b|c)", "+ ( ) | { } are ordinary characters", "they mean what they mean in a regular expression";
    /// Exceptions with wildcards keep the walk from passing over directories.
    IgnoreWalk: ".dockerignore * and !**/x", "x comes back from any directory", "directories are left unvisited";
    /// A directory that the ignore file leaves empty.
    IgnoreEmptied: ".dockerignore and emptied folders", "not sent", "BuildKit: sent, empty";
    /// EXPOSE, STOPSIGNAL and their kin report values in lower case.
    ValueErrors: "value errors", "invalid containerPort: x", "Invalid containerPort: x";
    /// `COPY --from=$X` has a message of its own.
    FromVariable: "COPY --from=$X", "refused with advice", "taken as an image's name";
    /// A stage's ARGs are known in stages on it (BuildKit).
    InheritedArgs: "FROM stage with ARGs", "BuildKit: its ARGs are declared there too", "it declares its own";
    /// An ARG that is declared twice (BuildKit).
    ArgTwice: "ARG declared twice", "BuildKit: RUN's history lists it once", "RUN's history lists it twice";
    /// ARG's row in the history (BuildKit).
    ArgHistory: "history of ARG", "BuildKit: the value in effect", "the default as written";
    /// COPY's and ADD's row in the history (BuildKit).
    CopyHistory: "history of COPY", "BuildKit: with --chown, --chmod, --parents", "without flags";
    /// EXPOSE's row in the history (BuildKit).
    ExposeHistory: "history of EXPOSE", "BuildKit: [80/tcp]", "map[80/tcp:{}]";
    /// HEALTHCHECK's row in the history.
    HealthHistory: "history of HEALTHCHECK", "names and values", "values only, in quotes";
    /// A wrong `--chmod`.
    ChmodChecked: "a --chmod that is no octal mode", "refused", "BuildKit: left out in silence";
    /// The mode of directories that COPY makes on the way.
    ChmodOnTheWay: "COPY --chmod into a new folder", "the folder gets the mode too", "the folder is 0755";
    /// Setuid, setgid and sticky in `--chmod` (BuildKit).
    ChmodSpecial: "--chmod=4755, 2755, 1777", "the special bit is set", "BuildKit: those bits stay as the source has them";
    /// A name in `--chown` and an image without /etc/passwd (BuildKit).
    AbsentAccounts: "--chown=name without /etc/passwd", "BuildKit: root owns it", "BuildKit: open /etc/passwd fails";
    /// Messages of a Dockerfile that can't be read.
    ParseMessage: "parse errors", "BuildKit: dockerfile parse error on line N:", "dockerfile parse error line N:";
    /// What stands before a failure's message (BuildKit).
    FailurePrefix: "failures", "BuildKit: failed to solve: …",
        "failed to solve with frontend dockerfile.v0: …, of a step nothing";
    /// A Dockerfile that isn't there.
    NoDockerfile: "no Dockerfile", "failed to read dockerfile: open NAME", "failed to read dockerfile: open <tmp>/NAME";
    /// A target that isn't there.
    NoTarget: "no such target stage", "its name in quotes", "its name without quotes";
    /// A source that isn't there (BuildKit).
    MissingSource: "a source that is missing",
        "BuildKit: failed to calculate checksum of ref: \"x\": not found", "\"x\" not found: not found";
    /// A command that fails (BuildKit).
    ExitMessage: "a RUN that fails", "BuildKit: process \"…\" did not complete successfully", "executor failed running […]";
    /// `docker rmi` of an image that isn't there.
    NoSuchImage: "docker rmi of nothing", "Error response from daemon: No such image: x:latest", "Error: No such image: x";
    /// `docker volume prune` and `docker system prune --volumes` spare volumes with a name.
    NamedVolumesStay: "docker volume prune", "volumes without a name; --all: all that nobody uses",
        "all that nobody uses; there is no --all";
    /// `--cache-to` with the default builder.
    CacheExport: "--cache-to type=registry, local", "works (with containerd's image store)", "type=inline only";
    /// A layer that a push finds in the registry although this host never saw it travel.
    AskedByDigest: "push of a layer that was built here", "asked for by digest first: not sent if it is there",
        "sent, unless this host pushed or pulled it before";
    /// A pull whose connection breaks (asked of 20.10.24: its layer store is empty afterwards).
    KeptDownloads: "a pull that breaks off", "what was fetched stays (containerd's content store); the next pull takes the rest",
        "nothing stays; the next pull fetches all of it";
}

impl Difference {
    /// Its row.
    pub fn row(self) -> &'static Row {
        // the macro makes enum and table from one list, so the position is the discriminant
        DIFFERENCES.get(self as usize).unwrap_or(&DIFFERENCES[0])
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_difference_finds_its_own_row() {
        for row in DIFFERENCES {
            assert_eq!(row.difference.row(), row);
            assert!(Version::Current.has(row.difference) && !Version::V20_10.has(row.difference));
        }
    }

    #[test]
    fn words_name_versions() {
        assert_eq!(Version::from_word("20.10.24"), Some(Version::V20_10));
        assert_eq!(Version::from_word("current"), Some(Version::Current));
        assert_eq!(Version::from_word("20.1"), None);
    }
}
