//! The book's reference is written from the program's own tables, so it can lack nothing; its pictures are
//! drawn by the program; its links lead somewhere. `LAYERLAB_UPDATE=1` writes the pages and pictures anew;
//! read what changed.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod screen;

use layerlab::cli::EXIT_CODES;
use layerlab::command::docker;
use layerlab::script::methods::{METHODS, Method};
use layerlab::script::vocabulary::WORDS;
use screen::screen;
use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};

fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

/// The file holds this text, or gets it.
fn holds(file: &str, text: &str) {
    let path = root().join(file);
    if std::env::var_os("LAYERLAB_UPDATE").is_some() {
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(&path, text).unwrap();
        return;
    }
    let kept = fs::read_to_string(&path).unwrap_or_default();
    assert!(
        kept == text,
        "{file} is out of date; LAYERLAB_UPDATE=1 cargo test --test reference writes it\n{}",
        similar::TextDiff::from_lines(&kept, text).unified_diff()
    );
}

/// Text between the bars of a table.
fn cell(text: &str) -> String {
    text.replace('|', "\\|")
}

#[test]
fn words_and_commands() {
    let mut page = String::from(
        "# Words and commands\n\nWhat begins a line in the lab. Everything else is Rhai: [functions](reference-functions.md).\n\n\
         ## Words of the session\n\n| word | followed by | what it does |\n| --- | --- | --- |\n",
    );
    for word in WORDS {
        writeln!(page, "| `{}` | {} | {} |", word.name, code(word.usage), cell(word.about)).unwrap();
    }
    page.push_str("\n`$ LINE` runs a shell line on the lab's own host.\n\n## docker\n\n");
    page.push_str(
        "`docker help COMMAND` prints the same in the lab. `docker --storage-driver=NAME COMMAND` runs one ",
    );
    page.push_str("command with another storage driver.\n\n| command | what it does |\n| --- | --- |\n");
    for sub in docker::subcommands() {
        let usage = format!("docker {} {}", sub.name, sub.usage);
        writeln!(page, "| {} | {} |", code(usage.trim_end()), cell(sub.about)).unwrap();
    }
    page.push_str("\n### Flags\n");
    for sub in docker::subcommands().filter(|sub| !sub.flags.is_empty()) {
        writeln!(page, "\n`docker {}`\n\n| flag | what it does |\n| --- | --- |", sub.name).unwrap();
        for flag in sub.flags {
            let short = flag.short.map_or(String::new(), |letter| format!("-{letter}, "));
            let value = flag.value.map_or(String::new(), |value| format!(" {value}"));
            writeln!(page, "| {} | {} |", code(&format!("{short}--{}{value}", flag.long)), cell(flag.help))
                .unwrap();
        }
    }
    page.push_str("\n## Exit codes of `layerlab`\n\n| code | meaning |\n| --- | --- |\n");
    for (code, words) in EXIT_CODES {
        writeln!(page, "| {code} | {} |", cell(words)).unwrap();
    }
    holds("book/src/reference-words.md", &page);
}

fn code(text: &str) -> String {
    if text.is_empty() { String::new() } else { format!("`{}`", cell(text)) }
}

#[test]
fn functions() {
    let mut page = String::from(
        "# Functions\n\nWhat a script can call, by the type that has it. `help NAME` prints the same in the lab.\n",
    );
    let mut kinds: Vec<&str> = Vec::new();
    for kind in METHODS.iter().flat_map(|method| method.of) {
        if !kinds.contains(kind) {
            kinds.push(kind);
        }
    }
    let section = |page: &mut String, title: &str, rows: &mut dyn Iterator<Item = &Method>| {
        writeln!(page, "\n## {title}\n\n| call | what it does |\n| --- | --- |").unwrap();
        for method in rows {
            writeln!(page, "| {} | {} |", code(&method.signature()), cell(method.about)).unwrap();
        }
    };
    section(&mut page, "Functions of no type", &mut METHODS.iter().filter(|method| method.of.is_empty()));
    for kind in kinds {
        section(&mut page, kind, &mut METHODS.iter().filter(|method| method.of.contains(&kind)));
    }
    holds("book/src/reference-functions.md", &page);
}

/// A variant of an enum as its source tells it: its name, what its comment says, its fields.
struct Variant {
    name: String,
    about: String,
    fields: Vec<(String, String)>,
}

/// The variants of `pub enum NAME` in a source file. Comments and names stand on lines of their own there.
fn variants(file: &str, name: &str) -> Vec<Variant> {
    let text = fs::read_to_string(root().join(file)).unwrap();
    let start = text.find(&format!("pub enum {name} {{")).unwrap();
    let body = &text[start..start + text[start..].find("\n}\n").unwrap()];
    let (mut all, mut about) = (Vec::<Variant>::new(), String::new());
    for line in body.lines().skip(1) {
        let indent = line.len() - line.trim_start().len();
        let line = line.trim();
        if let Some(words) = line.strip_prefix("///") {
            about = format!("{about} {}", words.trim());
        } else if indent == 4 && line.starts_with(|first: char| first.is_ascii_uppercase()) {
            let name = line.split(|c: char| !c.is_alphanumeric()).next().unwrap();
            all.push(Variant { name: snake(name), about: std::mem::take(&mut about), fields: Vec::new() });
        } else if indent == 8 && !line.starts_with('#') && !line.starts_with("//") {
            let field = line.split(':').next().unwrap().to_owned();
            all.last_mut().unwrap().fields.push((field, std::mem::take(&mut about)));
        }
    }
    assert!(all.len() > 3, "{file}: {name}");
    all
}

fn snake(name: &str) -> String {
    let mut snake = String::new();
    for (at, c) in name.char_indices() {
        if c.is_ascii_uppercase() && at > 0 {
            snake.push('_');
        }
        snake.push(c.to_ascii_lowercase());
    }
    snake
}

/// A comment for readers of the book: links into the code become plain words.
fn plain(comment: &str) -> String {
    let comment = comment.trim().replace("[`", "`").replace("`]", "`");
    cell(comment.trim_end_matches('.'))
}

#[test]
fn events_and_reasons() {
    let mut page = String::from(
        "# Events and reasons\n\nEvery line of `--json` and of `trace json` is one event. `event` says which; most carry \
         `paid`, what the storage\ndriver paid for it: `read`, `written`, `copied` (bytes), `inodes`, `links`, \
         `lookups`, `entries`. Fields that are\nempty are left out.\n\n| event | what happened | fields |\n| --- | --- | --- |\n",
    );
    for variant in variants("src/trace/event.rs", "Event") {
        let fields: Vec<String> = variant.fields.iter().map(|(field, _)| format!("`{field}`")).collect();
        writeln!(page, "| `{}` | {} | {} |", variant.name, plain(&variant.about), fields.join(" ")).unwrap();
    }
    page.push_str(
        "\n## Verdicts\n\nWhat a builder decided of a step.\n\n| verdict | meaning |\n| --- | --- |\n",
    );
    for variant in variants("src/trace/key.rs", "Verdict") {
        writeln!(page, "| `{}` | {} |", variant.name.to_uppercase(), plain(&variant.about)).unwrap();
    }
    page.push_str("\n## Reasons of a MISS\n\n| `why` | meaning | with |\n| --- | --- | --- |\n");
    for variant in variants("src/trace/key.rs", "Reason") {
        let fields: Vec<String> =
            variant.fields.iter().map(|(field, about)| format!("`{field}`: {}", plain(about))).collect();
        writeln!(page, "| `{}` | {} | {} |", variant.name, plain(&variant.about), fields.join("; ")).unwrap();
    }
    holds("book/src/reference-events.md", &page);
}

fn chapters() -> Vec<PathBuf> {
    let mut pages: Vec<PathBuf> = fs::read_dir(root().join("book/src"))
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.extension().is_some_and(|end| end == "md"))
        .collect();
    pages.sort();
    pages
}

/// `<!-- drawn: img/NAME.svg`, lines for a fresh lab, `-->`: the last `stack --svg` of them is the picture.
#[test]
fn pictures_are_drawn_by_the_program() {
    let mut drawn = 0;
    for page in chapters() {
        let text = fs::read_to_string(&page).unwrap();
        for block in text.split("<!-- drawn: ").skip(1) {
            let (file, rest) = block.split_once('\n').unwrap();
            let lines: Vec<&str> = rest.split("-->").next().unwrap().lines().collect();
            let said = screen(&lines);
            let start =
                said.rfind("<svg").unwrap_or_else(|| panic!("{}: no picture in\n{said}", page.display()));
            let end = said.rfind("</svg>\n").unwrap() + "</svg>\n".len();
            assert!(text.contains(&format!("]({})", file.trim())), "{}: {file} is not shown", page.display());
            holds(&format!("book/src/{}", file.trim()), &said[start..end]);
            drawn += 1;
        }
    }
    assert!(drawn >= 3, "{drawn} pictures");
}

/// Headings as anchors, as mdBook makes them.
fn anchors(text: &str) -> Vec<String> {
    let headings = text.lines().filter(|line| line.starts_with('#'));
    headings
        .map(|line| {
            let title = line.trim_start_matches('#').trim();
            let kept = title.chars().filter(|c| c.is_alphanumeric() || matches!(c, ' ' | '-' | '_'));
            kept.map(|c| if c == ' ' { '-' } else { c.to_ascii_lowercase() }).collect()
        })
        .collect()
}

/// Links outside of code: what stands in `](…)`.
fn links(text: &str) -> Vec<String> {
    let mut links = Vec::new();
    let mut fenced = false;
    for line in text.lines() {
        if line.starts_with("```") {
            fenced = !fenced;
        }
        if fenced {
            continue;
        }
        let plain: String = line.split('`').step_by(2).collect::<Vec<_>>().join("`");
        for rest in plain.split("](").skip(1) {
            links.push(rest.split(')').next().unwrap().to_owned());
        }
    }
    links
}

#[test]
fn the_readme_leads_to_every_chapter() {
    let summary = fs::read_to_string(root().join("book/src/SUMMARY.md")).unwrap();
    let readme = fs::read_to_string(root().join("README.md")).unwrap();
    for link in links(&summary) {
        assert!(readme.contains(&format!("](book/src/{link})")), "README.md lacks book/src/{link}");
    }
}

#[test]
fn every_link_leads_somewhere() {
    let mut pages = chapters();
    pages.push(root().join("README.md"));
    let mut checked = 0;
    for page in pages {
        let text = fs::read_to_string(&page).unwrap();
        for link in links(&text) {
            checked += 1;
            if link.starts_with("https://") {
                assert!(!link.contains(' ') && link.len() > 12, "{}: {link}", page.display());
                continue;
            }
            let (file, anchor) =
                link.split_once('#').map_or((link.as_str(), None), |(file, at)| (file, Some(at)));
            let target: PathBuf = match file {
                "" => page.clone(),
                file => page.parent().unwrap().join(Path::new(file)),
            };
            assert!(target.exists(), "{}: {link} leads nowhere", page.display());
            if let Some(anchor) = anchor {
                let there = anchors(&fs::read_to_string(&target).unwrap());
                assert!(
                    there.contains(&anchor.to_owned()),
                    "{}: no #{anchor}; there are {there:?}",
                    page.display()
                );
            }
        }
    }
    assert!(checked > 30, "{checked} links");
}
