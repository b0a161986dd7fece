//! Prints a sequence as a Rhai scenario: pasted into a file it runs in `layerlab run` and shows the lab's
//! answers; its checks expect the kernel's.

use crate::answer::{Answer, Difference};
use crate::case::{Case, Entry, Layer, Op, text};
use crate::contents;
use serde_json::{Map, Value, json};
use std::collections::BTreeSet;
use std::fmt::Write;

/// The scenario. `lab` tells where the lab's answer differs, if it does.
pub fn scenario(case: &Case, kernel: &Answer, lab: Option<(&Answer, &Difference)>) -> String {
    let mut out = format!("// {}: every check expects what the kernel answered.\n", case.name);
    if let Some((_, difference)) = lab {
        out += &format!("// {}\n", difference.what);
    }
    out.push('\n');
    for (at, lower) in case.lowers.iter().enumerate() {
        let _ = writeln!(out, "let lower{at} = {};", layer(lower));
    }
    for (at, data) in case.data.iter().enumerate() {
        let _ = writeln!(out, "let data{at} = {};", layer(data));
    }
    let lowers: Vec<String> = (0..case.lowers.len()).map(|at| format!("lower{at}")).collect();
    let mount = format!("mount([{}], {})", lowers.join(", "), options(case));
    if let Some(errno) = &kernel.mount {
        out += "let said = \"mounted\";\n";
        let _ = writeln!(out, "try {{ {mount}; }} catch (e) {{ said = e.errno; }}");
        let _ = writeln!(out, "check(\"mount\", said, {});", quoted(errno));
        return out;
    }
    let _ = writeln!(out, "let m = {mount};\nlet said = ();\n");
    let opened = kernel.results.iter().zip(&case.ops).filter(|(_, op)| text(op, "op") == "fopen");
    for number in opened.filter_map(|(result, _)| result["ok"].as_u64()).collect::<BTreeSet<u64>>() {
        let _ = writeln!(out, "let f{number} = ();");
    }
    let mut open = BTreeSet::new();
    for (at, op) in case.ops.iter().enumerate() {
        operation(&mut out, &at.to_string(), op, &kernel.results[at], &mut open);
        upper_change(&mut out, &kernel.deltas[at]);
    }
    let upper = kernel.upper.as_object().map(entries).unwrap_or_default();
    let _ = writeln!(out, "\ncheck(\"the upper\", m.upper(), {}.entries());", layer(&upper));
    if case.ops.iter().any(|op| text(op, "op") == "as") {
        out += "m.as_root();\n";
    }
    for (name, op, result) in looks(kernel, lab.map(|(answer, _)| answer)) {
        operation(&mut out, &name, &op, &result, &mut open);
    }
    out
}

/// Looks at the merged tree where the two differ; everywhere if they don't.
fn looks(kernel: &Answer, lab: Option<&Answer>) -> Vec<(String, Op, Value)> {
    let empty = Map::new();
    let merged = kernel.merged.as_object().unwrap_or(&empty);
    let other = lab.and_then(|lab| lab.merged.as_object()).unwrap_or(&empty);
    let mut looks = Vec::new();
    let mut look = |op: &str, path: &str, result: Value| {
        let op = json!({ "op": op, "path": path }).as_object().cloned().unwrap_or_default();
        looks.push(("at the end".to_owned(), op, result));
    };
    let mut paths: Vec<&String> = merged.keys().chain(other.keys()).collect();
    paths.sort();
    paths.dedup();
    for path in paths.into_iter().filter(|path| *path != "/" && merged.get(*path) != other.get(*path)) {
        let Some(entry) = merged.get(path).and_then(Value::as_object) else {
            let parent = &path[..path.rfind('/').unwrap_or(0)];
            let inside =
                |other: &&String| other.strip_prefix(parent).is_some_and(|n| n.rfind('/') == Some(0));
            let names: Vec<&str> = merged.keys().filter(inside).map(|p| &p[parent.len() + 1..]).collect();
            let names: Vec<&str> = names.into_iter().filter(|name| !name.is_empty()).collect();
            look("readdir", if parent.is_empty() { "/" } else { parent }, json!({ "ok": names }));
            continue;
        };
        match text(entry, "type") {
            "error" => look("lstat", path, json!({ "errno": entry["errno"] })),
            kind => {
                look("lstat", path, json!({ "ok": status(kind, entry) }));
                if let (Some(bytes), true) = (contents::bytes(entry), kind == "file") {
                    look("read", path, json!({ "ok": contents::value(&bytes) }));
                }
            }
        }
    }
    looks
}

/// What lstat gives for an entry of the merged tree. The size of an unreadable file is not known.
fn status(kind: &str, entry: &Entry) -> Value {
    let mode = match (kind, text(entry, "mode")) {
        ("symlink", _) => "0777",
        ("dir", "") => "0755",
        (_, "") => "0644",
        (_, mode) => mode,
    };
    let id = |key: &str| entry.get(key).cloned().unwrap_or(json!(0));
    let mut status = json!({ "type": kind, "mode": mode, "uid": id("uid"), "gid": id("gid") });
    if kind != "dir" {
        status["nlink"] = entry.get("nlink").cloned().unwrap_or(json!(1));
        status["size"] = match kind {
            "file" => json!(contents::bytes(entry).map_or(0, |bytes| bytes.len())),
            _ => json!(text(entry, "target").len()),
        };
    }
    if kind == "chardev" {
        status["rdev"] = entry["rdev"].clone();
    }
    status
}

/// One operation: what it says goes into `said`, and a check holds that against the kernel's answer.
/// `open` are the numbers of the files that are open for the kernel.
fn operation(out: &mut String, name: &str, op: &Op, result: &Value, open: &mut BTreeSet<u64>) {
    let fd = ["fd", "at"].iter().find_map(|key| op.get(*key)).and_then(Value::as_u64);
    if fd.is_some_and(|fd| !open.contains(&fd)) {
        let _ = writeln!(out, "// {name}: {}: nothing is open there", crate::answer::said(op));
        return;
    }
    let (call, tells) = match text(op, "op") {
        "fopen" => fopen(op, result, open),
        _ if op.contains_key("fd") => of_file(op, open),
        _ => call(op),
    };
    let call = if text(op, "op") == "fopen" && tells {
        format!("{call};")
    } else if tells {
        format!("said = {call};")
    } else {
        format!("{call}; said = \"ok\";")
    };
    let expected = match (result.get("errno").and_then(Value::as_str), result.get("ok")) {
        (errno, _) if text(op, "op") == "access" => errno.is_none().to_string(),
        (Some(errno), _) => quoted(errno),
        (None, Some(value)) if tells => value_text(value),
        _ => quoted("ok"),
    };
    if text(op, "op") == "as" {
        let _ = writeln!(out, "{}", call.split(" said").next().unwrap_or_default());
        return;
    }
    let _ = writeln!(out, "try {{ {call} }} catch (e) {{ said = e.errno; }}");
    let name = quoted(&format!("{name}: {}", short(&crate::answer::said(op))));
    let _ = writeln!(out, "check({name}, said, {expected});");
}

/// What the kernel changed in the upper, as a comment.
fn upper_change(out: &mut String, delta: &Value) {
    for (key, sign) in [("added", '+'), ("removed", '-'), ("changed", '~')] {
        for path in delta.get(key).and_then(Value::as_array).into_iter().flatten() {
            let _ = writeln!(out, "// upper {sign} {}", short(path.as_str().unwrap_or_default()));
        }
    }
}

/// The call, and whether it gives a value that tells something.
fn call(op: &Op) -> (String, bool) {
    let name = text(op, "op");
    let path = quoted(text(op, "path"));
    let number = |key: &str| op.get(key).and_then(Value::as_i64).unwrap_or(0);
    let mode = octal(op.get("mode"));
    let data = || quoted(&String::from_utf8_lossy(&contents::bytes(op).unwrap_or_default()));
    let plain = |call: String| (call, false);
    match name {
        "restart" | "remount" => plain(format!("m.{name}()")),
        "as" => {
            let groups = op.get("groups").map_or("[]".to_owned(), Value::to_string);
            plain(format!("m.as_user({}, {}, {groups})", number("uid"), number("gid")))
        }
        "rename" | "rename_noreplace" | "rename_exchange" | "link" => {
            plain(format!("m.{name}({}, {})", quoted(text(op, "src")), quoted(text(op, "dst"))))
        }
        "symlink" => plain(format!("m.symlink({}, {path})", quoted(text(op, "target")))),
        "mkdir" | "chmod" | "mkfifo" => plain(format!("m.{name}({path}, {mode})")),
        "mkchar" => {
            let rdev = |at: usize| op.get("rdev").map_or(0, |rdev| rdev[at].as_u64().unwrap_or(0));
            plain(format!("m.mkchar({path}, {}, {}, {mode})", rdev(0), rdev(1)))
        }
        "create" => plain(format!("m.create({path}, {}, {mode})", data())),
        // The lab's own `write` and `append` make a missing file, as a shell does.
        "write" => plain(format!("m.open({path}, \"WRONLY|TRUNC\", {})", data())),
        "append" => plain(format!("m.open({path}, \"WRONLY|APPEND\", {})", data())),
        "open" => open(op),
        "truncate" => plain(format!("m.truncate({path}, {})", number("size"))),
        "chown" | "lchown" => plain(format!("m.{name}({path}, {}, {})", number("uid"), number("gid"))),
        // The lab's own `touch` makes a missing file, as the program does.
        "touch" => plain(format!("m.utimes({path})")),
        "access" => (format!("m.access({path}, {})", number("mode")), true),
        "utimes" => plain(format!("m.utimes({path}, 1)")),
        "setxattr" => {
            let (key, value) = (quoted(text(op, "name")), quoted(text(op, "value")));
            plain(format!("m.setxattr({path}, {key}, {value})"))
        }
        "removexattr" => plain(format!("m.removexattr({path}, {})", quoted(text(op, "name")))),
        "getxattr" => (format!("m.getxattr({path}, {})", quoted(text(op, "name"))), true),
        "read" | "readlink" | "readdir" | "stat" | "lstat" | "listxattr" => {
            (format!("m.{name}({path})"), true)
        }
        _ => plain(format!("m.{name}({path})")),
    }
}

/// Opens a file that stays open. The variable is named after the number that the kernel gave.
fn fopen(op: &Op, result: &Value, open: &mut BTreeSet<u64>) -> (String, bool) {
    let from = op.get("at").map_or("m".to_owned(), |at| format!("f{at}"));
    let opened = format!("{from}.open({}, \"{}\")", quoted(text(op, "path")), flags(op));
    match result["ok"].as_u64() {
        Some(number) => {
            open.insert(number);
            (format!("f{number} = {opened}; said = f{number}.fd"), true)
        }
        None => (opened, false),
    }
}

/// A call of a file that is open.
fn of_file(op: &Op, open: &mut BTreeSet<u64>) -> (String, bool) {
    let number = |key: &str| op.get(key).and_then(Value::as_i64).unwrap_or(0);
    let data = || quoted(&String::from_utf8_lossy(&contents::bytes(op).unwrap_or_default()));
    let (word, arguments, tells) = match text(op, "op") {
        "fclose" => {
            open.remove(&(number("fd") as u64));
            ("close", String::new(), false)
        }
        "fread" => ("read", op.get("size").map_or(String::new(), Value::to_string), true),
        "fpread" => ("pread", format!("{}, {}", number("offset"), number("size")), true),
        "fwrite" => ("write", data(), true),
        "fpwrite" => ("pwrite", format!("{}, {}", number("offset"), data()), true),
        "fseek" => ("seek", format!("{}, {}", number("offset"), quoted(text(op, "whence"))), true),
        "ftruncate" => ("truncate", number("size").to_string(), false),
        "fstat" => ("stat", String::new(), true),
        "freaddir" => ("ls", String::new(), true),
        "fchmod" => ("chmod", octal(op.get("mode")), false),
        "fchown" => ("chown", format!("{}, {}", number("uid"), number("gid")), false),
        "fsetxattr" => {
            ("setxattr", format!("{}, {}", quoted(text(op, "name")), quoted(text(op, "value"))), false)
        }
        "fgetxattr" => ("getxattr", quoted(text(op, "name")), true),
        _ => ("fsync", String::new(), false),
    };
    (format!("f{}.{word}({arguments})", number("fd")), tells)
}

fn flags(op: &Op) -> String {
    let flags = op.get("flags").and_then(Value::as_array).into_iter().flatten();
    flags.filter_map(Value::as_str).collect::<Vec<_>>().join("|")
}

fn open(op: &Op) -> (String, bool) {
    let flags = flags(op).replace("O_", "");
    let read = op.contains_key("read");
    let mut options = vec![format!("read: {read}")];
    if op.contains_key("mode") {
        options.push(format!("mode: {}", octal(op.get("mode"))));
    }
    if op.contains_key("data") {
        options.push(format!("data: {}", quoted(text(op, "data"))));
    }
    let path = quoted(text(op, "path"));
    (format!("m.open({path}, \"{flags}\", #{{ {} }})", options.join(", ")), read)
}

fn options(case: &Case) -> String {
    let mut options = Vec::new();
    for (name, on) in case.options.switches() {
        // `redirect_dir: false` is the option written out, as in the corpus; userxattr forbids that.
        if on || (name == "redirect_dir" && !case.options.userxattr) {
            options.push(format!("{name}: {on}"));
        }
    }
    if case.options.userxattr {
        options.push("userxattr: true".to_owned());
    }
    if !case.data.is_empty() {
        let data: Vec<String> = (0..case.data.len()).map(|at| format!("data{at}")).collect();
        options.push(format!("data: [{}]", data.join(", ")));
    }
    if !case.upper.is_empty() {
        options.push(format!("upper: {}", map(&case.upper)));
    }
    if options.is_empty() { "#{}".to_owned() } else { format!("#{{ {} }}", options.join(", ")) }
}

fn entries(tree: &Map<String, Value>) -> Layer {
    tree.iter().filter_map(|(path, entry)| Some((path.clone(), entry.as_object()?.clone()))).collect()
}

fn layer(layer: &Layer) -> String {
    format!("layer({})", map(layer))
}

fn map(layer: &Layer) -> String {
    if layer.is_empty() {
        return "#{}".to_owned();
    }
    let lines: Vec<String> =
        layer.iter().map(|(path, one)| format!("    {}: {},\n", quoted(path), entry(one))).collect();
    format!("#{{\n{}}}", lines.concat())
}

fn entry(entry: &Entry) -> String {
    if entry.contains_key("hardlink") {
        return format!("hardlink({})", quoted(text(entry, "hardlink")));
    }
    let mut options = Vec::new();
    for key in ["uid", "gid"] {
        options.extend(entry.get(key).map(|id| format!("{key}: {id}")));
    }
    if let Some(xattrs) = entry.get("xattrs") {
        options.push(format!("xattrs: {}", value_text(xattrs)));
    }
    for key in ["opaque", "whiteout"] {
        options.extend(entry.get(key).map(|mark| format!("{key}: {mark}")));
    }
    if entry.contains_key("redirect") {
        options.push(format!("redirect: {}", quoted(text(entry, "redirect"))));
    }
    if entry.contains_key("metacopy") {
        options.push(format!("metacopy: {}", entry.get("size").cloned().unwrap_or(json!(0))));
    }
    let kind = text(entry, "type");
    if kind != "dir" && entry.contains_key("mode") {
        options.push(format!("mode: {}", octal(entry.get("mode"))));
    }
    let data = || quoted(&String::from_utf8_lossy(&contents::bytes(entry).unwrap_or_default()));
    let mut arguments = match kind {
        "whiteout" => return "whiteout()".to_owned(),
        "dir" => vec![if entry.contains_key("mode") { octal(entry.get("mode")) } else { "0o755".to_owned() }],
        "file" if text(entry, "fill") == "x" => vec![entry["size"].to_string()],
        "file" => vec![data()],
        "symlink" => vec![quoted(text(entry, "target"))],
        "fifo" => Vec::new(),
        _ => vec![entry["rdev"][0].to_string(), entry["rdev"][1].to_string()],
    };
    if !options.is_empty() {
        arguments.push(format!("#{{ {} }}", options.join(", ")));
    }
    let kind = if text(entry, "fill") == "x" { "filled" } else { kind };
    format!("{kind}({})", arguments.join(", "))
}

fn octal(mode: Option<&Value>) -> String {
    let mode = mode.and_then(Value::as_str).and_then(|mode| u32::from_str_radix(mode, 8).ok());
    format!("0o{:03o}", mode.unwrap_or(0o644))
}

/// A result as Rhai writes it.
fn value_text(value: &Value) -> String {
    match value {
        Value::String(text) => quoted(text),
        Value::Array(list) => format!("[{}]", list.iter().map(value_text).collect::<Vec<_>>().join(", ")),
        Value::Object(object) if contents::bytes(object).is_some() && !object.contains_key("type") => {
            quoted(&String::from_utf8_lossy(&contents::bytes(object).unwrap_or_default()))
        }
        Value::Object(object) => {
            let field = |(key, value): (&String, &Value)| match &key[..] {
                "mode" => format!("{key}: {}", octal(Some(value))),
                _ if key.contains('.') => format!("{}: {}", quoted(key), value_text(value)),
                _ => format!("{key}: {}", value_text(value)),
            };
            format!("#{{ {} }}", object.iter().map(field).collect::<Vec<_>>().join(", "))
        }
        other => other.to_string(),
    }
}

fn quoted(text: &str) -> String {
    let mut out = String::from("\"");
    for c in text.chars() {
        match c {
            '"' | '\\' => out.extend(['\\', c]),
            '\n' => out.push_str("\\n"),
            c if (c as u32) < 32 => drop(write!(out, "\\x{:02x}", c as u32)),
            c => out.push(c),
        }
    }
    out + "\""
}

/// Names for people need no 4,096 characters.
fn short(text: &str) -> String {
    match text.char_indices().nth(70) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text.to_owned(),
    }
}
