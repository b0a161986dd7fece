//! Users and groups: the files that name them, and the commands that change those.

use super::arguments::{Arguments, Spec};
use crate::fs::{Contents, Errno};
use crate::shell::call::Call;
use crate::shell::{text, users};

/// A change of one of the files in `/etc`: line by line.
fn edit(call: &mut Call<'_, '_>, file: &str, change: impl FnOnce(&mut Vec<String>)) -> Result<(), Errno> {
    let path = format!("/etc/{file}");
    if call.m.cred.uid != 0 {
        return Err(Errno::EACCES);
    }
    let source = users::read(call.m, &path);
    let mut lines: Vec<String> = source.lines().map(str::to_owned).collect();
    change(&mut lines);
    let mut after = lines.join("\n");
    if !lines.is_empty() {
        after.push('\n');
    }
    let mode = call
        .m
        .stat(path.as_bytes())
        .map_or(if file.contains("shadow") { 0o640 } else { 0o644 }, |stat| stat.mode);
    call.m.write(path.as_bytes(), Contents::bytes(text::encode(&after).into_owned()), mode)
}

/// `/etc/shadow` is only kept where the image has one.
fn edit_shadow(call: &mut Call<'_, '_>, file: &str, change: impl FnOnce(&mut Vec<String>)) {
    if call.m.exists(format!("/etc/{file}").as_bytes()) {
        // The main file was written already: this one is in the same directory.
        let _ = edit(call, file, change);
    }
}

fn free_id(used: &[u32], system: bool, busybox: bool) -> u32 {
    let (first, last) = if system { (100, 999) } else { (1000, 59_999) };
    if system && !busybox {
        // The shadow tools give system accounts the highest free number.
        return (first..=last).rev().find(|id| !used.contains(id)).unwrap_or(last);
    }
    (first..=last).find(|id| !used.contains(id)).unwrap_or(last)
}

fn add_group(call: &mut Call<'_, '_>, name: &str, gid: Option<u32>, system: bool) -> Result<u32, Errno> {
    let used: Vec<u32> = users::groups(call.m).iter().map(|g| g.gid).collect();
    let gid = gid.unwrap_or_else(|| free_id(&used, system, call.busybox || call.m.musl));
    edit(call, "group", |lines| lines.push(format!("{name}:x:{gid}:")))?;
    let name = name.to_owned();
    edit_shadow(call, "gshadow", move |lines| lines.push(format!("{name}:!::")));
    Ok(gid)
}

fn join_group(call: &mut Call<'_, '_>, user: &str, group: &str) -> Result<(), Errno> {
    let user = user.to_owned();
    let group = group.to_owned();
    edit(call, "group", move |lines| {
        for line in lines.iter_mut() {
            if line.split(':').next() != Some(&group) {
                continue;
            }
            let members = line.rsplit(':').next().unwrap_or("").to_owned();
            if !members.split(',').any(|m| m == user) {
                line.push_str(if members.is_empty() { "" } else { "," });
                line.push_str(&user);
            }
        }
    })
}

/// What a new user gets.
struct NewUser {
    name: String,
    uid: Option<u32>,
    gid: u32,
    gecos: String,
    home: String,
    shell: String,
    system: bool,
    password: &'static str,
}

fn add_user(call: &mut Call<'_, '_>, user: &NewUser) -> Result<u32, Errno> {
    let used: Vec<u32> = users::users(call.m).iter().map(|u| u.uid).collect();
    let uid = user.uid.unwrap_or_else(|| {
        let same = if used.contains(&user.gid) || user.gid < 100 { None } else { Some(user.gid) };
        same.unwrap_or_else(|| free_id(&used, user.system, call.busybox || call.m.musl))
    });
    let line = format!("{}:x:{uid}:{}:{}:{}:{}", user.name, user.gid, user.gecos, user.home, user.shell);
    edit(call, "passwd", |lines| lines.push(line))?;
    let shadow = format!("{}:{}:19723:0:99999:7:::", user.name, user.password);
    edit_shadow(call, "shadow", |lines| lines.push(shadow));
    Ok(uid)
}

fn make_home(call: &mut Call<'_, '_>, home: &str, uid: u32, gid: u32, mode: u16, skeleton: bool) {
    let mut at = Vec::new();
    for name in crate::fs::path::names(home.as_bytes()) {
        at.push(b'/');
        at.extend_from_slice(name);
        if call.m.exists(&at) {
            continue;
        }
        let last = at == home.trim_end_matches('/').as_bytes();
        // A home that can't be made is reported by nobody, as by adduser.
        let _ = call.m.mkdir(&at, if last { mode } else { 0o755 });
        if last {
            let _ = call.m.chown(&at, Some(uid), Some(gid), true);
            if call.m.stat(&at).is_ok_and(|stat| stat.mode != mode) {
                let _ = call.m.chmod(&at, mode);
            }
        }
    }
    if !skeleton {
        return;
    }
    for name in call.m.readdir(b"/etc/skel").unwrap_or_default() {
        let from = format!("/etc/skel/{}", text::decode(&name));
        let to = format!("{}/{}", home.trim_end_matches('/'), text::decode(&name));
        if let Ok(contents) = call.m.read(&text::encode(&from)) {
            let to = text::encode(&to).into_owned();
            let _ = call.m.write(&to, contents, 0o644);
            let _ = call.m.chown(&to, Some(uid), Some(gid), true);
        }
    }
}

fn report(call: &mut Call<'_, '_>, file: &str, errno: Errno) -> i32 {
    if errno == Errno::EACCES && !call.busybox {
        let name = call.name.clone();
        return if name == "adduser" || name == "addgroup" {
            call.fail("Only root may add a user or group to the system.")
        } else {
            call.fail(&format!("Permission denied.\n{name}: cannot lock /etc/{file}; try again later."))
        };
    }
    if errno == Errno::EACCES {
        call.fail("permission denied (are you root?)")
    } else {
        call.fail_errno(&format!("/etc/{file}"), errno)
    }
}

pub(super) fn adduser(call: &mut Call<'_, '_>) -> i32 {
    let spec = Spec {
        flags: "SDHk",
        values: "hgsGu",
        long: &[
            ("system", "S"),
            ("disabled-password", "D"),
            ("disabled-login", "D"),
            ("no-create-home", "H"),
            ("home=", "h"),
            ("gecos=", "g"),
            ("comment=", "g"),
            ("shell=", "s"),
            ("ingroup=", "G"),
            ("uid=", "u"),
            ("gid=", "gid"),
            ("group", "group"),
            ("quiet", "quiet"),
            ("force-badname", "quiet"),
            ("allow-bad-names", "quiet"),
        ],
    };
    let args = match Arguments::parse(call, &spec) {
        Ok(args) => args,
        Err(status) => return status,
    };
    let Some(name) = args.operands.first().cloned() else {
        return call.fail("Usage: adduser [OPTIONS] USER [GROUP]");
    };
    if let Some(group) = args.operands.get(1) {
        return into_group(call, &name, group);
    }
    if users::by_name(call.m, &name).is_some() {
        return call.either(&format!("user '{name}' in use"), &format!("The user `{name}' already exists."));
    }
    let system = args.has("S");
    let busybox = call.busybox;
    let uid: Option<u32> = match args.value("u").map(str::parse) {
        Some(Ok(uid)) => Some(uid),
        Some(Err(_)) => return call.fail(&format!("invalid number '{}'", args.value("u").unwrap_or(""))),
        None => None,
    };
    let gid = match args.value("G").or(args.value("gid")) {
        Some(group) => match users::gid_of(call.m, group) {
            Some(gid) => gid,
            None => {
                return call.either(
                    &format!("unknown group {group}"),
                    &format!("The group `{group}' does not exist."),
                );
            }
        },
        // A system user of busybox or Debian is in nogroup.
        None if system && !args.has("group") => {
            users::group_by_name(call.m, "nogroup").map_or(65_533, |g| g.gid)
        }
        None => match add_group(call, &name, uid, system) {
            Ok(gid) => gid,
            Err(errno) => return report(call, "group", errno),
        },
    };
    let default_home = if system && !busybox { "/nonexistent".to_owned() } else { format!("/home/{name}") };
    let no_shell = if busybox { "/sbin/nologin" } else { "/usr/sbin/nologin" };
    let login = if busybox { "/bin/sh" } else { "/bin/bash" };
    let user = NewUser {
        gecos: args
            .value("g")
            .map_or_else(|| if busybox { "Linux User,,,".to_owned() } else { String::new() }, str::to_owned),
        home: args.value("h").map_or(default_home, str::to_owned),
        shell: args.value("s").unwrap_or(if system { no_shell } else { login }).to_owned(),
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
    if !args.has("H") && user.home != "/nonexistent" {
        make_home(call, &user.home, uid, gid, if busybox { 0o2755 } else { 0o755 }, !busybox);
    }
    if !busybox && !args.has("quiet") {
        call.out(&format!(
            "Adding user `{name}' ...\nAdding new user `{name}' ({uid}) with group `{name} ({gid})' ...\n"
        ));
    }
    if busybox && !args.has("D") && !system {
        call.out("Changing password for ");
        call.out(&format!("{name}\nNew password: "));
        return call.fail("password for was not changed");
    }
    0
}

fn into_group(call: &mut Call<'_, '_>, user: &str, group: &str) -> i32 {
    if users::by_name(call.m, user).is_none() {
        return call.either(&format!("unknown user {user}"), &format!("The user `{user}' does not exist."));
    }
    if users::group_by_name(call.m, group).is_none() {
        return call
            .either(&format!("unknown group {group}"), &format!("The group `{group}' does not exist."));
    }
    match join_group(call, user, group) {
        Ok(()) => 0,
        Err(errno) => report(call, "group", errno),
    }
}

pub(super) fn addgroup(call: &mut Call<'_, '_>) -> i32 {
    let spec = Spec { flags: "S", values: "g", long: &[("system", "S"), ("gid=", "g"), ("quiet", "quiet")] };
    let args = match Arguments::parse(call, &spec) {
        Ok(args) => args,
        Err(status) => return status,
    };
    match &args.operands[..] {
        [user, group] => into_group(call, user, group),
        [name] => {
            if users::group_by_name(call.m, name).is_some() {
                return call.either(
                    &format!("group '{name}' in use"),
                    &format!("The group `{name}' already exists."),
                );
            }
            let gid = args.value("g").and_then(|g| g.parse().ok());
            match add_group(call, name, gid, args.has("S")) {
                Ok(gid) => {
                    if !call.busybox {
                        call.out(&format!("Adding group `{name}' (GID {gid}) ...\nDone.\n"));
                    }
                    0
                }
                Err(errno) => report(call, "group", errno),
            }
        }
        _ => call.fail("Usage: addgroup [-g GID] [-S] [USER] GROUP"),
    }
}

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
    ],
};

pub(super) fn useradd(call: &mut Call<'_, '_>) -> i32 {
    let args = match Arguments::parse(call, &USERADD) {
        Ok(args) => args,
        Err(_) => return 2,
    };
    let Some(name) = args.operands.first().cloned() else {
        call.err("Usage: useradd [options] LOGIN\n");
        return 2;
    };
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
    let gid = match args.value("g") {
        Some(group) => match users::gid_of(call.m, group) {
            Some(gid) => gid,
            None => {
                call.fail(&format!("group '{group}' does not exist"));
                return 6;
            }
        },
        None if args.has("N") => 100,
        None => match add_group(call, &name, uid, system) {
            Ok(gid) => gid,
            Err(errno) => return report(call, "group", errno),
        },
    };
    let extra: Vec<String> =
        args.value("G").unwrap_or("").split(',').filter(|g| !g.is_empty()).map(str::to_owned).collect();
    for group in &extra {
        if users::gid_of(call.m, group).is_none() {
            call.fail(&format!("group '{group}' does not exist"));
            return 6;
        }
    }
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
    for group in &extra {
        if join_group(call, &name, group).is_err() {
            return 10;
        }
    }
    if args.has("m") {
        make_home(call, &user.home, uid, gid, 0o755, true);
    }
    0
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
    let Some(name) = args.operands.first().cloned() else { return 2 };
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
    let Some(name) = args.operands.first().cloned() else { return 2 };
    if users::group_by_name(call.m, &name).is_none() {
        call.fail(&format!("group '{name}' does not exist"));
        return 6;
    }
    let changed = edit(call, "group", |lines| {
        for line in lines.iter_mut() {
            change_fields(line, &name, &[(0, args.value("n")), (2, args.value("g"))]);
        }
    });
    match changed {
        Ok(()) => 0,
        Err(errno) => report(call, "group", errno),
    }
}

/// Sets fields of a line whose first field is `name`.
fn change_fields(line: &mut String, name: &str, changes: &[(usize, Option<&str>)]) {
    let mut fields: Vec<String> = line.split(':').map(str::to_owned).collect();
    if fields.first().map(String::as_str) != Some(name) {
        return;
    }
    for (at, value) in changes {
        if let (Some(field), Some(value)) = (fields.get_mut(*at), value) {
            (*value).clone_into(field);
        }
    }
    *line = fields.join(":");
}

pub(super) fn usermod(call: &mut Call<'_, '_>) -> i32 {
    let spec = Spec { flags: "aoLUm", values: "ugGdscplR", long: USERADD.long };
    let args = match Arguments::parse(call, &spec) {
        Ok(args) => args,
        Err(_) => return 2,
    };
    let Some(name) = args.operands.first().cloned() else { return 2 };
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
    for group in args.value("G").unwrap_or("").split(',').filter(|g| !g.is_empty()) {
        if users::group_by_name(call.m, group).is_none() {
            call.fail(&format!("group '{group}' does not exist"));
            return 6;
        }
        if join_group(call, &name, group).is_err() {
            return 10;
        }
    }
    if args.has("m")
        && let Some(home) = args.value("d")
    {
        let _ = call.m.rename(&text::encode(&user.home), &text::encode(home), crate::union::Rename::Plain);
    }
    0
}

pub(super) fn deluser(call: &mut Call<'_, '_>) -> i32 {
    let operands: Vec<String> = call.args().iter().filter(|word| !word.starts_with('-')).cloned().collect();
    let Some(name) = operands.first().cloned() else { return call.fail("missing operand") };
    let Some(user) = users::by_name(call.m, &name) else {
        call.either(&format!("unknown user {name}"), &format!("user '{name}' does not exist"));
        return if call.busybox { 1 } else { 6 };
    };
    let home = call.args().iter().any(|word| matches!(word.as_str(), "-r" | "--remove" | "--remove-home"));
    let keep = |line: &String| line.split(':').next() != Some(&name);
    for file in ["passwd", "group"] {
        if let Err(errno) = edit(call, file, |lines| {
            lines.retain(|line| keep(line) || file == "group" && !line.ends_with(':'));
            for line in lines.iter_mut().filter(|_| file == "group") {
                if let Some((head, members)) = line.rsplit_once(':') {
                    let left: Vec<&str> = members.split(',').filter(|m| *m != name).collect();
                    *line = format!("{head}:{}", left.join(","));
                }
            }
        }) {
            return report(call, file, errno);
        }
    }
    for file in ["shadow", "gshadow"] {
        let name = name.clone();
        edit_shadow(call, file, move |lines| lines.retain(|line| line.split(':').next() != Some(&name)));
    }
    if home {
        let how = super::remove::Removing { deep: true, ..Default::default() };
        super::remove::remove(call, &user.home, true, how);
    }
    0
}

pub(super) fn delgroup(call: &mut Call<'_, '_>) -> i32 {
    let operands: Vec<String> = call.args().iter().filter(|word| !word.starts_with('-')).cloned().collect();
    let Some(name) = operands.last().cloned() else { return call.fail("missing operand") };
    if users::group_by_name(call.m, &name).is_none() {
        call.either(&format!("unknown group {name}"), &format!("group '{name}' does not exist"));
        return if call.busybox { 1 } else { 6 };
    }
    for file in ["group", "gshadow"] {
        let wanted = name.clone();
        if call.m.exists(format!("/etc/{file}").as_bytes())
            && let Err(errno) =
                edit(call, file, move |lines| lines.retain(|line| line.split(':').next() != Some(&wanted)))
        {
            return report(call, file, errno);
        }
    }
    0
}

pub(super) fn passwd(call: &mut Call<'_, '_>) -> i32 {
    let name =
        call.args().iter().rfind(|word| !word.starts_with('-')).cloned().unwrap_or_else(|| "root".to_owned());
    let field = if call.args().iter().any(|w| w == "-d") { "" } else { "!" };
    if !call.args().iter().any(|w| matches!(w.as_str(), "-d" | "-l" | "-u")) {
        return call.fail("Authentication token manipulation error");
    }
    edit_shadow(call, "shadow", |lines| {
        for line in lines.iter_mut() {
            change_fields(line, &name, &[(1, Some(field))]);
        }
    });
    0
}
