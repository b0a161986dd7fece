//! From a split line to an instruction: argument counts, flags, forms.
//!
//! Source of the rules: moby/buildkit `frontend/dockerfile/instructions/parse.go` (`ParseInstruction`,
//! `parse*`). Each function checks in the order of its original, because only the first fault shows.

use super::fault::Fault;
use super::flags;
use super::heredoc;
use super::instruction::{Command, Copy, Flag, From, Heredoc, Instruction, Kind, Onbuild, Pair, Run};
use super::mount;
use super::node::{Args, KEYWORDS, Node, keyword};
use super::quote::quoted;
use super::spans::Word;
use super::suggest::near;
use super::version::{Difference, Version};

/// Understands a split line.
pub(super) fn instruction(node: Node, version: Version) -> Result<Instruction, Fault> {
    let Some(keyword) = keyword(&node.keyword.text) else { return Err(unknown(&node, version)) };
    let (kind, flags) = Reading { node: &node, keyword, version }.kind()?;
    Ok(Instruction {
        keyword,
        place: node.keyword.place,
        last_line: node.last_line,
        comments: node.comments,
        flags,
        heredocs: node.heredocs,
        kind,
        original: node.original,
        map: node.map,
    })
}

fn unknown(node: &Node, version: Version) -> Fault {
    let word = &node.keyword.text;
    let today = version.has(Difference::InstructionSuggestion);
    let shown = if today { word.clone() } else { word.to_uppercase() };
    let mut fault = Fault::line(format!("unknown instruction: {shown}"), node.keyword.place);
    match near(word, KEYWORDS.iter().copied(), false) {
        Some(near) => {
            if today {
                fault.message.push_str(&format!(" (did you mean {near}?)"));
            }
            fault.hint(format!("did you mean `{}`?", near.to_uppercase()))
        }
        None => fault.hint("a line that goes on from the one above needs `\\` at the end of that line"),
    }
}

pub(super) type Kinds = Result<(Kind, Vec<Flag>), Fault>;

/// A node whose keyword is known, while its flags and arguments are being read.
pub(super) struct Reading<'a> {
    pub node: &'a Node,
    pub keyword: &'static str,
    pub version: Version,
}

impl Reading<'_> {
    fn kind(&self) -> Kinds {
        match self.keyword {
            "ADD" | "COPY" => self.copy(),
            "ARG" => self.arg(),
            "CMD" => self.with_flags(|this| Ok(Kind::Cmd(this.command()))),
            "ENTRYPOINT" => self.with_flags(|this| Ok(Kind::Entrypoint(this.command()))),
            "ENV" => self.with_flags(|this| this.pairs().map(Kind::Env)),
            "LABEL" => self.with_flags(|this| this.pairs().map(Kind::Label)),
            "EXPOSE" => self.expose(),
            "FROM" => self.from(),
            "HEALTHCHECK" => self.healthcheck(),
            "MAINTAINER" => self.one_word(Kind::Maintainer),
            "USER" => self.one_word(Kind::User),
            "WORKDIR" => self.one_word(Kind::Workdir),
            "STOPSIGNAL" => Ok((Kind::Stopsignal(self.only_word()?), self.unchecked_flags())),
            "ONBUILD" => self.onbuild(),
            "RUN" => self.run(),
            "SHELL" => self.shell(),
            _ => self.volume(),
        }
    }

    /// Checks the flags first, then reads the arguments.
    fn with_flags(&self, read: impl FnOnce(&Self) -> Result<Kind, Fault>) -> Kinds {
        let flags = self.flags()?;
        Ok((read(self)?, flags))
    }

    pub fn flags(&self) -> Result<Vec<Flag>, Fault> {
        flags::check(&self.node.flags, self.keyword, self.version)
    }

    /// The flags of the instructions that never look at theirs (ARG, STOPSIGNAL): there are none.
    pub fn unchecked_flags(&self) -> Vec<Flag> {
        Vec::new()
    }

    fn fault(&self, what: &str) -> Fault {
        Fault::line(format!("{} {what}", self.keyword), self.node.keyword.place)
    }

    pub fn at_least_one(&self) -> Fault {
        self.fault("requires at least one argument")
    }

    fn only_word(&self) -> Result<Word, Fault> {
        match self.node.words() {
            [word] => Ok(word.clone()),
            _ => Err(self.fault("requires exactly one argument").hint(match self.keyword {
                "USER" => "write USER and a name or a number, such as app or 1000:1000",
                "WORKDIR" => "write WORKDIR and a path, such as /app",
                "STOPSIGNAL" => "write STOPSIGNAL and a signal, such as SIGTERM",
                _ => "write who maintains the image",
            })),
        }
    }

    fn one_word(&self, kind: fn(Word) -> Kind) -> Kinds {
        let word = self.only_word()?;
        Ok((kind(word), self.flags()?))
    }

    /// A command: the array, or the text as one string.
    fn command(&self) -> Command {
        let words = self.node.words();
        match words {
            _ if self.node.json => Command::Exec(words.to_vec()),
            [] => Command::Shell(Word::new("", self.node.keyword.place)),
            [first, ..] => Command::Shell(first.clone()),
        }
    }

    fn pairs(&self) -> Result<Vec<Pair>, Fault> {
        let pairs = self.raw_pairs();
        if pairs.is_empty() {
            return Err(self.at_least_one().hint(format!("write {} name=value", self.keyword)));
        }
        if let Some(pair) = pairs.iter().find(|pair| pair.key.text.is_empty()) {
            let message = format!("{} names can not be blank", self.keyword);
            return Err(Fault::line(message, pair.key.place).hint("write a name before the `=`"));
        }
        Ok(pairs.to_vec())
    }

    fn raw_pairs(&self) -> &[Pair] {
        match &self.node.args {
            Args::Pairs(pairs) => pairs,
            _ => &[],
        }
    }

    fn arg(&self) -> Kinds {
        let pairs = self.raw_pairs();
        if pairs.is_empty() {
            return Err(self.at_least_one().hint("write ARG NAME or ARG NAME=default"));
        }
        if let Some(pair) = pairs.iter().find(|pair| pair.key.text.is_empty() && pair.value.is_some()) {
            return Err(
                Fault::line("ARG names can not be blank", pair.key.place).hint("write a name before the `=`")
            );
        }
        Ok((Kind::Arg(pairs.to_vec()), self.unchecked_flags()))
    }

    fn expose(&self) -> Kinds {
        let mut words = self.node.words().to_vec();
        if words.is_empty() {
            return Err(self.at_least_one().hint("write EXPOSE and a port, such as 8080 or 53/udp"));
        }
        let flags = self.flags()?;
        words.sort_by(|a, b| a.text.cmp(&b.text));
        Ok((Kind::Expose(words), flags))
    }

    fn from(&self) -> Kinds {
        let words = self.node.words();
        let (image, name) = match words {
            [image] => (image, None),
            [image, middle, name] if middle.text.eq_ignore_ascii_case("as") => {
                let lower = name.text.to_lowercase();
                if !is_stage_name(&lower) {
                    let message = format!(
                        "invalid name for build stage: {}, name can't start with a number or contain symbols",
                        quoted(&name.text)
                    );
                    return Err(Fault::line(message, name.place)
                        .hint("a stage's name is a letter, then letters, digits, `-`, `_` and `.`"));
                }
                (image, Some(Word::new(lower, name.place)))
            }
            _ => return Err(self.wrong_from(words)),
        };
        let flags = self.flags()?;
        let from = From { image: image.clone(), name, platform: text(&flags, "platform") };
        Ok((Kind::From(from), flags))
    }

    /// FROM with two words, or with more than three, or without any.
    fn wrong_from(&self, words: &[Word]) -> Fault {
        let message = "FROM requires either one or three arguments";
        if let Some(comment) = words.iter().find(|word| word.text.starts_with('#')) {
            return Fault::line(message, comment.place)
                .hint("a comment needs a line of its own: `#` begins one only at the start of a line");
        }
        let place = words.get(1).map_or(self.node.keyword.place, |word| word.place);
        Fault::line(message, place).hint("write FROM image, or FROM image AS name")
    }

    fn copy(&self) -> Kinds {
        let words = self.node.words();
        let [sources @ .., destination] = words else { return Err(self.no_destination(None)) };
        if sources.is_empty() {
            return Err(self.no_destination(Some(destination)));
        }
        let flags = self.flags()?;
        let is_heredoc = |word: &Word| heredoc::parse(&word.text).ok().flatten();
        let heredocs = self.version.has(Difference::Heredocs);
        if heredocs && is_heredoc(destination).is_some() {
            let message = format!("{} cannot accept a heredoc as a destination", self.keyword);
            return Err(
                Fault::line(message, destination.place).hint("name the destination after the heredocs")
            );
        }
        let mut copy = Copy { destination: destination.clone(), json: self.node.json, ..Copy::default() };
        for source in sources {
            match is_heredoc(source).filter(|_| heredocs) {
                Some(found) => copy.contents.push(self.content(found, source)),
                None => copy.sources.push(source.clone()),
            }
        }
        read_copy_flags(&mut copy, &flags);
        let kind = if self.keyword == "ADD" { Kind::Add(copy) } else { Kind::Copy(copy) };
        Ok((kind, flags))
    }

    /// A heredoc source with its body. Docker finds bodies by name, the last of a name wins.
    fn content(&self, found: Heredoc, source: &Word) -> Heredoc {
        let body = self.node.heredocs.iter().rfind(|body| body.name == found.name);
        let content = body.map_or("", |body| body.content.as_str());
        let content = if found.chomp { heredoc::chomped(content) } else { content.to_owned() };
        Heredoc { content, place: source.place, ..found }
    }

    fn no_destination(&self, only: Option<&Word>) -> Fault {
        let message = format!(
            "{} requires at least two arguments, but only one was provided. Destination could not be determined",
            self.keyword
        );
        let place = only.map_or(self.node.keyword.place, |word| word.place);
        Fault::line(message, place).hint("name what to copy and where to, such as `. /app/`")
    }

    fn run(&self) -> Kinds {
        let flags = self.flags()?;
        let mut run = Run {
            command: self.command(),
            mounts: Vec::new(),
            network: "default".to_owned(),
            security: "sandbox".to_owned(),
            devices: texts(&flags, "device"),
        };
        if let Some(network) = text(&flags, "network") {
            if !matches!(network.text.as_str(), "default" | "none" | "host") {
                let message = format!("invalid network mode {}", quoted(&network.text));
                return Err(Fault::line(message, network.place).hint("write default, none or host"));
            }
            run.network = network.text;
        }
        if let Some(security) = text(&flags, "security") {
            if !matches!(security.text.as_str(), "sandbox" | "insecure") {
                let message = format!("security {} is not valid", quoted(&security.text));
                return Err(Fault::line(message, security.place).hint("write sandbox or insecure"));
            }
            run.security = security.text;
        }
        for written in texts(&flags, "mount") {
            run.mounts.push(mount::at_parse_time(written, self.version)?);
        }
        Ok((Kind::Run(run), flags))
    }

    fn shell(&self) -> Kinds {
        let flags = self.flags()?;
        let words = self.node.words();
        if words.is_empty() {
            return Err(self.at_least_one().hint("write SHELL [\"/bin/sh\", \"-c\"]"));
        }
        if !self.node.json {
            return Err(Fault::line("SHELL requires the arguments to be in JSON form", self.node.place)
                .hint("write SHELL [\"/bin/sh\", \"-c\"]"));
        }
        Ok((Kind::Shell(words.to_vec()), flags))
    }

    fn volume(&self) -> Kinds {
        let words = self.node.words();
        if words.is_empty() {
            return Err(self.at_least_one().hint("write VOLUME and a path"));
        }
        let flags = self.flags()?;
        let trimmed = |word: &Word| Word::new(word.text.trim(), word.place);
        let words: Vec<Word> = words.iter().map(trimmed).collect();
        if let Some(word) = words.iter().find(|word| word.text.is_empty()) {
            return Err(Fault::line("VOLUME specified can not be an empty string", word.place)
                .hint("name a path, such as /data"));
        }
        Ok((Kind::Volume(words), flags))
    }

    fn onbuild(&self) -> Kinds {
        let Args::Child(child) = &self.node.args else {
            return Err(self.at_least_one().hint("write an instruction after ONBUILD"));
        };
        let flags = self.flags()?;
        match child.keyword.text.to_uppercase().as_str() {
            "ONBUILD" => {
                let message = "Chaining ONBUILD via `ONBUILD ONBUILD` isn't allowed";
                return Err(Fault::line(message, child.keyword.place)
                    .hint("write the inner instruction after one ONBUILD"));
            }
            word @ ("FROM" | "MAINTAINER") => {
                let message = format!("{word} isn't allowed as an ONBUILD trigger");
                return Err(Fault::line(message, child.keyword.place)
                    .hint("a trigger runs inside the stage of the child image, after its FROM"));
            }
            _ => {}
        }
        let mut expression = self.node.original.get("ONBUILD".len()..).unwrap_or("").trim_start().to_owned();
        for heredoc in &self.node.heredocs {
            expression.push('\n');
            expression.push_str(&heredoc.content);
            expression.push_str(&heredoc.name);
        }
        let mut inner = child.as_ref().clone();
        inner.heredocs.clone_from(&self.node.heredocs);
        inner.last_line = self.node.last_line;
        let inner = instruction(inner, self.version).ok().map(Box::new);
        Ok((Kind::Onbuild(Onbuild { expression, inner }), flags))
    }
}

fn read_copy_flags(copy: &mut Copy, flags: &[Flag]) {
    copy.from = text(flags, "from");
    copy.chown = text(flags, "chown");
    copy.chmod = text(flags, "chmod");
    copy.checksum = text(flags, "checksum");
    copy.exclude = texts(flags, "exclude");
    copy.link = switch(flags, "link").unwrap_or(false);
    copy.parents = switch(flags, "parents").unwrap_or(false);
    copy.keep_git_dir = switch(flags, "keep-git-dir").unwrap_or(false);
    copy.unpack = switch(flags, "unpack");
}

/// The value of a flag.
pub(super) fn text(flags: &[Flag], name: &str) -> Option<Word> {
    flags.iter().find(|flag| flag.name == name)?.value.clone()
}

fn texts(flags: &[Flag], name: &str) -> Vec<Word> {
    flags.iter().filter(|flag| flag.name == name).filter_map(|flag| flag.value.clone()).collect()
}

fn switch(flags: &[Flag], name: &str) -> Option<bool> {
    let flag = flags.iter().find(|flag| flag.name == name)?;
    Some(flag.value.as_ref().is_none_or(|value| value.text.eq_ignore_ascii_case("true")))
}

/// `[a-z][a-z0-9-_.]*`
fn is_stage_name(name: &str) -> bool {
    name.starts_with(|c: char| c.is_ascii_lowercase())
        && name
            .bytes()
            .all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || matches!(b, b'-' | b'_' | b'.'))
}
