//! The tree of `brush-parser` to ours.

use super::Dialect;
use super::error::Found;
use super::reading::{Reading, marked, number};
use super::tree::*;
use brush_parser::ast::{self, SourceLocation};
use std::rc::Rc;

/// Knows the words behind the marks.
pub(super) struct Converter<'r> {
    reading: &'r Reading,
}

impl<'r> Converter<'r> {
    pub fn new(reading: &'r Reading) -> Converter<'r> {
        Converter { reading }
    }

    pub fn program(&self, program: &ast::Program) -> List {
        List(program.complete_commands.iter().flat_map(|list| self.list(list).0).collect())
    }

    fn list(&self, list: &ast::CompoundList) -> List {
        let item = |ast::CompoundListItem(list, separator): &ast::CompoundListItem| Item {
            first: self.pipeline(&list.first),
            rest: list.additional.iter().map(|next| self.joined(next)).collect(),
            background: matches!(separator, ast::SeparatorOperator::Async),
        };
        List(list.0.iter().map(item).collect())
    }

    fn joined(&self, next: &ast::AndOr) -> (Join, Pipeline) {
        match next {
            ast::AndOr::And(pipeline) => (Join::And, self.pipeline(pipeline)),
            ast::AndOr::Or(pipeline) => (Join::Or, self.pipeline(pipeline)),
        }
    }

    /// `!` or `time` may stand alone in bash: before a command that does nothing.
    fn pipeline(&self, pipeline: &ast::Pipeline) -> Pipeline {
        let mut commands: Vec<_> = pipeline.seq.iter().map(|command| self.command(command)).collect();
        if commands.is_empty() {
            let kind = Kind::Simple { assigns: Vec::new(), words: Vec::new(), arrays: Vec::new() };
            commands.push(Command { kind, redirects: Vec::new(), line: self.line(pipeline) });
        }
        let timed = pipeline.timed.as_ref().map(ast::PipelineTimed::is_posix_output);
        Pipeline { bang: pipeline.bang, timed, commands }
    }

    /// The line a command begins on.
    fn line(&self, node: &impl SourceLocation) -> u32 {
        let first = self.reading.origins.first().map_or(1, |(_, line)| *line);
        node.location().map_or(first, |span| span.start.line as u32)
    }

    /// The line of a command of redirections only, which have no place in the crate's tree: of the
    /// first one's word.
    fn redirect_line(&self, simple: &ast::SimpleCommand) -> Option<u32> {
        let word = match simple.prefix.as_ref()?.0.first()? {
            ast::CommandPrefixOrSuffixItem::IoRedirect(redirect) => match redirect {
                ast::IoRedirect::File(_, _, ast::IoFileRedirectTarget::Filename(word))
                | ast::IoRedirect::File(_, _, ast::IoFileRedirectTarget::Duplicate(word))
                | ast::IoRedirect::HereString(_, word)
                | ast::IoRedirect::OutputAndError(word, _) => word,
                ast::IoRedirect::HereDocument(_, document) => &document.here_end,
                ast::IoRedirect::File(..) => return None,
            },
            _ => return None,
        };
        Some(self.line(word))
    }

    fn command(&self, command: &ast::Command) -> Command {
        let line = self.line(command);
        let (kind, redirects) = match command {
            ast::Command::Simple(simple) => {
                return self.simple(simple, self.redirect_line(simple).unwrap_or(line));
            }
            ast::Command::Compound(compound, redirects) => (self.compound(compound), redirects.as_ref()),
            ast::Command::ExtendedTest(test, redirects) => {
                (Kind::Cond(self.cond(&test.expr)), redirects.as_ref())
            }
            ast::Command::Function(function) => {
                let ast::FunctionBody(body, redirects) = &function.body;
                let body = Command {
                    kind: self.compound(body),
                    redirects: self.redirects(redirects.as_ref()),
                    line: self.line(body),
                };
                (Kind::Function { name: self.name(&function.fname.value), body: Rc::new(body) }, None)
            }
        };
        Command { kind, redirects: self.redirects(redirects), line }
    }

    fn compound(&self, compound: &ast::CompoundCommand) -> Kind {
        match compound {
            ast::CompoundCommand::Arithmetic(command) => Kind::Arith(self.word(&command.expr.value)),
            ast::CompoundCommand::ArithmeticForClause(command) => {
                let part = |expr: &Option<ast::UnexpandedArithmeticExpr>| {
                    expr.as_ref().map(|expr| self.word(&expr.value)).unwrap_or_default()
                };
                Kind::ForArith {
                    start: part(&command.initializer),
                    check: part(&command.condition),
                    step: part(&command.updater),
                    body: self.list(&command.body.list),
                }
            }
            ast::CompoundCommand::BraceGroup(group) => {
                self.braced_case(group).unwrap_or_else(|| Kind::Group(self.list(&group.list)))
            }
            ast::CompoundCommand::Subshell(shell) => Kind::Subshell(Rc::new(self.list(&shell.list))),
            ast::CompoundCommand::ForClause(command) => Kind::For {
                name: self.for_name(&command.variable_name),
                words: self.for_words(command),
                shown: self.written(command.values.iter().flatten()),
                body: self.list(&command.body.list),
            },
            ast::CompoundCommand::CaseClause(command) => Kind::Case {
                word: self.word(&command.value.value),
                shown: self.written([&command.value]),
                arms: command.cases.iter().map(|arm| self.arm(arm)).collect(),
            },
            ast::CompoundCommand::IfClause(command) => self.conditional(command),
            ast::CompoundCommand::WhileClause(command) => self.looped(command, false),
            ast::CompoundCommand::UntilClause(command) => self.looped(command, true),
            // `coproc` never goes in as a reserved word.
            ast::CompoundCommand::Coprocess(_) => Kind::Group(List::default()),
        }
    }

    /// The `case` that went in between braces.
    fn braced_case(&self, group: &ast::BraceGroupCommand) -> Option<Kind> {
        let (found, _) = self.reading.origins.get(number(&group.loc.start))?;
        if !matches!(found, Found::Token(text) if text == "case") {
            return None;
        }
        let ast::CompoundListItem(list, _) = group.list.0.first()?;
        match list.first.seq.first()? {
            ast::Command::Compound(compound, _) => Some(self.compound(compound)),
            _ => None,
        }
    }

    fn looped(&self, command: &ast::WhileOrUntilClauseCommand, until: bool) -> Kind {
        Kind::Loop { until, condition: self.list(&command.0), body: self.list(&command.1.list) }
    }

    /// The crate gives `for x in; do` and `for x; do` the same tree: the tokens tell them apart.
    fn for_words(&self, command: &ast::ForClauseCommand) -> Option<Vec<Word>> {
        if let Some(words) = &command.values {
            return Some(words.iter().map(|word| self.word(&word.value)).collect());
        }
        let tokens = self.reading.tokens.iter().skip(number(&command.loc.start) + 2);
        let next = tokens.map(brush_parser::Token::to_str).find(|text| *text != "\n");
        (next == Some("in")).then(Vec::new)
    }

    fn arm(&self, arm: &ast::CaseItem) -> Arm {
        Arm {
            patterns: arm.patterns.iter().map(|pattern| self.word(&pattern.value)).collect(),
            body: arm.cmd.as_ref().map(|list| self.list(list)).unwrap_or_default(),
            end: match arm.post_action {
                ast::CaseItemPostAction::ExitCase => ArmEnd::Break,
                ast::CaseItemPostAction::UnconditionallyExecuteNextCaseItem => ArmEnd::FallThrough,
                ast::CaseItemPostAction::ContinueEvaluatingCases => ArmEnd::TryNext,
            },
        }
    }

    fn conditional(&self, command: &ast::IfClauseCommand) -> Kind {
        let mut arms = vec![(self.list(&command.condition), self.list(&command.then))];
        let mut other = None;
        for part in command.elses.iter().flatten() {
            let body = self.list(&part.body);
            match &part.condition {
                Some(condition) => arms.push((self.list(condition), body)),
                None => other = Some(body),
            }
        }
        Kind::If { arms, other }
    }

    fn simple(&self, simple: &ast::SimpleCommand, line: u32) -> Command {
        let (mut assigns, mut arrays, mut redirects) = (Vec::new(), Vec::new(), Vec::new());
        let mut words: Vec<_> = simple.word_or_name.iter().map(|word| self.word(&word.value)).collect();
        let prefix = simple.prefix.iter().flat_map(|prefix| &prefix.0);
        let suffix = simple.suffix.iter().flat_map(|suffix| &suffix.0);
        for (item, before) in prefix.map(|item| (item, true)).chain(suffix.map(|item| (item, false))) {
            match item {
                ast::CommandPrefixOrSuffixItem::IoRedirect(redirect) => {
                    redirects.push(self.redirect(redirect))
                }
                ast::CommandPrefixOrSuffixItem::Word(word) => words.push(self.word(&word.value)),
                ast::CommandPrefixOrSuffixItem::AssignmentWord(assign, _) if before => {
                    assigns.push(self.assign(assign));
                }
                // `declare x=(…)`: a word for the builtin, and the values for after it.
                ast::CommandPrefixOrSuffixItem::AssignmentWord(assign, _) => {
                    let assign = self.assign(assign);
                    words.push(Word::quoted(assign.name.clone()));
                    arrays.push(assign);
                }
                // `<(…)` goes in as a part of a word.
                ast::CommandPrefixOrSuffixItem::ProcessSubstitution(..) => {}
            }
        }
        Command { kind: Kind::Simple { assigns, words, arrays }, redirects, line }
    }

    fn assign(&self, assign: &ast::Assignment) -> Assign {
        let (name, index) = match &assign.name {
            ast::AssignmentName::VariableName(name) => (name, None),
            ast::AssignmentName::ArrayElementName(name, index) => (name, Some(self.word(index))),
        };
        let value = match &assign.value {
            ast::AssignmentValue::Scalar(word) => Value::Word(self.word(&word.value)),
            ast::AssignmentValue::Array(items) => {
                let item = |(index, value): &(Option<ast::Word>, ast::Word)| {
                    (index.as_ref().map(|index| self.word(&index.value)), self.word(&value.value))
                };
                Value::Array(items.iter().map(item).collect())
            }
        };
        Assign { name: name.clone(), index, append: assign.append, value }
    }

    fn redirects(&self, list: Option<&ast::RedirectList>) -> Vec<Redirect> {
        list.iter().flat_map(|list| &list.0).map(|redirect| self.redirect(redirect)).collect()
    }

    fn redirect(&self, redirect: &ast::IoRedirect) -> Redirect {
        let line = match redirect {
            ast::IoRedirect::File(_, _, ast::IoFileRedirectTarget::Filename(word))
            | ast::IoRedirect::File(_, _, ast::IoFileRedirectTarget::Duplicate(word))
            | ast::IoRedirect::HereString(_, word)
            | ast::IoRedirect::OutputAndError(word, _) => self.line(word),
            ast::IoRedirect::HereDocument(_, document) => self.line(&document.here_end),
            ast::IoRedirect::File(..) => 1,
        };
        let (number, default, kind) = match redirect {
            ast::IoRedirect::File(number, kind, target) => {
                let word = match target {
                    ast::IoFileRedirectTarget::Filename(word)
                    | ast::IoFileRedirectTarget::Duplicate(word) => self.word(&word.value),
                    // Neither comes from the tokens that go in.
                    ast::IoFileRedirectTarget::Fd(_) | ast::IoFileRedirectTarget::ProcessSubstitution(..) => {
                        Word::default()
                    }
                };
                let (default, kind) = self.file_redirect(kind, word, number.is_some());
                (*number, default, kind)
            }
            ast::IoRedirect::HereDocument(number, document) => {
                let text = marked(&document.doc.value).and_then(|at| self.reading.documents.get(at));
                (*number, 0, RedirectKind::Here(text.cloned().unwrap_or_default()))
            }
            ast::IoRedirect::HereString(number, word) => {
                (*number, 0, RedirectKind::HereString(self.word(&word.value)))
            }
            ast::IoRedirect::OutputAndError(word, append) => {
                (None, 1, RedirectKind::Both { word: self.word(&word.value), append: *append })
            }
        };
        Redirect { fd: number.and_then(|number| u32::try_from(number).ok()).unwrap_or(default), line, kind }
    }

    fn file_redirect(
        &self,
        kind: &ast::IoFileRedirectKind,
        word: Word,
        numbered: bool,
    ) -> (u32, RedirectKind) {
        let bash = self.reading.dialect != Dialect::Dash;
        match kind {
            ast::IoFileRedirectKind::Read => (0, RedirectKind::Read(word)),
            ast::IoFileRedirectKind::Write => (1, RedirectKind::Write { word, clobber: false }),
            ast::IoFileRedirectKind::Clobber => (1, RedirectKind::Write { word, clobber: true }),
            ast::IoFileRedirectKind::Append => (1, RedirectKind::Append(word)),
            ast::IoFileRedirectKind::ReadAndWrite => (0, RedirectKind::ReadWrite(word)),
            ast::IoFileRedirectKind::DuplicateInput => (0, RedirectKind::Dup(word)),
            ast::IoFileRedirectKind::DuplicateOutput if bash && !numbered && !is_descriptor(&word) => {
                (1, RedirectKind::Both { word, append: false })
            }
            ast::IoFileRedirectKind::DuplicateOutput => (1, RedirectKind::Dup(word)),
        }
    }

    fn cond(&self, test: &ast::ExtendedTestExpr) -> Cond {
        let both = |left: &ast::ExtendedTestExpr, right: &ast::ExtendedTestExpr| {
            (Box::new(self.cond(left)), Box::new(self.cond(right)))
        };
        match test {
            ast::ExtendedTestExpr::And(left, right) => {
                let (left, right) = both(left, right);
                Cond::And(left, right)
            }
            ast::ExtendedTestExpr::Or(left, right) => {
                let (left, right) = both(left, right);
                Cond::Or(left, right)
            }
            ast::ExtendedTestExpr::Not(inner) => Cond::Not(Box::new(self.cond(inner))),
            ast::ExtendedTestExpr::Parenthesized(inner) => self.cond(inner),
            ast::ExtendedTestExpr::UnaryTest(op, word) => Cond::Unary(op.to_string(), self.word(&word.value)),
            ast::ExtendedTestExpr::BinaryTest(op, left, right) => {
                // The crate has one name for `=` and `==`.
                let written = marked(&right.value).and_then(|number| self.reading.before(number));
                let op = match (op.to_string(), written) {
                    (op, Some("=")) if op == "==" => "=".to_owned(),
                    (op, _) => op,
                };
                Cond::Binary(self.word(&left.value), op, self.word(&right.value))
            }
        }
    }

    /// The word behind a mark. Any other text is itself.
    fn word(&self, text: &str) -> Word {
        match marked(text) {
            Some(number) => self.reading.words.get(number).cloned().unwrap_or_default(),
            None if text.is_empty() => Word::default(),
            None => Word(vec![Part::Text(text.to_owned())]),
        }
    }

    /// Words as they were written: bash shows them with `set -x`.
    fn written<'w>(&self, words: impl IntoIterator<Item = &'w ast::Word>) -> String {
        if self.reading.dialect != Dialect::Bash {
            return String::new();
        }
        let marks = words.into_iter().filter_map(|word| marked(&word.value));
        marks.map(|mark| self.reading.written(mark)).collect::<Vec<_>>().join(" ")
    }

    /// The name in `for`, or what stands there: bash finds that out when it runs it.
    fn for_name(&self, text: &str) -> String {
        match marked(text) {
            Some(number) if self.word(text).plain().is_none() => self.reading.written(number).to_owned(),
            _ => self.name(text),
        }
    }

    fn name(&self, text: &str) -> String {
        self.word(text).plain().unwrap_or_default().to_owned()
    }
}

fn is_descriptor(word: &Word) -> bool {
    match word.plain() {
        Some(text) => text == "-" || text.chars().all(|c| c.is_ascii_digit()),
        None => !word.0.iter().any(|part| matches!(part, Part::Quoted(_) | Part::Text(_))),
    }
}
