//! Rules about FROM, and which stages are walked (`dockerfile2llb/convert.go`, `buildDispatchStates`,
//! `resolveBaseImage`; `validations.go`).

use super::platform::Platform;
use super::rules;
use super::walk::End;
use super::{At, Linter, Options};
use crate::build::convert::froms;
use crate::build::plan::{self, Stage};
use crate::build::scope::{global, platform_args};
use crate::dockerfile::{From, Instruction, Kind, Version, Word, near};
use crate::image::{Store, reference};
use std::collections::{BTreeSet, HashMap};

type Args = Vec<(String, Option<String>)>;

/// Where the base of a stage comes from.
#[derive(Clone, Debug)]
enum Base {
    Scratch,
    Stage(usize),
    Image(String),
}

impl Linter<'_> {
    /// Every FROM, then the instructions of the stages.
    pub(super) fn stages(&mut self, images: &mut Store, every: bool) {
        let stages = plan::stages(self.file);
        let names = declared_names(self.file.instructions.get(..first_from(&stages)).unwrap_or_default());
        self.default_args(&stages);
        let Some(args) = self.global_args(&stages, true) else { return };
        let Some(bases) = self.bases(&stages, &args, &names) else { return };
        let target = if every && self.request.target.is_none() {
            None
        } else {
            match plan::target(&stages, self.request.target.as_deref()) {
                Some(target) => Some(target),
                None => return,
            }
        };
        let wanted = target.map(|target| self.reached(&stages, &bases, target));
        let walked = |number: usize| wanted.as_ref().is_none_or(|wanted| wanted.get(number) == Some(&true));
        // How many stages go on where this one ends: the last of them takes its end, others a copy.
        let mut children: HashMap<usize, usize> = HashMap::new();
        for (number, base) in bases.iter().enumerate().filter(|(number, _)| walked(*number)) {
            if let Base::Stage(below) = base {
                debug_assert!(*below < number);
                *children.entry(*below).or_default() += 1;
            }
        }
        let mut ends: HashMap<usize, End> = HashMap::new();
        for (number, stage) in stages.iter().enumerate() {
            if !walked(number) {
                continue;
            }
            let (Some(base), Some(from)) = (bases.get(number), self.file.instructions.get(stage.from)) else {
                continue;
            };
            let mut end = match base {
                Base::Scratch => End::scratch(),
                Base::Stage(below) => {
                    let left = children.entry(*below).or_default();
                    *left = left.saturating_sub(1);
                    let end = if *left == 0 { ends.remove(below) } else { ends.get(below).cloned() };
                    end.map_or_else(End::scratch, |end| end.child(*left, self.fuel))
                }
                Base::Image(name) => self.image(images, name, from, &args),
            };
            self.walk(&mut end, stage, from, &args);
            if self.fuel.exhausted().is_some() {
                return;
            }
            if children.get(&number).is_some_and(|children| *children > 0) {
                ends.insert(number, end);
            }
        }
    }

    /// ARGs above the first FROM; with what the command line gives, or with defaults alone. None when
    /// one of them can't be expanded: the build says so.
    fn global_args(&mut self, stages: &[Stage], given: bool) -> Option<Args> {
        let target = self.request.target.as_deref().unwrap_or("default");
        let mut args = platform_args(target);
        let lexer = self.lexer();
        for instruction in self.file.instructions.iter().take(first_from(stages)) {
            let Kind::Arg(pairs) = &instruction.kind else { continue };
            for pair in pairs {
                let env = |name: &str| global(&args, name);
                let own = given.then(|| self.request.args.get(&pair.key.text).cloned()).flatten();
                let value = match (own, &pair.value) {
                    (Some(own), _) => Some(own),
                    (None, Some(default)) => Some(lexer.word(&default.text, &env, self.fuel).ok()?),
                    (None, None) => None,
                };
                args.push((pair.key.text.clone(), value));
            }
        }
        // One entry a name, the last with a value: the look-up needn't go through all of them again.
        let mut latest: indexmap::IndexMap<String, Option<String>> = indexmap::IndexMap::new();
        for (name, value) in args {
            if value.is_some() || !latest.contains_key(&name) {
                latest.insert(name, value);
            }
        }
        Some(latest.into_iter().collect())
    }

    /// Are all bases readable without any build arg? (`validateBaseImagesWithDefaultArgs`)
    fn default_args(&mut self, stages: &[Stage]) {
        let Some(args) = self.global_args(stages, false) else { return };
        let lexer = self.lexer();
        for stage in stages {
            let Some(instruction) = self.file.instructions.get(stage.from) else { continue };
            let Kind::From(from) = &instruction.kind else { continue };
            let env = |name: &str| global(&args, name);
            let Ok(name) = lexer.word(&from.image.text, &env, self.fuel) else { return };
            if reference::normalise(&name).is_err() {
                let written = &from.image.text;
                let words =
                    format!("Default value for ARG {written} results in empty or invalid base image name");
                let at = At::of(instruction).marking(from.image.place);
                self.report.add(&self.root, rules::INVALID_DEFAULT_ARG_IN_FROM, at, words);
            }
        }
    }

    /// What each FROM names; none where the build itself refuses one.
    fn bases(&mut self, stages: &[Stage], args: &Args, declared: &BTreeSet<String>) -> Option<Vec<Base>> {
        let file = self.file;
        let (mut bases, mut named): (Vec<Base>, HashMap<&str, usize>) = (Vec::new(), HashMap::new());
        for (number, stage) in stages.iter().enumerate() {
            let instruction = file.instructions.get(stage.from)?;
            let Kind::From(from) = &instruction.kind else { return None };
            let options = self.root.with(&instruction.comments).into_owned();
            let at = At::of(instruction);
            let name = self.base_word(&from.image, args, declared, at, &options)?.text;
            if name.is_empty() {
                return None;
            }
            self.platform(from, args, declared, at, &options)?;
            bases.push(match named.get(name.as_str()) {
                Some(stage) => Base::Stage(*stage),
                None if name == "scratch" => Base::Scratch,
                None => Base::Image(name),
            });
            if let Some(name) = &from.name {
                named.insert(&name.text, number);
            }
        }
        Some(bases)
    }

    /// Expands a word of FROM; reports variables that nobody declared.
    fn base_word(
        &mut self,
        word: &Word,
        args: &Args,
        declared: &BTreeSet<String>,
        at: At,
        options: &Options,
    ) -> Option<crate::dockerfile::Expanded> {
        let env = |name: &str| global(args, name);
        let expanded = self.lexer().expand(&word.text, &env, self.fuel).ok()?;
        let known = |name: &str| declared.contains(name) || args.iter().any(|(key, _)| key == name);
        for name in expanded.unmatched.iter().filter(|name| !known(name)) {
            let mut words = format!("FROM argument '{name}' is not declared");
            let all = declared.iter().map(String::as_str).chain(args.iter().map(|(key, _)| key.as_str()));
            if let Some(near) = near(name, all, true) {
                words.push_str(&format!(" (did you mean {near}?)"));
            }
            self.report.add(options, rules::UNDEFINED_ARG_IN_FROM, at.marking(word.place), words);
        }
        Some(expanded)
    }

    /// `--platform`; none where the build itself refuses it.
    fn platform(
        &mut self,
        from: &From,
        args: &Args,
        declared: &BTreeSet<String>,
        at: At,
        options: &Options,
    ) -> Option<()> {
        let Some(written) = &from.platform else { return Some(()) };
        let at = at.marking(written.place);
        let found = self.base_word(written, args, declared, at, options)?;
        let own = "TARGETPLATFORM";
        let only_own = found.unmatched.is_empty() && found.matched.iter().eq([own]);
        if only_own && global(args, own).is_some_and(|target| target == found.text) {
            let words = format!(
                "Setting platform to predefined {} in FROM is redundant as this is the default behavior",
                written.text
            );
            self.report.add(options, rules::REDUNDANT_TARGET_PLATFORM, at, words);
        }
        let platform = Platform::parse(&found.text);
        if found.matched.is_empty()
            && found.unmatched.is_empty()
            && let Some(platform) = &platform
        {
            let name = from.name.as_ref().map_or("", |name| name.text.as_str());
            if !name.contains(&platform.os) && !name.contains(&platform.arch) {
                let shown = crate::dockerfile::quoted(&found.text);
                let words = format!("FROM --platform flag should not use constant value {shown}");
                self.report.add(options, rules::FROM_PLATFORM_FLAG_CONST, at, words);
            }
        }
        platform.map(|_| ())
    }

    /// The beginning of a stage on an image. Built-in images stand for ones that exist for every
    /// platform; one made in the lab is linux/amd64 and nothing else.
    fn image(&mut self, images: &mut Store, name: &str, from: &Instruction, args: &Args) -> End {
        let Ok(image) = plan::image(images, self.request, name) else { return End::scratch() };
        let mapped = self.request.base_map.get(name).map_or(name, String::as_str);
        let built_in = reference::normalise(mapped).is_ok_and(|shown| {
            (self.request.catalog.0)(&shown).is_some() || (self.request.catalog.0)(mapped).is_some()
        });
        if let Kind::From(From { platform: Some(written), .. }) = &from.kind
            && !built_in
            && !image.placeholder
        {
            let env = |name: &str| global(args, name);
            let wanted = self.lexer().word(&written.text, &env, self.fuel).ok();
            if let Some(wanted) = wanted.and_then(|text| Platform::parse(&text))
                && (wanted.os.as_str(), wanted.arch.as_str()) != ("linux", "amd64")
            {
                let words = format!(
                    "Base image {name} was pulled with platform \"linux/amd64\", expected \"{}\" for current build",
                    wanted.shown()
                );
                let at = At::of(from).marking(written.place);
                self.report.add(&self.root, rules::INVALID_BASE_IMAGE_PLATFORM, at, words);
            }
        }
        End::of_image(&image.config)
    }

    /// For each stage: does the target need it?
    fn reached(&mut self, stages: &[Stage], bases: &[Base], target: usize) -> Vec<bool> {
        let names: HashMap<&str, usize> =
            stages.iter().enumerate().filter_map(|(n, stage)| Some((stage.name.as_deref()?, n))).collect();
        let mut reached = vec![false; stages.len()];
        let mut open = vec![target];
        while let Some(number) = open.pop() {
            let Some(seen) = reached.get_mut(number) else { continue };
            if std::mem::replace(seen, true) {
                continue;
            }
            if let Some(Base::Stage(below)) = bases.get(number) {
                open.push(*below);
            }
            let Some(stage) = stages.get(number) else { continue };
            let own = self.file.instructions.get(stage.from..stage.end).unwrap_or_default();
            for (name, numbers) in own.iter().flat_map(froms) {
                let index = name.parse::<usize>().ok().filter(|_| numbers);
                open.extend(index.or_else(|| names.get(name.to_lowercase().as_str()).copied()));
            }
        }
        reached
    }

    /// The instructions of a stage, those that its base leaves behind first.
    fn walk(&mut self, end: &mut End, stage: &Stage, from: &Instruction, args: &Args) {
        let file = self.file;
        for trigger in std::mem::take(&mut end.triggers) {
            if let Ok(instruction) = crate::dockerfile::parse_trigger(&trigger, Version::Current) {
                let root = self.root.clone();
                self.instruction(end, &instruction, At::of(from), &root, args);
            }
        }
        for instruction in file.instructions.get(stage.from + 1..stage.end).unwrap_or_default() {
            if !self.fuel.spend(1 + instruction.original.len() as u64 / 16) {
                return;
            }
            if instruction.comments.is_empty() {
                let root = std::mem::take(&mut self.root);
                self.instruction(end, instruction, At::of(instruction), &root, args);
                self.root = root;
            } else {
                let options = self.root.with(&instruction.comments).into_owned();
                self.instruction(end, instruction, At::of(instruction), &options, args);
            }
        }
    }
}

fn first_from(stages: &[Stage]) -> usize {
    stages.first().map_or(0, |stage| stage.from)
}

/// Names of all global ARGs, with a value or without.
fn declared_names(instructions: &[Instruction]) -> BTreeSet<String> {
    let mut names = BTreeSet::new();
    for instruction in instructions {
        if let Kind::Arg(pairs) = &instruction.kind {
            names.extend(pairs.iter().map(|pair| pair.key.text.clone()));
        }
    }
    names
}
