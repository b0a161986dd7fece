//! What builtins list: variables, options.

use super::super::eval::Shell;
use super::super::state::{Options, Value, Variable};
use super::super::syntax::Dialect;
use super::quote;

/// Options by their long names, in the order in which `set -o` of a shell lists them. Those without a
/// letter of the lab's are off.
const ASH: [&str; 14] = [
    "errexit",
    "noglob",
    "ignoreeof",
    "monitor",
    "noexec",
    "xtrace",
    "verbose",
    "noclobber",
    "allexport",
    "notify",
    "nounset",
    "errtrace",
    "vi",
    "pipefail",
];
const DASH: [&str; 18] = [
    "errexit",
    "noglob",
    "ignoreeof",
    "interactive",
    "monitor",
    "noexec",
    "stdin",
    "xtrace",
    "verbose",
    "vi",
    "emacs",
    "noclobber",
    "allexport",
    "notify",
    "nounset",
    "privileged",
    "nolog",
    "debug",
];
const BASH: [&str; 27] = [
    "allexport",
    "braceexpand",
    "emacs",
    "errexit",
    "errtrace",
    "functrace",
    "hashall",
    "histexpand",
    "history",
    "ignoreeof",
    "interactive-comments",
    "keyword",
    "monitor",
    "noclobber",
    "noexec",
    "noglob",
    "nolog",
    "notify",
    "nounset",
    "onecmd",
    "physical",
    "pipefail",
    "posix",
    "privileged",
    "verbose",
    "vi",
    "xtrace",
];

fn is_on(options: &Options, name: &str) -> bool {
    match name {
        "errexit" => options.errexit,
        "noglob" => options.noglob,
        "noexec" => options.noexec,
        "xtrace" => options.xtrace,
        "verbose" => options.verbose,
        "noclobber" => options.noclobber,
        "allexport" => options.allexport,
        "nounset" => options.nounset,
        "pipefail" => options.pipefail,
        "errtrace" => options.errtrace,
        "functrace" => options.functrace,
        // bash's own.
        name => matches!(name, "braceexpand" | "hashall" | "interactive-comments"),
    }
}

/// `set -o`, or with `as_commands` `set +o`.
pub(super) fn options(shell: &mut Shell<'_, '_>, as_commands: bool) {
    let (names, heading): (&[&str], _) = match shell.s.dialect {
        Dialect::Ash => (&ASH, ""),
        Dialect::Dash => (&DASH, "Current option settings\n"),
        Dialect::Bash => (&BASH, ""),
    };
    let mut text = if as_commands { String::new() } else { heading.to_owned() };
    for name in names {
        let on = is_on(&shell.s.options, name);
        let word = if on { "on" } else { "off" };
        text.push_str(&match shell.s.dialect {
            _ if as_commands => format!("set {}o {name}\n", if on { '-' } else { '+' }),
            Dialect::Bash => format!("{name:<15}\t{word}\n"),
            _ => format!("{name:<15} {word}\n"),
        });
    }
    shell.say(&text);
}

/// `set` without words: all variables.
pub(super) fn variables(shell: &mut Shell<'_, '_>) {
    let dialect = shell.s.dialect;
    let mut lines: Vec<String> = Vec::new();
    for (name, variable) in &shell.s.variables {
        let Some(value) = &variable.value else { continue };
        lines.push(match value {
            Value::Text(text) => format!("{name}={}\n", quote(text, dialect)),
            value => format!("{name}={}\n", declared(value)),
        });
    }
    if dialect == Dialect::Ash {
        lines.extend(["FUNCNAME=''\n".to_owned(), "LINENO=''\n".to_owned()]);
    }
    lines.sort();
    shell.say(&lines.concat());
}

/// A value as `declare -p` shows it.
fn declared(value: &Value) -> String {
    let quoted = |text: &String| {
        let mut quoted = String::from("\"");
        for c in text.chars() {
            if "\"\\$`".contains(c) {
                quoted.push('\\');
            }
            quoted.push(c);
        }
        quoted + "\""
    };
    match value {
        Value::Text(text) => quoted(text),
        Value::Array(items) => {
            let items: Vec<String> =
                items.iter().map(|(at, text)| format!("[{at}]={}", quoted(text))).collect();
            format!("({})", items.join(" "))
        }
        Value::Map(items) => {
            let items = items.iter().map(|(key, text)| format!("[{key}]={} ", quoted(text)));
            format!("({})", items.collect::<String>())
        }
    }
}

/// `declare -x name="value"`
pub(super) fn declaration(name: &str, variable: &Variable) -> String {
    let mut letters = String::new();
    match &variable.value {
        Some(Value::Array(_)) => letters.push('a'),
        Some(Value::Map(_)) => letters.push('A'),
        _ => {}
    }
    let (lower, upper) = (variable.upper == Some(false), variable.upper == Some(true));
    let flags = [
        (variable.integer, 'i'),
        (lower, 'l'),
        (variable.readonly, 'r'),
        (upper, 'u'),
        (variable.exported, 'x'),
    ];
    for (on, letter) in flags {
        if on {
            letters.push(letter);
        }
    }
    if letters.is_empty() {
        letters.push('-');
    }
    match &variable.value {
        Some(value) => format!("declare -{letters} {name}={}\n", declared(value)),
        None => format!("declare -{letters} {name}\n"),
    }
}

/// `export` and `readonly` without names.
pub(super) fn marked(shell: &mut Shell<'_, '_>, word: &str) {
    let bash = shell.s.dialect == Dialect::Bash;
    let mut lines: Vec<String> = Vec::new();
    for (name, variable) in &shell.s.variables {
        if !(if word == "export" { variable.exported } else { variable.readonly }) {
            continue;
        }
        lines.push(match &variable.value {
            _ if bash => declaration(name, variable),
            Some(Value::Text(text)) => format!("{word} {name}={}\n", quote(text, Dialect::Ash)),
            _ => format!("{word} {name}\n"),
        });
    }
    lines.sort();
    shell.say(&lines.concat());
}
