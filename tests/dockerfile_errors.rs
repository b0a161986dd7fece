//! What a person sees of a Dockerfile that can't be read, and Docker's own words in both versions.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use layerlab::dockerfile::{Class, ParseError, Version, parse};

fn show(error: &ParseError) -> String {
    let span = &error.span;
    let caret = format!("{}{}", " ".repeat(span.column as usize - 1), "^".repeat(span.width as usize));
    let hint = error.hint.as_deref().unwrap_or("(none)");
    format!("{span} {:?}: {}\n  {}\n  {caret}\nhint: {hint}\n", error.class, error.message, span.text)
}

fn refused(text: &str, version: Version) -> ParseError {
    parse("Dockerfile", text.as_bytes(), version).expect_err(text)
}

fn today(texts: &[&str]) -> String {
    texts.iter().map(|text| show(&refused(text, Version::Current))).collect::<Vec<_>>().join("\n")
}

#[test]
fn unknown_words() {
    insta::assert_snapshot!(today(&[
        "FROM a\nRUUN echo\n",
        "FROM a\n  copi a b\n",
        "FROM a\nRUN echo a &&\n    echo b\n",
        "FROM a\nCOPY --form=b /x \\\n  /y\n",
        "FROM a\nCOPY --nope a b\n",
        "FROM a\nRUN --mont=type=bind x\n",
        "FROM a\nENV --x A=1\n",
        "FROM a\nHEALTHCHECK CND true\n",
    ]));
}

#[test]
fn flags() {
    insta::assert_snapshot!(today(&[
        "FROM a\nCOPY --from a b c\n",
        "FROM a\nCOPY --chown=a --chown=\"b c\" x y\n",
        "FROM a\nCOPY --link=yes x y\n",
        "FROM a\nCOPY --link= x y\n",
        "FROM a\nRUN --network=lan x\n",
        "FROM a\nRUN --security=none x\n",
        "FROM a\nRUN --mount=type=bind,from=$X,target=/a x\n",
        "FROM a\nHEALTHCHECK --interval=5 CMD x\n",
        "FROM a\nHEALTHCHECK --retries=x CMD x\n",
        "FROM a\nHEALTHCHECK --timeout=1us CMD x\n",
    ]));
}

#[test]
fn arguments() {
    insta::assert_snapshot!(today(&[
        "FROM\n",
        "FROM a AS\n",
        "FROM a b c\n",
        "FROM ubuntu:22.04 # the base\n",
        "FROM a AS 1st\n",
        "FROM a\nCOPY a.txt\n",
        "FROM a\nADD\n",
        "FROM a\nENV A\n",
        "FROM a\nENV A=1 \\\n    B=two words\n",
        "FROM a\nLABEL =1\n",
        "FROM a\nARG\n",
        "FROM a\nUSER\n",
        "FROM a\nSHELL /bin/sh -c\n",
        "FROM a\nSHELL []\n",
        "FROM a\nVOLUME [\"\"]\n",
        "FROM a\nCMD [\"a\", 1]\n",
        "FROM a\nHEALTHCHECK NONE now\n",
        "FROM a\nHEALTHCHECK CMD\n",
        "FROM a\nONBUILD\n",
        "FROM a\nONBUILD ONBUILD RUN x\n",
        "FROM a\nONBUILD FROM b\n",
    ]));
}

#[test]
fn files() {
    let long = format!("FROM a\nRUN echo {}\n", "x".repeat(70_000));
    insta::assert_snapshot!(today(&[
        "",
        "# only a comment\n",
        "RUN echo\n",
        "ARG A=1\nRUN echo\nFROM a\n",
        "ARG A=1\n",
        "# escape=x\nFROM a\n",
        "# escape=`\n# escape=`\nFROM a\n",
        "FROM a\nRUN <<EOF\necho\n",
        "FROM a\nCOPY <<a <<b\nx\na\ny\nb\n",
    ]));
    let error = refused(&long, Version::Current);
    assert_eq!((error.class, error.span.line), (Class::Lower, 2));
    assert_eq!(error.message, "dockerfile line greater than max allowed size of 65535");
    let huge = "FROM a\n".repeat(layerlab::dockerfile::MAX_SIZE / 7 + 1);
    assert_eq!(refused(&huge, Version::Current).class, Class::Lab);
}

/// Docker 20.10's words where they differ from today's; the class decides the prefix.
#[test]
fn words_of_20_10() {
    use Class::{Line, Lower, Top};
    for (text, class, line, message) in [
        ("FROM a\nfoo bar\n", Line, 2, "unknown instruction: FOO"),
        ("FROM a\nCOPY --nope=1 a b\n", Line, 2, "Unknown flag: nope"),
        ("FROM a\nCOPY --link a b\n", Line, 2, "Unknown flag: link"),
        ("FROM a\nCOPY --exclude=x a b\n", Line, 2, "Unknown flag: exclude"),
        ("FROM a\nRUN --network=none x\n", Line, 2, "Unknown flag: network"),
        ("FROM a\nHEALTHCHECK --start-interval=1s CMD x\n", Line, 2, "Unknown flag: start-interval"),
        ("FROM a\nCOPY --chown a b\n", Line, 2, "Missing a value on flag: chown"),
        ("FROM a\nCOPY --chown=a --chown=b a b\n", Line, 2, "Duplicate flag specified: chown"),
        ("FROM a\nRUN --mount=type=zz x\n", Line, 2, "unsupported mount type \"zz\""),
        ("FROM a\nRUN --mount=target=/a,size=1 x\n", Line, 2, "unexpected key 'size' in 'size=1'"),
        (
            "FROM a\nHEALTHCHECK --interval=0s CMD x\n",
            Line,
            2,
            "Interval \"interval\" cannot be less than 1ms",
        ),
        ("FROM a\nHEALTHCHECK --retries=0 CMD x\n", Line, 2, "--retries must be at least 1 (not 0)"),
        ("FROM a\nRUN <<EOF\necho\nEOF\n", Line, 3, "unknown instruction: ECHO"),
        ("FROM a\nENV A\n", Lower, 2, "ENV must have two arguments"),
        ("FROM a\n\n\nLABEL a\n", Lower, 4, "LABEL must have two arguments"),
        ("# check=skip=all\n# escape=x\nRUN x\n", Top, 3, "no build stage in current context"),
    ] {
        let error = refused(text, Version::V20_10);
        assert_eq!((error.class, error.line, error.message.as_str()), (class, line, message), "{text}");
    }
}

/// What the lower parser finds anywhere comes before what instructions find in their arguments.
#[test]
fn the_lower_parser_speaks_first() {
    let error = refused("FROM a\nCOPY x\nENV A\n", Version::Current);
    assert_eq!((error.class, error.line), (Class::Lower, 3));
    let error = refused("FROM a\nCOPY x\nUSER\n", Version::Current);
    assert_eq!((error.class, error.line), (Class::Line, 2));
}

#[test]
fn no_error_at_all() {
    for text in [
        "FROM a\nRUN\n",
        "FROM a\nRUN echo hi \\\n",
        "FROM a\nCMD [\"echo\", \"a\"\n",
        "FROM a\nARG A B\n",
        "FROM a\nENV A = 1\n",
        "FROM a\nUSER a b\n",
        "FROM a\nONBUILD NOPE\n",
        "FROM a\nARG --flags are not looked at\n",
    ] {
        for version in [Version::Current, Version::V20_10] {
            assert!(parse("Dockerfile", text.as_bytes(), version).is_ok(), "{text}");
        }
    }
}

#[test]
fn docker_names_the_line() {
    let error = refused("FROM a\nUSER\n", Version::Current);
    assert_eq!(
        error.docker_message(true),
        "dockerfile parse error on line 2: USER requires exactly one argument"
    );
    assert_eq!(
        error.docker_message(false),
        "dockerfile parse error line 2: USER requires exactly one argument"
    );
    let error: layerlab::error::Error = error.into();
    assert_eq!(error.to_string(), "Dockerfile:2:1: USER requires exactly one argument");
}
