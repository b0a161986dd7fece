//! The tree that the evaluator walks.

use std::rc::Rc;

/// Commands separated by `;`, `&` or newlines.
#[derive(Debug, Default)]
pub(crate) struct List(pub Vec<Item>);

/// One and-or list.
#[derive(Debug)]
pub(crate) struct Item {
    pub first: Pipeline,
    pub rest: Vec<(Join, Pipeline)>,
    /// Ended by `&`.
    pub background: bool,
}

/// `&&` or `||`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Join {
    And,
    Or,
}

/// Commands joined by `|`.
#[derive(Debug)]
pub(crate) struct Pipeline {
    pub bang: bool,
    /// bash's `time`; true: with `-p`.
    pub timed: Option<bool>,
    pub commands: Vec<Command>,
}

/// A command with its redirections.
#[derive(Debug)]
pub(crate) struct Command {
    pub kind: Kind,
    pub redirects: Vec<Redirect>,
    pub line: u32,
}

/// What kind of command.
#[derive(Debug)]
pub(crate) enum Kind {
    /// `arrays`: those that `declare` and the like give values to (bash).
    Simple {
        assigns: Vec<Assign>,
        words: Vec<Word>,
        arrays: Vec<Assign>,
    },
    Group(List),
    Subshell(Rc<List>),
    If {
        arms: Vec<(List, List)>,
        other: Option<List>,
    },
    Loop {
        until: bool,
        condition: List,
        body: List,
    },
    /// `shown`: the words as they were written (bash), for `set -x`.
    For {
        name: String,
        words: Option<Vec<Word>>,
        shown: String,
        body: List,
    },
    ForArith {
        start: Word,
        check: Word,
        step: Word,
        body: List,
    },
    Case {
        word: Word,
        shown: String,
        arms: Vec<Arm>,
    },
    Function {
        name: String,
        body: Rc<Command>,
    },
    Arith(Word),
    Cond(Cond),
}

/// One arm of a `case`.
#[derive(Debug)]
pub(crate) struct Arm {
    pub patterns: Vec<Word>,
    pub body: List,
    pub end: ArmEnd,
}

/// `;;`, `;&` or `;;&`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ArmEnd {
    Break,
    FallThrough,
    TryNext,
}

/// `name=value` before a command.
#[derive(Debug)]
pub(crate) struct Assign {
    pub name: String,
    pub index: Option<Word>,
    pub append: bool,
    pub value: Value,
}

/// The right side of an assignment.
#[derive(Debug)]
pub(crate) enum Value {
    Word(Word),
    /// `(a b [k]=v)`, bash.
    Array(Vec<(Option<Word>, Word)>),
}

/// A word: pieces of text and things to expand.
#[derive(Clone, Debug, Default)]
pub(crate) struct Word(pub Vec<Part>);

/// A piece of a word.
#[derive(Clone, Debug)]
pub(crate) enum Part {
    /// Unquoted text: may hold patterns and a tilde.
    Text(String),
    /// Quoted text.
    Quoted(String),
    /// Between double quotes.
    Double(Vec<Part>),
    /// `$x`, `${x…}`.
    Param(Rc<Param>),
    /// `$(…)` or backquotes.
    Command(Rc<Script>),
    /// `$((…))`.
    Arith(Rc<Vec<Part>>),
    /// `<(…)` or `>(…)`, bash.
    Process(Rc<Script>),
}

/// The commands of a substitution, with the line they begin on.
#[derive(Debug)]
pub(crate) struct Script {
    pub lists: Vec<List>,
    /// As written, for messages.
    pub source: String,
}

/// A parameter and what is done to it.
#[derive(Debug)]
pub(crate) struct Param {
    pub name: String,
    /// `${a[…]}`, bash.
    pub index: Option<Word>,
    /// `${!name}`, bash.
    pub indirect: bool,
    pub op: Op,
    /// As written, for messages.
    pub source: String,
}

/// An operator of `${…}`.
#[derive(Debug)]
pub(crate) enum Op {
    Value,
    Length,
    /// `-`; with a colon when empty counts as unset.
    Default(bool, Word),
    /// `=`
    Assign(bool, Word),
    /// `?`
    Error(bool, Word),
    /// `+`
    Alternate(bool, Word),
    /// `#` or `##`
    Prefix(bool, Word),
    /// `%` or `%%`
    Suffix(bool, Word),
    /// `/`, `//`, `/#`, `/%`
    Replace {
        /// Where a match may be.
        anchor: Anchor,
        /// What is looked for.
        pattern: Word,
        /// What takes its place.
        with: Word,
        /// It all stands in double quotes.
        quoted: bool,
    },
    /// `:offset:length`
    Slice(Vec<Part>, Option<Vec<Part>>),
    /// `^ ^^ , ,,`, for the characters that the pattern matches.
    Case {
        upper: bool,
        all: bool,
        pattern: Word,
    },
    /// `@Q` and its like (bash); none: no such letter, an error when the parameter is set.
    Transform(Option<char>),
    /// `${!prefix*}` joins its names in quotes, `${!prefix@}` doesn't (bash).
    Names {
        joins: bool,
    },
    /// No such operator: an error when it is expanded.
    Bad,
}

/// Where `${x/…}` looks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Anchor {
    First,
    All,
    Start,
    End,
}

/// A redirection.
#[derive(Debug)]
pub(crate) struct Redirect {
    pub fd: u32,
    /// The line of its word.
    pub line: u32,
    pub kind: RedirectKind,
}

/// What a redirection does.
#[derive(Debug)]
pub(crate) enum RedirectKind {
    Read(Word),
    /// With `clobber` even when `set -C` guards the file.
    Write {
        word: Word,
        clobber: bool,
    },
    Append(Word),
    ReadWrite(Word),
    /// `>&word`, `<&word`: a number or `-`.
    Dup(Word),
    /// `&>word`, `&>>word`.
    Both {
        word: Word,
        append: bool,
    },
    /// A here-document's text, expanded when its delimiter was not quoted.
    Here(Rc<std::cell::OnceCell<Word>>),
    /// `<<<word`.
    HereString(Word),
}

/// `[[ … ]]`.
#[derive(Debug)]
pub(crate) enum Cond {
    Not(Box<Cond>),
    And(Box<Cond>, Box<Cond>),
    Or(Box<Cond>, Box<Cond>),
    Unary(String, Word),
    Binary(Word, String, Word),
}

impl Word {
    /// The text, if the word is nothing but unquoted text.
    pub fn plain(&self) -> Option<&str> {
        match &self.0[..] {
            [Part::Text(text)] => Some(text),
            _ => None,
        }
    }

    /// About as it was written, for messages.
    pub fn written(&self) -> String {
        let part = |part: &Part| match part {
            Part::Text(text) => text.clone(),
            Part::Quoted(text) => format!("'{text}'"),
            Part::Double(parts) => {
                let inside = parts.iter().map(|part| match part {
                    Part::Quoted(text) => text.clone(),
                    part => Word(vec![part.clone()]).written(),
                });
                format!("\"{}\"", inside.collect::<String>())
            }
            Part::Param(param) => param.source.clone(),
            Part::Arith(parts) => format!("$(({}))", Word(parts.to_vec()).written().replace('\'', "")),
            Part::Command(script) => script.source.clone(),
            Part::Process(script) => format!("<({})", script.source),
        };
        self.0.iter().map(part).collect()
    }

    /// A word of quoted text.
    pub fn quoted(text: impl Into<String>) -> Word {
        Word(vec![Part::Quoted(text.into())])
    }
}
