//! `cd`, `pwd`, `umask` and the directory stack.

use super::super::eval::{Flow, Shell};
use super::super::expand::Expanded;
use super::super::programs::mode;
use super::super::syntax::Dialect;
use super::super::text;
use super::usage;
use crate::fs::Errno;
use crate::union::StatKind;

pub(super) fn cd(shell: &mut Shell<'_, '_>, argv: &[String]) -> Expanded<Flow> {
    let bash = shell.s.dialect == Dialect::Bash;
    let Some((letters, words)) = usage::options(shell, argv, if bash { "PLe@" } else { "PL" })? else {
        return Ok(Flow::Next);
    };
    let physical = letters.rfind(['P', 'L']).is_some_and(|at| letters[at..].starts_with('P'));
    if words.len() > 1 && shell.s.dialect == Dialect::Bash {
        shell.complain("too many arguments");
        shell.s.status = 1;
        return Ok(Flow::Next);
    }
    let mut print = false;
    let target = match words.first().map(String::as_str) {
        None => match shell.s.get("HOME") {
            Some(home) => home,
            // ash and dash stay where they are.
            None if !bash => {
                shell.s.status = 0;
                return Ok(Flow::Next);
            }
            None => {
                shell.complain("HOME not set");
                shell.s.status = 1;
                return Ok(Flow::Next);
            }
        },
        Some("-") => {
            print = true;
            if bash && shell.s.get("OLDPWD").is_none() {
                shell.complain("OLDPWD not set");
                shell.s.status = 1;
                return Ok(Flow::Next);
            }
            shell.s.get("OLDPWD").unwrap_or_else(|| text::decode(&shell.m.cwd))
        }
        Some(word) => word.to_owned(),
    };
    let mut candidates = vec![target.clone()];
    if !target.starts_with(['/', '.'])
        && let Some(search) = shell.s.get("CDPATH")
    {
        candidates = search.split(':').map(|dir| format!("{dir}/{target}")).collect();
        candidates.push(target.clone());
    }
    let mut error = Errno::ENOENT;
    for candidate in candidates {
        match enter(shell, &candidate, physical) {
            Ok(path) => {
                if print {
                    shell.say(&format!("{path}\n"));
                }
                shell.s.status = 0;
                return Ok(Flow::Next);
            }
            Err(errno) => error = errno,
        }
    }
    let message = shell.m.message(error);
    match shell.s.dialect {
        Dialect::Ash => shell.complain(&format!("can't cd to {target}: {message}")),
        Dialect::Dash => shell.complain(&format!("can't cd to {target}")),
        Dialect::Bash => {
            shell.complain(&format!("{target}: {message}"));
            shell.s.status = 1;
            return Ok(Flow::Next);
        }
    }
    shell.s.status = 2;
    Ok(Flow::Next)
}

fn enter(shell: &mut Shell<'_, '_>, target: &str, physical: bool) -> Result<String, Errno> {
    if target.is_empty() {
        return Ok(text::decode(&shell.m.cwd));
    }
    let logical = if physical { text::encode(target).into_owned() } else { shell.logical(target) };
    let place = shell.m.locate(&logical, true)?;
    let stat = place.stat.ok_or(Errno::ENOENT)?;
    if stat.kind != StatKind::Dir {
        return Err(Errno::ENOTDIR);
    }
    if !shell.m.access(&logical, b'x') {
        return Err(Errno::EACCES);
    }
    shell.m.cwd = place.canonical.clone();
    let old = shell.s.get("PWD").unwrap_or_default();
    let new = text::decode(if physical { &place.canonical } else { &logical });
    shell.s.set("OLDPWD", old);
    shell.s.entry("OLDPWD").exported = true;
    shell.s.set("PWD", new.clone());
    shell.s.entry("PWD").exported = true;
    Ok(new)
}

pub(super) fn pwd(shell: &mut Shell<'_, '_>, argv: &[String]) -> Expanded<Flow> {
    let physical = argv.iter().any(|word| word == "-P");
    let real = text::decode(&shell.m.cwd);
    let shown = if physical { real } else { shell.s.get("PWD").unwrap_or(real) };
    shell.say(&format!("{shown}\n"));
    shell.s.status = 0;
    super::print::write_failed(shell, "pwd");
    Ok(Flow::Next)
}

pub(super) fn pushd(shell: &mut Shell<'_, '_>, argv: &[String]) -> Expanded<Flow> {
    let before = shell.s.get("PWD").unwrap_or_default();
    let Some(target) = argv.get(1) else { return Ok(Flow::Next) };
    let flow = cd(shell, &["cd".to_owned(), target.clone()])?;
    if shell.s.status == 0 {
        let stack = shell.s.get("DIRSTACK").unwrap_or_default();
        shell.s.set("DIRSTACK", format!("{before} {stack}"));
        let now = shell.s.get("PWD").unwrap_or_default();
        shell.say(&format!("{}\n", format!("{now} {before} {stack}").trim_end()));
    }
    Ok(flow)
}

pub(super) fn dirs(shell: &mut Shell<'_, '_>, _: &[String]) -> Expanded<Flow> {
    let now = shell.s.get("PWD").unwrap_or_default();
    let stack = shell.s.get("DIRSTACK").unwrap_or_default();
    shell.say(&format!("{}\n", format!("{now} {stack}").trim_end()));
    shell.s.status = 0;
    Ok(Flow::Next)
}

pub(super) fn popd(shell: &mut Shell<'_, '_>, _: &[String]) -> Expanded<Flow> {
    let stack = shell.s.get("DIRSTACK").unwrap_or_default();
    let Some((top, rest)) = stack.split_once(' ') else {
        shell.complain("directory stack empty");
        shell.s.status = 1;
        return Ok(Flow::Next);
    };
    let flow = cd(shell, &["cd".to_owned(), top.to_owned()])?;
    shell.s.set("DIRSTACK", rest.to_owned());
    shell.say(&format!("{}\n", format!("{top} {rest}").trim_end()));
    Ok(flow)
}

pub(super) fn umask(shell: &mut Shell<'_, '_>, argv: &[String]) -> Expanded<Flow> {
    shell.s.status = 0;
    let bash = shell.s.dialect == Dialect::Bash;
    let Some((letters, words)) = usage::options(shell, argv, if bash { "Sp" } else { "S" })? else {
        return Ok(Flow::Next);
    };
    let Some(word) = words.first() else {
        let prefix = match (letters.contains('p'), letters.contains('S')) {
            (false, _) => "",
            (true, false) => "umask ",
            (true, true) => "umask -S ",
        };
        let mask = shell.m.umask;
        let shown = if letters.contains('S') { symbolic(!mask) } else { format!("{mask:04o}") };
        shell.say(&format!("{prefix}{shown}\n"));
        return Ok(Flow::Next);
    };
    let digits = word.starts_with(|c: char| c.is_ascii_digit());
    let mask = match u16::from_str_radix(word, 8) {
        Ok(mask) if mask <= 0o777 || shell.s.dialect != Dialect::Ash => Some(mask & 0o777),
        Ok(_) => None,
        Err(_) if digits => None,
        Err(_) => {
            let all = !shell.m.umask & 0o777;
            mode::parse(word).map(|change| !change.apply(all, true, 0) & 0o777)
        }
    };
    if let Some(mask) = mask {
        shell.m.umask = mask;
        return Ok(Flow::Next);
    }
    let message = match shell.s.dialect {
        Dialect::Ash => format!("illegal mode: {word}"),
        Dialect::Dash if digits => format!("Illegal number: {word}"),
        Dialect::Dash => format!("Illegal mode: {word}"),
        Dialect::Bash if digits => format!("{word}: octal number out of range"),
        Dialect::Bash => {
            let operator = word.trim_start_matches(|c| "ugoa".contains(c)).chars().next();
            format!("`{}': invalid symbolic mode operator", operator.unwrap_or(' '))
        }
    };
    shell.complain(&message);
    shell.s.status = if bash { 1 } else { 2 };
    Ok(Flow::Next)
}

/// `u=rwx,g=rx,o=rx`
fn symbolic(mode: u16) -> String {
    let letters = |shift: u16| -> String {
        let bits = [(4, 'r'), (2, 'w'), (1, 'x')];
        bits.iter().filter(|(bit, _)| mode >> shift & bit != 0).map(|(_, letter)| *letter).collect()
    };
    format!("u={},g={},o={}", letters(6), letters(3), letters(0))
}
