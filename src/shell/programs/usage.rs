//! How a program answers a wrong call: busybox with its form, the GNU tools with a pointer to `--help`.

use super::arguments::Wrong;
use super::known_options::{APPLETS, TOOLS};
use crate::shell::call::Call;

/// The options that a real program has.
#[derive(Clone, Copy)]
pub(crate) struct Known {
    letters: &'static str,
    long: &'static str,
}

impl Known {
    pub fn letter(self, letter: char) -> bool {
        letter != ':' && self.letters.contains(letter)
    }

    /// The whole name of a long option that may be cut short. `word` is what stood there.
    pub fn name<'a>(self, given: &'a str, word: &str) -> Result<&'a str, Wrong>
    where
        Self: 'a,
    {
        let mut found = None;
        for name in self.long.split(' ').map(|name| name.trim_end_matches('=')) {
            if name == given {
                return Ok(given);
            }
            if name.starts_with(given) && !given.is_empty() {
                if found.is_some() {
                    return Err(Wrong::Ambiguous(word.to_owned()));
                }
                found = Some(name);
            }
        }
        found.ok_or_else(|| Wrong::Unknown(word.to_owned()))
    }
}

fn applet(name: &str) -> Option<&'static (&'static str, &'static str, &'static str, i32, &'static str)> {
    let at = APPLETS.binary_search_by(|row| row.0.cmp(name)).ok()?;
    APPLETS.get(at)
}

fn tool(name: &str) -> Option<&'static (&'static str, &'static str, &'static str, i32)> {
    let at = TOOLS.binary_search_by(|row| row.0.cmp(name)).ok()?;
    TOOLS.get(at)
}

/// The options of the program that is being called, if there is a table of them.
pub(super) fn known(call: &Call<'_, '_>) -> Option<Known> {
    if call.busybox {
        return applet(&call.name).map(|row| Known { letters: row.1, long: row.2 });
    }
    tool(&call.name).map(|row| Known { letters: row.1, long: row.2 })
}

/// Answers a wrong option as the program's getopt does; the exit status.
pub(super) fn wrong(call: &mut Call<'_, '_>, wrong: &Wrong) -> i32 {
    if let Wrong::NotModelled(option) = wrong {
        let what = format!("{} {option}", call.name);
        return call.m.not_modelled(&what);
    }
    if let Wrong::Unknown(name) = wrong
        && !call.busybox
        && matches!(name.as_str(), "help" | "version")
    {
        return about(call, name);
    }
    let text = getopt(call, wrong);
    if call.busybox {
        call.fail(&text);
    }
    call.usage(&text)
}

/// The words of getopt_long, which musl and glibc have each their own of.
fn getopt(call: &Call<'_, '_>, wrong: &Wrong) -> String {
    let short = |name: &str| name.chars().count() == 1;
    match wrong {
        Wrong::Unknown(name) if call.m.musl => format!("unrecognized option: {name}"),
        Wrong::Unknown(name) if short(name) => format!("invalid option -- '{name}'"),
        Wrong::Unknown(name) => format!("unrecognized option '--{name}'"),
        Wrong::Ambiguous(name) if call.m.musl => format!("option is ambiguous: {name}"),
        Wrong::Ambiguous(name) => format!("option '--{name}' is ambiguous"),
        Wrong::NoValue(name) if call.m.musl => format!("option requires an argument: {name}"),
        Wrong::NoValue(name) if short(name) => format!("option requires an argument -- '{name}'"),
        Wrong::NoValue(name) => format!("option '--{name}' requires an argument"),
        Wrong::NotModelled(option) => option.clone(),
    }
}

/// `--help` and `--version`: the first line of what Debian's program says.
fn about(call: &mut Call<'_, '_>, which: &str) -> i32 {
    let name = call.name.clone();
    let version = match name.as_str() {
        "grep" | "egrep" | "fgrep" => "grep (GNU grep) 3.8",
        "sed" => "sed (GNU sed) 4.9",
        "tar" => "tar (GNU tar) 1.34",
        "gzip" | "gunzip" | "zcat" => "gzip 1.12",
        "xargs" => "xargs (GNU findutils) 4.9.0",
        "diff" | "cmp" => "(GNU diffutils) 3.8",
        "wget" => "GNU Wget 1.21.3 built on linux-gnu.",
        "xz" | "unxz" | "xzcat" => "xz (XZ Utils) 5.4.1",
        _ => "(GNU coreutils) 9.1",
    };
    let line = match which {
        "version" if version.starts_with('(') => format!("{name} {version}\n"),
        "version" => format!("{version}\n"),
        _ => format!("Usage: {name} [OPTION]...\n"),
    };
    call.out(&line);
    0
}

impl Call<'_, '_> {
    /// A wrong call: busybox's form of the call, else the text and where to look; the exit status.
    pub(super) fn usage(&mut self, gnu: &str) -> i32 {
        let name = self.name.clone();
        if self.busybox {
            let (status, form) = applet(&name).map_or((1, ""), |row| (row.3, row.4));
            let form = if form.is_empty() { String::new() } else { format!(" {form}") };
            self.err(&format!("{BUSYBOX}\n\nUsage: {name}{form}\n"));
            return status;
        }
        let status = tool(&name).map_or(1, |row| row.3);
        let tail = match name.as_str() {
            "cmp" | "diff" => format!("{name}: Try '{name} --help' for more information."),
            "xz" | "unxz" | "xzcat" => format!("{name}: Try `{name} --help' for more information."),
            "grep" | "egrep" | "fgrep" => {
                "Usage: grep [OPTION]... PATTERNS [FILE]...\nTry 'grep --help' for more information."
                    .to_owned()
            }
            "gzip" | "gunzip" | "zcat" => "Try `gzip --help' for more information.".to_owned(),
            "tar" => "Try 'tar --help' or 'tar --usage' for more information.".to_owned(),
            "wget" => "Usage: wget [OPTION]... [URL]...\n\nTry `wget --help' for more options.".to_owned(),
            "useradd" | "userdel" | "usermod" => format!("Usage: {name} [options] LOGIN"),
            "groupadd" | "groupdel" | "groupmod" => format!("Usage: {name} [options] GROUP"),
            "chpasswd" => "Usage: chpasswd [options]".to_owned(),
            "sed" => "Usage: sed [OPTION]... {script-only-if-no-other-script} [input-file]...".to_owned(),
            _ => format!("Try '{name} --help' for more information."),
        };
        let first = if gnu.is_empty() { String::new() } else { format!("{name}: {gnu}\n") };
        self.err(&format!("{first}{tail}\n"));
        status
    }
}

/// The head of every applet's help, as Alpine 3.19 has it.
pub(super) const BUSYBOX: &str = "BusyBox v1.36.1 (2023-11-07 18:53:09 UTC) multi-call binary.";

#[cfg(test)]
mod tests {
    #[test]
    fn the_tables_are_sorted() {
        assert!(super::APPLETS.is_sorted_by(|a, b| a.0 < b.0));
        assert!(super::TOOLS.is_sorted_by(|a, b| a.0 < b.0));
    }
}
