//! Variables, quotes and escapes of Dockerfiles, in both versions.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use layerlab::dockerfile::{Lexer, Version};
use layerlab::trace::{Exhausted, Fuel};

fn env(name: &str) -> Option<String> {
    let value = match name {
        "A" => "apple",
        "EMPTY" => "",
        "P" => "/a/b/c.tar.gz",
        "SP" => "x  y",
        "STAR" => "a**b",
        "É" => "accent",
        _ => return None,
    };
    Some(value.to_owned())
}

fn word(text: &str, version: Version) -> Result<String, String> {
    Lexer::new('\\', version).word(text, &env, &mut Fuel::default()).map_err(|error| error.message)
}

/// What both versions answer alike.
#[test]
fn quotes_escapes_and_names() {
    for (text, wanted) in [
        ("a b", "a b"),
        ("'$A'", "$A"),
        ("\"$A\"", "apple"),
        ("\"'$A'\"", "'apple'"),
        ("\\$A", "$A"),
        ("\"\\$A\\\"\\\\\\n\"", "$A\"\\\\n"),
        ("'a\\'", "a\\"),
        ("a\\ b", "a b"),
        ("a\\", "a"),
        ("a\\\\", "a\\"),
        ("$A$A", "appleapple"),
        ("${A}x", "applex"),
        ("$Ax", ""),
        ("$A.x", "apple.x"),
        ("$É", "accent"),
        ("$", "$"),
        ("$.", "$."),
        ("$$", ""),
        ("$1x$12y", "xy"),
        ("$@$*$#$?$-$!$0", ""),
        ("${EMPTY:-w}", "w"),
        ("${NO:-w$A}", "wapple"),
        ("${NO:-${NO:-w}}", "w"),
        ("${A:-w}", "apple"),
        ("${A:+w}", "w"),
        ("${EMPTY:+w}${NO:+w}", ""),
        ("${A:?m}${EMPTY?m}", "apple"),
        ("${NO:-'a b'}", "a b"),
        ("${NO:-a\\}b}", "a}b"),
        ("\u{feff}a", "a"),
    ] {
        for version in [Version::Current, Version::V20_10] {
            assert_eq!(word(text, version), Ok(wanted.to_owned()), "{text} {version:?}");
        }
    }
}

#[test]
fn the_forms_of_today() {
    for (text, wanted) in [
        ("${EMPTY-w}|${NO-w}", "|w"),
        ("${EMPTY+w}|${NO+w}", "w|"),
        ("${P#*/}|${P##*/}|${P#x}", "a/b/c.tar.gz|c.tar.gz|/a/b/c.tar.gz"),
        ("${P%.*}|${P%%.*}|${P%/}", "/a/b/c.tar|/a/b/c|/a/b/c.tar.gz"),
        ("${P%?z}", "/a/b/c.tar."),
        ("${A#a}|${A%[e]}", "pple|apple"),
        ("${STAR#*\\*}|${STAR%\\**}|${STAR##*\\*}", "*b|a*|b"),
        ("${A/p/P}|${A//p/P}|${A//p/}", "aPple|aPPle|ale"),
        ("${A/p*/-}|${A//?/.}", "a-|....."),
        ("${P//\\//:}", ":a:b:c.tar.gz"),
        ("${P/\\/a/}", "/b/c.tar.gz"),
        ("${A//x/y}", "apple"),
        ("${NO/x/y}", ""),
        ("${A#$NO}", "apple"),
    ] {
        assert_eq!(word(text, Version::Current), Ok(wanted.to_owned()), "{text}");
        assert!(
            word(text, Version::V20_10).is_err_and(|error| error.contains("missing ':' in substitution")),
            "{text}"
        );
    }
}

#[test]
fn what_is_refused() {
    let missing_colon = Some("missing ':' in substitution");
    for (text, today, old) in [
        ("\"a", "unexpected end of statement while looking for matching double-quote", None),
        ("'a", "unexpected end of statement while looking for matching single-quote", None),
        ("${}", "syntax error: bad substitution", None),
        ("${:}", "syntax error: bad substitution", None),
        ("${{A}", "syntax error: bad substitution", None),
        ("${", "syntax error: missing '}'", None),
        ("${A", "unsupported modifier (\u{fffd}) in substitution", missing_colon),
        ("${A:-x", "syntax error: missing '}'", None),
        (
            "${A:=x}",
            "unsupported modifier (:=) in substitution",
            Some("unsupported modifier (=) in substitution"),
        ),
        ("${A=x}", "unsupported modifier (=) in substitution", missing_colon),
        (
            "${A:#x}",
            "unsupported modifier (:#) in substitution",
            Some("unsupported modifier (#) in substitution"),
        ),
        ("${A^}", "unsupported modifier (^) in substitution", missing_colon),
        ("${A/x}", "syntax error: missing '/' in ${}", missing_colon),
        ("${A/x/y", "syntax error: missing '}'", missing_colon),
        ("${A#\\d}", "invalid pattern (\\d) in substitution: invalid escape '\\d'", missing_colon),
        ("${NO:?}", "NO: is not allowed to be unset", None),
        ("${NO?}", "NO: is not allowed to be unset", None),
        ("${EMPTY:?}", "EMPTY: is not allowed to be empty", None),
        ("${NO:?set $A}", "NO: set apple", None),
    ] {
        let quoted = format!("{text:?}");
        let wanted = |why: &str| Err(format!("failed to process {quoted}: {why}"));
        assert_eq!(word(text, Version::Current), wanted(today), "{text}");
        assert_eq!(word(text, Version::V20_10), wanted(old.unwrap_or(today)), "{text}");
    }
}

#[test]
fn words() {
    let lexer = Lexer::new('\\', Version::Current);
    for (text, wanted) in [
        ("a  b", &["a", "b"][..]),
        ("a$SP\"b c\"", &["ax", "yb c"]),
        ("\"$SP\"", &["x  y"]),
        ("a\\ b $EMPTY ''", &["a b"]),
        (" 80 $NO 81 ", &["80", "81"]),
        ("a << b", &["a", "<< b"]),
    ] {
        assert_eq!(lexer.words(text, &env, &mut Fuel::default()).unwrap(), wanted, "{text}");
    }
}

#[test]
fn another_escape_token_and_bodies() {
    let tick = Lexer::new('`', Version::Current);
    assert_eq!(tick.word("a`$b \\$A \"`\"\\\"", &env, &mut Fuel::default()).unwrap(), "a$b \\apple \"\\");
    let body = Lexer::for_body(Version::Current);
    assert_eq!(body.word("'$A' \"\\$A\"\n", &env, &mut Fuel::default()).unwrap(), "'apple' \"$A\"\n");
}

#[test]
fn tells_which_variables_were_asked_for() {
    let expanded =
        Lexer::new('\\', Version::Current).expand("$A ${NO:-$B} '$C'", &env, &mut Fuel::default()).unwrap();
    assert_eq!(expanded.matched.iter().collect::<Vec<_>>(), ["A"]);
    assert_eq!(expanded.unmatched.iter().collect::<Vec<_>>(), ["B", "NO"]);
}

#[test]
fn growth_and_depth_end_with_the_tank() {
    let lexer = Lexer::new('\\', Version::Current);
    let (mut value, mut fuel) = ("x".repeat(1_000), Fuel::default());
    let error = loop {
        let now = value.clone();
        match lexer.word("$V$V", &move |_| Some(now.clone()), &mut fuel) {
            Ok(longer) => value = longer,
            Err(error) => break error,
        }
    };
    assert!(error.exhausted && matches!(fuel.exhausted(), Some(Exhausted::Bytes { .. })));

    let deep = format!("{}{}", "${NO:-".repeat(20_000), "}".repeat(20_000));
    let mut fuel = Fuel::default();
    assert!(lexer.word(&deep, &env, &mut fuel).is_err_and(|error| error.exhausted));
    assert!(matches!(fuel.exhausted(), Some(Exhausted::Depth { .. })));

    let mut fuel = Fuel::default();
    let many = "a".repeat(100_000);
    let grown =
        lexer.word(&format!("${{V//?/{}}}", "y".repeat(30_000)), &move |_| Some(many.clone()), &mut fuel);
    assert!(grown.is_err_and(|error| error.exhausted));
}
