//! `# check=skip=…;error=…;experimental=…`: which rules run, and whether a finding fails the build.
//!
//! Source of the rules: moby/buildkit `frontend/dockerfile/linter/linter.go` (`ParseLintOptions`,
//! `WithMergedConfigFromComments`).

use super::rules::Rule;
use crate::dockerfile::quoted;
use std::borrow::Cow;
use std::collections::BTreeSet;

/// Which rules run.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Options {
    skip_all: bool,
    skip: BTreeSet<String>,
    experimental_all: bool,
    experimental: BTreeSet<String>,
    /// `error=true`: a finding fails the build.
    pub error: bool,
}

impl Options {
    /// Reads the value of the directive or of the build arg `BUILDKIT_DOCKERFILE_CHECK`.
    ///
    /// # Errors
    /// Docker's words.
    pub fn parse(text: &str) -> Result<Options, String> {
        let mut options = Options::default();
        let text = text.trim();
        if text.is_empty() {
            return Ok(options);
        }
        for part in text.splitn(3, ';') {
            let Some((key, value)) = part.split_once('=') else {
                return Err(format!("invalid check option {}", quoted(part)));
            };
            let (key, value) = (key.trim(), value.trim());
            let names = || value.split(',').map(|name| name.trim().to_owned()).collect();
            match key {
                "skip" if value == "all" => options.skip_all = true,
                "skip" => options.skip = names(),
                "experimental" if value == "all" => options.experimental_all = true,
                "experimental" => options.experimental = names(),
                "error" => {
                    options.error = truth(value).ok_or_else(|| {
                        let (part, value) = (quoted(part), quoted(value));
                        format!("failed to parse check option {part}: strconv.ParseBool: parsing {value}: invalid syntax")
                    })?;
                }
                _ => return Err(format!("invalid check option {}", quoted(key))),
            }
        }
        Ok(options)
    }

    /// Does this rule run?
    pub fn allow(&self, rule: &Rule) -> bool {
        match rule.experimental {
            true => self.experimental_all || self.experimental.contains(rule.name),
            false => self.allow_name(rule.name),
        }
    }

    /// May any rule run that is not experimental?
    pub(super) fn some_run(&self) -> bool {
        !self.skip_all
    }

    /// Does a rule of this name run? For rules that are none of BuildKit's.
    pub fn allow_name(&self, name: &str) -> bool {
        !self.skip_all && !self.skip.contains(name)
    }

    /// With what a comment directly above an instruction adds. The first `check=` counts, one that
    /// can't be read counts as none, and `error=` has no meaning there.
    pub fn with(&self, comments: &[String]) -> Cow<'_, Options> {
        let Some(value) = comments.iter().find_map(|comment| directive(comment)) else {
            return Cow::Borrowed(self);
        };
        let Ok(more) = Options::parse(first_word(value)) else { return Cow::Borrowed(self) };
        let mut merged = self.clone();
        merged.skip_all |= more.skip_all;
        merged.skip.extend(more.skip);
        merged.experimental_all |= more.experimental_all;
        merged.experimental.extend(more.experimental);
        Cow::Owned(merged)
    }
}

/// The text up to the first space: what follows is a remark.
pub(super) fn first_word(value: &str) -> &str {
    value.split(' ').next().unwrap_or("")
}

/// The value of a comment `check=…`.
fn directive(comment: &str) -> Option<&str> {
    let (name, value) = comment.split_once('=')?;
    let value = value.trim();
    (name.trim().eq_ignore_ascii_case("check") && !value.is_empty()).then_some(value)
}

/// Go's `strconv.ParseBool`.
fn truth(text: &str) -> Option<bool> {
    match text {
        "1" | "t" | "T" | "true" | "TRUE" | "True" => Some(true),
        "0" | "f" | "F" | "false" | "FALSE" | "False" => Some(false),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::super::rules;
    use super::*;

    #[test]
    fn options_are_read_as_docker_reads_them() {
        let options =
            Options::parse(" skip = FromAsCasing , UndefinedVar ; error=1;experimental=all").unwrap();
        assert!(options.error);
        assert!(!options.allow(rules::FROM_AS_CASING) && !options.allow(rules::UNDEFINED_VAR));
        assert!(options.allow(rules::STAGE_NAME_CASING));
        assert!(options.allow(rules::INVALID_DEFINITION_DESCRIPTION));
        assert!(!Options::default().allow(rules::INVALID_DEFINITION_DESCRIPTION));
        for (text, words) in [
            ("skip", "invalid check option \"skip\""),
            ("skipp=A", "invalid check option \"skipp\""),
            (
                "error=yes",
                "failed to parse check option \"error=yes\": strconv.ParseBool: parsing \"yes\": invalid syntax",
            ),
        ] {
            assert_eq!(Options::parse(text), Err(words.to_owned()));
        }
    }

    #[test]
    fn a_comment_adds_and_never_fails_a_build() {
        let options = Options::default();
        let with = |comment: &str| options.with(&[comment.to_owned()]).into_owned();
        assert!(!with("check=skip=FromAsCasing because").allow(rules::FROM_AS_CASING));
        assert!(with("check=nonsense").allow(rules::FROM_AS_CASING));
        assert!(!with("check=error=true").error);
        assert!(!with("Check = skip=all").allow_name("SecretInLayer"));
    }
}
