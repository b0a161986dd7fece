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
        let same = if used.contains(&user.gid) || user.gid < 100 { None } else { Some(user.gid) };
        same.unwrap_or_else(|| free_id(&used, user.system, call.busybox || call.m.musl))
    });
    let line = format!("{}:x:{uid}:{}:{}:{}:{}", user.name, user.gid, user.gecos, user.home, user.shell);
    edit(call, "passwd", |lines| lines.push(line))?;
    let shadow = format!("{}:{}:19723:0:99999:7:::", user.name, user.password);
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
