//! `ls`.

use super::arguments::{Arguments, Spec};
use super::describe::{blocks, human, type_letter};
use super::mode;
use crate::shell::call::Call;
use crate::shell::pattern::Pattern;
use crate::shell::{text, users};
use crate::union::{Stat, StatKind};

const LS: Spec = Spec {
    flags: "aA1dFghHiklLnopqQrRsStUuvXcmNpfGB",
    values: "wIT",
    long: &[
        ("all", "a"),
        ("almost-all", "A"),
        ("directory", "d"),
        ("human-readable", "h"),
        ("recursive", "R"),
        ("reverse", "r"),
        ("size", "s"),
        ("classify", "F"),
        ("inode", "i"),
        ("color", "color"),
        ("group-directories-first", "group-first"),
        ("full-time", "full-time"),
        ("time-style=", "time-style"),
        ("numeric-uid-gid", "n"),
        ("no-group", "G"),
        ("dereference", "L"),
        ("ignore=", "I"),
        ("quote-name", "Q"),
        ("literal", "N"),
        ("kibibytes", "k"),
        ("sort=", "sort"),
    ],
};

struct Row {
    name: String,
    stat: Stat,
    target: Option<String>,
}

/// What is listed, and what could not be.
struct Listing {
    args: Arguments,
    long: bool,
    status: i32,
    /// Something was printed: a directory's head gets an empty line before it.
    begun: bool,
}

pub(super) fn ls(call: &mut Call<'_, '_>) -> i32 {
    let args = match Arguments::parse(call, &LS) {
        Ok(args) => args,
        Err(status) => return status,
    };
    if args.value("color") == Some("always") {
        return call.m.not_modelled("ls --color=always");
    }
    let long = args.any("lgno") || args.has("full-time");
    let operands = if args.operands.is_empty() { vec![".".to_owned()] } else { args.operands.clone() };
    let mut listing = Listing { args, long, status: 0, begun: false };
    let (mut files, dirs) = listing.operands(call, &operands);
    let heads = operands.len() > 1 || listing.args.has("R");
    arrange(&mut files, &listing.args);
    listing.begun = !files.is_empty();
    print(call, files, &listing, false);
    let mut dirs = dirs;
    arrange(&mut dirs, &listing.args);
    let mut open: Vec<String> = dirs.into_iter().rev().map(|row| row.name).collect();
    while let Some(dir) = open.pop() {
        if call.broken() {
            break;
        }
        listing.directory(call, &dir, heads, &mut open);
    }
    listing.status
}

impl Listing {
    fn trouble(&mut self, call: &Call<'_, '_>) {
        self.status = if call.busybox { 1 } else { 2 };
    }

    /// Files and directories of the command line.
    fn operands(&mut self, call: &mut Call<'_, '_>, operands: &[String]) -> (Vec<Row>, Vec<Row>) {
        let (mut files, mut dirs) = (Vec::new(), Vec::new());
        for operand in operands {
            let bytes = text::encode(operand).into_owned();
            // A symlink to a directory is listed as that directory, unless -l or -d shows the link.
            let found = match (self.args.has("L") || !self.long, call.busybox) {
                (true, true) => call.m.stat(&bytes),
                (true, false) if !self.args.has("d") || self.args.has("L") => {
                    call.m.stat(&bytes).or_else(|_| call.m.lstat(&bytes))
                }
                _ => call.m.lstat(&bytes),
            };
            match found {
                Ok(stat) => {
                    let dir = stat.kind == StatKind::Dir && !self.args.has("d");
                    if let Some(mut row) = self.row(call, operand, operand) {
                        if dir {
                            row.stat = stat;
                            dirs.push(row);
                        } else {
                            files.push(row);
                        }
                    }
                }
                Err(errno) => {
                    call.either_errno(operand, &format!("cannot access '{operand}'"), errno);
                    self.trouble(call);
                }
            }
        }
        (files, dirs)
    }

    fn directory(&mut self, call: &mut Call<'_, '_>, dir: &str, heads: bool, open: &mut Vec<String>) {
        let names = match call.m.readdir(&text::encode(dir)) {
            Ok(names) => names,
            Err(errno) => {
                let gnu = format!("cannot open directory '{dir}'");
                call.either_errno(&format!("can't open '{dir}'"), &gnu, errno);
                return self.trouble(call);
            }
        };
        if heads {
            call.out(&format!("{}{dir}:\n", if self.begun { "\n" } else { "" }));
        }
        self.begun = true;
        let base = if dir.ends_with('/') { dir.to_owned() } else { format!("{dir}/") };
        let mut rows = Vec::new();
        if self.args.any("af") {
            for name in [".", ".."] {
                rows.extend(self.row(call, name, &format!("{base}{name}")));
            }
        }
        let ignored: Vec<Pattern> = self.args.values("I").map(Pattern::new).collect();
        for name in &names {
            let name = text::decode(name);
            let hidden = name.starts_with('.') && !self.args.any("aAf")
                || self.args.has("B") && name.ends_with('~')
                || ignored.iter().any(|pattern| pattern.matches_text(&name));
            if !hidden {
                rows.extend(self.row(call, &name, &format!("{base}{name}")));
            }
        }
        arrange(&mut rows, &self.args);
        if self.args.has("R") {
            let below = rows
                .iter()
                .filter(|row| row.stat.kind == StatKind::Dir && row.name != "." && row.name != "..");
            let below: Vec<String> = below.map(|row| format!("{base}{}", row.name)).collect();
            open.extend(below.into_iter().rev());
        }
        let total = self.long || self.args.has("s");
        print(call, rows, self, total);
    }

    fn row(&self, call: &mut Call<'_, '_>, name: &str, path: &str) -> Option<Row> {
        let bytes = text::encode(path).into_owned();
        let stat = if self.args.has("L") {
            call.m.stat(&bytes).or_else(|_| call.m.lstat(&bytes))
        } else {
            call.m.lstat(&bytes)
        };
        let stat = stat.ok()?;
        let target = (stat.kind == StatKind::Symlink && self.long)
            .then(|| call.m.readlink(&bytes).ok().map(|target| text::decode(&target)))
            .flatten();
        Some(Row { name: name.to_owned(), stat, target })
    }
}

fn arrange(rows: &mut [Row], args: &Arguments) {
    let sort = args.value("sort");
    if args.any("Uf") || sort == Some("none") {
        return;
    }
    rows.sort_by(|a, b| a.name.as_bytes().cmp(b.name.as_bytes()));
    if args.has("S") || sort == Some("size") {
        let size = |row: &Row| if row.stat.kind == StatKind::Dir { 4096 } else { row.stat.size };
        rows.sort_by_key(|row| std::cmp::Reverse(size(row)));
    }
    if args.has("t") || sort == Some("time") {
        rows.sort_by_key(|row| std::cmp::Reverse(row.stat.mtime));
    }
    if args.has("v") || sort == Some("version") {
        rows.sort_by(|a, b| super::sort::version(&a.name, &b.name));
    }
    if args.has("X") || sort == Some("extension") {
        let extension = |row: &Row| row.name.rfind('.').map(|at| row.name[at..].to_owned());
        rows.sort_by_key(extension);
    }
    if args.has("r") {
        rows.reverse();
    }
    if args.has("group-first") {
        rows.sort_by_key(|row| row.stat.kind != StatKind::Dir);
    }
}

fn print(call: &mut Call<'_, '_>, rows: Vec<Row>, listing: &Listing, total: bool) {
    let args = &listing.args;
    if total {
        let blocks: u64 = rows.iter().map(|row| blocks(&row.stat)).sum();
        let shown = if args.has("h") { human(blocks * 1024, call.busybox) } else { blocks.to_string() };
        call.out(&format!("total {shown}\n"));
    }
    let lines = if listing.long { long_lines(call, &rows, args) } else { vec![String::new(); rows.len()] };
    let widest = |cell: &dyn Fn(&Row) -> String| rows.iter().map(|row| cell(row).len()).max().unwrap_or(0);
    let inode = |row: &Row| row.stat.id.1.to_string();
    let kib = |row: &Row| match args.has("h") {
        true => human(blocks(&row.stat) * 1024, call.busybox),
        false => blocks(&row.stat).to_string(),
    };
    let (inodes, kibs) = match call.busybox {
        true => (7, 6),
        false => (widest(&inode), widest(&kib)),
    };
    let mut items = Vec::new();
    for (row, line) in rows.iter().zip(lines) {
        let mut item = String::new();
        if args.has("i") {
            item.push_str(&format!("{:>inodes$} ", inode(row)));
        }
        if args.has("s") {
            item.push_str(&format!("{:>kibs$} ", kib(row)));
        }
        let name = if args.has("Q") { format!("\"{}\"", row.name) } else { row.name.clone() };
        let arrow = row.target.as_ref().map(|target| format!(" -> {target}")).unwrap_or_default();
        item.push_str(&format!("{line}{name}{}{arrow}", mark(row, args)));
        items.push(item);
    }
    if args.has("m") && !listing.long {
        if !items.is_empty() {
            call.out(&format!("{}\n", items.join(", ")));
        }
        return;
    }
    for item in items {
        call.out(&item);
        call.out("\n");
    }
}

/// `-F`, `-p`.
fn mark(row: &Row, args: &Arguments) -> &'static str {
    match row.stat.kind {
        StatKind::Dir if args.any("Fp") => "/",
        StatKind::Symlink if args.has("F") && row.target.is_none() => "@",
        StatKind::Fifo if args.has("F") => "|",
        StatKind::File if args.has("F") && row.stat.mode & 0o111 != 0 => "*",
        _ => "",
    }
}

/// What `-l` shows before each name.
fn long_lines(call: &mut Call<'_, '_>, rows: &[Row], args: &Arguments) -> Vec<String> {
    let people = users::users(call.m);
    let groups = users::groups(call.m);
    let owner = |uid: u32| match people.iter().find(|user| user.uid == uid).filter(|_| !args.has("n")) {
        Some(user) => user.name.clone(),
        None => uid.to_string(),
    };
    let group = |gid: u32| match groups.iter().find(|group| group.gid == gid).filter(|_| !args.has("n")) {
        Some(group) => group.name.clone(),
        None => gid.to_string(),
    };
    let busybox = call.busybox;
    let size = |stat: &Stat| match stat.kind {
        StatKind::CharDev(major, minor) => format!("{major}, {minor:>3}"),
        StatKind::Dir if args.has("h") => human(4096, busybox),
        StatKind::Dir => "4096".to_owned(),
        _ if args.has("h") => human(stat.size, busybox),
        _ => stat.size.to_string(),
    };
    let cells: Vec<[String; 4]> = rows
        .iter()
        .map(|row| {
            let links = if row.stat.kind == StatKind::Dir { 2 } else { row.stat.nlink };
            [links.to_string(), owner(row.stat.uid), group(row.stat.gid), size(&row.stat)]
        })
        .collect();
    // busybox has fixed columns, GNU ls fits them.
    let width = |i: usize, fixed: usize| match busybox {
        true => fixed,
        false => cells.iter().filter_map(|c| c.get(i)).map(String::len).max().unwrap_or(0),
    };
    let widths = [width(0, 4), width(1, 8), width(2, 8), width(3, 9)];
    let mut lines = Vec::new();
    for (row, [links, owner, group, size]) in rows.iter().zip(&cells) {
        let [w0, w1, w2, w3] = widths;
        let numbers = args.has("n") && !busybox;
        let named = |text: &str, width: usize| match numbers {
            true => format!("{text:>width$} "),
            false => format!("{text:<width$} "),
        };
        let owner = if args.has("g") { String::new() } else { named(owner, w1) };
        let group = if args.any("oG") { String::new() } else { named(group, w2) };
        let letters = format!("{}{}", type_letter(row.stat.kind), mode::letters(row.stat.mode));
        let time = shown_time(call, args, row.stat.mtime);
        lines.push(format!("{letters} {links:>w0$} {owner}{group}{size:>w3$} {time} "));
    }
    lines
}

fn shown_time(call: &Call<'_, '_>, args: &Arguments, seconds: i64) -> String {
    let style = if args.has("full-time") { Some("full-iso") } else { args.value("time-style") };
    let format = match style {
        Some("full-iso") if call.busybox => "%Y-%m-%d %H:%M:%S %z",
        Some("full-iso") => "%Y-%m-%d %H:%M:%S.000000000 %z",
        Some("long-iso") => "%Y-%m-%d %H:%M",
        Some("iso") => "%m-%d %H:%M",
        Some(other) => match other.strip_prefix('+') {
            Some(own) => own,
            None => return super::date::short_time(seconds),
        },
        None => return super::date::short_time(seconds),
    };
    super::date::shown(seconds, format)
}

/// A line of `find -ls`.
pub(super) fn find_line(call: &mut Call<'_, '_>, path: &str, stat: &Stat) -> String {
    let user = users::by_uid(call.m, stat.uid).map_or(stat.uid.to_string(), |user| user.name);
    let group = users::group_by_gid(call.m, stat.gid).map_or(stat.gid.to_string(), |group| group.name);
    let size = if stat.kind == StatKind::Dir { 4096 } else { stat.size };
    let target = match stat.kind {
        StatKind::Symlink => call.m.readlink(&text::encode(path)).ok().map(|t| text::decode(&t)),
        _ => None,
    };
    let arrow = target.map(|target| format!(" -> {target}")).unwrap_or_default();
    format!(
        "{:>9} {:>6} {}{} {:>3} {user:<8} {group:<8} {size:>8} {} {path}{arrow}\n",
        stat.id.1,
        blocks(stat),
        type_letter(stat.kind),
        mode::letters(stat.mode),
        stat.nlink,
        super::date::short_time(stat.mtime),
    )
}
