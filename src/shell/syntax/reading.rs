//! The tokens of a command as `brush-parser` takes them, and what is open at their end.

use super::Dialect;
use super::error::Found;
use super::param::is_name;
use super::tree::{Part, Word};
use brush_parser::{SourcePosition, SourceSpan, Token};
use std::cell::OnceCell;
use std::rc::Rc;

/// Stands before the number of a word in a token's text. No reserved word begins with it.
pub(super) const MARK: char = '\u{1}';

/// A construct that waits for its end.
#[derive(Debug)]
struct Open {
    end: &'static str,
    /// `case`: patterns come, up to a parenthesis. `for`: `do` has not come yet.
    begins: bool,
}

/// Tokens so far.
#[derive(Debug)]
pub(super) struct Reading {
    pub dialect: Dialect,
    pub tokens: Vec<Token>,
    /// What the text holds at each token, and its line.
    pub origins: Vec<(Found, u32)>,
    pub words: Vec<Word>,
    /// The token that each word became.
    places: Vec<usize>,
    pub documents: Vec<Rc<OnceCell<Word>>>,
    open: Vec<Open>,
    /// How much was open in the bodies of functions that are simple commands.
    bodies: Vec<usize>,
    /// A reserved word would be one here.
    start: bool,
    /// No word of the command yet: `name=value` assigns.
    head: bool,
    /// The token of the command's first word, which `(` makes a function.
    first: Option<usize>,
    /// The next word is where a redirection goes.
    target: bool,
    /// After `declare` and the like, whose words may be `name=(…)`.
    declares: bool,
    /// Operators inside `[[ ]]`.
    pub conditions: u32,
}

impl Reading {
    pub fn new(dialect: Dialect) -> Reading {
        Reading {
            dialect,
            tokens: Vec::new(),
            origins: Vec::new(),
            words: Vec::new(),
            places: Vec::new(),
            documents: Vec::new(),
            open: Vec::new(),
            bodies: Vec::new(),
            start: true,
            head: true,
            first: None,
            target: false,
            declares: false,
            conditions: 0,
        }
    }

    /// How deep it goes here.
    pub fn depth(&self) -> usize {
        self.open.len()
    }

    /// How many `case` are open: on a mistake the crate reads the last arm of each twice.
    pub fn cases(&self) -> usize {
        self.open.iter().filter(|open| open.end == "esac").count()
    }

    /// Could the command end with the newline that was just read?
    pub fn complete(&self) -> bool {
        let last = self.tokens.iter().rev().map(Token::to_str).find(|text| *text != "\n");
        self.open.is_empty() && !matches!(last, Some("&&" | "||" | "|"))
    }

    /// Would a closing parenthesis here close nothing that was opened in these tokens?
    pub fn closes(&self) -> bool {
        !self.in_patterns() && !self.open.iter().any(|open| open.end == ")")
    }

    /// Where a `case` has its patterns, up to their parenthesis?
    fn in_patterns(&self) -> bool {
        self.open.last().is_some_and(|open| open.end == "esac" && open.begins)
    }

    /// Between the parentheses of `name=(…)`?
    fn in_array(&self) -> bool {
        self.open.last().is_some_and(|open| open.end == ")" && open.begins)
    }

    pub fn in_condition(&self) -> bool {
        self.open.iter().any(|open| open.end == "]]")
    }

    /// Would an alias be expanded here? Where a command's first word comes.
    pub fn takes_alias(&self) -> bool {
        self.head && !self.target && !self.in_patterns() && !self.in_array() && !self.in_condition()
    }

    /// Would `((` be arithmetic here?
    pub fn takes_arithmetic(&self) -> bool {
        self.dialect == Dialect::Bash && (self.start || self.last(0) == "for")
    }

    /// May `(` come here? After a word it makes an array of `name=` or a function of a name.
    pub fn takes_parenthesis(&self) -> bool {
        let word = matches!(self.origins.last(), Some((Found::Word(_), _)));
        !word
            || self.in_condition()
            || self.in_patterns()
            || self.takes_array()
            || self.first == self.tokens.len().checked_sub(1)
    }

    /// After `name (`, which only a closing parenthesis may follow?
    pub fn in_function(&self) -> bool {
        self.last(0) == "(" && self.first.is_some_and(|first| first + 2 == self.tokens.len())
    }

    /// After `function name`, where bash takes a subshell for the body (bash `parse.y`, `function_def`)?
    pub fn takes_subshell_body(&self) -> bool {
        self.dialect == Dialect::Bash && self.last(1) == "function" && self.last(0).starts_with(MARK)
    }

    /// After the parenthesis of such a subshell: it is none of `name()`.
    pub fn begin_subshell_body(&mut self) {
        self.first = None;
    }

    /// After `name()`: where its body begins.
    fn takes_body(&self) -> bool {
        let mut before = self.tokens.iter().enumerate().rev().skip_while(|(_, token)| token.to_str() == "\n");
        let mut next = || before.next().map(|(number, token)| (number, token.to_str()));
        let parentheses =
            next().map(|(_, text)| text) == Some(")") && next().map(|(_, text)| text) == Some("(");
        parentheses && next().is_some_and(|(number, _)| self.first == Some(number))
    }

    /// Before a token that begins a simple command. ash and dash take one for a function's body,
    /// the crate doesn't: it goes into braces.
    pub fn begin_body(&mut self, line: u32) {
        if self.dialect != Dialect::Bash && self.takes_body() {
            self.keyword("{", line);
            self.bodies.push(self.open.len());
        }
    }

    /// Before a token that ends a simple command.
    pub fn end_body(&mut self, line: u32) {
        while self.bodies.last() == Some(&self.open.len()) && !self.takes_body() {
            self.bodies.pop();
            self.push(";", Found::Token(";".to_owned()), line);
            self.keyword("}", line);
        }
    }

    /// Could a command end with the last token?
    fn ends_command(&self) -> bool {
        let closed = matches!(self.last(0), ")" | "}" | "fi" | "done" | "esac" | "]]");
        !self.target && (closed || !self.start)
    }

    /// Does a redirection wait for its word?
    pub fn takes_target(&self) -> bool {
        self.target
    }

    /// Did `name=` just come, which `(` makes an array?
    fn takes_array(&self) -> bool {
        self.last(0).ends_with('=') && !self.in_condition() && !self.in_patterns()
    }

    /// The text of the token so many before the end.
    pub fn last(&self, back: usize) -> &str {
        let number = self.tokens.len().checked_sub(back + 1);
        number.and_then(|number| self.tokens.get(number)).map_or("", Token::to_str)
    }

    pub fn push(&mut self, text: &str, found: Found, line: u32) {
        self.origins.push((found, line));
        self.tokens.push(token(text, self.tokens.len(), line));
    }

    /// A mark for a word.
    pub fn mark(&mut self, word: Word) -> String {
        self.words.push(word);
        self.places.push(self.tokens.len());
        format!("{MARK}{}", self.words.len() - 1)
    }

    /// A word as it was written, by its mark's number.
    pub fn written(&self, number: usize) -> &str {
        match self.places.get(number).and_then(|place| self.origins.get(*place)) {
            Some((Found::Word(raw), _)) => raw,
            _ => "",
        }
    }

    /// The token before a word, by its mark's number.
    pub fn before(&self, number: usize) -> Option<&str> {
        let place = self.places.get(number)?.checked_sub(1)?;
        self.tokens.get(place).map(Token::to_str)
    }

    /// The digits before a redirection: they have to touch it.
    pub fn number(&mut self, number: u32, line: u32) {
        self.push(&number.min(i32::MAX as u32).to_string(), Found::Redirection("<".to_owned()), line);
        if let Some(Token::Word(_, span)) = self.tokens.last_mut() {
            span.end = SourcePosition { index: span.end.index + 1, line: line as usize, column: 1 }.into();
        }
        self.start = false;
    }

    pub fn operator(&mut self, op: &str, line: u32) {
        let found = match op {
            "\n" => Found::Newline,
            op if op.contains(['<', '>']) => Found::Redirection(op.to_owned()),
            op => Found::Token(op.to_owned()),
        };
        let patterns = self.in_patterns();
        // The crate would take `esac)` for one more arm.
        if op == ")" && self.last(0) == "esac" {
            self.push(";", found.clone(), line);
        }
        match op {
            // The crate takes any two parentheses for arithmetic: a newline keeps them apart.
            "(" if self.last(0) == "(" => self.push("\n", found.clone(), line),
            "|&" if self.ends_command() => {
                self.number(2, line);
                self.push(">&", found.clone(), line);
                self.push("1", found, line);
                return self.operator("|", line);
            }
            _ => {}
        }
        match op {
            "(" if self.takes_array() => {
                self.open(")");
                self.begins(true);
            }
            "(" if !patterns => self.open(")"),
            ")" if patterns => self.begins(false),
            ")" => {
                if let Some(number) = self.open.iter().rposition(|open| open.end == ")") {
                    self.open.truncate(number);
                }
            }
            ";;" | ";&" | ";;&" => self.begins(true),
            _ => {}
        }
        self.conditions += u32::from(self.in_condition());
        self.push(op, found, line);
        if op.contains(['<', '>']) && !self.in_condition() {
            (self.start, self.target) = (false, true);
        } else {
            self.begin();
        }
    }

    /// A command may begin.
    pub fn begin(&mut self) {
        (self.start, self.head, self.target, self.declares) = (true, true, false, false);
    }

    fn open(&mut self, end: &'static str) {
        self.open.push(Open { end, begins: false });
    }

    fn begins(&mut self, begins: bool) {
        if let Some(open) = self.open.last_mut() {
            open.begins = begins;
        }
    }

    fn close(&mut self, end: &str) {
        if self.open.last().is_some_and(|open| open.end == end) {
            self.open.pop();
        }
    }

    /// A word; `raw` is its text, `array` when `(` touches its end.
    pub fn word(&mut self, word: Word, raw: String, line: u32, array: bool) {
        let reserved = word.plain().and_then(|text| self.reserved(text));
        if let Some(reserved) = reserved {
            return self.keyword(reserved, line);
        }
        let text = match self.assignment(&word, array) {
            Some((prefix, rest)) if array && rest.0.is_empty() => prefix,
            Some((prefix, rest)) => format!("{prefix}{}", self.mark(rest)),
            None => {
                if self.head && !self.target {
                    self.head = false;
                    self.declares = word.plain().is_some_and(|text| DECLARING.contains(&text));
                }
                self.mark(word)
            }
        };
        if self.start && !self.head || self.last(0) == "function" {
            self.first = Some(self.tokens.len());
        }
        self.push(&text, Found::Word(raw), line);
        (self.start, self.target) = (false, false);
    }

    /// The tag of a here-document, and a place for its text, which comes later.
    pub fn document(&mut self, text: Rc<OnceCell<Word>>, line: u32) {
        self.documents.push(text);
        for text in ["tag".to_owned(), format!("{MARK}{}", self.documents.len() - 1), "tag".to_owned()] {
            self.push(&text, Found::Word(String::new()), line);
        }
        self.target = false;
    }

    /// `name=` and what follows it, with a mark for an index. In an array: `[index]=`.
    fn assignment(&mut self, word: &Word, array: bool) -> Option<(String, Word)> {
        let Some(Part::Text(text)) = word.0.first() else { return None };
        let (bash, in_array) = (self.dialect == Dialect::Bash, self.in_array());
        let place = in_array || self.head || (array && self.declares);
        if !place || self.target || self.in_condition() || self.in_patterns() {
            return None;
        }
        let named = if in_array { 0 } else { text.chars().take_while(|c| is_name(*c)).count() };
        if in_array != (named == 0) || text.starts_with(|c: char| c.is_ascii_digit()) {
            return None;
        }
        let (name, mut rest) = text.split_at_checked(named)?;
        let mut index = None;
        if bash && rest.starts_with('[') {
            let close = rest.find(']')?;
            index = Some(Word(vec![Part::Text(rest.get(1..close)?.to_owned())]));
            rest = rest.get(close + 1..)?;
        } else if in_array {
            return None;
        }
        let append = bash && !in_array && rest.starts_with('+');
        let value = rest.get(usize::from(append)..)?.strip_prefix('=')?;
        let first = (!value.is_empty()).then(|| Part::Text(value.to_owned()));
        let parts = first.into_iter().chain(word.0.iter().skip(1).cloned()).collect();
        let index = index.map(|index| format!("[{}]", self.mark(index))).unwrap_or_default();
        let sign = if append { "+=" } else { "=" };
        Some((format!("{name}{index}{sign}"), Word(parts)))
    }

    /// The reserved word that this text is here.
    fn reserved(&self, text: &str) -> Option<&'static str> {
        let find = |words: &[&'static str]| words.iter().copied().find(|word| *word == text);
        if self.in_condition() {
            return if self.takes_operand() && text != "]]" { None } else { find(&CONDITION) };
        }
        let known = find(&RESERVED)?;
        let fits = match known {
            _ if self.target || self.in_array() => false,
            _ if self.in_patterns() => known == "esac" && !matches!(self.last(0), "|" | "("),
            "in" => self.names_next(),
            "do" => self.start || self.names_next(),
            "-p" => self.last(0) == "time",
            "function" | "[[" => self.start && self.dialect != Dialect::Dash,
            "time" => self.start && self.dialect == Dialect::Bash,
            _ => self.start || self.last(1) == "function",
        };
        fits.then_some(known)
    }

    /// After an operator of `[[ ]]`, where any word is its operand?
    fn takes_operand(&self) -> bool {
        let (last, before) = (self.last(0), self.last(1));
        let begins = matches!(before, "[[" | "!" | "(" | "&&" | "||" | "\n");
        let binary = last.starts_with('-') || matches!(last, "=" | "==" | "!=" | "=~" | "<" | ">");
        last.starts_with('-') && begins || binary && before.starts_with(MARK)
    }

    /// After `for x` or `case x`?
    fn names_next(&self) -> bool {
        let mut before = self.tokens.iter().rev().map(Token::to_str).skip_while(|text| *text == "\n");
        before.next().is_some_and(|text| text.starts_with(MARK))
            && matches!(before.next(), Some("for" | "case"))
    }

    fn keyword(&mut self, word: &'static str, line: u32) {
        let mut text = word;
        let awaits = |open: &Open| open.end == "done" && open.begins;
        match word {
            "if" => self.open("fi"),
            "while" | "until" | "for" => {
                self.open("done");
                self.begins(word == "for");
            }
            "case" => {
                // Before a parenthesis the crate would take what follows `esac` for one more arm's
                // patterns: `esac | cat)`. Braces keep it apart.
                if self.open.iter().any(|open| open.end == ")") {
                    self.push("{", Found::Token(word.to_owned()), line);
                    self.open("} esac");
                }
                self.open("esac");
            }
            "in" if self.open.last().is_some_and(|open| open.end == "esac") => self.begins(true),
            "do" => self.begins(false),
            // bash: `for x in a; { …; }`, which the crate does not know.
            "{" if self.dialect == Dialect::Bash && self.open.last().is_some_and(awaits) => {
                self.close("done");
                self.open("} done");
                text = "do";
            }
            "}" if self.open.last().is_some_and(|open| open.end == "} done") => {
                self.close("} done");
                text = "done";
            }
            "{" => self.open("}"),
            "[[" => self.open("]]"),
            // Without `;;` before it, the crate would read the last arm twice.
            "esac" => {
                if !self.in_patterns() {
                    self.push(";;", Found::Token(word.to_owned()), line);
                }
                self.close(word);
            }
            "fi" | "done" | "}" | "]]" => self.close(word),
            _ => {}
        }
        self.conditions += u32::from(self.in_condition());
        self.push(text, Found::Token(word.to_owned()), line);
        if word == "esac" && self.open.last().is_some_and(|open| open.end == "} esac") {
            self.close("} esac");
            for text in [";", "}"] {
                self.push(text, Found::Token(word.to_owned()), line);
            }
        }
        let goes_on =
            !matches!(word, "for" | "case" | "function" | "[[" | "in" | "-p") && !self.in_condition();
        (self.start, self.head) = (goes_on, goes_on);
        self.declares = false;
    }
}

/// A token with this text. Its span is its number, so that neighbours never touch.
pub(super) fn token(text: &str, number: usize, line: u32) -> Token {
    let place = |index| SourcePosition { index, line: line as usize, column: 1 }.into();
    let span = SourceSpan { start: place(2 * number), end: place(2 * number + 1) };
    if text.starts_with(|c: char| "&|;()<>\n".contains(c)) {
        Token::Operator(text.to_owned(), span)
    } else {
        Token::Word(text.to_owned(), span)
    }
}

/// The number of the token at a place.
pub(super) fn number(place: &SourcePosition) -> usize {
    place.index / 2
}

/// Does this word begin a compound command in every shell?
pub(super) fn compound(text: &str) -> bool {
    matches!(text, "{" | "if" | "for" | "while" | "until" | "case")
}

/// Is this a token of a reserved word?
pub(super) fn reserved(text: &str) -> bool {
    RESERVED.contains(&text)
}

/// The number of a word from its mark.
pub(super) fn marked(text: &str) -> Option<usize> {
    text.strip_prefix(MARK)?.parse().ok()
}

/// bash's commands whose words may be `name=(…)`.
const DECLARING: [&str; 5] = ["declare", "local", "export", "readonly", "typeset"];

/// Words that mean something where a command may begin, and three with places of their own.
const RESERVED: [&str; 20] = [
    "!", "case", "do", "done", "elif", "else", "esac", "fi", "for", "function", "if", "then", "until",
    "while", "{", "}", "[[", "time", "in", "-p",
];

/// Words that mean something inside `[[ ]]`.
const CONDITION: [&str; 41] = [
    "]]", "!", "=", "==", "!=", "=~", "-eq", "-ne", "-lt", "-le", "-gt", "-ge", "-nt", "-ot", "-ef", "-a",
    "-b", "-c", "-d", "-e", "-f", "-g", "-h", "-k", "-n", "-o", "-p", "-r", "-s", "-t", "-u", "-v", "-w",
    "-x", "-z", "-G", "-L", "-N", "-O", "-R", "-S",
];
