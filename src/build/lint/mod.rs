//! BuildKit's build checks: what `docker build --check` warns about, and a build in passing.
//!
//! [`lint`] walks a file as the converter does, with the variables that each instruction sees, and
//! reports in the converter's order. Source of the rules: moby/buildkit
//! `frontend/dockerfile/linter/ruleset.go`, `dockerfile2llb/convert.go` and `validations.go`,
//! `instructions/parse.go`, `docs/rules`.

mod file;
mod options;
mod platform;
mod rules;
mod stages;
mod walk;

pub use options::Options;
pub use rules::{RULES, Rule};

use super::ignore::Ignore;
use super::request::Request;
use super::step::Failure;
use crate::dockerfile::{Dockerfile, Instruction, Place, Version};
use crate::image::Store;
use crate::trace::Fuel;

/// The build arg that replaces the directive.
const ARG: &str = "BUILDKIT_DOCKERFILE_CHECK";

/// A rule that a place breaks.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Warning {
    /// The rule.
    pub rule: &'static Rule,
    /// Docker's words about this place.
    pub detail: String,
    /// First line, from 1.
    pub first: u32,
    /// Last line of the instruction.
    pub last: u32,
    /// The word to mark.
    pub place: Place,
}

impl Warning {
    /// The one line that a build prints (`linter.go`, `LintFormatShort`).
    pub fn short(&self) -> String {
        format!("{}: {} (line {})", self.rule.name, self.detail, self.first)
    }
}

/// What the rules say of a file.
#[derive(Clone, Debug, Default)]
pub struct Lint {
    /// In the order in which BuildKit finds them.
    pub warnings: Vec<Warning>,
    /// What the file or the build arg asks for.
    pub options: Options,
}

impl Lint {
    /// Why the build fails, if `error=true` makes the warnings errors: Docker's words without the
    /// prefix. Docker names the rules in no order; here it is the order of the findings.
    pub fn failure(&self) -> Option<String> {
        if !self.options.error || self.warnings.is_empty() {
            return None;
        }
        let mut names: Vec<&str> = Vec::new();
        for warning in &self.warnings {
            if !names.contains(&warning.rule.name) {
                names.push(warning.rule.name);
            }
        }
        Some(format!("lint violation found for rules: {}", names.join(", ")))
    }
}

/// Reads what the directive `# check=…` or the build arg asks for; the build arg replaces the
/// directive wholly.
///
/// # Errors
/// Docker's words about a text that can't be read.
pub fn options(file: &Dockerfile, request: &Request) -> Result<Options, String> {
    if let Some(given) = request.args.get(ARG) {
        return Options::parse(given).map_err(|words| format!("failed to parse build-arg:{ARG}: {words}"));
    }
    let directive = file.directives.iter().find(|directive| directive.name == "check");
    let written = directive.map_or("", |directive| options::first_word(&directive.value.text));
    Options::parse(written).map_err(|words| format!("failed to parse check options: {words}"))
}

/// Checks a file. `every` stage, as `--check` without a target does; else those that the target
/// needs, as a build does. Costs time in proportion to the file, and draws on `fuel`.
///
/// # Errors
/// Docker's words about check options that can't be read.
pub fn lint(
    file: &Dockerfile,
    request: &Request,
    images: &mut Store,
    ignore: &Ignore,
    every: bool,
    fuel: &mut Fuel,
) -> Result<Lint, String> {
    let root = options(file, request)?;
    let mut linter = Linter { file, request, ignore, report: Report { warnings: Vec::new() }, root, fuel };
    linter.whole_file();
    // The rules about stages have no experimental one among them: with skip=all nothing is left to say.
    if linter.root.some_run() {
        linter.stages(images, every);
    }
    Ok(Lint { warnings: linter.report.warnings, options: linter.root })
}

/// What BuildKit noticed of a file before it met a fault in an instruction: it tells that too
/// (`dockerfile2llb/convert.go`, `DockerfileLint` keeps the warnings of a conversion that fails).
///
/// # Errors
/// As [`lint`].
pub(super) fn lint_before(
    file: &Dockerfile,
    request: &Request,
    ignore: &Ignore,
    fuel: &mut Fuel,
) -> Result<Lint, String> {
    let root = options(file, request)?;
    let mut linter = Linter { file, request, ignore, report: Report { warnings: Vec::new() }, root, fuel };
    linter.while_parsed();
    Ok(Lint { warnings: linter.report.warnings, options: linter.root })
}

/// How a build fails when its check options can't be read, or when they make errors of findings.
pub(super) fn refused(file: &Dockerfile, words: &str, request: &Request) -> Failure {
    let mut failure = Failure::new(format!("{}{words}", super::convert::prefix(request.version)), 1);
    failure.plain = Some(words.to_owned());
    let directive = file.directives.iter().find(|directive| directive.name == "check");
    if let Some(directive) = directive.filter(|_| !request.args.contains_key(ARG)) {
        failure.span = Some(Box::new(file.span(directive.value.place)));
    }
    let violated = words.starts_with("lint violation");
    failure.hint = Some(match violated {
        true => "docker build --check shows each place; error=true made them errors".to_owned(),
        false => "write check=skip=Rule,Rule;error=true, or skip=all".to_owned(),
    });
    failure
}

/// A check under way.
struct Linter<'a> {
    file: &'a Dockerfile,
    request: &'a Request,
    ignore: &'a Ignore,
    report: Report,
    /// What the file as a whole asks for.
    root: Options,
    fuel: &'a mut Fuel,
}

impl Linter<'_> {
    fn lexer(&self) -> crate::dockerfile::Lexer {
        self.file.lexer(Version::Current)
    }
}

/// The findings so far.
struct Report {
    warnings: Vec<Warning>,
}

impl Report {
    /// Adds a finding, unless its rule is switched off.
    fn add(&mut self, options: &Options, rule: &'static Rule, at: At, detail: String) {
        if options.allow(rule) {
            self.warnings.push(Warning { rule, detail, first: at.first, last: at.last, place: at.place });
        }
    }
}

/// Lines of an instruction, and the word in it to mark.
#[derive(Clone, Copy, Debug)]
struct At {
    first: u32,
    last: u32,
    place: Place,
}

impl At {
    /// The instruction as a whole.
    fn of(instruction: &Instruction) -> At {
        At { first: instruction.place.line, last: instruction.last_line, place: instruction.place }
    }

    /// The same lines with another word marked.
    fn marking(self, place: Place) -> At {
        let inside = (self.first..=self.last.max(self.first)).contains(&place.line);
        if inside { At { place, ..self } } else { self }
    }
}

/// Is the name one that a secret would have? A word of it, between `_`, says so and no other word
/// says that it is harmless (`validations.go`, `getSecretsRegex`).
pub fn names_secret(name: &str) -> bool {
    const SECRET: [&str; 10] = [
        "apikey",
        "auth",
        "credential",
        "credentials",
        "key",
        "password",
        "pword",
        "passwd",
        "secret",
        "token",
    ];
    const HARMLESS: [&str; 3] = ["public", "file", "version"];
    let says =
        |words: &[&str]| name.split('_').any(|part| words.iter().any(|word| word.eq_ignore_ascii_case(part)));
    says(&SECRET) && !says(&HARMLESS)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_secrets() {
        for secret in ["API_KEY", "DATABASE_PASSWORD", "github_token", "secret_MESSAGE", "AUTH", "apikey"] {
            assert!(names_secret(secret), "{secret}");
        }
        for harmless in
            ["KEYBOARD", "PUBLIC_KEY", "TOKEN_FILE", "KEY_VERSION", "MONKEY", "AUTHOR", "NODE_ENV"]
        {
            assert!(!names_secret(harmless), "{harmless}");
        }
    }
}
