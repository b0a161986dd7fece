//! Any bytes as corpus: a clear error or a count, never a panic; and how differences are told.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use layerlab::fs::MemoryHost;
use layerlab::replay::{self, Report};
use proptest::prelude::*;

fn replay(files: &[(&str, &[u8])], paths: &[&str]) -> Report {
    let mut host = MemoryHost::default();
    for (name, bytes) in files {
        host.files.insert((*name).to_owned(), bytes.to_vec());
    }
    let paths: Vec<String> = paths.iter().map(|path| (*path).to_owned()).collect();
    replay::run(&host, &paths, &mut |_| {})
}

fn errors(report: &Report) -> String {
    let lines = report.errors.iter().map(|error| {
        let hint = error.hint.as_deref().map_or(String::new(), |hint| format!("\n  hint: {hint}"));
        format!("{error}{hint}")
    });
    lines.collect::<Vec<_>>().join("\n")
}

const CASE: &str = r#"{"name":"one","topic":"lookup","options":{"redirect_dir":"off","metacopy":"off","index":"off","xino":"off","userxattr":false},"lowers":[{"/d":{"type":"dir"},"/d/f":{"type":"file","data":"x"}}],"initial_upper":{},"ops":[{"op":"rename","src":"/d","dst":"/e"},{"op":"unlink","path":"/d/f"}],"results":[{"errno":"EXDEV"},{"ok":true}],"upper_delta":[{},{"added":["/d","/d/f"]}],"merged":{"/d":{"type":"dir"}},"upper":{"/d":{"type":"dir"},"/d/f":{"type":"whiteout"}}}"#;

fn file_of(cases: &[String]) -> String {
    format!(r#"{{"format":"layerlab-overlay-corpus/1","cases":[{}]}}"#, cases.join(","))
}

#[test]
fn each_kind_of_difference_is_told_in_words() {
    let change = |from: &str, to: &str| {
        assert!(CASE.contains(from), "{from}");
        CASE.replacen(from, to, 1)
    };
    let cases = [
        CASE.to_owned(),
        change(r#"{"errno":"EXDEV"}"#, r#"{"ok":true}"#),
        change(r#"{"added":["/d","/d/f"]}"#, r#"{"added":["/d"],"removed":[]}"#),
        change(r#""merged":{"/d":{"type":"dir"}}"#, r#""merged":{"/d":{"type":"dir","mode":"0700"}}"#),
        change(r#""/d/f":{"type":"whiteout"}}"#, r#""/d/f":{"type":"file","data":""}}"#),
        change(r#""upper":{"#, r#""mount":{"errno":"EINVAL"},"upper":{"#),
    ];
    let unknown = r#"{"name":"ignore_1","topic":"ignore","files":[]}"#;
    let report = replay(
        &[
            ("c/a.json", file_of(&cases).as_bytes()),
            ("c/b.json", unknown.as_bytes()),
            ("c/notes.json", b"{}"),
        ],
        &["c"],
    );
    insta::assert_snapshot!(report.summary(), @r#"
lookup  1 of 6 as recorded
  one
    op 0, `rename /d /e`: the kernel does it, the lab refuses with EXDEV
  one
    op 1, `unlink /d/f`, in the upper layer: the kernel adds /d, the lab adds /d /d/f
  one
    at the end, /d in the merged view: the kernel has {"type":"dir","mode":"0700"}, the lab {"type":"dir"}
  one
    at the end, /d/f in the upper layer: the kernel has {"type":"file","data":""}, the lab {"type":"whiteout"}
  one
    the mount: the kernel refuses it with EINVAL, the lab mounts it
ignore  not supported (1 cases)
total   1 of 7 as recorded
1 files without cases passed over
"#);
    assert_eq!((report.exit(), report.total()), (1, (1, 7)));
}

#[test]
fn unreadable_files_are_named_with_the_place_and_a_next_step() {
    let bad_tree = CASE.replace(r#""/d":{"type":"dir"},"/d/f":{"type":"file""#, r#""/d/f":{"type":"file""#);
    let loops =
        CASE.replace(r#""/d/f":{"type":"file","data":"x"}"#, r#""/d/f":{"type":"dir","hardlink":"/d"}"#);
    let bad_op = CASE.replace(r#""op":"unlink""#, r#""op":"unlnk""#);
    let report = replay(
        &[
            ("broken.json", b"{\"format\":\n  oops}"),
            ("bytes.json", b"\xff\xfe\0"),
            ("empty.json", b"{}"),
            ("tree.json", file_of(&[bad_tree]).as_bytes()),
            ("loop.json", file_of(&[loops]).as_bytes()),
            ("op.json", file_of(&[bad_op]).as_bytes()),
        ],
        &["broken.json", "bytes.json", "empty.json", "tree.json", "loop.json", "op.json", "gone.json"],
    );
    insta::assert_snapshot!(errors(&report), @r"
broken.json:2:3: not JSON: expected value
  hint: a corpus file is JSON with `format` and `cases`
bytes.json:1:1: not JSON: expected value
  hint: a corpus file is JSON with `format` and `cases`
empty.json holds no recorded cases
  hint: a corpus file is JSON with `format` and `cases`, or one case with `name` and `topic`
tree.json: case `one`: lowers[0]: `/d/f`: its parent is not listed before it as a directory
  hint: the corpus's README says what a case holds
loop.json: case `one`: lowers[0]: `/d/f`: there is no place for it in the tree
  hint: the corpus's README says what a case holds
op.json: case `one`: ops[1]: no operation is called `unlnk`
  hint: the corpus's README says what a case holds
gone.json: no such file
  hint: name a file or a folder
");
    assert_eq!(report.exit(), 2);
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, failure_persistence: None, ..ProptestConfig::default() })]

    /// A case with some of its bytes changed: whatever comes out, it comes out.
    #[test]
    fn a_damaged_corpus_never_panics(changes in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 0..6), cut in any::<prop::sample::Index>()) {
        let mut bytes = file_of(&[CASE.to_owned()]).into_bytes();
        for (at, byte) in &changes {
            let at = at.index(bytes.len());
            bytes[at] = *byte;
        }
        if changes.len() > 4 {
            bytes.truncate(cut.index(bytes.len()));
        }
        let report = replay(&[("c.json", &bytes)], &["c.json"]);
        prop_assert!(report.errors.len() + report.total().1 == 1);
    }

    /// Values of the wrong kind in every field.
    #[test]
    fn fields_of_the_wrong_kind_never_panic(key in prop::sample::select(vec!["name", "topic", "options", "lowers", "initial_upper", "ops", "results", "upper_delta", "merged", "upper"]), value in prop::sample::select(vec!["null", "[]", "{}", "1", "\"x\"", "[null]", "[{}]", "{\"/\":1}", "{\"/f\":{\"type\":\"file\",\"fill\":\"x\",\"size\":18446744073709551615}}", "[{\"op\":\"truncate\",\"path\":\"/d/f\",\"size\":9223372036854775807},{\"op\":\"append\",\"path\":\"/d/f\",\"data\":\"x\"}]"])) {
        let mut case: serde_json::Value = serde_json::from_str(CASE).unwrap();
        case[key] = serde_json::from_str(value).unwrap();
        let report = replay(&[("c.json", file_of(&[case.to_string()]).as_bytes())], &["c.json"]);
        prop_assert!(report.errors.len() + report.total().1 == 1);
    }
}
