//! The parser, the lexer and the patterns stand up to any text.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use layerlab::build::ignore::{Ignore, Trail, Visit};
use layerlab::build::pattern;
use layerlab::dockerfile::{Kind, Lexer, Version, duration, parse, parse_trigger, quoted, step_text};
use layerlab::trace::Fuel;
use proptest::prelude::*;

const VERSIONS: [Version; 2] = [Version::Current, Version::V20_10];

/// Text of the kind that Dockerfiles are made of, so that it gets past the first line.
fn dockerfile() -> impl Strategy<Value = String> {
    let line = prop_oneof![
        "(RUN|COPY|ADD|ENV|ARG|LABEL|EXPOSE|HEALTHCHECK|ONBUILD|SHELL|VOLUME|USER|CMD|FROM|XX) [ -~]{0,24}(\\\\)?",
        "(RUN|COPY|ONBUILD RUN) <<-?['\"]?EOF['\"]?( <<B)?",
        "(EOF|B|# .{0,8}|\t?EOF|\\\\)?",
        "(COPY|RUN|ADD|FROM|HEALTHCHECK) --(from|mount|chown|link|interval|platform)=?[ -~]{0,12}",
        "(RUN|CMD|VOLUME) \\[(\"[a-z\\\\\"]{0,3}\",? ?){0,3}\\]?",
        ".{0,16}",
    ];
    proptest::collection::vec(line, 0..8).prop_map(|lines| format!("FROM a\n{}", lines.join("\n")))
}

/// Text full of the lexer's own characters.
fn expression() -> impl Strategy<Value = String> {
    proptest::collection::vec(
        prop_oneof!["[$]\\{?[AB]?", "[}'\"\\\\]", "[:]?[-+?#%/=]{1,2}", "[a-c /*?\\[\\]<é]{0,3}",],
        0..16,
    )
    .prop_map(|parts| parts.concat())
}

fn env(name: &str) -> Option<String> {
    match name {
        "A" => Some("value of A".to_owned()),
        "B" => Some(String::new()),
        _ => None,
    }
}

/// Every place of an instruction lies within the text.
fn check_places(text: &str, version: Version) -> Result<(), TestCaseError> {
    match parse("Dockerfile", text.as_bytes(), version) {
        Ok(file) => {
            let lines = text.lines().count() as u32;
            for instruction in &file.instructions {
                let span = file.span(instruction.place);
                prop_assert!(instruction.place.line >= 1 && instruction.last_line <= lines.max(1));
                prop_assert_eq!(span.column, instruction.place.column);
                let keyword: String =
                    span.text.chars().skip(span.column as usize - 1).take(span.width as usize).collect();
                prop_assert!(instruction.keyword.to_lowercase().starts_with(&keyword.to_lowercase()));
                let mut fuel = Fuel::default();
                step_text(instruction, file.lexer(version), &env, &mut fuel);
                if let Kind::Run(run) = &instruction.kind {
                    for mount in &run.mounts {
                        let _ = mount.expand(file.lexer(version), &env, &mut fuel);
                    }
                }
            }
        }
        Err(error) => {
            prop_assert!(error.span.line >= 1 && error.span.column >= 1 && error.span.width >= 1);
            prop_assert!(error.hint.is_some(), "no hint: {}", error);
        }
    }
    Ok(())
}

proptest! {
    #[test]
    fn any_bytes_are_read_or_refused(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
        for version in VERSIONS {
            let _ = parse("Dockerfile", &bytes, version);
        }
    }

    #[test]
    fn likely_text_is_read_or_refused_with_a_place(text in dockerfile()) {
        for version in VERSIONS {
            check_places(&text, version)?;
        }
    }

    /// The logical line alone says the same as the physical lines it was made of.
    #[test]
    fn a_logical_line_reads_as_itself(text in dockerfile()) {
        let Ok(file) = parse("Dockerfile", text.as_bytes(), Version::V20_10) else { return Ok(()) };
        for instruction in file.instructions.iter().filter(|i| !i.original.ends_with('\\')) {
            let again = parse_trigger(&instruction.original, Version::V20_10);
            prop_assert_eq!(&again.map(|again| again.original), &Ok(instruction.original.clone()));
        }
    }

    #[test]
    fn any_expression_expands_or_is_refused(text in expression()) {
        for version in VERSIONS {
            let lexer = Lexer::new('\\', version);
            for lexer in [lexer, lexer.for_display(), Lexer::for_body(version)] {
                let mut fuel = Fuel::default();
                match lexer.expand(&text, &env, &mut fuel) {
                    Ok(_) => {}
                    Err(error) => prop_assert!(error.message.starts_with("failed to process \"")),
                }
            }
        }
    }

    #[test]
    fn text_without_special_characters_stays(text in "[a-zA-Z0-9 ./:=,_-]{0,40}") {
        for version in VERSIONS {
            let lexer = Lexer::new('\\', version);
            prop_assert_eq!(lexer.word(&text, &env, &mut Fuel::default()).unwrap(), text.clone());
            let words: Vec<&str> = text.split_whitespace().collect();
            prop_assert_eq!(lexer.words(&text, &env, &mut Fuel::default()).unwrap(), words);
        }
    }

    #[test]
    fn single_quotes_protect_everything(text in "[^'\u{feff}]{0,20}") {
        let lexer = Lexer::new('\\', Version::Current);
        prop_assert_eq!(lexer.word(&format!("'{text}'"), &env, &mut Fuel::default()).unwrap(), text);
    }

    #[test]
    fn durations_survive_printing(nanoseconds in any::<i64>()) {
        prop_assert_eq!(duration::parse(&duration::print(nanoseconds)), Ok(nanoseconds));
    }

    #[test]
    fn quoted_text_is_json_when_it_is_ascii(text in "[ -~\t\n\r]{0,20}") {
        prop_assert_eq!(serde_json::from_str::<String>(&quoted(&text)).unwrap(), text);
    }

    /// A pattern without special characters matches itself and nothing else.
    #[test]
    fn plain_patterns_match_themselves(pattern in "[a-c/.]{1,6}", name in "[a-c/.]{1,6}") {
        let found = pattern::matches(pattern.as_bytes(), name.as_bytes(), &mut Fuel::default());
        prop_assert_eq!(found, Ok(pattern == name));
    }

    #[test]
    fn any_pattern_matches_or_is_refused(pattern in "[\\[\\]\\\\*?^a-c/-]{0,12}", name in "[a-c/\\[-]{0,8}") {
        let mut fuel = Fuel::default();
        let found = pattern::matches(pattern.as_bytes(), name.as_bytes(), &mut fuel);
        prop_assert!(fuel.exhausted().is_none());
        // a star in front matches at least what the pattern matches
        if found == Ok(true) {
            let starred = pattern::matches(format!("*{pattern}").as_bytes(), name.as_bytes(), &mut fuel);
            prop_assert_eq!(starred, Ok(true));
        }
    }

    #[test]
    fn any_ignore_file_is_read_or_refused(text in "([!#]?[a-c*?/.\\[\\]\\\\^+(){},1|$ -]{0,8}\n){0,5}", path in "[a-c./]{1,8}") {
        for version in VERSIONS {
            let mut fuel = Fuel::default();
            let Ok(ignore) = Ignore::parse(text.as_bytes(), version, &mut fuel) else { continue };
            let excluded = ignore.excludes(&path, &mut fuel);
            let why = ignore.why(&path, &mut fuel);
            prop_assert_eq!(excluded, why.is_some_and(|decision| decision.excluded));
            let (visit, _) = ignore.visit(&path, true, &Trail::default(), &mut fuel);
            prop_assert!(fuel.exhausted().is_none());
            if version == Version::V20_10 {
                prop_assert_eq!(excluded, visit != Visit::Keep);
            }
        }
    }
}
