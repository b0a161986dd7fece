//! `useradd`, `usermod`, `groupadd`, `groupmod`: the programs of shadow.

use super::accounts::{
    NewUser, add_group, add_user, change_fields, edit, edit_shadow, join_group, leave_group, make_home,
    report, usage,
};
use super::arguments::{Arguments, Spec};
use crate::shell::call::Call;
use crate::shell::{text, users};

const USERADD: Spec = Spec {
    flags: "mMrNUolDa",
    values: "ugGdscpekKbL",
    long: &[
        ("create-home", "m"),
        ("no-create-home", "M"),
        ("system", "r"),
        ("no-user-group", "N"),
        ("user-group", "U"),
        ("non-unique", "o"),
        ("uid=", "u"),
        ("gid=", "g"),
        ("groups=", "G"),
        ("home-dir=", "d"),
        ("home=", "d"),
        ("shell=", "s"),
        ("comment=", "c"),
        ("password=", "p"),
        ("append", "a"),
        ("no-log-init", "l"),
        ("move-home", "m"),
        ("login=", "l"),
        ("base-dir=", "b"),
        ("badname", "badname"),
        ("expiredate=", "e"),
        ("skel=", "k"),
        ("key=", "K"),
    ],
};

pub(super) fn useradd(call: &mut Call<'_, '_>) -> i32 {
    let args = match Arguments::parse(call, &USERADD) {
        Ok(args) => args,
        Err(_) => return 2,
    };
    let Some(name) = args.operands.first().cloned() else {
        return usage(call, "[options] LOGIN");
    };
    if let Some(status) = wrong_words(call, &args, &name) {
        return status;
    }
    if users::by_name(call.m, &name).is_some() {
        call.fail(&format!("user '{name}' already exists"));
        return 9;
    }
    let system = args.has("r");
    let uid: Option<u32> = match args.value("u").map(str::parse) {
        Some(Ok(uid)) => Some(uid),
        Some(Err(_)) => {
            call.fail(&format!("invalid user ID '{}'", args.value("u").unwrap_or("")));
            return 3;
        }
        None => None,
    };
    if let Some(taken) = uid.filter(|uid| !args.has("o") && users::by_uid(call.m, *uid).is_some()) {
        call.fail(&format!("UID {taken} is not unique"));
        return 4;
    }
    let extra: Vec<String> =
        args.value("G").unwrap_or("").split(',').filter(|g| !g.is_empty()).map(str::to_owned).collect();
    for group in &extra {
        if users::gid_of(call.m, group).is_none() {
            call.fail(&format!("group '{group}' does not exist"));
            return 6;
        }
    }
    // Its own group has its number, in the range that the kind of account has.
    let range = if system { 101..=999 } else { 1000..=60_000 };
    if let Some(uid) = uid.filter(|uid| !range.contains(uid)) {
        let text = match system {
            true if uid > 999 => format!("{name}'s uid {uid} is greater than SYS_UID_MAX 999"),
            true => String::new(),
            false => format!("{name}'s uid {uid} outside of the UID_MIN 1000 and UID_MAX 60000 range."),
        };
        if !text.is_empty() {
            call.err(&format!("useradd warning: {text}\n"));
        }
    }
    let gid = match args.value("g") {
        Some(group) => match users::gid_of(call.m, group) {
            Some(gid) => gid,
            None => {
                call.fail(&format!("group '{group}' does not exist"));
                return 6;
            }
        },
        None if args.has("N") => 100,
        None => {
            let same = uid.filter(|uid| range.contains(uid) && users::group_by_gid(call.m, *uid).is_none());
            match add_group(call, &name, same, system) {
                Ok(gid) => gid,
                Err(errno) => return report(call, "group", errno),
            }
        }
    };
    let user = NewUser {
        gecos: args.value("c").unwrap_or("").to_owned(),
        home: args
            .value("d")
            .map_or_else(|| format!("{}/{name}", args.value("b").unwrap_or("/home")), str::to_owned),
        shell: args.value("s").unwrap_or("/bin/sh").to_owned(),
        uid,
        gid,
        system,
        password: "!",
        name: name.clone(),
    };
    let uid = match add_user(call, &user) {
        Ok(uid) => uid,
        Err(errno) => return report(call, "passwd", errno),
    };
    if let Some(password) = args.value("p") {
        edit_shadow(call, "shadow", |lines| {
            for line in lines.iter_mut() {
                change_fields(line, &name, &[(1, Some(password))]);
            }
        });
    }
    for group in &extra {
        if join_group(call, &name, group).is_err() {
            return 10;
        }
    }
    if args.has("m") && call.m.exists(user.home.as_bytes()) {
        call.fail(&format!("warning: the home directory {} already exists.", user.home));
        call.fail("Not copying any file from skel directory into it.");
    } else if args.has("m") {
        make_home(call, &user.home, uid, gid, 0o755, true);
    }
    0
}

/// What `useradd` refuses before it looks at anything; the exit status.
fn wrong_words(call: &mut Call<'_, '_>, args: &Arguments, name: &str) -> Option<i32> {
    let usual = |c: char| c.is_ascii_alphanumeric() || "-_.".contains(c);
    let badly = name.starts_with('-') || !name.trim_end_matches('$').chars().all(usual);
    if badly && !args.has("badname") {
        call.fail(&format!("invalid user name '{name}': use --badname to ignore"));
        return Some(3);
    }
    if let Some(comment) = args.value("c").filter(|comment| comment.contains([':', '\n'])) {
        call.fail(&format!("invalid comment '{comment}'"));
        return Some(3);
    }
    let shell = args.value("s").filter(|shell| !shell.is_empty())?.to_owned();
    if !shell.starts_with('/') || shell.contains([':', '\n']) {
        call.fail(&format!("invalid shell '{shell}'"));
        return Some(3);
    }
    if !call.m.access(shell.as_bytes(), b'x') {
        call.fail(&format!("Warning: missing or non-executable shell '{shell}'"));
    }
    None
}

pub(super) fn groupadd(call: &mut Call<'_, '_>) -> i32 {
    let spec = Spec {
        flags: "rfo",
        values: "gpK",
        long: &[("system", "r"), ("force", "f"), ("gid=", "g"), ("non-unique", "o")],
    };
    let args = match Arguments::parse(call, &spec) {
        Ok(args) => args,
        Err(_) => return 2,
    };
    let Some(name) = args.operands.first().cloned() else { return usage(call, "[options] GROUP") };
    if let Some(gid) = args.value("g").filter(|gid| gid.parse::<u32>().is_err()) {
        call.fail(&format!("invalid group ID '{gid}'"));
        return 3;
    }
    if users::group_by_name(call.m, &name).is_some() {
        if args.has("f") {
            return 0;
        }
        call.fail(&format!("group '{name}' already exists"));
        return 9;
    }
    let gid = args.value("g").and_then(|g| g.parse::<u32>().ok());
    if let Some(taken) = gid.filter(|gid| !args.has("o") && users::group_by_gid(call.m, *gid).is_some()) {
        call.fail(&format!("GID '{taken}' already exists"));
        return 4;
    }
    match add_group(call, &name, gid, args.has("r")) {
        Ok(_) => 0,
        Err(errno) => {
            report(call, "group", errno);
            10
        }
    }
}

pub(super) fn groupmod(call: &mut Call<'_, '_>) -> i32 {
    let spec =
        Spec { flags: "o", values: "gn", long: &[("gid=", "g"), ("new-name=", "n"), ("non-unique", "o")] };
    let args = match Arguments::parse(call, &spec) {
        Ok(args) => args,
        Err(_) => return 2,
    };
    let Some(name) = args.operands.first().cloned() else { return usage(call, "[options] GROUP") };
    let Some(group) = users::group_by_name(call.m, &name) else {
        call.fail(&format!("group '{name}' does not exist"));
        return 6;
    };
    let gid = args.value("g").and_then(|gid| gid.parse::<u32>().ok());
    if let Some(taken) =
        gid.filter(|gid| *gid != group.gid && !args.has("o") && users::group_by_gid(call.m, *gid).is_some())
    {
        call.fail(&format!("GID '{taken}' already exists"));
        return 4;
    }
    if let Some(taken) = args.value("n").filter(|new| users::group_by_name(call.m, new).is_some()) {
        call.fail(&format!("group '{taken}' already exists"));
        return 9;
    }
    let changed = edit(call, "group", |lines| {
        for line in lines.iter_mut() {
            change_fields(line, &name, &[(0, args.value("n")), (2, args.value("g"))]);
        }
    });
    if let Err(errno) = changed {
        return report(call, "group", errno);
    }
    edit_shadow(call, "gshadow", |lines| {
        for line in lines.iter_mut() {
            change_fields(line, &name, &[(0, args.value("n"))]);
        }
    });
    // Those whose first group it is come along.
    let (old, new) = (group.gid.to_string(), args.value("g"));
    if new.is_some() {
        let moved = edit(call, "passwd", |lines| {
            for line in lines.iter_mut().filter(|line| line.split(':').nth(3) == Some(&old)) {
                let user = line.split(':').next().unwrap_or_default().to_owned();
                change_fields(line, &user, &[(3, new)]);
            }
        });
        if let Err(errno) = moved {
            return report(call, "passwd", errno);
        }
    }
    0
}

pub(super) fn usermod(call: &mut Call<'_, '_>) -> i32 {
    let spec = Spec { flags: "aoLUm", values: "ugGdscplR", long: USERADD.long };
    let args = match Arguments::parse(call, &spec) {
        Ok(args) => args,
        Err(_) => return 2,
    };
    let Some(name) = args.operands.first().cloned() else { return usage(call, "[options] LOGIN") };
    let Some(user) = users::by_name(call.m, &name) else {
        call.fail(&format!("user '{name}' does not exist"));
        return 6;
    };
    let gid = match args.value("g") {
        Some(group) => match users::gid_of(call.m, group) {
            Some(gid) => Some(gid.to_string()),
            None => {
                call.fail(&format!("group '{group}' does not exist"));
                return 6;
            }
        },
        None => None,
    };
    let uid = args.value("u").and_then(|uid| uid.parse::<u32>().ok());
    if let Some(taken) =
        uid.filter(|uid| *uid != user.uid && !args.has("o") && users::by_uid(call.m, *uid).is_some())
    {
        call.fail(&format!("UID '{taken}' already exists"));
        return 4;
    }
    let groups: Vec<&str> = args.value("G").unwrap_or("").split(',').filter(|g| !g.is_empty()).collect();
    for group in &groups {
        if users::group_by_name(call.m, group).is_none() {
            call.fail(&format!("group '{group}' does not exist"));
            return 6;
        }
    }
    let changed = edit(call, "passwd", |lines| {
        for line in lines.iter_mut() {
            let changes = [
                (0, args.value("l")),
                (2, args.value("u")),
                (3, gid.as_deref()),
                (4, args.value("c")),
                (5, args.value("d")),
                (6, args.value("s")),
            ];
            change_fields(line, &name, &changes);
        }
    });
    if let Err(errno) = changed {
        return report(call, "passwd", errno);
    }
    change_shadow(call, &args, &name);
    let name = args.value("l").map_or(name, str::to_owned);
    // Without `-a` it is in those groups only.
    if args.has("G")
        && !args.has("a")
        && let Err(errno) = leave_group(call, &name, None)
    {
        return report(call, "group", errno);
    }
    for group in groups {
        if join_group(call, &name, group).is_err() {
            return 10;
        }
    }
    if args.has("m")
        && let Some(home) = args.value("d")
    {
        let (from, to) = (text::encode(&user.home), text::encode(home));
        if call.m.rename(&from, &to, crate::union::Rename::Plain).is_err() {
            call.fail(&format!("cannot rename directory {} to {home}", user.home));
            return 12;
        }
    }
    0
}

/// The password and the name in `/etc/shadow`.
fn change_shadow(call: &mut Call<'_, '_>, args: &Arguments, name: &str) {
    let (lock, unlock) = (args.has("L"), args.has("U"));
    if !lock && !unlock && args.value("l").is_none() && args.value("p").is_none() {
        return;
    }
    edit_shadow(call, "shadow", |lines| {
        for line in lines.iter_mut() {
            let old = args.value("p").or(line.split(':').nth(1)).unwrap_or_default();
            let new = match old.strip_prefix('!') {
                None if lock => format!("!{old}"),
                Some(open) if unlock => open.to_owned(),
                _ => old.to_owned(),
            };
            change_fields(line, name, &[(1, Some(&new)), (0, args.value("l"))]);
        }
    });
}
