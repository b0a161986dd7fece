//! BuildKit's build checks by name (moby/buildkit `frontend/dockerfile/linter/ruleset.go`).

/// A rule.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rule {
    /// The name that `check=skip=…` takes: "StageNameCasing".
    pub name: &'static str,
    /// Docker's page about it; empty where there is none.
    pub url: &'static str,
    /// Runs only when `check=experimental=…` asks for it.
    pub experimental: bool,
    /// What to do, in the lab's words.
    pub fix: &'static str,
}

/// Where Docker's pages about rules begin.
macro_rules! page {
    ($slug:literal) => {
        concat!("https://docs.docker.com/go/dockerfile/rule/", $slug, "/")
    };
}

macro_rules! rules {
    ($($(#[$doc:meta])* $id:ident = $name:literal, $url:expr, $experimental:literal, $fix:literal;)*) => {
        $($(#[$doc])* pub(super) const $id: &Rule =
            &Rule { name: $name, url: $url, experimental: $experimental, fix: $fix };)*

        /// All rules, in the order of Docker's list.
        pub const RULES: &[&Rule] = &[$($id,)*];
    };
}

rules! {
    /// A stage's name has capitals.
    STAGE_NAME_CASING = "StageNameCasing", page!("stage-name-casing"), false,
        "write the stage's name in lower case, here and after --from=";
    /// `FROM … as`.
    FROM_AS_CASING = "FromAsCasing", page!("from-as-casing"), false,
        "write AS in the case of FROM";
    /// A blank line inside a continuation.
    NO_EMPTY_CONTINUATION = "NoEmptyContinuation", page!("no-empty-continuation"), false,
        "remove the blank line, or put # on it";
    /// An instruction in another case than most.
    CONSISTENT_INSTRUCTION_CASING = "ConsistentInstructionCasing", page!("consistent-instruction-casing"), false,
        "write all instructions in one case";
    /// Two stages of one name.
    DUPLICATE_STAGE_NAME = "DuplicateStageName", page!("duplicate-stage-name"), false,
        "give each stage a name of its own: --from= finds only the last one";
    /// A stage called `scratch` or `context`.
    RESERVED_STAGE_NAME = "ReservedStageName", page!("reserved-stage-name"), false,
        "choose another name for the stage";
    /// CMD or ENTRYPOINT in shell form.
    JSON_ARGS_RECOMMENDED = "JSONArgsRecommended", page!("json-args-recommended"), false,
        "write [\"program\", \"argument\"], so that the program itself gets the signals; SHELL says that a shell is wanted";
    /// MAINTAINER.
    MAINTAINER_DEPRECATED = "MaintainerDeprecated", page!("maintainer-deprecated"), false,
        "write LABEL org.opencontainers.image.authors=\"…\"";
    /// FROM with a variable that no global ARG declares.
    UNDEFINED_ARG_IN_FROM = "UndefinedArgInFrom", page!("undefined-arg-in-from"), false,
        "declare it with ARG above the first FROM";
    /// The first WORKDIR is relative.
    WORKDIR_RELATIVE_PATH = "WorkdirRelativePath", page!("workdir-relative-path"), false,
        "begin the path with /";
    /// A variable that nothing sets.
    UNDEFINED_VAR = "UndefinedVar", page!("undefined-var"), false,
        "declare it with ARG or ENV before this line, in this stage";
    /// A second CMD, ENTRYPOINT or HEALTHCHECK.
    MULTIPLE_INSTRUCTIONS = "MultipleInstructionsDisallowed", page!("multiple-instructions-disallowed"), false,
        "remove this line: the later one replaces it";
    /// `ENV key value`.
    LEGACY_KEY_VALUE_FORMAT = "LegacyKeyValueFormat", page!("legacy-key-value-format"), false,
        "write key=value";
    /// The base is there for another platform only.
    INVALID_BASE_IMAGE_PLATFORM = "InvalidBaseImagePlatform", "", false,
        "take a base that exists for the platform, or leave --platform out";
    /// `--platform=$TARGETPLATFORM`.
    REDUNDANT_TARGET_PLATFORM = "RedundantTargetPlatform", page!("redundant-target-platform"), false,
        "leave --platform out";
    /// A secret by its name.
    SECRETS_USED_IN_ARG_OR_ENV = "SecretsUsedInArgOrEnv", page!("secrets-used-in-arg-or-env"), false,
        "use RUN --mount=type=secret: ARG and ENV stay in the image for everybody to read";
    /// FROM can't be read without --build-arg.
    INVALID_DEFAULT_ARG_IN_FROM = "InvalidDefaultArgInFrom", page!("invalid-default-arg-in-from"), false,
        "give the ARG a default, or write ${NAME:-default}";
    /// `--platform=linux/amd64`.
    FROM_PLATFORM_FLAG_CONST = "FromPlatformFlagConstDisallowed", page!("from-platform-flag-const-disallowed"), false,
        "leave --platform out, use $BUILDPLATFORM, or name the stage after the platform";
    /// A source that the ignore file excludes.
    COPY_IGNORED_FILE = "CopyIgnoredFile", page!("copy-ignored-file"), false,
        "take the path out of .dockerignore, or this source out of the line";
    /// A description that doesn't begin with the name.
    INVALID_DEFINITION_DESCRIPTION = "InvalidDefinitionDescription", page!("invalid-definition-description"), true,
        "begin the comment with the name, or part it from the instruction with an empty line";
    /// `EXPOSE 80/TCP`.
    EXPOSE_PROTO_CASING = "ExposeProtoCasing", page!("expose-proto-casing"), false,
        "write tcp, udp or sctp in lower case";
    /// `EXPOSE 127.0.0.1:80:80`.
    EXPOSE_INVALID_FORMAT = "ExposeInvalidFormat", page!("expose-invalid-format"), false,
        "name the container's port only; docker run -p maps it";
}
