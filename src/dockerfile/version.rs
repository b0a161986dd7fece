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
    /// EXPOSE, STOPSIGNAL and their kin report values in lower case.
    ValueErrors: "value errors", "invalid containerPort: x", "Invalid containerPort: x";
    /// `COPY --from=$X` has a message of its own.
    FromVariable: "COPY --from=$X", "refused with advice", "taken as an image's name";
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
