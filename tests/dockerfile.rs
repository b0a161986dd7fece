//! What the parser makes of Dockerfiles: lines, words, forms, heredocs, every instruction.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use layerlab::dockerfile::{
    Command, Dockerfile, Healthcheck, Instruction, Kind, MountType, RunMount, Script, Version, duration,
    frontend, parse, parse_trigger, script, step_text,
};
use layerlab::trace::Fuel;

fn read(text: &str, version: Version) -> Dockerfile {
    parse("Dockerfile", text.as_bytes(), version).unwrap_or_else(|error| panic!("{text}\n{error}"))
}

fn today(text: &str) -> Dockerfile {
    read(text, Version::Current)
}

/// The logical lines after the first FROM.
fn lines(text: &str) -> Vec<String> {
    today(text).instructions.into_iter().skip(1).map(|instruction| instruction.original).collect()
}

/// The instruction in `FROM a\n<text>`.
fn one(text: &str) -> Instruction {
    one_of(text, Version::Current)
}

fn one_of(text: &str, version: Version) -> Instruction {
    let file = read(&format!("FROM a\n{text}"), version);
    assert_eq!(file.instructions.len(), 2, "{text}");
    file.instructions.into_iter().nth(1).unwrap()
}

#[test]
fn physical_lines_become_logical_lines() {
    for (text, wanted) in [
        ("RUN a && \\\nb\n", &["RUN a && b"][..]),
        ("RUN a && \\\n    b\n", &["RUN a &&     b"]),
        ("  \tRUN a  \n", &["RUN a"]),
        ("RUN a \\  \t\n  b\n", &["RUN a   b"]),
        ("RUN a \\\\\nRUN b\n", &["RUN a \\\\", "RUN b"]),
        ("RUN a \\\n# no\n   # neither\n b\n", &["RUN a  b"]),
        ("RUN a \\\n\n  \n b\n", &["RUN a  b"]),
        ("RUN a # b\n", &["RUN a # b"]),
        ("RUN a \\", &["RUN a"]),
        ("\\\nRUN a\n", &["RUN a"]),
        ("\\\n  RUN \\\n\\\n a\n", &["RUN  a"]),
        ("RUN a\r\nRUN b \\\r\n c\r\n", &["RUN a", "RUN b  c"]),
        ("RU\\\nN a\n", &["RUN a"]),
        ("# x\n\n  # y\nRUN a\n", &["RUN a"]),
        ("RUN a \\\n # c \\\n b\nRUN d\n", &["RUN a  b", "RUN d"]),
    ] {
        assert_eq!(lines(&format!("FROM a\n{text}")), wanted, "{text:?}");
    }
    let bom = today("\u{feff}FROM a\n");
    assert_eq!((bom.instructions[0].original.as_str(), bom.instructions[0].place.column), ("FROM a", 1));
}

#[test]
fn the_longest_line_has_65535_bytes() {
    let fits = format!("FROM a\nRUN {}\n", "x".repeat(65_535 - 4));
    assert_eq!(today(&fits).instructions[1].original.len(), 65_535);
    let over = format!("FROM a\nRUN {}\n", "x".repeat(65_536 - 4));
    assert!(parse("Dockerfile", over.as_bytes(), Version::Current).is_err());
}

#[test]
fn blank_lines_in_a_continuation_are_warned_about_today() {
    let text = "FROM a\nRUN a \\\n\n b\n";
    let warnings = today(text).warnings;
    assert_eq!(warnings.len(), 1);
    assert_eq!((warnings[0].rule, warnings[0].place.line), ("NoEmptyContinuation", 3));
    assert_eq!(warnings[0].message, "Empty continuation line found in: RUN a  b");
    assert!(read(text, Version::V20_10).warnings.is_empty());
}

#[test]
fn directives_stand_at_the_top() {
    for (text, escape, names) in [
        ("# escape=`\nFROM a\n", '`', &["escape"][..]),
        ("#escape = `  \n#  SYNTAX=docker/dockerfile:1 x\nFROM a\n", '`', &["escape", "syntax"]),
        ("# check=skip=all\n# escape=`\nFROM a\n", '`', &["check", "escape"]),
        ("\n# escape=`\nFROM a\n", '\\', &[]),
        ("# a comment\n# escape=`\nFROM a\n", '\\', &[]),
        ("# unknown=1\n# escape=`\nFROM a\n", '\\', &[]),
        ("FROM a\n# escape=`\n", '\\', &[]),
        ("# escape=\\\nFROM a\n", '\\', &["escape"]),
    ] {
        let file = today(text);
        let found: Vec<&str> = file.directives.iter().map(|directive| directive.name.as_str()).collect();
        assert_eq!((file.escape, found.as_slice()), (escape, names), "{text}");
    }
    let old = read("# check=skip=all\n# escape=`\nFROM a\n", Version::V20_10);
    assert_eq!((old.escape, old.directives.len()), ('\\', 0));
    let tick = today("# escape=`\nFROM a\nRUN a `\n  b \\\n");
    assert_eq!(tick.instructions[1].original, "RUN a   b \\");
}

#[test]
fn the_frontend_is_found_in_three_ways() {
    for (text, found) in [
        (
            "# syntax=docker/dockerfile:1 x y\nFROM a\n",
            Some(("docker/dockerfile:1", "docker/dockerfile:1 x y")),
        ),
        ("#!/usr/bin/env docker\n# escape=`\n# syntax=a\n", Some(("a", "a"))),
        ("// syntax=b\n", Some(("b", "b"))),
        ("{\"syntax\": \"c\"}", Some(("c", "c"))),
        ("FROM a\n# syntax=d\n", None),
        ("", None),
    ] {
        let wanted = found.map(|(image, all)| (image.to_owned(), all.to_owned()));
        assert_eq!(frontend(text), wanted, "{text}");
    }
}

#[test]
fn comments_belong_to_the_instruction_below() {
    let text =
        "# escape=`\n# lost\n#\n# base: the base\n#check=skip=X\nFROM a AS base\n# run\nRUN a\nRUN b\n";
    let comments: Vec<Vec<String>> = today(text).instructions.into_iter().map(|i| i.comments).collect();
    assert_eq!(comments, [vec!["base: the base", "check=skip=X"], vec!["run"], vec![]]);
}

#[test]
fn shell_form_exec_form_and_what_only_looks_like_it() {
    let form = |text: &str, version| match one_of(text, version).kind {
        Kind::Run(run) => run.command,
        Kind::Cmd(command) | Kind::Entrypoint(command) => command,
        other => panic!("{other:?}"),
    };
    let exec = |words: &[&str]| Err(words.iter().map(|word| (*word).to_owned()).collect::<Vec<_>>());
    for (text, wanted) in [
        ("RUN echo a", Ok("echo a")),
        ("RUN [\"echo\", \"a b\"]", exec(&["echo", "a b"])),
        ("CMD  [ ]", exec(&[])),
        ("CMD [\"a\"", Ok("[\"a\"")),
        ("CMD ['a']", Ok("['a']")),
        ("CMD [\"a\",]", Ok("[\"a\",]")),
        ("CMD [\"C:\\dir\"]", Ok("[\"C:\\dir\"]")),
        ("CMD [\"a\"] b", Ok("[\"a\"] b")),
        ("CMD", Ok("")),
        ("ENTRYPOINT", Ok("")),
        ("RUN", Ok("")),
        ("RUN [ -f x ] && y", Ok("[ -f x ] && y")),
        ("RUN [\"\\u0041\\n\"]", exec(&["A\n"])),
    ] {
        let got = match form(text, Version::Current) {
            Command::Shell(word) => Ok(word.text),
            Command::Exec(words) => Err(words.into_iter().map(|word| word.text).collect()),
        };
        assert_eq!(got, wanted.map(str::to_owned), "{text}");
    }
    assert!(matches!(form("CMD [\"a\"] b", Version::V20_10), Command::Exec(words) if words.len() == 1));
}

#[test]
fn words_know_their_places_across_lines() {
    let copy = one("COPY --chown=a:b \\\n  ä.txt \\\n  # comment\n\n  \"b c\" /d/\n");
    let Kind::Copy(copy) = &copy.kind else { panic!() };
    let places: Vec<(u32, u32, u32)> = copy
        .sources
        .iter()
        .chain([&copy.destination])
        .chain(&copy.chown)
        .map(|word| (word.place.line, word.place.column, word.place.width))
        .collect();
    assert_eq!(places, [(3, 3, 5), (6, 3, 2), (6, 6, 2), (6, 9, 3), (2, 14, 3)]);
    let env = one("ENV A=1 \\\n    B=\"two words\"\n");
    let Kind::Env(pairs) = &env.kind else { panic!() };
    let value = pairs[1].value.as_ref().unwrap();
    assert_eq!(
        (value.text.as_str(), value.place.line, value.place.column, value.place.width),
        ("\"two words\"", 3, 7, 11)
    );
    let cmd = one("CMD [ \"a\", \"b\\\"c\" ]");
    let Kind::Cmd(Command::Exec(words)) = &cmd.kind else { panic!() };
    assert_eq!((words[1].text.as_str(), words[1].place.column, words[1].place.width), ("b\"c", 12, 6));
}

#[test]
fn flags_lose_their_quotes_and_end_at_the_first_word() {
    let copy = |text: &str| match one(text).kind {
        Kind::Copy(copy) => copy,
        other => panic!("{other:?}"),
    };
    let found = copy("COPY --from=b --chown=\"a b\" --exclude=*.md --exclude='c d' --link -- --x /y");
    assert_eq!(found.from.unwrap().text, "b");
    assert_eq!(found.chown.unwrap().text, "a b");
    assert_eq!(found.exclude.iter().map(|word| word.text.as_str()).collect::<Vec<_>>(), ["*.md", "c d"]);
    assert!(found.link && !found.parents);
    assert_eq!(found.sources[0].text, "--x");
    assert_eq!(copy("COPY --chown=a\\ b x y").chown.unwrap().text, "a b");
    assert!(!copy("COPY --link=False x y").link);
    assert_eq!(copy("COPY x --chown=a y").sources[1].text, "--chown=a");
    assert_eq!(copy("COPY [\"a b\", \"/c d/\"]").destination.text, "/c d/");
    // today the escape directive's token works in flags, in 20.10 the backslash always does
    let ticked = "# escape=`\nFROM a\nCOPY --chown=a\\`x x y\n";
    let chown = |version| match &read(ticked, version).instructions[1].kind {
        Kind::Copy(copy) => copy.chown.clone().unwrap().text,
        other => panic!("{other:?}"),
    };
    assert_eq!((chown(Version::Current).as_str(), chown(Version::V20_10).as_str()), ("a\\x", "a`x"));
}

#[test]
fn env_label_and_arg() {
    let pairs = |text: &str| -> Vec<(String, Option<String>, bool)> {
        let (Kind::Env(pairs) | Kind::Label(pairs) | Kind::Arg(pairs)) = one(text).kind else { panic!() };
        pairs
            .into_iter()
            .map(|pair| (pair.key.text, pair.value.map(|value| value.text), pair.old_form))
            .collect()
    };
    let pair = |key: &str, value: &str| (key.to_owned(), Some(value.to_owned()), false);
    assert_eq!(
        pairs("ENV A=1 B=\"two words\" C=a\\ b"),
        [pair("A", "1"), pair("B", "\"two words\""), pair("C", "a\\ b")]
    );
    assert_eq!(pairs("ENV A= B='' C==d"), [pair("A", ""), pair("B", "''"), pair("C", "=d")]);
    assert_eq!(
        pairs("ENV G hello   big world"),
        [("G".to_owned(), Some("hello   big world".to_owned()), true)]
    );
    assert_eq!(pairs("ENV A = 1"), [("A".to_owned(), Some("= 1".to_owned()), true)]);
    assert_eq!(pairs("LABEL \"a b\"=c d.e/f='x y'"), [pair("\"a b\"", "c"), pair("d.e/f", "'x y'")]);
    assert_eq!(pairs("ENV A=a\\"), [pair("A", "a")]);
    assert_eq!(pairs("ARG A B=1 C="), [("A".to_owned(), None, false), pair("B", "1"), pair("C", "")]);
}

#[test]
fn the_other_instructions() {
    let text = |text: &str| format!("{:?}", one(text).kind);
    let texts = [
        "ADD --checksum=sha256:00 --keep-git-dir --unpack=false --chmod=644 http://x/y /z",
        "COPY --parents --from=0 /a /b/",
        "EXPOSE 80 443/tcp 53/udp 8000-8010",
        "MAINTAINER  A  B <a@b>",
        "ONBUILD  RUN   echo $X",
        "SHELL [\"/bin/bash\", \"-c\"]",
        "STOPSIGNAL SIGTERM",
        "USER app:grp",
        "VOLUME /a /b",
        "VOLUME [\"/a b\", \" /c \"]",
        "WORKDIR /a b/c",
        "run echo",
        "RUN --network=none --security=insecure --device=vendor.com/x --mount=target=/a [\"x\"]",
    ];
    insta::assert_snapshot!(texts.map(text).join("\n"));
    let from = today("FROM --platform=$BUILDPLATFORM Alpine:3 as Build-1.x_y\n");
    let Kind::From(from) = &from.instructions[0].kind else { panic!() };
    assert_eq!(from.name.as_ref().unwrap().text, "build-1.x_y");
    assert_eq!(from.platform.as_ref().unwrap().text, "$BUILDPLATFORM");
    assert_eq!(from.image.text, "Alpine:3");
}

#[test]
fn healthchecks() {
    let check = |text: &str| match one(text).kind {
        Kind::Healthcheck(check) => check,
        other => panic!("{other:?}"),
    };
    assert_eq!(check("HEALTHCHECK none"), Healthcheck::None);
    let Healthcheck::Cmd { command, interval, timeout, start_period, start_interval, retries } = check(
        "HEALTHCHECK --interval=1m30s --timeout=3s --start-period=0s --start-interval=1ms --retries=2 CMD curl x",
    ) else {
        panic!()
    };
    assert!(matches!(command, Command::Shell(word) if word.text == "curl x"));
    assert_eq!(
        [interval, timeout, start_period, start_interval].map(duration::print),
        ["1m30s", "3s", "0s", "1ms"]
    );
    assert_eq!(retries, 2);
    let Healthcheck::Cmd { command, .. } = check("HEALTHCHECK CMD [\"a\", \"b\"]") else { panic!() };
    assert!(matches!(command, Command::Exec(words) if words.len() == 2));
}

#[test]
fn heredocs() {
    for (text, bodies) in [
        ("RUN <<EOF\necho a\necho b\nEOF\n", &[("EOF", "echo a\necho b\n", true, false)][..]),
        ("RUN <<-EOF\n\t\ta\n  b\n\tEOF\n", &[("EOF", "\t\ta\n  b\n", true, true)]),
        ("RUN <<'E F'\n$x\nE F\n", &[("E F", "$x\n", false, false)]),
        ("RUN <<\"EOF\" cat\nEOF\n", &[("EOF", "", false, false)]),
        ("RUN <<E\"O\"F\nx\nEOF\n", &[("EOF", "x\n", false, false)]),
        ("RUN <<eo\\'f\nx\neo'f\n", &[("eo'f", "x\n", true, false)]),
        ("RUN 3<<EOF cat <<  B\na\nEOF\nb\nB\n", &[("EOF", "a\n", true, false), ("B", "b\n", true, false)]),
        ("COPY <<a <<b /x/\n1\na\n2\nb\n", &[("a", "1\n", true, false), ("b", "2\n", true, false)]),
        ("RUN echo '<<EOF'\n", &[]),
        ("RUN cat <<<word\n", &[]),
        ("RUN [\"echo\", \"<<EOF\"]\n", &[]),
        ("ENV A=<<EOF\n", &[]),
        ("RUN <<EOF\r\na\r\nEOF\r\n", &[("EOF", "a\r\n", true, false)]),
        ("ONBUILD RUN <<EOF\na\nEOF\n", &[("EOF", "a\n", true, false)]),
        ("RUN <<EOF\n# a\n\n b \\\nEOF\n", &[("EOF", "# a\n\n b \\\n", true, false)]),
    ] {
        let got = one(text);
        let got: Vec<(&str, &str, bool, bool)> = got
            .heredocs
            .iter()
            .map(|heredoc| (heredoc.name.as_str(), heredoc.content.as_str(), heredoc.expand, heredoc.chomp))
            .collect();
        assert_eq!(got, bodies, "{text}");
    }
    let run = one("RUN 3<<EOF cat <<  B\na\nEOF\nb\nB\n");
    assert_eq!(run.heredocs[0].descriptor, 3);
    assert_eq!((run.heredocs[1].place.column, run.heredocs[1].place.width), (16, 5));
    assert_eq!(run.last_line, 6);
    // in Docker 20.10 they are ordinary text
    assert!(one_of("RUN cat <<EOF\n", Version::V20_10).heredocs.is_empty());
}

#[test]
fn heredocs_as_files() {
    let Kind::Copy(copy) = one("COPY <<-'one' two.txt <<three /x/\n\t$a\none\nb\nthree\n").kind else {
        panic!()
    };
    let files: Vec<(&str, &str, bool)> =
        copy.contents.iter().map(|file| (file.name.as_str(), file.content.as_str(), file.expand)).collect();
    assert_eq!(files, [("one", "$a\n", false), ("three", "b\n", true)]);
    assert_eq!(copy.sources.len(), 1);
}

#[test]
fn what_the_shell_is_given() {
    let shell = ["/bin/sh".to_owned(), "-c".to_owned()];
    let argv = |text: &str| {
        let instruction = one(text);
        let Kind::Run(run) = &instruction.kind else { panic!() };
        let script = script(&run.command, &instruction.heredocs);
        (script.argv(&shell), script)
    };
    assert_eq!(argv("RUN echo a").0, ["/bin/sh", "-c", "echo a"]);
    assert_eq!(argv("RUN").0, ["/bin/sh", "-c", ""]);
    assert_eq!(argv("RUN [\"a\", \"b\"]").0, ["a", "b"]);
    assert_eq!(argv("RUN <<-EOF\n\ta\n\tb\nEOF\n").0, ["/bin/sh", "-c", "a\nb\n"]);
    assert_eq!(argv("RUN cat <<A <<B\n1\nA\n2\nB\n").0, ["/bin/sh", "-c", "cat <<A <<B\n1\nA\n2\nB"]);
    let (vector, script) = argv("RUN <<run\n#!/bin/x\nrun\n");
    assert_eq!(vector, ["/bin/sh", "-c", "/dev/pipes/run"]);
    assert_eq!(script, Script::File { path: "/dev/pipes/run".to_owned(), content: "#!/bin/x\n".to_owned() });
}

#[test]
fn triggers() {
    let Kind::Onbuild(outer) = one("onbuild  COPY --chown=a . /x\n").kind else { panic!() };
    assert_eq!(outer.expression, "COPY --chown=a . /x");
    assert!(matches!(outer.inner.unwrap().kind, Kind::Copy(_)));
    let Kind::Onbuild(outer) = one("ONBUILD RUN <<EOF\na\nEOF\n").kind else { panic!() };
    assert_eq!(outer.expression, "RUN <<EOF\na\nEOF");
    let again = parse_trigger(&outer.expression, Version::Current).unwrap();
    assert_eq!(again.heredocs[0].content, "a\n");
    let Kind::Onbuild(outer) = one("ONBUILD NOPE x\n").kind else { panic!() };
    assert!(outer.inner.is_none());
    assert!(parse_trigger("NOPE x", Version::Current).is_err());
    assert!(parse_trigger("RUN a\nRUN b", Version::Current).is_err());
    let inner = one("ONBUILD   USER  app\n");
    let Kind::Onbuild(outer) = inner.kind else { panic!() };
    let Kind::User(user) = outer.inner.unwrap().kind else { panic!() };
    assert_eq!((user.text.as_str(), user.place.line, user.place.column), ("app", 2, 17));
}

fn mount(text: &str) -> Result<RunMount, String> {
    let instruction = one(&format!("RUN --mount={text} x"));
    let Kind::Run(run) = instruction.kind else { panic!() };
    let lexer = layerlab::dockerfile::Lexer::new('\\', Version::Current);
    let env = |name: &str| (name == "D").then(|| "/data".to_owned());
    run.mounts[0].expand(lexer, &env, &mut Fuel::default()).map_err(|error| error.message)
}

#[test]
fn mounts() {
    let found = mount("type=cache,id=m,target=$D/x,sharing=Locked,mode=0700,uid=5,ro").unwrap();
    assert_eq!(
        (found.kind, found.target.as_str(), found.sharing.as_str()),
        (MountType::Cache, "/data/x", "locked")
    );
    assert_eq!((found.mode, found.uid, found.gid, found.read_only), (Some(0o700), Some(5), None, true));
    assert!(mount("target=/a").unwrap().read_only);
    assert!(!mount("target=/a,rw").unwrap().read_only);
    assert!(!mount("type=tmpfs,dst=/t,size=1.5m").unwrap().read_only);
    assert_eq!(mount("type=tmpfs,dst=/t,size=1.5m").unwrap().size, Some(1_572_864));
    assert_eq!(mount("TYPE=secret,id=s,env=TOKEN,required").unwrap().env.as_deref(), Some("TOKEN"));
    assert!(mount("type=ssh").unwrap().read_only);
    for (text, message) in [
        ("type=zz", "unsupported mount type \"zz\""),
        ("type=cahce", "unsupported mount type \"cahce\" (did you mean cache?)"),
        ("target=/a,x=y", "unexpected key 'x' in 'x=y' (did you mean id?)"),
        ("target=/a,wrong-key=y", "unexpected key 'wrong-key' in 'wrong-key=y'"),
        ("target=/a,size=3", "unexpected key 'size' for mount type 'bind'"),
        ("target", "invalid field 'target' must be a key=value pair"),
        ("type=secret,id=a,from=b", "secret mount should not have a from"),
        ("type=secret,id=a,source=b", "both source and id can't be set"),
        ("type=secret", "invalid secret mount. one of source, target required"),
        ("target=/a,sharing=private", "invalid cache sharing set for bind mount"),
        ("target=/a,mode=1", "mode not allowed for \"bind\" type mounts"),
        ("type=cache,target=/a,sharing=all", "unsupported sharing value \"all\""),
        ("target=/a,ro=maybe", "invalid value for ro: maybe"),
        ("type=cache,mode=9", "invalid value 9 for mode"),
        ("target=${D", "failed to process \"${D\": unsupported modifier (\u{fffd}) in substitution"),
    ] {
        assert_eq!(mount(text), Err(message.to_owned()), "{text}");
    }
}

/// As recorded with Docker 20.10: what BuildKit prints for a step.
#[test]
fn the_text_of_a_step() {
    let env = |name: &str| {
        [("A", "one"), ("F", "notes"), ("D", "/data"), ("N", "1")]
            .iter()
            .find(|(known, _)| *known == name)
            .map(|(_, value)| (*value).to_owned())
    };
    for (text, printed) in [
        ("run echo \"$A\" > /a", "RUN echo \"one\" > /a"),
        ("RUN echo $UNSET ${UNSET:-x}", "RUN echo $UNSET ${UNSET:-x}"),
        ("RUN find . -exec rm {} \\;", "RUN find . -exec rm {} ;"),
        ("RUN echo a\\ \\ b; echo \"q\\\"q\"", "RUN echo a  b; echo \"q\"q\""),
        ("RUN echo 'it'\"'\"'s'", "RUN echo 'it'\"'\"'s'"),
        ("RUN echo \"open", "RUN echo \"open"),
        ("RUN --mount=type=cache,target=/c echo run$N", "RUN --mount=type=cache,target=/c echo run1"),
        ("COPY ${F}.md $D/", "COPY notes.md /data/"),
        ("COPY $F.md ${D}/${X:-dflt}", "COPY notes.md /data/dflt"),
        ("COPY [\"my file.txt\", \"/to here/\"]", "COPY [my file.txt, /to here/]"),
        ("WORKDIR $D/sub", "WORKDIR /data/sub"),
    ] {
        for version in [Version::V20_10, Version::Current] {
            let lexer = layerlab::dockerfile::Lexer::new('\\', version);
            assert_eq!(
                step_text(&one_of(text, version), lexer, &env, &mut Fuel::default()),
                printed,
                "{text}"
            );
        }
    }
    let lexer = layerlab::dockerfile::Lexer::new('\\', Version::Current);
    let heredoc = one("RUN <<EOF\n\necho a\necho b\nEOF\n");
    assert_eq!(step_text(&heredoc, lexer, &env, &mut Fuel::default()), "RUN <<EOF (echo a...)");
    let secret = one("RUN --mount=type=secret,id=x,env=A echo $A");
    assert_eq!(
        step_text(&secret, lexer, &env, &mut Fuel::default()),
        "RUN --mount=type=secret,id=x,env=A echo ****"
    );
}

#[test]
fn what_looks_like_a_comment_after_copy() {
    let column = |text: &str| one(text).end_comment().map(|place| place.column);
    assert_eq!(column("COPY a /b/ # the app"), Some(12));
    assert_eq!(column("ADD a /b/ #the app"), Some(11));
    assert_eq!(column("COPY #a /b/"), None);
    assert_eq!(column("COPY [\"a\", \"#b\"]"), None);
    assert_eq!(column("RUN a # b"), None);
}
