//! Any bytes as corpus: a clear error or a count, never a panic; and how differences are told.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use layerlab::fs::MemoryHost;
use layerlab::replay::{self, Report};
use proptest::prelude::*;
use serde_json::{Value, json};

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
    let names = ["same", "result", "delta", "merged", "upper", "mount"];
    let cases = std::array::from_fn::<_, 6, _>(|at| cases[at].replacen("one", names[at], 1));
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
  result
    op 0, `rename /d /e`: the kernel does it, the lab refuses with EXDEV
  delta
    op 1, `unlink /d/f`, in the upper layer: the kernel adds /d, the lab adds /d /d/f
  merged
    at the end, /d in the merged view: the kernel has {"type":"dir","mode":"0700"}, the lab {"type":"dir"}
  upper
    at the end, /d/f in the upper layer: the kernel has {"type":"file","data":""}, the lab {"type":"whiteout"}
  mount
    the mount: the kernel refuses it with EINVAL, the lab mounts it
ignore  not supported (1 cases)
total   1 of 7 as recorded
1 files without cases passed over
"#);
    assert_eq!((report.exit(), report.total()), (1, (1, 7)));
}

#[test]
fn a_case_that_only_asks_is_answered() {
    let mut asks: serde_json::Value = serde_json::from_str(CASE).unwrap();
    for key in ["results", "upper_delta", "merged", "upper"] {
        asks.as_object_mut().unwrap().remove(key);
    }
    let mut host = MemoryHost::default();
    host.files.insert("a.json".to_owned(), file_of(&[asks.to_string()]).into_bytes());
    let mut answers = Vec::new();
    let report = replay::run(&host, &["a.json".to_owned()], &mut |answer| answers.push(answer.clone()));
    let recorded: serde_json::Value = serde_json::from_str(CASE).unwrap();
    assert_eq!((answers[0].value["results"].clone(), report.exit()), (recorded["results"].clone(), 1));
    insta::assert_snapshot!(report.summary(), @r"
lookup  0 of 1 as recorded
  one
    nothing is recorded to compare with; `--json` prints the lab's answer
total   0 of 1 as recorded
");
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
bytes.json: not JSON: it begins with the byte order mark of UTF-16
  hint: save it as UTF-8 without a byte order mark
empty.json holds no recorded cases
  hint: a corpus file is JSON with `format` and `cases`, or one case with `name` and `topic`
tree.json: case `one`: lowers[0]: `/d/f`: its parent is not listed before it as a directory
  hint: the corpus's README says what a case holds
loop.json: case `one`: lowers[0]: `/d/f`: `hardlink` to `/d`: a directory has one name only
  hint: the corpus's README says what a case holds
op.json: case `one`: ops[1]: no operation is called `unlnk`; did you mean `unlink`?
  hint: the corpus's README says what a case holds
gone.json: no such file
  hint: name a file of at most 256 MB, or a folder
");
    assert_eq!(report.exit(), 2);
}

/// A case with every kind of entry.
fn rich() -> Value {
    json!({
        "name": "rich", "topic": "lookup",
        "options": {"redirect_dir": "on", "metacopy": "on", "index": "on", "xino": "off", "userxattr": false},
        "lowers": [{
            "/": {"type": "dir", "mode": "1777"},
            "/c": {"type": "chardev", "rdev": [1, 3]},
            "/d": {"type": "dir", "opaque": true, "redirect": "e"},
            "/f": {"type": "file", "data": "x", "mode": "0600", "uid": 7, "gid": 8, "xattrs": {"user.k": "1"}},
            "/g": {"type": "file", "hardlink": "/f"},
            "/h": {"type": "file", "size": 600, "fill": "z"},
            "/i": {"type": "file", "runs": [["a", 300], ["b", 300]]},
            "/l": {"type": "symlink", "target": "f"},
            "/m": {"type": "file", "metacopy": true, "size": 5},
            "/w": {"type": "whiteout"},
        }],
        "initial_upper": {}, "ops": [{"op": "readdir", "path": "/d"}], "results": [{"ok": []}],
        "upper_delta": [{}], "merged": {"/d": {"type": "dir"}}, "upper": {},
    })
}

/// What is said of one case in a file `c.json`.
fn said(case: &Value) -> String {
    let text = file_of(&[case.to_string()]);
    let report = replay(&[("c.json", text.as_bytes())], &["c.json"]);
    assert_eq!(report.total().1 + report.errors.len(), 1, "{case}");
    match report.errors.first() {
        Some(error) => {
            assert_eq!(report.exit(), 2);
            error.to_string()
        }
        None => "replayed".to_owned(),
    }
}

/// A value of a type that this one is not.
fn of_another_type(value: &Value) -> Value {
    match value {
        Value::String(_) | Value::Bool(_) => json!(3),
        _ => json!("3"),
    }
}

/// Takes each field below a pointer away, then gives it another type; all that is said, a line each.
fn spoiled(case: &Value, pointer: &str, keys: &[&str]) -> String {
    let mut lines = String::new();
    for key in keys {
        let mut case = case.clone();
        let object = case.pointer_mut(pointer).and_then(Value::as_object_mut).expect(pointer);
        let wrong = of_another_type(object.get(*key).expect(key));
        object.insert((*key).to_owned(), wrong);
        let spoiled = said(&case);
        case.pointer_mut(pointer).and_then(Value::as_object_mut).expect(pointer).shift_remove(*key);
        let missing = said(&case);
        for line in [&missing, &spoiled] {
            assert!(line == "replayed" || line.starts_with("c.json: "), "{key}: {line}");
            let named =
                line.contains(key) || line.ends_with("no contents: `data`, `size` with `fill`, or `runs`");
            assert!(line == "replayed" || named, "{key}: {line}");
            assert!(line == "replayed" || *key == "name" || line.contains("case `rich`"), "{key}: {line}");
        }
        assert_ne!(spoiled, "replayed", "{pointer} {key}");
        lines.push_str(&format!("{missing}\n{spoiled}\n"));
    }
    lines.replace("c.json: case `rich`: ", "")
}

#[test]
fn every_field_of_a_case_is_asked_for_by_name() {
    let fields = [
        "name",
        "topic",
        "options",
        "lowers",
        "initial_upper",
        "ops",
        "results",
        "upper_delta",
        "merged",
        "upper",
    ];
    insta::assert_snapshot!("fields", spoiled(&rich(), "", &fields));
    let options = ["redirect_dir", "metacopy", "index", "xino", "userxattr"];
    insta::assert_snapshot!(spoiled(&rich(), "/options", &options), @r"
options: no `redirect_dir`
options: `redirect_dir` must be text, not a number
options: no `metacopy`
options: `metacopy` must be text, not a number
options: no `index`
options: `index` must be text, not a number
options: no `xino`
options: `xino` must be text, not a number
options: no `userxattr`
options: `userxattr` must be true or false, not a number
");
}

#[test]
fn every_field_of_an_entry_is_asked_for_by_name() {
    let fields: [(&str, &[&str]); 9] = [
        ("/lowers/0/~1", &["type", "mode"]),
        ("/lowers/0/~1c", &["type", "rdev"]),
        ("/lowers/0/~1d", &["type", "opaque", "redirect"]),
        ("/lowers/0/~1f", &["type", "data", "mode", "uid", "gid", "xattrs"]),
        ("/lowers/0/~1g", &["type", "hardlink"]),
        ("/lowers/0/~1h", &["size", "fill"]),
        ("/lowers/0/~1i", &["runs"]),
        ("/lowers/0/~1l", &["target"]),
        ("/lowers/0/~1m", &["metacopy", "size"]),
    ];
    let said: Vec<String> = fields.iter().map(|(at, keys)| spoiled(&rich(), at, keys)).collect();
    insta::assert_snapshot!("entries", said.concat());
}

#[test]
fn every_argument_of_an_operation_is_asked_for_by_name() {
    let ops = json!([
        {"op": "mkdir", "path": "/x", "mode": "0755"},
        {"op": "rmdir", "path": "/x"},
        {"op": "create", "path": "/x", "mode": "0644", "data": "x"},
        {"op": "write", "path": "/x", "size": 9, "fill": "x"},
        {"op": "append", "path": "/x", "runs": [["a", 1]]},
        {"op": "open_rw_noop", "path": "/x"},
        {"op": "read", "path": "/x"},
        {"op": "open", "path": "/x", "flags": ["O_RDWR", "O_CREAT"], "mode": "0644", "data": "x", "read": true},
        {"op": "truncate", "path": "/x", "size": 0},
        {"op": "unlink", "path": "/x"},
        {"op": "rename", "src": "/x", "dst": "/y"},
        {"op": "rename_noreplace", "src": "/x", "dst": "/y"},
        {"op": "rename_exchange", "src": "/x", "dst": "/y"},
        {"op": "link", "src": "/x", "dst": "/y"},
        {"op": "symlink", "target": "y", "path": "/x"},
        {"op": "readlink", "path": "/x"},
        {"op": "chmod", "path": "/x", "mode": "0644"},
        {"op": "chown", "path": "/x", "uid": -1, "gid": 0},
        {"op": "lchown", "path": "/x", "uid": 1, "gid": -1},
        {"op": "utimes", "path": "/x"},
        {"op": "setxattr", "path": "/x", "name": "user.k", "value": "1"},
        {"op": "getxattr", "path": "/x", "name": "user.k"},
        {"op": "removexattr", "path": "/x", "name": "user.k"},
        {"op": "listxattr", "path": "/x"},
        {"op": "mkfifo", "path": "/x", "mode": "0644"},
        {"op": "mkchar", "path": "/x", "mode": "0644", "rdev": [1, 3]},
        {"op": "readdir", "path": "/x"},
        {"op": "stat", "path": "/x"},
        {"op": "lstat", "path": "/x"},
        {"op": "as", "uid": 1000, "gid": 1000, "groups": [5]},
        {"op": "restart"},
        {"op": "remount"},
    ]);
    let mut text = String::new();
    for op in ops.as_array().unwrap() {
        let mut case = rich();
        case["ops"] = json!([op]);
        assert_eq!(said(&case), "replayed", "{op}");
        let keys: Vec<&str> = op.as_object().unwrap().keys().map(String::as_str).collect();
        text.push_str(&format!("{}\n{}", op["op"].as_str().unwrap(), spoiled(&case, "/ops/0", &keys)));
    }
    let text = text.replace("ops[0]: ", "  ");
    insta::assert_snapshot!("arguments", text);
}

/// Values of the right type that no kernel can have met.
#[test]
fn what_no_kernel_can_have_met_is_refused() {
    let long = format!("/{}", "n".repeat(300));
    let deep = format!("/{}", vec!["d"; 2100].join("/"));
    let dir = json!({"type": "dir"});
    let file = json!({"type": "file", "data": ""});
    let spoil = |at: &str, value: Value| {
        let mut case = rich();
        *case.pointer_mut(at).expect(at) = value;
        said(&case)
    };
    let tree = |tree: Value| spoil("/lowers", json!([{}, tree]));
    let op = |op: Value| spoil("/ops", json!([op]));
    let link = |to: &str| json!({"type": "file", "hardlink": to});
    let lines = [
        tree(json!({"/d": dir, "/d/..": dir})),
        tree(json!({"/.": dir})),
        tree(json!({"/a\u{0}b": file})),
        tree(json!({long.clone(): file})),
        tree(json!({deep: file})),
        tree(json!({"a": file})),
        tree(json!({"": file})),
        tree(json!({"/a/": dir})),
        tree(json!({"//a": dir})),
        tree(json!({"/": {"type": "whiteout"}})),
        tree(json!({"/": file})),
        tree(json!({"/f": file, "/f/a": file})),
        tree(json!({"/a/b": file})),
        tree(json!({"/b": file, "/a/b": file, "/a": dir})),
        tree(json!({"/a": link("/a")})),
        tree(json!({"/a": link("/b"), "/b": link("/c"), "/c": link("/a")})),
        tree(json!({"/a": link("/b"), "/b": file})),
        tree(json!({"/a": link("/b")})),
        tree(json!({"/d": dir, "/e": link("/d")})),
        tree(json!({"/d": dir, "/e": {"type": "dir", "hardlink": "/d"}})),
        tree(json!({"/d": dir, "/d/e": link("/d/../x")})),
        tree(json!({"/a": {"type": "symlink", "target": "b"}, "/c": link("/a")})),
        tree(json!({"/a": {"type": "socket"}})),
        tree(json!({"/a": {"type": "file"}})),
        tree(json!({"/a": {"type": "symlink", "target": ""}})),
        tree(json!({"/a": {"type": "symlink", "target": "x".repeat(4096)}})),
        tree(json!({"/a": {"type": "symlink", "target": "a\u{0}"}})),
        tree(json!({"/a": {"type": "dir", "mode": "0898"}})),
        tree(json!({"/a": {"type": "dir", "mode": "17777"}})),
        tree(json!({"/a": {"type": "dir", "mode": "+755"}})),
        tree(json!({"/a": {"type": "dir", "uid": -1}})),
        tree(json!({"/a": {"type": "dir", "gid": 4294967295u32}})),
        tree(json!({"/a": {"type": "file", "size": 9223372036854775808u64, "fill": "x"}})),
        tree(json!({"/a": {"type": "file", "size": -1, "fill": "x"}})),
        tree(json!({"/a": {"type": "file", "size": 1.5, "fill": "x"}})),
        tree(json!({"/a": {"type": "file", "size": 1, "fill": "xy"}})),
        tree(json!({"/a": {"type": "file", "runs": [["a", 9223372036854775807u64], ["b", 1]]}})),
        tree(json!({"/a": {"type": "file", "runs": [["a", -1]]}})),
        tree(json!({"/a": {"type": "chardev", "rdev": [1]}})),
        tree(json!({"/a": {"type": "chardev", "rdev": [1, 1048576]}})),
        tree(json!({"/a": {"type": "dir", "redirect": "a\u{0}"}})),
        tree(json!({"/a": {"type": "dir", "xattrs": {"user.k": 1}}})),
        tree(json!([])),
        spoil("/lowers", json!([1])),
        spoil("/lowers", Value::Array(vec![json!({}); 10_000])),
        spoil("/options/index", json!("yes")),
        spoil("/options/xino", json!("On")),
        op(json!({"op": "unlnk", "path": "/a"})),
        op(json!({"op": "unlink", "path": "/a\u{0}"})),
        op(json!({"op": "rename", "src": "/a", "dst": "\u{0}"})),
        op(json!({"op": "chmod", "path": "/a", "mode": "rwx"})),
        op(json!({"op": "chmod", "path": "/a", "mode": ""})),
        op(json!({"op": "truncate", "path": "/a", "size": 9223372036854775808u64})),
        op(json!({"op": "truncate", "path": "/a", "size": "1"})),
        op(json!({"op": "chown", "path": "/a", "uid": -2, "gid": 0})),
        op(json!({"op": "open", "path": "/a", "flags": ["O_READ"]})),
        op(json!({"op": "open", "path": "/a", "flags": [1]})),
        op(json!({"op": "open", "path": "/a", "flags": ["O_CREAT"], "mode": 420})),
        op(json!(null)),
        spoil("/results", json!([])),
        spoil("/results", json!([{"ok": true, "errno": "EPERM"}])),
        spoil("/results", json!([{}])),
        spoil("/results", json!([1])),
        spoil("/results", json!([{"errno": 1}])),
        spoil("/upper_delta", json!([{}, {}])),
        spoil("/upper_delta", json!([{"added": "/a"}])),
        spoil("/upper_delta", json!([{"added": [1]}])),
        spoil("/upper_delta", json!([{"add": []}])),
        spoil("/merged", json!({"d": dir})),
        spoil("/merged", json!({"/d": 1})),
        spoil("/upper", json!({"/d": {}})),
    ];
    let text: Vec<String> = lines.iter().map(|line| line.replace("c.json: case `rich`: ", "")).collect();
    for line in &lines {
        assert!(line.starts_with("c.json: case `rich`: ") && line.chars().count() < 300, "{line}");
    }
    insta::assert_snapshot!("refused", text.join("\n"));
}

/// In an operation the same is a question to the kernel, which has an answer.
#[test]
fn a_name_too_long_in_an_operation_is_a_result() {
    let mut case = rich();
    (case["lowers"], case["merged"]) = (json!([{}]), json!({}));
    let names = ["n".repeat(255), "n".repeat(256), "n".repeat(300), "q/".repeat(2047), "q/".repeat(2048)];
    let ops = names.map(|name| json!({"op": "lstat", "path": format!("/{name}")}));
    case["results"] = Value::Array(vec![json!({"errno": "ENOENT"}); 5]);
    case["upper_delta"] = Value::Array(vec![json!({}); 5]);
    case["ops"] = json!(ops);
    for at in [1, 2, 4] {
        case["results"][at] = json!({"errno": "ENAMETOOLONG"});
    }
    let report = replay(&[("c.json", file_of(&[case.to_string()]).as_bytes())], &["c.json"]);
    assert_eq!((report.exit(), report.total()), (0, (1, 1)), "{}", report.summary());
}

/// More layers than a mount takes are a result where the kernel's refusal was recorded.
#[test]
fn a_recorded_refusal_to_mount_is_a_result() {
    let mut case = rich();
    case["lowers"] = Value::Array(vec![json!({}); 501]);
    for (key, value) in [("results", json!([])), ("upper_delta", json!([])), ("merged", json!({}))] {
        case[key] = value;
    }
    case["mount"] = json!({"errno": "EINVAL"});
    let report = replay(&[("c.json", file_of(&[case.to_string()]).as_bytes())], &["c.json"]);
    assert_eq!((report.exit(), report.total()), (0, (1, 1)), "{}", report.summary());
    case["mount"] = json!({});
    insta::assert_snapshot!(said(&case), @"c.json: case `rich`: mount: no `errno`");
}

#[test]
fn files_that_are_no_corpus_are_named_with_the_place() {
    let case = rich().to_string();
    let whole = file_of(std::slice::from_ref(&case));
    let names = file_of(&[case.clone(), case.clone()]);
    let nested = format!("{}{}", "[".repeat(200_000), "]".repeat(200_000));
    let twice = file_of(&[case.replacen(r#""topic":"#, r#""name":"b","topic":"#, 1)]);
    let path_twice = file_of(&[case.replacen(r#""/w":"#, r#""/f":{"type":"whiteout"},"/w":"#, 1)]);
    let later = whole.replace("corpus/1", "corpus/2");
    let without = format!(r#"{{"cases":[{case}]}}"#);
    let nameless = file_of(&[case.replacen(r#""name":"rich","#, "", 1)]);
    let files: [(&str, &[u8]); 16] = [
        ("bom.json", &[b"\xef\xbb\xbf", whole.as_bytes()].concat()),
        ("utf16.json", b"\xff\xfe{\0}\0"),
        ("cut.json", &whole.as_bytes()[..400]),
        ("nested.json", nested.as_bytes()),
        ("keys.json", twice.as_bytes()),
        ("paths.json", path_twice.as_bytes()),
        ("names.json", names.as_bytes()),
        ("later.json", later.as_bytes()),
        ("without.json", without.as_bytes()),
        ("format.json", br#"{"format":1,"cases":[]}"#),
        ("cases.json", br#"{"format":"layerlab-overlay-corpus/1","cases":{}}"#),
        ("none.json", br#"{"format":"layerlab-overlay-corpus/1","cases":[]}"#),
        ("number.json", br#"{"format":"layerlab-overlay-corpus/1","cases":[1, {}, {"name":""}]}"#),
        ("list.json", b"[]"),
        ("nameless.json", nameless.as_bytes()),
        ("huge.json", br#"{"format":"layerlab-overlay-corpus/1","cases":[1e999]}"#),
    ];
    let names: Vec<&str> = files.iter().map(|(name, _)| *name).collect();
    let report = replay(&files, &names);
    insta::assert_snapshot!("files", errors(&report));
}

/// One case alone, without a list around it, is replayed too.
#[test]
fn a_case_alone_is_a_file() {
    let report = replay(&[("one.json", CASE.as_bytes())], &["one.json"]);
    assert_eq!(report.total().1, 1);
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
