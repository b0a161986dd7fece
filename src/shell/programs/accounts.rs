//! Users and groups: the files that name them, and the commands that change those.

use crate::fs::{Contents, Errno};
use crate::shell::call::Call;
use crate::shell::{text, users};

/// A change of one of the files in `/etc`: line by line.
pub(super) fn edit(
    call: &mut Call<'_, '_>,
    file: &str,
    change: impl FnOnce(&mut Vec<String>),
) -> Result<(), Errno> {
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
pub(super) fn edit_shadow(call: &mut Call<'_, '_>, file: &str, change: impl FnOnce(&mut Vec<String>)) {
    if call.m.exists(format!("/etc/{file}").as_bytes()) {
        // The main file was written already: this one is in the same directory.
        let _ = edit(call, file, change);
    }
}

pub(super) fn free_id(used: &[u32], system: bool, busybox: bool) -> u32 {
    let (first, last) = if system { (100, 999) } else { (1000, 59_999) };
    if system && !busybox {
        // The shadow tools give system accounts the highest free number.
        return (first..=last).rev().find(|id| !used.contains(id)).unwrap_or(last);
    }
    (first..=last).find(|id| !used.contains(id)).unwrap_or(last)
}

pub(super) fn add_group(
    call: &mut Call<'_, '_>,
    name: &str,
    gid: Option<u32>,
    system: bool,
) -> Result<u32, Errno> {
    let used: Vec<u32> = users::groups(call.m).iter().map(|g| g.gid).collect();
    let gid = gid.unwrap_or_else(|| free_id(&used, system, call.busybox || call.m.musl));
    edit(call, "group", |lines| lines.push(format!("{name}:x:{gid}:")))?;
    let name = name.to_owned();
    edit_shadow(call, "gshadow", move |lines| lines.push(format!("{name}:!::")));
    Ok(gid)
}

pub(super) fn join_group(call: &mut Call<'_, '_>, user: &str, group: &str) -> Result<(), Errno> {
    let join = |lines: &mut Vec<String>| {
        for line in lines.iter_mut() {
            if line.split(':').next() != Some(group) {
                continue;
            }
            let members = line.rsplit(':').next().unwrap_or("").to_owned();
            if !members.split(',').any(|m| m == user) {
                line.push_str(if members.is_empty() { "" } else { "," });
                line.push_str(user);
            }
        }
    };
    edit(call, "group", join)?;
    // busybox keeps its members in one file.
    if !call.busybox {
        edit_shadow(call, "gshadow", join);
    }
    Ok(())
}

/// Takes a user out of the members of one group, or of all.
pub(super) fn leave_group(call: &mut Call<'_, '_>, user: &str, group: Option<&str>) -> Result<(), Errno> {
    let leave = |lines: &mut Vec<String>| {
        for line in lines.iter_mut() {
            if group.is_some_and(|group| line.split(':').next() != Some(group)) {
                continue;
            }
            if let Some((head, members)) = line.rsplit_once(':')
                && members.split(',').any(|member| member == user)
            {
                let left: Vec<&str> = members.split(',').filter(|member| *member != user).collect();
                *line = format!("{head}:{}", left.join(","));
            }
        }
    };
    edit(call, "group", leave)?;
    edit_shadow(call, "gshadow", leave);
    Ok(())
}

/// What a new user gets.
pub(super) struct NewUser {
    pub name: String,
    pub uid: Option<u32>,
    pub gid: u32,
    pub gecos: String,
    pub home: String,
    pub shell: String,
    pub system: bool,
    pub password: &'static str,
}

pub(super) fn add_user(call: &mut Call<'_, '_>, user: &NewUser) -> Result<u32, Errno> {
    let used: Vec<u32> = users::users(call.m).iter().map(|u| u.uid).collect();
    let uid = user.uid.unwrap_or_else(|| {
        // The group that was made for it has its number.
        let (first, last) = if user.system { (101, 999) } else { (1000, 60_000) };
        let same = (first..=last).contains(&user.gid) && !used.contains(&user.gid);
        let same = same.then_some(user.gid);
        same.unwrap_or_else(|| free_id(&used, user.system, call.busybox || call.m.musl))
    });
    let line = format!("{}:x:{uid}:{}:{}:{}:{}", user.name, user.gid, user.gecos, user.home, user.shell);
    edit(call, "passwd", |lines| lines.push(line))?;
    // The password of a system account of shadow does not age.
    let ages = if user.system && !call.busybox { "::::::" } else { ":0:99999:7:::" };
    let shadow = format!("{}:{}:19723{ages}", user.name, user.password);
    edit_shadow(call, "shadow", |lines| lines.push(shadow));
    Ok(uid)
}

pub(super) fn make_home(call: &mut Call<'_, '_>, home: &str, uid: u32, gid: u32, mode: u16, skeleton: bool) {
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

pub(super) fn report(call: &mut Call<'_, '_>, file: &str, errno: Errno) -> i32 {
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

/// Sets fields of a line whose first field is `name`.
pub(super) fn change_fields(line: &mut String, name: &str, changes: &[(usize, Option<&str>)]) {
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

/// Removes a user, and the group of its name when nobody else is in it.
pub(super) fn remove_user(call: &mut Call<'_, '_>, name: &str, home: bool) -> Result<(), Errno> {
    let Some(user) = users::by_name(call.m, name) else { return Ok(()) };
    let keep = |line: &String| line.split(':').next() != Some(name);
    edit(call, "passwd", |lines| lines.retain(keep))?;
    leave_group(call, name, None)?;
    let own = users::group_by_name(call.m, name).is_some_and(|group| {
        group.gid == user.gid
            && group.members.is_empty()
            && !users::users(call.m).iter().any(|other| other.gid == group.gid)
    });
    if own {
        remove_group(call, name)?;
    }
    edit_shadow(call, "shadow", |lines| lines.retain(keep));
    if home {
        let how = super::remove::Removing { deep: true, ..Default::default() };
        super::remove::remove(call, &user.home, true, how);
    }
    Ok(())
}

/// Removes a group.
pub(super) fn remove_group(call: &mut Call<'_, '_>, name: &str) -> Result<(), Errno> {
    let keep = |line: &String| line.split(':').next() != Some(name);
    edit(call, "group", |lines| lines.retain(keep))?;
    edit_shadow(call, "gshadow", |lines| lines.retain(keep));
    Ok(())
}

/// `deluser` of busybox and Debian, `userdel` of shadow.
pub(super) fn deluser(call: &mut Call<'_, '_>) -> i32 {
    if !call.busybox && call.name == "deluser" {
        return super::adduser_debian::deluser(call);
    }
    let operands: Vec<String> = call.args().iter().filter(|word| !word.starts_with('-')).cloned().collect();
    let Some(name) = operands.first().cloned() else {
        return if call.busybox { call.fail("missing operand") } else { usage(call, "[options] LOGIN") };
    };
    if call.busybox
        && let Some(group) = operands.get(1)
    {
        return match leave_group(call, &name, Some(group)) {
            Ok(()) => 0,
            Err(errno) => report(call, "group", errno),
        };
    }
    if users::by_name(call.m, &name).is_none() {
        call.either(&format!("unknown user {name}"), &format!("user '{name}' does not exist"));
        return if call.busybox { 1 } else { 6 };
    }
    let home = call.args().iter().any(|word| matches!(word.as_str(), "-r" | "--remove" | "--remove-home"));
    if home && !call.busybox && !call.m.exists(format!("/var/mail/{name}").as_bytes()) {
        call.fail(&format!("{name} mail spool (/var/mail/{name}) not found"));
    }
    match remove_user(call, &name, home) {
        Ok(()) => 0,
        Err(errno) => report(call, "passwd", errno),
    }
}

/// `delgroup` of busybox and Debian, `groupdel` of shadow.
pub(super) fn delgroup(call: &mut Call<'_, '_>) -> i32 {
    if !call.busybox && call.name == "delgroup" {
        return super::adduser_debian::deluser(call);
    }
    let operands: Vec<String> = call.args().iter().filter(|word| !word.starts_with('-')).cloned().collect();
    let Some(name) = operands.last().cloned() else {
        return if call.busybox { call.fail("missing operand") } else { usage(call, "[options] GROUP") };
    };
    if let (true, [user, group]) = (call.busybox, &operands[..]) {
        return match leave_group(call, user, Some(group)) {
            Ok(()) => 0,
            Err(errno) => report(call, "group", errno),
        };
    }
    let Some(group) = users::group_by_name(call.m, &name) else {
        call.either(&format!("unknown group {name}"), &format!("group '{name}' does not exist"));
        return if call.busybox { 1 } else { 6 };
    };
    let user = users::users(call.m).into_iter().find(|user| user.gid == group.gid);
    if let Some(user) = user.filter(|_| !call.busybox) {
        call.fail(&format!("cannot remove the primary group of user '{}'", user.name));
        return 8;
    }
    match remove_group(call, &name) {
        Ok(()) => 0,
        Err(errno) => report(call, "group", errno),
    }
}

/// The first line of what the programs of shadow print without operands; the exit status.
pub(super) fn usage(call: &mut Call<'_, '_>, operands: &str) -> i32 {
    let name = call.name.clone();
    call.err(&format!("Usage: {name} {operands}\n"));
    2
}

pub(super) fn passwd(call: &mut Call<'_, '_>) -> i32 {
    let name =
        call.args().iter().rfind(|word| !word.starts_with('-')).cloned().unwrap_or_else(|| "root".to_owned());
    if !call.args().iter().any(|w| matches!(w.as_str(), "-d" | "-l" | "-u")) {
        return call.fail("Authentication token manipulation error");
    }
    let way = call.args().iter().find_map(|word| match word.as_str() {
        "-d" | "--delete" => Some('d'),
        "-u" | "--unlock" => Some('u'),
        _ => None,
    });
    edit_shadow(call, "shadow", |lines| {
        for line in lines.iter_mut() {
            let old = line.split(':').nth(1).unwrap_or_default().to_owned();
            let new = match way {
                Some('d') => String::new(),
                Some(_) => old.strip_prefix('!').unwrap_or(&old).to_owned(),
                None if old.starts_with('!') => old,
                None => format!("!{old}"),
            };
            change_fields(line, &name, &[(1, Some(&new))]);
        }
    });
    // busybox says so of what it did; shadow whatever it was.
    if call.busybox {
        call.out(&format!("passwd: password for {name} changed by root\n"));
    } else {
        call.err("passwd: password changed.\n");
    }
    0
}

/// `chsh -s SHELL [USER]`.
pub(super) fn chsh(call: &mut Call<'_, '_>) -> i32 {
    let (mut shell, mut name) = (None, "root".to_owned());
    let mut words = call.args().iter();
    while let Some(word) = words.next() {
        match word.as_str() {
            "-s" | "--shell" => shell = words.next().cloned(),
            word => word.clone_into(&mut name),
        }
    }
    let Some(shell) = shell else { return 1 };
    if users::by_name(call.m, &name).is_none() {
        return call.fail(&format!("user '{name}' does not exist"));
    }
    if !call.m.exists(shell.as_bytes()) {
        call.fail(&format!("Warning: {shell} does not exist"));
    }
    let changed = edit(call, "passwd", |lines| {
        for line in lines.iter_mut() {
            change_fields(line, &name, &[(6, Some(&shell))]);
        }
    });
    match changed {
        Ok(()) => 0,
        Err(errno) => report(call, "passwd", errno),
    }
}

/// `gpasswd -a USER GROUP`, `-d USER GROUP`.
pub(super) fn gpasswd(call: &mut Call<'_, '_>) -> i32 {
    let [option, user, group] = call.args() else { return usage(call, "[option] GROUP") };
    if users::by_name(call.m, user).is_none() {
        call.fail(&format!("user '{user}' does not exist"));
        return 3;
    }
    let Some(found) = users::group_by_name(call.m, group) else {
        call.fail(&format!("group '{group}' does not exist in /etc/group"));
        return 3;
    };
    let done = match option.as_str() {
        "-a" | "--add" => {
            call.out(&format!("Adding user {user} to group {group}\n"));
            join_group(call, user, group)
        }
        "-d" | "--delete" => {
            call.out(&format!("Removing user {user} from group {group}\n"));
            if !found.members.contains(user) {
                call.fail(&format!("user '{user}' is not a member of '{group}'"));
                return 3;
            }
            leave_group(call, user, Some(group))
        }
        _ => return usage(call, "[option] GROUP"),
    };
    match done {
        Ok(()) => 0,
        Err(errno) => report(call, "group", errno),
    }
}

/// The shell of those who may not log in.
pub(super) fn nologin(call: &mut Call<'_, '_>) -> i32 {
    call.out(if call.busybox {
        "This account is not available\n"
    } else {
        "This account is currently not available.\n"
    });
    1
}
