use super::{Dialect, Item, Kind, Parser, Pipeline};
use proptest::prelude::*;

const ALL: [Dialect; 3] = [Dialect::Ash, Dialect::Dash, Dialect::Bash];

/// The items of every complete command, and the message that ended it.
fn read(source: &str, dialect: Dialect) -> (Vec<Item>, Option<String>) {
    let (mut parser, mut items) = (Parser::new(source, dialect), Vec::new());
    loop {
        match parser.next() {
            Ok(None) => return (items, None),
            Ok(Some(list)) => items.extend(list.0),
            Err(error) => return (items, error.message(dialect).into_iter().next()),
        }
    }
}

/// How many items before the mistake, and its message.
fn refusal(source: &str, dialect: Dialect) -> String {
    let (items, message) = read(source, dialect);
    format!("{} {}", items.len(), message.unwrap_or_else(|| "accepted".to_owned()))
}

#[test]
fn refusals_in_the_words_of_each_shell() {
    for (source, ash, dash, bash) in [
        (
            "if true; then echo x",
            "0 syntax error: unexpected end of file (expecting \"fi\")",
            "0 Syntax error: end of file unexpected (expecting \"fi\")",
            "0 line 2: syntax error: unexpected end of file",
        ),
        (
            "echo 1\necho 2\nfi\necho 3",
            "2 syntax error: unexpected \"fi\"",
            "2 Syntax error: \"fi\" unexpected",
            "2 line 3: syntax error near unexpected token `fi'",
        ),
        (
            "if a; fi",
            "0 syntax error: unexpected \"fi\" (expecting \"then\")",
            "0 Syntax error: \"fi\" unexpected (expecting \"then\")",
            "0 line 1: syntax error near unexpected token `fi'",
        ),
        (
            "{ echo a; )",
            "0 syntax error: unexpected \")\" (expecting \"}\")",
            "0 Syntax error: \")\" unexpected (expecting \"}\")",
            "0 line 1: syntax error near unexpected token `)'",
        ),
        (
            "case x in a) b",
            "0 syntax error: unexpected end of file (expecting \";;\")",
            "0 Syntax error: end of file unexpected (expecting \";;\")",
            "0 line 2: syntax error: unexpected end of file",
        ),
        (
            "case x foo",
            "0 syntax error: unexpected word (expecting \"in\")",
            "0 Syntax error: word unexpected (expecting \"in\")",
            "0 line 1: syntax error near unexpected token `foo'",
        ),
        (
            "a ; ; b",
            "0 syntax error: unexpected \";\"",
            "0 Syntax error: \";\" unexpected",
            "0 line 1: syntax error near unexpected token `;'",
        ),
        (
            "echo (a)",
            "0 syntax error: unexpected word (expecting \")\")",
            "0 Syntax error: word unexpected (expecting \")\")",
            "0 line 1: syntax error near unexpected token `a'",
        ),
        (
            "a-b() { c; }",
            "0 syntax error: bad function name",
            "0 Syntax error: Bad function name",
            "1 accepted",
        ),
        (
            "for 1 in a; do b; done",
            "0 syntax error: bad for loop variable",
            "0 Syntax error: Bad for loop variable",
            "1 accepted",
        ),
        (
            "echo > > a",
            "0 syntax error: unexpected redirection",
            "0 Syntax error: redirection unexpected",
            "0 line 1: syntax error near unexpected token `>'",
        ),
        (
            "fi 'no end",
            "0 syntax error: unexpected \"fi\"",
            "0 Syntax error: \"fi\" unexpected",
            "0 line 1: syntax error near unexpected token `fi'",
        ),
        (
            "echo 'no end",
            "0 syntax error: unterminated quoted string",
            "0 Syntax error: Unterminated quoted string",
            "0 line 1: unexpected EOF while looking for matching `''",
        ),
        // What a dialect lacks.
        ("a=(b)", "0 syntax error: unexpected \"(\"", "0 Syntax error: \"(\" unexpected", "1 accepted"),
        (
            "cat <<< a",
            "0 syntax error: unexpected redirection",
            "0 Syntax error: redirection unexpected",
            "1 accepted",
        ),
        ("a |& b", "0 syntax error: unexpected \"&\"", "0 Syntax error: \"&\" unexpected", "1 accepted"),
        ("cat <(a)", "1 accepted", "0 Syntax error: \"(\" unexpected", "1 accepted"),
        ("function f { a; }", "1 accepted", "0 Syntax error: \"}\" unexpected", "1 accepted"),
        (
            "for ((;;)); do a; done",
            "0 syntax error: bad for loop variable",
            "0 Syntax error: Bad for loop variable",
            "1 accepted",
        ),
        ("f() echo a; f", "2 accepted", "2 accepted", "0 line 1: syntax error near unexpected token `echo'"),
    ] {
        let expected = [ash, dash, bash];
        for (dialect, expected) in ALL.into_iter().zip(expected) {
            assert_eq!(refusal(source, dialect), expected, "{dialect:?} {source:?}");
        }
    }
}

/// What the crate's own tokenizer would garble or refuse.
#[test]
fn accepted_everywhere() {
    for (source, items) in [
        ("cat <<E > ${D}/x\nbody\nE\nnext", 2),
        ("cat <<A <<B; echo $(x)\na\nA\nb\nB\nnext", 3),
        ("cat <<E\nno end", 1),
        ("x=$(case a in a) b;; esac); c", 2),
        ("x=$(cat <<E\nit's )\nE\n); c", 2),
        ("echo \"${x:-it's}\" \"${x:-a  b}\"; c", 2),
        ("echo $(( $((1)) << 2 )); c", 2),
        ("echo $(a  # it's\n); c", 2),
        ("( ( a ) ); c", 2),
        ("in; select; coproc; c", 4),
        ("echo if then fi { } ! [[ in do done; c", 2),
        ("case if in if) a ;; in | do) b; esac; c", 2),
        ("if { a; } then b; fi; c", 2),
        ("for in in in; do a; done; c", 2),
        ("a 99999999999999999999>x; c", 2),
    ] {
        for dialect in ALL {
            assert_eq!(refusal(source, dialect), format!("{items} accepted"), "{dialect:?} {source:?}");
        }
    }
}

fn kind(source: &str) -> Kind {
    let (mut items, message) = read(source, Dialect::Bash);
    assert_eq!((items.len(), message), (1, None), "{source:?}");
    let Item { first: Pipeline { mut commands, .. }, .. } = items.remove(0);
    commands.remove(0).kind
}

#[test]
fn kinds_of_commands() {
    assert!(matches!(kind("((1 + (2)))"), Kind::Arith(_)));
    assert!(matches!(kind("( (a) )"), Kind::Subshell(_)));
    assert!(matches!(kind("((a); (b))"), Kind::Subshell(_)));
    assert!(matches!(kind("[[ -f x ]]"), Kind::Cond(_)));
    assert!(matches!(kind("for ((;;)) { a; }"), Kind::ForArith { .. }));
    assert!(matches!(kind("for x in a; { b; }"), Kind::For { words: Some(words), .. } if words.len() == 1));
    assert!(matches!(kind("for x in; do b; done"), Kind::For { words: Some(words), .. } if words.is_empty()));
    assert!(matches!(kind("for x; do b; done"), Kind::For { words: None, .. }));
    assert!(matches!(kind("a=1 b[2]+=3 c=(4 [5]=6)"), Kind::Simple { assigns, .. } if assigns.len() == 3));
    assert!(matches!(kind("a b=1"), Kind::Simple { words, .. } if words.len() == 2));
}

#[test]
fn lines() {
    let (items, _) = read("a\n\n>b\n{ c; } <<E\nd\nE\nif e\nthen f\nfi", Dialect::Ash);
    let lines: Vec<u32> = items.iter().map(|item| item.first.commands[0].line).collect();
    assert_eq!(lines, [1, 3, 4, 7]);
}

/// Deep and long texts, each also without its end: no overflow in a thread's usual stack, no
/// doubling of the work.
#[test]
fn deep_and_long() {
    for count in [10, 59, 60, 61, 3000] {
        for (open, inside, close) in [
            ("(", "a", ")"),
            ("((", "1", "))"),
            ("$(", "a", ")"),
            ("a\"b$(c ", "a", ")\""),
            ("\"${x:-", "a", "}\""),
            ("${x:-", "a", "}"),
            ("$((", "1", "))"),
            ("cat <(", "a", ")"),
            ("`", "a", "`"),
            ("{ ", "a", "; }"),
            ("if ", "a", "; then b; fi"),
            ("if a\nthen ", "b\n", "fi\n"),
            ("while ", "a", "; do b; done"),
            ("case x in x) ", "a", "; esac"),
            ("f() ", "a", ""),
            ("f() { ", "a", "; }"),
            ("[[ ! ", "a", " ]]"),
            ("[[ a && ( ", "a", " ) ]]"),
            ("a[", "b", "]=c"),
            ("a=(", "b", ")"),
            ("! ", "a", ""),
            ("a && ", "b", ""),
            ("cat <<A ", "\n", "A\n"),
            ("a\n", "b", ""),
        ] {
            let (open, close) = (open.repeat(count), close.repeat(count));
            for dialect in ALL {
                read(&format!("{open}{inside}{close}"), dialect);
                read(&format!("{open}{inside} ) fi"), dialect);
            }
        }
    }
    assert_eq!(refusal(&"( ".repeat(100), Dialect::Ash), "0 syntax error: nested too deep");
}

/// Pieces that mean something together.
const PIECES: &str = "if |then |else |elif |fi |for |x |in |do |done |case |esac |while |{ |} |( |) |((|))|[[ |]] \
    |; |& |&& |;; |;& |< |> |>> |<< A |A\n|<<< |>& |&> |2>|99999999999999999999>|a |b|a=|a+=|a[1]=|$x |${x|}|${x:-\
    |\"|'|`|$(|$((|\\|#|! |function |f() |time |-p |=~ |== |-f |=|~|*|\u{1}0 |é|\0|\t|$'|<(|declare |[|]|^|,|:|@|%|\n";

proptest! {
    #[test]
    fn any_pieces_are_read_or_refused(numbers in prop::collection::vec(any::<prop::sample::Index>(), 0..30)) {
        let pieces: Vec<&str> = PIECES.split('|').collect();
        let source: String = numbers.iter().map(|number| *number.get(&pieces)).collect();
        for dialect in ALL {
            read(&source, dialect);
            read(&source.replace("; ", "| "), dialect);
        }
    }

    #[test]
    fn any_text_is_read_or_refused(source in "\\PC{0,60}") {
        for dialect in ALL {
            read(&source, dialect);
        }
    }
}
