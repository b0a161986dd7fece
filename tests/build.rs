//! Builds: what must hold for every project, and what is told.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod build_support;

use build_support::{Lab, Project, decisions};
use layerlab::build::{self, Builder, Cache, recompute};
use layerlab::error::ErrorKind;
use layerlab::trace::{Event, Trace};
use proptest::prelude::*;

const BOTH: [Builder; 2] = [Builder::BuildKit, Builder::Legacy];

fn app() -> Project {
    Project::new("FROM base\nWORKDIR /app\nCOPY . .\nRUN cat app.py > /out\nCMD [\"cat\", \"/out\"]\n")
        .file("app.py", "print(1)\n")
        .file("requirements.txt", "flask\n")
}

/// Instructions to make up Dockerfiles from.
const LINES: &[&str] = &[
    "RUN echo a > /a",
    "RUN mkdir -p /d && echo b > /d/b",
    "RUN rm -f /a",
    "RUN true",
    "COPY one /one",
    "COPY dir /dir/",
    "COPY . /all",
    "COPY one two /both/",
    "ADD two /d/",
    "ENV A=1",
    "ENV A=2 B=$A",
    "ARG X=1",
    "LABEL l=$X",
    "WORKDIR /w",
    "WORKDIR sub",
    "USER web",
    "VOLUME /v",
    "EXPOSE 80",
    "CMD [\"sh\"]",
    "ENTRYPOINT cat",
    "SHELL [\"/bin/sh\", \"-e\", \"-c\"]",
    "FROM base",
    "FROM first",
    "COPY --from=first /etc/passwd /p",
];

fn project() -> impl Strategy<Value = Project> {
    prop::collection::vec(0..LINES.len(), 0..12).prop_map(|picked| {
        let lines: Vec<&str> = picked.into_iter().filter_map(|at| LINES.get(at).copied()).collect();
        Project::new(&format!("FROM base AS first\nLABEL x=1\n{}\n", lines.join("\n")))
            .file("one", "1\n")
            .file("two", "2\n")
            .file("dir/three", "3\n")
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, ..ProptestConfig::default() })]

    #[test]
    fn a_second_build_hits_everything(project in project()) {
        for builder in BOTH {
            let mut lab = Lab::new();
            let first = lab.build(&project, builder);
            let second = lab.build(&project, builder);
            if first.result.is_ok() {
                prop_assert_eq!(second.misses(), 0, "{}", decisions(&second));
                prop_assert_eq!(&first.result, &second.result);
            } else {
                prop_assert_eq!(&first.result, &second.result);
            }
        }
    }

    #[test]
    fn a_cache_file_keeps_every_decision(project in project()) {
        for builder in BOTH {
            let mut lab = Lab::new();
            let first = lab.build(&project, builder);
            let text = lab.cache.to_json();
            let mut other = Lab { cache: Cache::from_json(text.as_bytes()).unwrap(), ..Lab::new() };
            prop_assert_eq!(other.cache.to_json().len(), text.len());
            let second = other.build(&project, builder);
            prop_assert_eq!(&first.result, &second.result);
            if first.result.is_ok() {
                prop_assert_eq!(second.misses(), 0, "{}", decisions(&second));
            }
        }
    }

    #[test]
    fn every_key_is_recomputed_from_its_print(project in project(), content in "[a-z]{0,8}") {
        for builder in BOTH {
            let mut lab = Lab::new();
            lab.build(&project, builder);
            let mut edited = project.clone();
            edited.clock += 60;
            edited.write("dir/three", &content);
            let second = lab.build(&edited, builder);
            for step in &second.steps {
                let event = build::explain(&second, step.number).unwrap();
                let Event::Explain { key, digest, .. } = event else { panic!("{event:?}") };
                if let Some(key) = key {
                    prop_assert_eq!(recompute(&key).map(|digest| digest.hex()), Some(digest));
                }
            }
        }
    }

    #[test]
    fn any_bytes_are_an_answer(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
        let error = Cache::from_json(&bytes);
        if let Err(error) = error {
            prop_assert!(error.kind == ErrorKind::Syntax && error.hint.is_some());
        }
        for builder in BOTH {
            let mut request = app().request(builder);
            request.dockerfile = Some([b"FROM base\n".as_slice(), &bytes].concat());
            Lab::new().play(&request);
            request.dockerfile = Some(bytes.clone());
            Lab::new().play(&request);
        }
    }
}

/// A cache file with one digit of a layer or key changed is refused, never believed.
#[test]
fn a_damaged_cache_file_is_refused() {
    let mut lab = Lab::new();
    lab.build(&app(), Builder::BuildKit);
    let text = lab.cache.to_json();
    for (from, to) in [("print(1)", "print(2)"), ("layerlab-cache/1", "layerlab-cache/9"), ("0644", "0755")] {
        assert!(text.contains(from), "{from}");
        let error = Cache::from_json(text.replacen(from, to, 1).as_bytes()).unwrap_err();
        assert!(error.hint.is_some(), "{error}");
    }
    for cut in (0..text.len()).step_by(text.len() / 40 + 1) {
        if text.is_char_boundary(cut) {
            assert!(Cache::from_json(&text.as_bytes()[..cut]).is_err());
        }
    }
}

#[test]
fn explain_shows_both_keys() {
    let (mut lab, mut project) = (Lab::new(), app());
    lab.build(&project, Builder::BuildKit);
    project.clock += 60;
    project.write("app.py", "print(22)\n");
    let second = lab.build(&project, Builder::BuildKit);
    let Event::Explain { rows, verdict, .. } = build::explain(&second, 3).unwrap() else { panic!() };
    let mut told = format!("{verdict}\n");
    for row in rows {
        let side =
            |value: Option<String>| value.map_or("-".to_owned(), |value| value.chars().take(24).collect());
        let same = if row.earlier == row.now { "same" } else { "CHANGED" };
        told.push_str(&format!(
            "{:<18} {:<26} {:<26} {same}\n",
            row.part.0,
            side(row.earlier),
            side(row.now)
        ));
    }
    insta::assert_snapshot!("explain", told);
    assert_eq!(build::explain(&second, 9).unwrap_err().hint.as_deref(), Some("its steps are 1 to 5"));
}

#[test]
fn the_order_that_wastes_the_cache_is_named() {
    let dockerfile = "FROM base\nWORKDIR /app\nCOPY . .\nRUN pip install -r requirements.txt || true\n";
    for builder in BOTH {
        let (mut lab, mut project) = (Lab::new(), Project { dockerfile: dockerfile.to_owned(), ..app() });
        let hints = |events: &[Event]| -> Vec<String> {
            events
                .iter()
                .filter_map(|e| if let Event::Hint { text } = e { Some(text.clone()) } else { None })
                .collect()
        };
        assert!(hints(&lab.play(&project.request(builder)).1).is_empty());
        project.clock += 60;
        project.write("app.py", "print(22)\n");
        let told = hints(&lab.play(&project.request(builder)).1);
        assert_eq!(told, ["pip needs only requirements.txt; COPY it before RUN, the rest after."]);
        project.clock += 60;
        project.write("requirements.txt", "flask\nrequests\n");
        assert!(hints(&lab.play(&project.request(builder)).1).is_empty());
    }
}

#[test]
fn a_missing_file_is_told_with_its_place() {
    let project = Project { dockerfile: "FROM base\nCOPY aap.py .\n".to_owned(), ..app() };
    for builder in BOTH {
        let failure = Lab::new().build(&project, builder).result.unwrap_err();
        assert_eq!(failure.plain.as_deref(), Some("`aap.py` is not in the build context `app`"));
        assert_eq!(
            failure.hint.as_deref(),
            Some("did you mean `app.py`? COPY reads the context, never the image.")
        );
        let span = failure.span.unwrap();
        assert_eq!((span.line, span.column, span.width), (2, 6, 6), "{}", builder.name());
    }
}

/// The events of a build come in the order of the file and end with how it ended.
#[test]
fn events_tell_the_build() {
    let mut told = String::new();
    for builder in BOTH {
        let (_, events) = Lab::new().play(&app().request(builder));
        for event in events {
            told.push_str(&match event {
                Event::BuildStart { name, builder, context_files, .. } => {
                    format!("start {name} {builder} {context_files} files\n")
                }
                Event::Step { number, label, instruction, verdict, bytes, .. } => {
                    format!("{number} {label:<6} {instruction:<30} {} {bytes:?}\n", verdict.word())
                }
                Event::Built { tag, layers, hits, misses, .. } => {
                    format!("built {tag}: {layers} layers, {hits} hits, {misses} misses\n")
                }
                other => format!("{other:?}\n"),
            });
        }
    }
    insta::assert_snapshot!("events", told);
}

/// A build that may not use anything ends, and says so to its caller.
#[test]
fn an_empty_tank_ends_a_build() {
    use layerlab::shell::NoPrograms;
    use layerlab::trace::{Fuel, Limits};
    for operations in [0, 5, 50] {
        for builder in BOTH {
            let mut lab = Lab::new();
            let mut t = Trace::silent();
            t.fuel = Fuel::new(Limits { operations, ..Limits::LINE });
            let request = app().request(builder);
            let built = build::build(&mut lab.images, &mut lab.cache, &request, &mut NoPrograms, &mut t);
            assert!(built.result.is_err() && t.fuel.exhausted().is_some(), "{operations} {}", builder.name());
        }
    }
}
