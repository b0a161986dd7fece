//! Rules about the file as a whole: what the parser sees, names of stages, the case of keywords.

use super::rules;
use super::{At, Linter, Options};
use crate::dockerfile::{From, Instruction, Kind, Pair, Place, quoted};
use std::borrow::Cow;
use std::collections::HashSet;

impl Linter<'_> {
    /// Everything that needs no variables, in BuildKit's order.
    pub(super) fn whole_file(&mut self) {
        self.while_parsed();
        self.stage_names();
        self.casing();
    }

    /// What is noticed while the file is parsed.
    pub(super) fn while_parsed(&mut self) {
        let file = self.file;
        for warning in
            file.warnings.iter().filter(|warning| warning.rule == rules::NO_EMPTY_CONTINUATION.name)
        {
            // BuildKit names the last line of the instruction, not the blank one.
            let line = warning.last_line;
            let at = At { first: line, last: line, place: Place::start_of(line) };
            let words = "Empty continuation line".to_owned();
            self.report.add(&self.root, rules::NO_EMPTY_CONTINUATION, at, words);
        }
        for instruction in &file.instructions {
            if !self.fuel.spend(1 + instruction.original.len() as u64 / 64) {
                return;
            }
            self.as_parsed(instruction);
        }
    }

    /// What BuildKit notices while it parses (`instructions/parse.go`, `ParseInstructionWithLinter`).
    fn as_parsed(&mut self, instruction: &Instruction) {
        let (at, root) = (At::of(instruction), &self.root);
        let options: Cow<'_, Options> = root.with(&instruction.comments);
        match &instruction.kind {
            Kind::Maintainer(_) => {
                let words = "Maintainer instruction is deprecated in favor of using label".to_owned();
                self.report.add(&options, rules::MAINTAINER_DEPRECATED, at, words);
            }
            Kind::From(from) => {
                if let Some(name) = &from.name {
                    from_words(&mut self.report, &options, instruction, from, at.marking(name.place));
                    if let Some(words) = description("FROM", &[&name.text], &instruction.comments) {
                        self.report.add(&options, rules::INVALID_DEFINITION_DESCRIPTION, at, words);
                    }
                }
            }
            Kind::Arg(pairs) => {
                let keys: Vec<&str> = pairs.iter().map(|Pair { key, .. }| key.text.as_str()).collect();
                if let Some(words) = description("ARG", &keys, &instruction.comments) {
                    self.report.add(&options, rules::INVALID_DEFINITION_DESCRIPTION, at, words);
                }
            }
            _ => {}
        }
    }

    /// `validations.go`, `validateStageNames`.
    fn stage_names(&mut self) {
        let mut seen: HashSet<&str> = HashSet::new();
        for instruction in &self.file.instructions {
            let Kind::From(From { name: Some(name), .. }) = &instruction.kind else { continue };
            let at = At::of(instruction).marking(name.place);
            let shown = quoted(&name.text);
            if matches!(name.text.as_str(), "context" | "scratch") {
                let words = format!("Stage name should not use the same name as reserved stage {shown}");
                self.report.add(&self.root, rules::RESERVED_STAGE_NAME, at, words);
            }
            if !seen.insert(&name.text) {
                let words = format!("Duplicate stage name {shown}, stage names should be unique");
                self.report.add(&self.root, rules::DUPLICATE_STAGE_NAME, at, words);
            }
        }
    }

    /// `validations.go`, `validateCommandCasing`. ARGs above the first FROM don't count.
    fn casing(&mut self) {
        let all = &self.file.instructions;
        let first = all.iter().position(|instruction| matches!(instruction.kind, Kind::From(_)));
        let own = all.get(first.unwrap_or(all.len())..).unwrap_or_default();
        let (mut lower, mut upper) = (0usize, 0usize);
        for instruction in own {
            match Case::of(keyword(instruction)) {
                Case::Lower => lower += 1,
                Case::Upper => upper += 1,
                Case::Mixed => {}
            }
        }
        let (wanted, word) =
            if lower > upper { (Case::Lower, "lowercase") } else { (Case::Upper, "uppercase") };
        for instruction in own {
            let written = keyword(instruction);
            if Case::of(written) != wanted {
                let words =
                    format!("Command '{written}' should match the case of the command majority ({word})");
                let at = At::of(instruction);
                self.report.add(&self.root, rules::CONSISTENT_INSTRUCTION_CASING, at, words);
            }
        }
    }
}

/// The keyword as written.
pub(super) fn keyword(instruction: &Instruction) -> &str {
    instruction.original.split_whitespace().next().unwrap_or(instruction.keyword)
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Case {
    Lower,
    Upper,
    Mixed,
}

impl Case {
    fn of(word: &str) -> Case {
        if word.chars().all(|c| !c.is_ascii_uppercase()) {
            Case::Lower
        } else if word.chars().all(|c| !c.is_ascii_lowercase()) {
            Case::Upper
        } else {
            Case::Mixed
        }
    }
}

/// The name's case, and that of AS beside FROM's.
fn from_words(report: &mut super::Report, options: &Options, instruction: &Instruction, from: &From, at: At) {
    let mut words = instruction.rest().split_whitespace().skip_while(|word| word.starts_with("--"));
    let (_, Some(middle), Some(name)) = (words.next(), words.next(), words.next()) else { return };
    if from.name.as_ref().is_some_and(|lower| lower.text != name) {
        let words = format!("Stage name '{name}' should be lowercase");
        report.add(options, rules::STAGE_NAME_CASING, at, words);
    }
    let written = keyword(instruction);
    let case = Case::of(written);
    if case != Case::Mixed && Case::of(middle) != case {
        let words = format!("'{middle}' and '{written}' keywords' casing do not match");
        report.add(options, rules::FROM_AS_CASING, At::of(instruction), words);
    }
}

/// What is wrong with the description above a definition (`validateDefinitionDescription`): its last
/// line must begin with one of the names.
fn description(keyword: &str, names: &[&str], comments: &[String]) -> Option<String> {
    let last = comments.last()?;
    let (first, more) = names.split_first()?;
    let begins = last.split(' ').next().unwrap_or("");
    if names.contains(&begins) {
        return None;
    }
    let example = if more.is_empty() { first } else { "<arg_key>" };
    Some(format!("Comment for {keyword} should follow the format: `# {example} <description>`"))
}
